"""Export and import, end to end."""
