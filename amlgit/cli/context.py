"""What every command needs: the repository it runs in, its configuration, where progress goes."""

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlgit.cli import output
from amlgit.store.repository import Repository, current_folder, discover

if TYPE_CHECKING:
    from amlgit.config import Config


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the command line."""

    folder: Path
    quiet: bool
    color: bool | None
    pager: bool

    def repository(self) -> Repository:
        """The repository around the folder amlgit runs in."""
        return discover(self.folder, os.environ)

    def progress(self) -> Callable[[str, int, int], None]:
        """Where a workflow reports how far it is."""
        return output.progress(self.quiet)

    def path(self, name: str) -> Path:
        """A path from the command line."""
        return self.folder / name

    def paged(self) -> AbstractContextManager[None]:
        """What is printed inside goes through the user's pager, where it is too long for the terminal."""
        return output.paged(self.folder, is_wanted=self.pager)

    def streamed(self, lines: Iterable[str]) -> None:
        """Show lines as they come, on a terminal in the user's pager; who leaves the pager stops them."""
        output.streamed(lines, self.folder, is_wanted=self.pager)

    def hint(self, text: str) -> None:
        """A word on what to do next, unless none is wanted."""
        if not self.quiet:
            output.note(text)


def session(ctx: click.Context) -> Session:
    """The run of the command line that a command is part of."""
    options = ctx.find_root().obj
    folder = current_folder()
    if options["folder"] is not None:
        folder = (folder / options["folder"]).resolve()
        if not folder.is_dir():
            raise click.UsageError(f"-C {options['folder']}: there is no such folder")
    color = output.colour(options["color"])
    ctx.find_root().color = ctx.color = color
    return Session(folder=folder, quiet=options["quiet"], color=color, pager=options["pager"])


def settings_of(repository: Repository) -> "tuple[Config, Path]":
    """The configuration of a repository and its top folder."""
    from amlgit.config import load

    root = repository.require_work_tree()
    return load(root), root


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
dry_run_option = click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
timeout_option = click.option(
    "--timeout",
    "minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Wait at most so long for the end of a run (default: as long as it takes).",
)
CLASSES = ("wiring", "parameter", "script", "data", "module", "interface", "metadata", "layout")
"""The classes of changes, for options that choose among them."""
