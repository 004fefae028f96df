"""Anonymize, end to end."""
