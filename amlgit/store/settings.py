"""What amlgit sets in one clone's own configuration: drivers, hunk headings, the fetch refspecs of the record, one ignored file."""

from collections.abc import Mapping

from amlgit import config
from amlgit.store import blocks
from amlgit.store.repository import Repository

_HEADINGS = "\n".join(
    (
        # sections of a page: the node or parameter that a line is part of says more
        r'!^ *"(InputPortsInternal|ModuleParameters|OutputPortsInternal|parameters|properties)": [[{]$',
        r'^  "Id": "([^"]+)"',
        r'^    \{"Name": "(([^"\\]|\\.)+)", .*"(Columns|File|Value)": ',
        r'^ {2,8}"([^"]+)": [[{]$',
    )
)
"""The heading of a hunk: the node, then the last parameter before the hunk; in other pages the section or the node of a definition."""

_R_HEADINGS = r"^([A-Za-z.][A-Za-z0-9._]* *(<-|=) *function.*)$"

DRIVER = (
    "amlgit merge-driver %O %A %B %L %P %S %X %Y; "
    'case $? in 0) exit 0;; 1) grep -qE "^<{%L}( |$)" %A && exit 1;; esac; '
    "rm -f %A.amlgit-new; "
    "echo amlgit could not merge %P: merging it as text >&2; "
    "git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B || exit 1"
)
"""git takes any failure of a driver for a conflict and keeps what %A holds, which is ours: where amlgit is missing or broke down, and so left
no markers, text is merged as git would without a driver. %P comes quoted; a git that doesn't know %S, %X and %Y hands them on as they are."""

_SETTINGS: Mapping[str, str] = {
    "diff.amlgit.xfuncname": _HEADINGS,
    "diff.amlgit-r.xfuncname": _R_HEADINGS,
    "difftool.amlgit.cmd": 'amlgit diff --no-index "$LOCAL" "$REMOTE"',
    "merge.amlgit.name": "amlgit: node by node, member by member",
    "merge.amlgit.driver": DRIVER,
}

_FETCH = "+refs/amlgit/*:refs/amlgit-shared/{remote}/*"
_IGNORED = blocks.block(f"{config.LOCAL_FILE}\n", "kept by 'amlgit install'")


def configure(repository: Repository) -> list[str]:
    """Set up this clone; gives what was changed."""
    present = _present(repository)
    changed = []
    for remote in repository.text("remote").split():
        refspec = _FETCH.format(remote=remote)
        if refspec not in present.get(f"remote.{remote}.fetch", ()):
            repository.run("config", "--local", "--add", f"remote.{remote}.fetch", refspec)
            changed.append(f"remote.{remote}.fetch = {refspec}")
    if _ignore(repository):
        changed.append(f"{config.LOCAL_FILE} ignored")
    for name, value in _SETTINGS.items():
        if present.get(name) != [value]:
            repository.run("config", "--local", "--replace-all", name, value)
            changed.append(name)
    return changed


def has_refspecs(repository: Repository) -> bool:
    """Whether `git fetch` brings the record of every git remote that there is."""
    present = _present(repository)
    return all(_FETCH.format(remote=remote) in present.get(f"remote.{remote}.fetch", ()) for remote in repository.lines("remote"))


def unconfigure(repository: Repository) -> list[str]:
    """The inverse of `configure`; what others' configuration says stays."""
    changed = []
    for remote in repository.text("remote").split():
        refspec = _FETCH.format(remote=remote)
        pattern = "^" + "".join(f"\\{character}" if character in "+*.^$()[]{}|\\?" else character for character in refspec) + "$"
        if repository.attempt("config", "--local", "--unset-all", f"remote.{remote}.fetch", pattern).returncode == 0:
            changed.append(f"remote.{remote}.fetch")
    if _unignore(repository):
        changed.append(f"{config.LOCAL_FILE} ignored")
    present = _present(repository)
    for name in _SETTINGS:
        if name in present:
            repository.run("config", "--local", "--unset-all", name)
            changed.append(name)
    return changed


def _present(repository: Repository) -> dict[str, list[str]]:
    """The clone's own settings; names of sections and variables in small letters, as git lists them."""
    found: dict[str, list[str]] = {}
    for entry in repository.text("config", "--local", "--null", "--list").split("\0"):
        name, _, value = entry.partition("\n")
        found.setdefault(name, []).append(value)
    return found


def _ignore(repository: Repository) -> bool:
    exclude = repository.common_dir / "info" / "exclude"
    present = exclude.read_bytes() if exclude.exists() else b""
    if config.LOCAL_FILE.encode() in present.split():
        return False
    exclude.parent.mkdir(exist_ok=True)
    config.write_atomically(exclude, blocks.with_block(present, _IGNORED, str(exclude)))
    return True


def _unignore(repository: Repository) -> bool:
    exclude = repository.common_dir / "info" / "exclude"
    present = exclude.read_bytes() if exclude.exists() else b""
    kept = blocks.without_block(present, str(exclude))
    if kept == present:
        return False
    if kept:
        config.write_atomically(exclude, kept)
    else:
        exclude.unlink()
    return True
