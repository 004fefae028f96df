"""What the emulator remembers, in one SQLite file."""
