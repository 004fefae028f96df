"""Benchmarks: amlgit's speed and memory against floors timed in the same run."""
