"""How they are written down, and back."""
