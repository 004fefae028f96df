"""What `amlgit diff` found, from its JSON."""

from pathlib import Path
from typing import Any

from tests.support.commands import OK, aml
from tests.support.exports import Document


def changes(repository: Path, *arguments: str | Path, code: int = OK) -> list[Document]:
    """What `diff --json` lists."""
    found = aml(repository, "diff", "--json", *arguments).expect(code).json["result"]["changes"]
    assert isinstance(found, list)
    return found


def values(found: list[Document]) -> list[tuple[Any, Any]]:
    """The old and the new value of each change."""
    return [(change["old"], change["new"]) for change in found]
