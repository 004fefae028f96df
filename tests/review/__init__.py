"""What is in them and how they differ, made visible."""
