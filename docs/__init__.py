"""The documentation, and what builds it: `build.py` makes the pages, `examples.py` runs their commands, `pictures.py` draws their pictures."""
