"""Experiments made visible: what is wrong with them, for people and for programs. Pure."""
