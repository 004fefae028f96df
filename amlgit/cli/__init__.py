"""Arguments in, report out: the command line."""
