"""How two or three graphs differ: by identity, never by position."""
