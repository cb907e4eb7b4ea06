"""Pages of others: their style sheets, what a browser is asked of them, and what it answered."""
