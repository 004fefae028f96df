"""What an anonymous copy is made of: documents without anything of their owners, and how the copy comes to be in one step."""

import contextlib
import fcntl
import glob
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from amlgit.errors import UsageError
from amlgit.form import experiments, webservices
from amlgit.form.anonymised import Anonymiser, Kept
from amlgit.form.pseudonymous_texts import Texts
from amlgit.form.secrets import REPLACE_ALL
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import Object
from amlgit.remotes.archive import Problem
from amlgit.store import chains
from amlgit.workflows.intake.looking import LEFT_ALONE

Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymizeReport:
    """An anonymous copy: what it is, what it holds, how many different originals of each kind were replaced, and what it does without."""

    kind: str
    """'archive' or 'repository'."""
    destination: str
    holds: Mapping[str, int]
    """What is in the copy → how many."""
    replaced: Mapping[str, int]
    left_out: tuple[Problem, ...]
    """What is no part of the copy, and why; the originals' own names, for their owner."""

    @property
    def is_partial(self) -> bool:
        """Whether something is missing that should be in the copy: a file or a state that can't be read."""
        return any(not problem.reason.startswith(LEFT_ALONE) for problem in self.left_out)


class Documents:
    """Exports and definitions without anything of their owners; secrets are taken out first, all that may be one."""

    def __init__(self, texts: Texts, kept: Kept) -> None:
        self.texts = texts
        self.anonymiser = Anonymiser(texts, kept)
        self.pseudonyms = texts.pseudonyms
        self._splitter = Splitter(REPLACE_ALL)

    def export(self, data: bytes, family: str) -> Object:
        """An export as it came; raises InvalidDocument where the form can't hold it."""
        form = self._splitter.split(data, family)
        return self.anonymiser.experiment(experiments.join(form.content, form.run))

    def definition(self, document: Object, family: str) -> Object:
        """A web service definition as it came; raises InvalidDocument where the form can't hold it."""
        form = webservices.split(document, family, REPLACE_ALL)
        return self.anonymiser.definition(webservices.join(form.content, form.run))

    def joined(self, kind: str, document: Object, family: str) -> Object:
        """What git holds of either kind, in which placeholders are ours."""
        if kind == chains.EXPERIMENT:
            form = self._splitter.split_protected(document, family)
            return self.anonymiser.experiment(experiments.join(form.content, form.run))
        form = webservices.split_protected(document, family, REPLACE_ALL)
        return self.anonymiser.definition(webservices.join(form.content, form.run))


@contextmanager
def made_aside(destination: Path) -> Iterator[Path]:
    """A folder beside `destination` that becomes it when the work in it is done; a kill leaves at most that folder, which the next run clears.

    Raises UsageError where there is something at `destination`, also where another run was faster.
    """
    _refuse_taken(destination)
    # no run goes on in another's folder: a git that outlived its amlgit may still be at work there
    aside = destination.with_name(f"{_aside(destination)}{secrets.token_hex(4)}")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        _clear(destination)
        aside.mkdir()
        opened = os.open(aside, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise UsageError(f"{aside} can't be made: {error.strerror}", hint="Name another folder.") from error
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield aside
            _refuse_taken(destination)
            os.rename(aside, destination)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    finally:
        os.close(opened)


def _aside(destination: Path) -> str:
    return f".{destination.name}.amlgit-new-"


def _refuse_taken(destination: Path) -> None:
    if destination.is_symlink() or (destination.exists() and (not destination.is_dir() or any(destination.iterdir()))):
        raise UsageError(f"{destination} exists and is not an empty folder", hint="Name another folder.")


def _clear(destination: Path) -> None:
    """Remove what killed runs left beside `destination`; the folder of a run under way is locked."""
    for folder in destination.parent.glob(f"{glob.escape(_aside(destination))}{'[0-9a-f]' * 8}"):
        try:
            opened = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
        except OSError:
            continue  # not ours, or gone meanwhile
        try:
            for _ in range(_ATTEMPTS if _is_free(opened) else 0):
                shutil.rmtree(folder, ignore_errors=True)
                if not folder.exists():
                    break
                time.sleep(_PAUSE)
        finally:
            os.close(opened)


def _is_free(folder: int) -> bool:
    """Whether no run holds a folder; a git that a killed run was just starting holds it for a moment more."""
    for _ in range(_ATTEMPTS // 4):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_PAUSE)
    return False


_ATTEMPTS, _PAUSE = 20, 0.05
"""How often, and after how many seconds, a folder is removed again that a git without its amlgit still writes into."""
