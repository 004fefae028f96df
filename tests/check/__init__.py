"""Check, end to end."""
