"""Hooks, end to end."""
