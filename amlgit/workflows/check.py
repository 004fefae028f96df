"""`check`: what is wrong with the experiments and services of the work tree, the index or a commit; and mending it."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from amlgit.config import Config
from amlgit.errors import InvalidDocument, UsageError
from amlgit.form.companions import ASSETS, SYNC, read_assets, read_sync
from amlgit.form.secrets import Decisions
from amlgit.model import ids
from amlgit.model.jsontext import dumps
from amlgit.review.findings import Finding, conflict_markers, line_of, masked, ordered, sentence, stated_line
from amlgit.store import chains
from amlgit.store.folders import is_content
from amlgit.store.repository import Repository
from amlgit.store.sources import Commit, FolderFiles, Index, Source, WorkTree

__all__ = ["CheckReport", "Finding", "Targets", "check", "choose_targets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What was found; with `--fix` what was mended, and what is left."""

    checked: int
    """How many folders."""
    findings: tuple[Finding, ...]
    fixed: tuple[Finding, ...] = ()
    passed_over: tuple[str, ...] = ()
    """Folders that are not bound to the remote that was asked for, and not named."""

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)


class Targets(NamedTuple):
    """What the command line asks for: paths in the repository, and the commit to look at."""

    paths: tuple[str, ...] = ()
    rev: str | None = None


def choose_targets(repository: Repository, arguments: Sequence[str], start: Path) -> Targets:
    """What each argument means: a path, an experiment, else a commit; raises UsageError for what is none of them."""
    paths: list[str] = []
    rev = None
    for argument in arguments:
        found = _path(repository, argument, start) if os.path.lexists(start / argument) else _experiment(repository, argument)
        if found is not None:
            paths.append(found)
        elif rev is None:
            rev = argument
        else:
            raise UsageError(f"{rev!r} and {argument!r} are both commits", hint="Check one commit at a time.")
    return Targets(paths=tuple(paths), rev=rev)


def _path(repository: Repository, argument: str, start: Path) -> str:
    root = repository.require_work_tree().resolve()
    place = start / argument
    place = place.resolve() if place.name in ("", "..") else place.parent.resolve() / place.name
    if not place.is_relative_to(root):
        raise UsageError(f"{argument} is not in the repository {root}", hint="Run this in its repository, or with -C.")
    path = place.relative_to(root).as_posix()
    return "" if path == "." else path


def _experiment(repository: Repository, argument: str) -> str | None:
    """The folder of an experiment by any of its names; None where the argument names a commit and no experiment."""
    from amlgit.workflows.versions.choose import choose

    try:
        choice = choose(repository, argument)
    except UsageError as error:
        if repository.resolve(argument) is None:
            raise UsageError(f"{argument!r} is no path and no commit, and {error}", hint=error.hint) from error
        return None
    if choice.version is not None or choice.subject.folder is None:
        raise UsageError(f"{argument!r} is a version in the record, not a folder", hint="Name a folder, a file or a commit of the branch.")
    return choice.subject.folder.path


def check(
    repository: Repository, settings: Config, *, paths: Sequence[str] = (), rev: str | None = None, staged: bool = False, fix: bool = False
) -> CheckReport:
    """What is wrong with the folders that `paths` name (all, if empty; a file stands for its folder) in the work tree, the index or a commit."""
    if fix and (staged or rev is not None):
        raise UsageError("only the work tree can be fixed, not the index or a commit", hint="Run 'amlgit check --fix', then 'git add'.")
    if staged and rev is not None:
        raise UsageError("the index and a commit can't be checked at once", hint="Leave out --staged, or the commit.")
    if rev is not None and repository.resolve(rev) is None:
        raise UsageError(f"there is no commit {rev!r}")
    source: Source = Index(repository) if staged else Commit(repository, rev) if rev is not None else WorkTree(repository)
    decisions = Decisions(allowed=settings.allow, replaced=settings.replace)
    if fix:
        return _fix(repository, source, paths, decisions)
    findings, checked = _findings(source, paths, decisions)
    return CheckReport(checked=checked, findings=findings)


def _fix(repository: Repository, source: Source, paths: Sequence[str], decisions: Decisions) -> CheckReport:
    from amlgit.store.lock import exclusive
    from amlgit.workflows.fix import write

    with exclusive(repository):
        before, _ = _findings(source, paths, decisions)
        for folder in source.folders(lambda path: is_wanted(path, paths)):
            if any(finding.fixable and finding.path.startswith(f"{folder.path}/") for finding in before):
                write(repository.require_work_tree(), folder, family(folder))
        after, checked = _findings(source, paths, decisions)
    left = {(finding.rule, finding.path, finding.message) for finding in after}
    fixed = (finding for finding in before if finding.fixable and (finding.rule, finding.path, finding.message) not in left)
    return CheckReport(checked=checked, findings=after, fixed=tuple(fixed))


def finding_folder(path: str) -> str:
    """The experiment's or service's folder of a finding, which may be about the folder itself."""
    return "/".join(path.split("/")[:2])


def is_wanted(folder: str, paths: Sequence[str]) -> bool:
    """Whether a folder is meant by one of the paths; all are where there is none."""
    return not paths or any(path in ("", folder) or path.startswith(f"{folder}/") or folder.startswith(f"{path}/") for path in paths)


def _findings(source: Source, paths: Sequence[str], decisions: Decisions) -> tuple[tuple[Finding, ...], int]:
    found: list[Finding] = []
    checked: list[str] = []
    for folder in source.folders(lambda path: is_wanted(path, paths)):
        if SYNC not in folder.files and not any(_is_content(folder, path) for path in (*folder.files, *folder.others)):
            continue  # the user's own folder
        checked.append(folder.path)
        found += [replace(finding, path=f"{folder.path}/{finding.path}") for finding in _folder(folder, decisions)]
    found += _double_bindings(source.syncs(), checked)
    ignored = source.ignored(finding.path for finding in found if finding.rule == "foreign-file")
    kept = (finding for finding in found if finding.rule != "foreign-file" or finding.path not in ignored)
    return ordered(shown(finding) for finding in kept), len(checked)


def shown(finding: Finding) -> Finding:
    """A finding fit to be printed: no secret in it, and no name that is not UTF-8."""
    path = os.fsencode(finding.path).decode(errors="replace")
    return replace(finding, path=path, message=masked(finding.message), hint=masked(finding.hint) if finding.hint else None)


def _is_content(folder: FolderFiles, path: str) -> bool:
    return is_content(path.partition("/")[0], folder.kind)


def content(folder: FolderFiles) -> dict[str, bytes]:
    """The files of a folder that are content."""
    return {path: data for path, data in folder.files.items() if _is_content(folder, path)}


def _folder(folder: FolderFiles, decisions: Decisions) -> Iterator[Finding]:
    for path in folder.others:
        if _is_content(folder, path):
            yield Finding(rule="not-a-file", message="This is no regular file.", path=path, hint="Put the file itself in its place.")
    for path in folder.unmerged:
        hint = "Resolve it, then 'git add' it."
        yield Finding(rule="conflict-marker", message="The file is in conflict, and not merged yet.", path=path, hint=hint)
    yield from _companions(folder)
    yield from _unlisted(folder)
    own_family = family(folder)
    decisions = _of_family(decisions, folder, own_family)
    if folder.kind == chains.EXPERIMENT:
        from amlgit.review import experiment

        found: Iterable[Finding] = experiment.inspect(content(folder), own_family, decisions)
    else:
        from amlgit.review import service

        found = service.inspect(content(folder), own_family, decisions)
    # a link may lead to any file: nothing is written beside one
    yield from (replace(finding, fixable=finding.fixable and not folder.others) for finding in found)


def _unlisted(folder: FolderFiles) -> Iterator[Finding]:
    """The nodes that refer to an asset which the lock file does not list: all that can be told of an asset without its workspace."""
    from amlgit.form.nodes import FOLDER
    from amlgit.model.assets import peek

    if folder.kind != chains.EXPERIMENT or ASSETS not in folder.files:
        return
    try:
        listed = {asset.id for asset in read_assets(folder.files[ASSETS], ASSETS)}
    except InvalidDocument:
        return  # told as what is wrong with that file
    for path in sorted(folder.files):
        found = peek(folder.files[path]) if path.startswith(FOLDER) and path.endswith(".json") else None
        for asset in sorted(found or ()):
            if asset.id not in listed and ids.resource_id(asset.id) is not None:
                yield Finding(
                    rule="asset-unlisted",
                    severity="warning",
                    message=f"This {asset.kind} is new here: {ASSETS} does not list it ({asset.id}).",
                    path=path,
                    line=line_of(folder.files[path], dumps(asset.id)),
                    hint="'amlgit check --remote NAME' asks the workspace for it; a pull writes the list.",
                )


def _families(folder: FolderFiles) -> list[str]:
    try:
        bindings = read_sync(folder.files[SYNC], SYNC) if SYNC in folder.files else {}
    except InvalidDocument:
        return []
    return [bindings[remote].experiment.rpartition(".")[2] for remote in sorted(bindings)]


def family(folder: FolderFiles) -> str:
    """The family that a folder is bound to, of several remotes that of the first; empty where it is bound to none."""
    return next(iter(_families(folder)), "")


def _of_family(decisions: Decisions, folder: FolderFiles, own_family: str) -> Decisions:
    """The decisions with the places of all families of the folder given to one: the content was written under any of them."""
    families = _families(folder)
    if len(families) < 2 or not decisions.replaced:
        return decisions
    places = (place.partition("/") for place in decisions.replaced)
    return replace(decisions, replaced=frozenset(f"{own_family if place in families else place}/{rest}" for place, _, rest in places))


def _companions(folder: FolderFiles) -> Iterator[Finding]:
    files = {path: folder.files[path] for path in (SYNC, ASSETS) if path in folder.files}
    conflicts = list(conflict_markers(files))
    yield from conflicts
    for path, data in files.items():
        try:
            if path == SYNC:
                read_sync(data, path)
            else:
                read_assets(data, path)
        except InvalidDocument as error:
            if path not in {finding.path for finding in conflicts}:
                hint = f"Bring it back with 'git checkout <rev> -- \"{folder.path}/{path}\"'."
                yield Finding(rule="companion", message=sentence(str(error), path), path=path, line=stated_line(str(error)), hint=hint)


def _double_bindings(syncs: Mapping[str, bytes], checked: Sequence[str]) -> Iterator[Finding]:
    bound: dict[tuple[str, str], list[str]] = {}
    for path, data in sorted(syncs.items()):
        try:
            bindings = read_sync(data, SYNC)
        except InvalidDocument:
            continue
        for remote, binding in bindings.items():
            bound.setdefault((remote, binding.experiment.rpartition(".")[2]), []).append(path)
    for (remote, _), folders in bound.items():
        for folder in folders if len(folders) > 1 else ():
            if folder in checked:
                others = ", ".join(other for other in folders if other != folder)
                yield Finding(
                    rule="companion",
                    message=f"{others} is bound to the same experiment of {remote} as this folder.",
                    path=f"{folder}/{SYNC}",
                    line=line_of(syncs[folder], dumps(remote) + b":"),
                    hint="A copy that is to be an experiment of its own has no sync.json.",
                )
