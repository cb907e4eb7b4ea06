"""Tags that put Carillon into any page."""
