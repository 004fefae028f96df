"""The sample archive that comes with amlgit: dated exports of three experiments and a web service definition."""

from importlib.resources import files
from pathlib import Path


def archive() -> Path:
    """The folder of the sample archive."""
    return Path(str(files(__name__) / "archive"))
