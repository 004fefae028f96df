"""How two or three of them differ."""
