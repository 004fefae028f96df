"""Where versions come from: archives today, services later. They don't know git."""
