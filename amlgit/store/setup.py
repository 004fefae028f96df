"""What amlgit sets up in a repository: attributes, the fetch refspec of the chains, the hunk headings of our pages."""

import os
from datetime import UTC, datetime
from pathlib import Path

from amlgit import config
from amlgit.errors import InvalidDocument
from amlgit.store.repository import Identity, Repository

ATTRIBUTES_FILE = ".gitattributes"
_BEGIN, _END = "# amlgit: begin", "# amlgit: end"
_ATTRIBUTES = f"""\
{_BEGIN} (kept by 'amlgit install')
experiments/** -text
webservices/** -text
experiments/**/*.json diff=amlgit
webservices/**/*.json diff=amlgit
experiments/**/*.py diff=python
webservices/**/*.py diff=python
models/*.ilearner filter=lfs diff=lfs merge=lfs -text
{_END}
"""

_HEADINGS = '^  "([A-Za-z]+)": [[{]$'
"""The section of a page (ModuleParameters, say) as the heading of a hunk."""

_FETCH = "+refs/amlgit/*:refs/amlgit-shared/{remote}/*"
_FALLBACK = Identity(name="amlgit", email="amlgit@localhost")


def attributes(present: str) -> str:
    """The text of `.gitattributes` with our block in it, the user's lines untouched."""
    before, begin, rest = present.partition(_BEGIN)
    if begin:
        _, end, after = rest.partition(_END)
        if not end:
            raise InvalidDocument(f"{ATTRIBUTES_FILE}: '{_BEGIN}' without '{_END}'", hint="Remove that block; it is written anew.")
        return before + _ATTRIBUTES + after.removeprefix("\n")
    gap = "" if not present else "\n" if present.endswith("\n") else "\n\n"
    return present + gap + _ATTRIBUTES


def write_attributes(root: Path) -> bool:
    """Bring `.gitattributes` up to date; whether that changed it."""
    path = root / ATTRIBUTES_FILE
    # the user's lines are kept byte for byte, whatever their encoding and line ends
    present = path.read_bytes().decode(errors="surrogateescape") if path.exists() else ""
    wanted = attributes(present)
    if wanted == present:
        return False
    config.write_atomically(path, wanted.encode(errors="surrogateescape"))
    return True


def write_config(root: Path) -> bool:
    """Write a first `.amlgit` where there is none; whether that was so."""
    path = root / config.FILE
    if path.exists():
        return False
    config.write_atomically(path, b"form = 1\n")
    return True


def configure(repository: Repository) -> list[str]:
    """Set up this clone: a fetch refspec for each git remote, the headings of our pages; gives what was changed."""
    changed = []
    for remote in repository.text("remote").split():
        refspec = _FETCH.format(remote=remote)
        present = repository.attempt("config", "--get-all", f"remote.{remote}.fetch").stdout.decode().split("\n")
        if refspec not in present:
            repository.run("config", "--add", f"remote.{remote}.fetch", refspec)
            changed.append(f"remote.{remote}.fetch = {refspec}")
    exclude = repository.common_dir / "info" / "exclude"
    excluded = exclude.read_bytes() if exclude.exists() else b""
    if config.LOCAL_FILE.encode() not in excluded.split():
        exclude.parent.mkdir(exist_ok=True)
        gap = b"" if not excluded or excluded.endswith(b"\n") else b"\n"
        config.write_atomically(exclude, excluded + gap + config.LOCAL_FILE.encode() + b"\n")
        changed.append(f"{config.LOCAL_FILE} ignored")
    if repository.config("diff.amlgit.xfuncname") != _HEADINGS:
        repository.run("config", "diff.amlgit.xfuncname", _HEADINGS)
        changed.append(f"diff.amlgit.xfuncname = {_HEADINGS}")
    return changed


def unconfigure(repository: Repository) -> list[str]:
    """The inverse of `configure`; what others' configuration says stays."""
    changed = []
    for remote in repository.text("remote").split():
        refspec = _FETCH.format(remote=remote)
        pattern = "^" + "".join(f"\\{character}" if character in "+*.^$()[]{}|\\?" else character for character in refspec) + "$"
        if repository.attempt("config", "--unset-all", f"remote.{remote}.fetch", pattern).returncode == 0:
            changed.append(f"remote.{remote}.fetch")
    if repository.attempt("config", "--remove-section", "diff.amlgit").returncode == 0:
        changed.append("diff.amlgit")
    return changed


def stage(repository: Repository, paths: list[str]) -> None:
    """`git add` of files of ours."""
    repository.run("add", "--force", "--", *paths)


def first_commit(repository: Repository, paths: list[str], message: str) -> None:
    """Commit files on the unborn branch: no hook, no signature, and a neutral name where no identity is configured."""
    stage(repository, paths)
    identity = repository.identity() or _FALLBACK
    now = f"{int(datetime.now(UTC).timestamp())} +0000"
    variables: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        variables |= {f"GIT_{role}_NAME": identity.name, f"GIT_{role}_EMAIL": identity.email, f"GIT_{role}_DATE": now}
    tree = repository.text("write-tree")
    commit = repository.run("-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, stdin=message.encode(), extra=variables).decode().strip()
    repository.run("update-ref", "-m", "amlgit: set up", "HEAD", commit, "0" * len(commit))


def relative(path: Path, root: Path) -> str:
    """A path as `.amlgit` has it: relative to the repository, with `/`, where it can be."""
    try:
        return Path(os.path.relpath(path.resolve(), root.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()
