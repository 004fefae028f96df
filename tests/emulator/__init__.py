"""The embedded Studio."""
