"""`init`, `clone`, `install`, `uninstall`, `remote`: a repository made ready."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from amlgit import config
from amlgit.config import Remote
from amlgit.errors import Refused, UsageError
from amlgit.store import hooks, settings, setup
from amlgit.store import repository as repositories
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.workflows.intake.looking import LEFT_ALONE
from amlgit.workflows.intake.recording import Progress
from amlgit.workflows.pull import PullReport, pull

_CLONING = "cloning"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupReport:
    """What was written and set."""

    root: Path
    written: tuple[str, ...]
    configured: tuple[str, ...]
    hooks: tuple[str, ...] = ()
    are_hooks_shared: bool = False
    """Whether they are files of the work tree, which other members have, too."""
    is_found: bool = True
    """Whether git will find an amlgit on the PATH."""


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


def install(repository: Repository, *, with_hooks: bool = False) -> SetupReport:
    """Write what is missing of `.amlgit` and `.gitattributes`, stage it, and set up this clone's configuration, and its hooks if asked to."""
    root = repository.require_work_tree()
    with exclusive(repository):
        changed_hooks = hooks.install(repository) if with_hooks else []  # first: it may refuse, and then nothing is changed
        written = [name for name, write in ((config.FILE, setup.write_config), (setup.ATTRIBUTES_FILE, setup.write_attributes)) if write(root)]
        if written:
            setup.stage(repository, written)
        return SetupReport(
            root=root,
            written=tuple(written),
            configured=tuple(settings.configure(repository)),
            hooks=tuple(changed_hooks),
            are_hooks_shared=bool(changed_hooks) and hooks.are_shared(repository),
            is_found=shutil.which("amlgit", path=repository.environment.get("PATH")) is not None,
        )


def uninstall(repository: Repository) -> SetupReport:
    """Take out of this clone what `install` put in; chains, and files that are committed, stay."""
    with exclusive(repository):
        root = repository.work_tree
        changed_hooks = hooks.uninstall(repository)
        configured = settings.unconfigure(repository)
        written = setup.withdraw(repository, root) if root is not None else []
        return SetupReport(root=repository.cwd, written=tuple(written), configured=tuple(configured), hooks=tuple(changed_hooks))


def add_remote(repository: Repository, name: str, path: Path, *, file_times: bool = False) -> Remote:
    """Note an archive as a remote in `.amlgit`; raises UsageError where there is no archive at `path`."""
    config.check_remote_name(name)
    if not path.exists():
        raise UsageError(f"there is no archive at {path}", hint="Name a folder, a zip file or an exported JSON file.")
    root = repository.require_work_tree()
    remote = Remote(name=name, kind="archive", path=setup.relative(path, root), file_times=file_times)
    config.add_remote(root, remote)
    return remote


def studio_remote(name: str, *, workspace: str, location: str | None = None, url: str | None = None) -> Remote:
    """A workspace of the service as a remote, nothing written or sent yet; raises UsageError for what can't be one."""
    from amlgit.remotes import regions  # costs start-up, and an archive needs none of it

    config.check_remote_name(name)
    config.check_workspace(workspace)
    if (location is None) == (url is None):
        raise UsageError("where is the workspace? one of a location and a URL says it", hint=f"Locations: {', '.join(regions.LOCATIONS)}.")
    if url is not None:
        origin, prefix = regions.of_url(url)
        return Remote(name=name, kind="studio", workspace=workspace, url=f"{origin.url}{prefix}")
    return Remote(name=name, kind="studio", workspace=workspace, location=regions.known_location(str(location)))


def clone(
    archive: Path, folder: Path, environment: Mapping[str, str], progress: Progress, *, remote: str = "archive", file_times: bool = False
) -> PullReport:
    """A new repository with everything an archive holds; cut off, it goes on when it is run again."""
    config.check_remote_name(remote)
    if not archive.exists():
        raise UsageError(f"there is no archive at {archive}", hint="Name a folder, a zip file or an exported JSON file.")
    return _clone_into(folder, Remote(name=remote, kind="archive", path=str(archive.resolve()), file_times=file_times), environment, progress)


def clone_studio(remote: Remote, folder: Path, environment: Mapping[str, str], progress: Progress) -> PullReport:
    """A new repository with everything a workspace holds; cut off, it goes on when it is run again."""
    return _clone_into(folder, remote, environment, progress)


def _clone_into(folder: Path, remote: Remote, environment: Mapping[str, str], progress: Progress) -> PullReport:
    is_ours = _make(folder)
    with _alone_in(folder):
        marker = folder / ".git" / "amlgit" / _CLONING
        _refuse_foreign(folder, marker, remote)
        try:
            return _clone(remote, folder, marker, environment, progress)
        except BaseException:
            # like git clone: what can't be finished leaves nothing behind, unless it is downloads that the next run goes on with
            if is_ours and not (folder / ".git" / "amlgit" / "spool").exists():
                shutil.rmtree(folder, ignore_errors=True)
            raise


def _make(folder: Path) -> bool:
    """Make the folder of a clone; whether it was us who did, and nobody else at the same moment."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except OSError as error:
        if folder.is_dir():
            return False
        reason = "exists and is not an empty folder" if folder.exists() else f"can't be made: {error.strerror}"
        raise UsageError(f"{folder} {reason}", hint="Name another folder.") from error
    return True


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder of a clone against other clones into it; a lock of the folder itself, which dies with us and leaves no file."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise UsageError(f"{folder} can't be used: {error.strerror}", hint="Name another folder.") from error
    try:
        for _ in range(100):
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise Refused(f"another amlgit is cloning into {folder}", hint="Wait until it is done.")
        if not folder.exists() or not os.path.samestat(os.fstat(opened), folder.stat()):
            raise Refused(f"another clone into {folder} has just failed", hint="Run this again.")
        yield
    finally:
        os.close(opened)


def _refuse_foreign(folder: Path, marker: Path, remote: Remote) -> None:
    """Raise UsageError where the folder holds something else than what a clone of this remote, cut off, has left."""
    if marker.exists():
        known = config.load(folder).remotes.get(remote.name)
        noted = os.fsdecode(marker.read_bytes()) or (_source(known, folder) if known else "")
        if noted not in ("", _source(remote, folder)):
            raise UsageError(f"{folder} is a clone of another {remote.kind} that was cut off", hint="Remove that folder, or name another.")
    elif any(path.is_symlink() or not path.is_dir() for path in folder.rglob("*") if path.name != f".{_CLONING}.amlgit-new"):
        raise UsageError(f"{folder} exists and is not an empty folder", hint="Name another folder, or use 'amlgit init' and 'amlgit pull' in it.")


def _source(remote: Remote, root: Path) -> str:
    """What a clone is of, in one line."""
    return str(remote.archive_path(root).resolve()) if remote.kind == "archive" else remote.place


def _clone(remote: Remote, folder: Path, marker: Path, environment: Mapping[str, str], progress: Progress) -> PullReport:
    marker.parent.mkdir(parents=True, exist_ok=True)
    config.write_atomically(marker, os.fsencode(_source(remote, folder)))
    repository = repositories.create(folder, environment)
    root = repository.require_work_tree()
    with exclusive(repository):
        setup.write_config(root)
        setup.write_attributes(root)
        settings.configure(repository)
    if remote.name not in config.load(root).remotes:
        config.add_remote(root, replace(remote, path=setup.relative(Path(remote.path), root)) if remote.kind == "archive" else remote)
    if repository.head() is None:
        with exclusive(repository):
            setup.first_commit(repository, [config.FILE, setup.ATTRIBUTES_FILE], "Set up amlgit\n")
    chosen = config.load(root)
    report = pull(repository, chosen, chosen.remote(remote.name), root, progress)
    if remote.kind == "archive" and not report.fetched.chains and not report.fetched.is_partial:
        _take_back(root)
        raise UsageError(f"there is nothing to take in: {_nothing(chosen.remote(remote.name), root, report)}", hint=_EMPTY_HINT)
    marker.unlink(missing_ok=True)
    return report


_EMPTY_HINT = (
    "Name the folder, zip or file of exported JSON. "
    "For an archive that is still to be filled: 'amlgit init', then 'amlgit remote add archive --archive PATH'."
)


def _nothing(remote: Remote, root: Path, report: PullReport) -> str:
    """Why an archive gave nothing, in a few words."""
    place, left = remote.archive_path(root).resolve(), report.fetched.problems
    if not left:
        return f"{place} has no files of exported JSON" if place.is_dir() and any(place.iterdir()) else f"{place} has no files"
    more = f" ({len(left) - 1} more like it)" if len(left) > 1 else ""
    return f"{left[0].name}: {left[0].reason.removeprefix(LEFT_ALONE)}{more}"


def _take_back(root: Path) -> None:
    """Remove what a clone has made so far; a folder that was there before it stays, and had nothing in it."""
    shutil.rmtree(root / ".git")
    for name in (config.FILE, setup.ATTRIBUTES_FILE):
        (root / name).unlink(missing_ok=True)
