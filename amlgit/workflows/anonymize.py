"""`anonymize`: a copy of an archive or a repository that can be shown to others."""

import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from amlgit.errors import UsageError
from amlgit.form.anonymised import Kept
from amlgit.form.pseudonymous_texts import Texts
from amlgit.form.pseudonyms import KEY_BYTES, Pseudonyms
from amlgit.store import repository as repositories
from amlgit.workflows.anonymous.documents import AnonymizeReport, Documents, Progress, made_aside

_MAPPING = "amlgit anonymize"
"""What a mapping says it is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How a copy is made: what stays, the key of the pseudonyms (so that several copies have the same), and where originals are listed."""

    kept: Kept
    key_file: Path | None = None
    mapping: Path | None = None


def anonymize(
    source: Path, destination: Path, choices: Choices, environment: Mapping[str, str], progress: Progress, *, dry_run: bool
) -> AnonymizeReport:
    """Write an anonymous copy of an archive (to a folder) or of a repository (to a new one); with `dry_run` it is made and thrown away."""
    key_file, mapping = choices.key_file, choices.mapping
    _refuse_nested(source, destination)
    if mapping is not None:
        _refuse_mapping(mapping, destination, environment)
    pseudonyms = Pseudonyms(_key(key_file, destination) if key_file is not None else secrets.token_bytes(KEY_BYTES))
    documents = Documents(Texts(pseudonyms), choices.kept)
    with _thrown_away() if dry_run else made_aside(destination) as folder:
        report = _copied(source, folder, documents, environment, progress)
        if mapping is not None and not dry_run:
            _write_mapping(mapping, pseudonyms)
    return replace(report, destination=str(destination))


def _copied(source: Path, folder: Path, documents: Documents, environment: Mapping[str, str], progress: Progress) -> AnonymizeReport:
    if is_repository(source):
        from amlgit.workflows.anonymous.repository import anonymize_repository

        return anonymize_repository(source, folder, documents, environment, progress)
    from amlgit.workflows.anonymous.archive import anonymize_archive

    return anonymize_archive(source, folder, documents, progress)


def is_repository(path: Path) -> bool:
    """Whether a path is the top of a repository, with or without a work tree."""
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir())


@contextmanager
def _thrown_away() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="amlgit-") as folder:
        yield Path(folder)


def _refuse_nested(source: Path, destination: Path) -> None:
    if not source.exists():
        raise UsageError(f"there is nothing at {source}", hint="Name a repository, or a folder or zip file of exported JSON.")
    inner, outer = destination.resolve(), source.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise UsageError(f"{destination} and {source} lie in one another", hint="Name a folder outside of it.")


def _refuse_mapping(mapping: Path, destination: Path, environment: Mapping[str, str]) -> None:
    """Raise UsageError where the list of originals could be given away with the copy, or committed, or would overwrite something."""
    place = mapping.parent.resolve() / mapping.name
    target = destination.resolve()
    if target in place.parents or target == place:
        raise UsageError(f"{mapping} is in the copy, and it tells what the originals were", hint="Name a file outside of it.")
    if not place.parent.is_dir():
        raise UsageError(f"there is no folder {mapping.parent}", hint="Make it, or name another file.")
    try:
        repositories.discover(place.parent, repositories.clean_environment(environment))
    except UsageError:
        pass
    else:
        raise UsageError(f"{mapping} is in a git repository, and it tells what the originals were", hint="Name a file outside of any repository.")
    if mapping.is_symlink() or (mapping.exists() and not _is_mapping(mapping)):
        raise UsageError(f"{mapping} exists and is no mapping of 'amlgit anonymize'", hint="Name another file.")


def _is_mapping(path: Path) -> bool:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("mapping") == _MAPPING


def _write_mapping(mapping: Path, pseudonyms: Pseudonyms) -> None:
    listed = [entry._asdict() for entry in pseudonyms.given]
    data = json.dumps({"mapping": _MAPPING, "replaced": listed}, ensure_ascii=False, indent=1).encode(errors="backslashreplace")
    aside = mapping.with_name(f".{mapping.name}.amlgit-new")
    try:
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(aside, mapping)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise UsageError(f"{mapping} can't be written: {error.strerror}", hint="Name another file.") from error


def _key(path: Path, destination: Path) -> bytes:
    if destination.resolve() in path.resolve().parents:
        raise UsageError(f"{path} is in the copy, and the key leads from pseudonyms to guesses", hint="Keep it elsewhere.")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(f"{path} is no regular file", hint=_NEW_KEY)
        key = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}", hint=_NEW_KEY) from error
    if len(key) < KEY_BYTES:
        raise UsageError(f"{path} is no key: it has {len(key)} bytes, and a key that can't be guessed has {KEY_BYTES} or more", hint=_NEW_KEY)
    return key


_NEW_KEY = f"A new key: (umask 077; head -c {KEY_BYTES} /dev/urandom > FILE)"
