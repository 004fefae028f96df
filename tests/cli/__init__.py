"""The command line itself, the configuration, and verbs that fit nowhere else."""
