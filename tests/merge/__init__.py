"""Merges, the driver, and conflicts settled, end to end."""
