"""Push and what stands around it, end to end."""
