"""Chat services: which URLs are accepted, and how what Apprise sends is kept to the house's rules."""
