"""Hooks of a repository: ours run after what is there, and taken out again.

A hook that is a shell script gets our lines below its first one: they run the script itself, then amlgit. Its name and folder, by which
many find out what to do, stay as they are. Any other (another language, a link, one that is switched off) is kept under a name beside it.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from amlgit import config
from amlgit.errors import AmlgitError, Refused
from amlgit.store import blocks
from amlgit.store.repository import Repository

NAMES = ("pre-commit", "pre-push", "post-merge")
_READS_INPUT = frozenset({"pre-push"})

_SHEBANG = b"#!/bin/sh\n"
_SHELL = re.compile(rb"#![ \t]*(?:\S*/env[ \t]+(?:-S[ \t]+)?)?(?:\S*/)?(?:sh|bash|dash|ksh|zsh)(?:[ \t][^\n]*)?\n")
_KEPT = ".before-amlgit"
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """Where git looks for the hooks of a repository."""

    path: Path
    is_shared: bool
    """Whether it is part of the work tree: other members have it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One hook as it is to be."""

    path: Path
    data: bytes
    is_ours: bool
    """Whether it is a file of ours, and no script of somebody else's with our lines in it."""
    keep: Path | None = None
    """Where a hook goes that is in its place."""


def install(repository: Repository) -> list[str]:
    """Put our hooks behind those that are there; gives those that changed. Raises Refused, before anything is written, where that can't be."""
    folder = _folder(repository)
    plans = [plan for name in NAMES if (plan := _plan(folder, name)) is not None]
    for plan in plans:
        _carry_out(plan)
    return [str(plan.path) for plan in plans]


def _carry_out(plan: _Plan) -> None:
    plan.path.parent.mkdir(parents=True, exist_ok=True)
    if plan.keep is not None:
        os.rename(plan.path, plan.keep)
    try:
        config.write_atomically(plan.path, plan.data)
    except (AmlgitError, OSError):
        if plan.keep is not None:
            os.rename(plan.keep, plan.path)
        raise
    if plan.is_ours:
        plan.path.chmod(plan.path.stat().st_mode | 0o111)


def are_shared(repository: Repository) -> bool:
    """Whether the hooks are files of the work tree, which other members have, too."""
    return _folder(repository).is_shared


def uninstall(repository: Repository) -> list[str]:
    """Take our hooks out of every folder that `install` may have put them in; gives those that changed."""
    changed = []
    for folder in dict.fromkeys((repository.common_dir / "hooks", *_configured(repository))):
        if _is_shared(repository, folder) is not None:
            changed += [str(folder / name) for name in NAMES if _take_out(folder / name)]
    return changed


def _take_out(path: Path) -> bool:
    kept = path.with_name(path.name + _KEPT)
    found = None if path.is_symlink() or not path.is_file() else blocks.around(path.read_bytes(), str(path))
    if found is not None:
        rest = b"".join(found)
        if rest == _SHEBANG:
            path.unlink()
        else:
            config.write_atomically(path, rest)
    if os.path.lexists(kept) and not os.path.lexists(path):
        os.rename(kept, path)
        return True
    return found is not None


def _folder(repository: Repository) -> _Folder:
    """The folder of the hooks; raises Refused for one outside of the repository."""
    path = _configured(repository)[-1]
    is_shared = _is_shared(repository, path)
    if is_shared is not None:
        return _Folder(path=path, is_shared=is_shared)
    raise Refused(
        f"core.hooksPath is {path}, outside of this repository: hooks there are not this repository's alone",
        hint="Add a line like 'amlgit hook pre-commit \"$@\"' to the hooks there, or give this repository hooks of its own: "
        "git config --local core.hooksPath .git/hooks",
    )


def _is_shared(repository: Repository, path: Path) -> bool | None:
    """Whether a folder is part of the work tree; None where it is no part of the repository at all."""
    if path.is_relative_to(repository.common_dir):
        return False
    return True if repository.work_tree is not None and path.is_relative_to(repository.work_tree.resolve()) else None


def _configured(repository: Repository) -> list[Path]:
    """The folder that git takes hooks from; with husky, then the one that it passes them on to."""
    path = (repository.cwd / repository.text("rev-parse", "--git-path", "hooks")).resolve()
    is_generated = path.name == "_" and (path / "h").is_file()  # husky writes its own folder anew, and runs the scripts above it
    return [path, path.parent] if is_generated else [path]


def _plan(folder: _Folder, name: str) -> _Plan | None:
    """What is to be done for one hook; None where nothing is."""
    path = folder.path / name
    kept = path.with_name(path.name + _KEPT)
    is_kept = os.path.lexists(kept)
    present = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    if present is not None and (found := blocks.around(present, str(path))) is not None:
        return _renewed(path, name, present, found, kept if is_kept else None)
    if not os.path.lexists(path):
        return _Plan(path=path, data=_SHEBANG + _alone(name, kept if is_kept else None), is_ours=True)
    head = None if present is None else _head(present, path, is_shared=folder.is_shared)
    if present is not None and head is not None:
        return _Plan(path=path, data=head + _within(name, path) + present[len(head) :], is_ours=False)
    if folder.is_shared:
        raise Refused(f"{path} is no shell script that git can run, and other members share it", hint=f"Have it call: {_call(name)}")
    if is_kept:
        raise Refused(f"{path} can't be kept as {kept.name}, which exists", hint="Remove the one that is not needed, and run this again.")
    return _Plan(path=path, data=_SHEBANG + _alone(name, kept), is_ours=True, keep=kept)


def _renewed(path: Path, name: str, present: bytes, around: tuple[bytes, bytes], kept: Path | None) -> _Plan | None:
    """A hook with lines of ours, as they are to be today."""
    before, after = around
    is_ours = kept is not None or before + after == _SHEBANG
    data = before + (_alone(name, kept) if is_ours else _within(name, path)) + after
    is_same = data == present and (not is_ours or os.access(path, os.X_OK))
    return None if is_same else _Plan(path=path, data=data, is_ours=is_ours)


def _head(present: bytes, path: Path, *, is_shared: bool) -> bytes | None:
    """The first line of a shell script that runs, empty where it needs none; None for anything else."""
    is_run_by_name = os.access(path, os.X_OK) or (is_shared and (path.parent / "_" / "h").is_file())
    if not is_run_by_name or b"\0" in present:
        return None
    if present.startswith(b"#!"):
        match = _SHELL.match(present)
        return match[0] if match else None
    return b""  # git and husky have sh run a script that doesn't say what runs it


def _call(name: str) -> str:
    return f'amlgit hook {name} "$@"'


def _body(name: str) -> str:
    """The lines of our hook: those of the file in `hooks/`, which an installed amlgit has inside."""
    folder = next(place for place in (_PACKAGE / "hooks", _PACKAGE.parent / "hooks") if place.is_dir())
    return (folder / name).read_text(encoding="utf-8").removeprefix(_SHEBANG.decode())


def _alone(name: str, kept: Path | None) -> bytes:
    """Our lines for a file of our own, after the hook that was in its place."""
    lines = _body(name)
    if kept is not None:
        # one that git would not have run is not run now
        lines = f'first() {{ [ ! -x "$kept" ] || "$kept" "$@"; }}\nkept=$(dirname "$0")/{kept.name}\n' + _after("first", name)
    return blocks.block(lines, "'amlgit uninstall' takes this out")


def _within(name: str, path: Path) -> bytes:
    """Our lines for somebody's script: run once more with a mark it goes on below them; then it is our turn."""
    script = f'AMLGIT_CHAIN={name} "$0"' if os.access(path, os.X_OK) else f'AMLGIT_CHAIN={name} sh -e "$0"'
    lines = f'if [ "${{AMLGIT_CHAIN-}}" = {name} ]; then unset AMLGIT_CHAIN; else\n{_after(script, name)}fi\n'
    return blocks.block(lines, "it runs the script below, then amlgit; 'amlgit uninstall' takes this out")


def _after(first: str, name: str) -> str:
    """Our lines behind a command that has to succeed; both have the whole of standard input where git gives some."""
    if name not in _READS_INPUT:
        return f'{first} "$@" || exit\n{_body(name)}'
    return (
        f'given=$(cat)\ngive() {{ [ -z "$given" ] || printf \'%s\\n\' "$given"; }}\ngive | {first} "$@" || exit\ngive | {{\n{_body(name)}}}\nexit\n'
    )
