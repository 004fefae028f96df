"""`init`, `clone`, `install`, `uninstall`, `remote`: a repository made ready."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amlgit import config
from amlgit.config import Remote
from amlgit.errors import UsageError
from amlgit.store import repository as repositories
from amlgit.store import setup
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.workflows.fetch import Progress
from amlgit.workflows.pull import PullReport, pull

_CLONING = "cloning"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupReport:
    """What was written and set."""

    root: Path
    written: tuple[str, ...]
    configured: tuple[str, ...]


def init(folder: Path, environment: Mapping[str, str]) -> tuple[Repository, SetupReport]:
    """Make `folder` a repository if it is none, write `.amlgit` and `.gitattributes`, and stage them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} can't be made: {error.strerror}") from error
    try:
        repository = repositories.discover(folder, environment)
    except UsageError:
        repository = repositories.create(folder, environment)
    return repository, install(repository)


def install(repository: Repository) -> SetupReport:
    """Write what is missing of `.amlgit` and `.gitattributes`, stage it, and set up this clone's configuration."""
    root = repository.require_work_tree()
    with exclusive(repository):
        written = [name for name, write in ((config.FILE, setup.write_config), (setup.ATTRIBUTES_FILE, setup.write_attributes)) if write(root)]
        if written:
            setup.stage(repository, written)
        return SetupReport(root=root, written=tuple(written), configured=tuple(setup.configure(repository)))


def uninstall(repository: Repository) -> SetupReport:
    """Take our configuration out of this clone; files and chains stay."""
    with exclusive(repository):
        return SetupReport(root=repository.cwd, written=(), configured=tuple(setup.unconfigure(repository)))


def add_remote(repository: Repository, name: str, path: Path, *, file_times: bool = False) -> Remote:
    """Note an archive as a remote in `.amlgit`; raises UsageError where there is no archive at `path`."""
    config.check_remote_name(name)
    if not path.exists():
        raise UsageError(f"there is no archive at {path}", hint="Name a folder, a zip file or an exported JSON file.")
    root = repository.require_work_tree()
    remote = Remote(name=name, kind="archive", path=setup.relative(path, root), file_times=file_times)
    config.add_remote(root, remote)
    return remote


def clone(
    archive: Path, folder: Path, environment: Mapping[str, str], progress: Progress, *, remote: str = "archive", file_times: bool = False
) -> PullReport:
    """A new repository with everything an archive holds; cut off, it goes on when it is run again."""
    config.check_remote_name(remote)
    if not archive.exists():
        raise UsageError(f"there is no archive at {archive}", hint="Name a folder, a zip file or an exported JSON file.")
    marker = folder / ".git" / "amlgit" / _CLONING
    is_new = not folder.exists()
    if not is_new and not marker.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not an empty folder", hint="Name another folder, or use 'amlgit init' and 'amlgit pull' in it.")
    try:
        return _clone(archive, folder, marker, environment, progress, remote, file_times=file_times)
    except BaseException:
        if is_new:  # like git clone: what can't be finished leaves nothing behind
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _clone(
    archive: Path, folder: Path, marker: Path, environment: Mapping[str, str], progress: Progress, remote: str, *, file_times: bool
) -> PullReport:
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_bytes(b"")
    except OSError as error:
        raise UsageError(f"{folder} can't be made: {error.strerror}") from error
    repository = repositories.create(folder, environment)
    root = repository.require_work_tree()
    with exclusive(repository):
        setup.write_config(root)
        setup.write_attributes(root)
        setup.configure(repository)
    if remote not in config.load(root).remotes:
        add_remote(repository, remote, archive, file_times=file_times)
    if repository.head() is None:
        setup.first_commit(repository, [config.FILE, setup.ATTRIBUTES_FILE], "Set up amlgit\n")
    settings = config.load(root)
    report = pull(repository, settings, settings.remote(remote), root, progress)
    marker.unlink()
    return report
