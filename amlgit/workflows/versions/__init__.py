"""Versions as they are named on a command line and read from the record, and what a branch has seen of them."""
