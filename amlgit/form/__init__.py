"""How things are written down: form 1, the one text for all equal experiments, and its inverse. Pure."""

FORM = 1
"""The number of the form that this package writes; another text for an equal experiment would be another number."""
