"""The source of the sample archive: `python -m tests.samples_source amlgit/samples/archive` writes it anew."""
