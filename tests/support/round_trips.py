"""Documents exported again, and what was lost on the way."""

from pathlib import Path
from typing import Any

from tests.support.commands import OK, aml
from tests.support.differences import differences, read_export, secrets_apart
from tests.support.exports import Document


def exported(repository: Path, name: str, tmp_path: Path) -> Document:
    target = tmp_path / "exported.json"
    aml(repository, "export", name, "-o", target).expect(OK)
    return read_export(target.read_bytes())


def experiments_of(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*.json")) if b'"ExperimentId"' in path.read_bytes()]


def definitions_of(root: Path) -> list[Path]:
    return [
        path for path in sorted(root.rglob("*.json")) if b'"packagetype"' in path.read_bytes().lower() and path.parent.name in ("wsd", "webservices")
    ]


def lost(source: Path, repository: Path, name: str, tmp_path: Path) -> list[tuple[str, Any, Any]]:
    return secrets_apart(differences(read_export(source.read_bytes()), exported(repository, name, tmp_path)))
