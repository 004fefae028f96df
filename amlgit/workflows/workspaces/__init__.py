"""What is said to a workspace and fetched from it, with notes of what was sent, so that a lost answer or a kill costs nothing."""
