"""Clone, fetch, pull and share, end to end."""
