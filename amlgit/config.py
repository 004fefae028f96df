"""`.amlgit`: which remotes there are and what was decided about secrets; TOML, committed, never a secret.

`.amlgit.local` beside it, which git ignores, overrides it on one machine (where an archive lies, say).
"""

import difflib
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlgit.errors import UsageError
from amlgit.keys import BY_NAME, KINDS

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

FILE, LOCAL_FILE = ".amlgit", ".amlgit.local"
_NAMED = ("remotes", "risks")
"""Tables of tables with names of one's own."""
_SEE = "'amlgit config --keys' tells every key."


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where versions come from.

    `path` of an archive is as written: relative ones start at the repository's top folder. A studio remote has a `workspace` instead, and
    one of `location` and `url`.
    """

    name: str
    kind: str
    path: str = ""
    workspace: str = ""
    location: str = ""
    url: str = ""
    skip: tuple[str, ...] = ()
    """Families that were removed here and are not to come back."""
    file_times: bool = False
    """Whether a draft without a date in its path takes its file's time."""
    remap: Mapping[str, str] = field(default_factory=dict)
    """Asset as the repository has it → the one that stands for it in this workspace."""

    def archive_path(self, root: Path) -> Path:
        """The archive's place, for a repository with its top folder at `root`."""
        return root / Path(self.path).expanduser()

    @property
    def place(self) -> str:
        """Where it is, in one line for people."""
        return self.path if self.kind == "archive" else f"{self.workspace} ({self.location or self.url})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What `[risks.NAME]` says: a rule of one's own for `review`, or that a rule is switched off."""

    name: str
    origin: str
    """The file it stands in."""
    said: Mapping[str, str]
    """`why`, and what a change must match."""
    is_off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of the configuration and the file it comes from ('default' where it stands in none)."""

    key: str
    value: Any  # whatever TOML holds; it is only shown
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The configuration of one repository."""

    remotes: Mapping[str, Remote]
    allow: frozenset[str]
    replace: frozenset[str]
    risks: tuple[Risk, ...]
    values: tuple[Value, ...]

    def remote(self, name: str) -> Remote:
        """The remote of that name; raises UsageError naming those there are."""
        if name in self.remotes:
            return self.remotes[name]
        known = ", ".join(sorted(self.remotes)) or "none yet"
        raise UsageError(f"there is no remote {name!r} (known: {known})", hint="Add it with 'amlgit remote add'.")


def check_remote_name(name: str) -> str:
    """A remote's name fit for a ref; raises UsageError."""
    if not _REMOTE_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be a remote's name",
            hint="Use letters, digits, '-' and '_', beginning with a letter or digit, at most 63 characters.",
        )
    return name


_REMOTE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


def load(root: Path) -> Config:
    """The configuration of the repository at `root`; raises UsageError, naming file and key, for what does not belong there."""
    merged: dict[str, Value] = {}
    for file in (FILE, LOCAL_FILE):
        for key, value in _read(root / file):
            merged[key] = Value(key=key, value=value, origin=file)
    for known in BY_NAME.values():
        if "*" not in known.name and known.default is not None:
            _defaulted(merged, known.name)
    form = merged["form"]
    if form.value != 1:
        raise UsageError(f"{form.origin}: form = {form.value} is not known to this amlgit, which writes form 1", hint="Use a newer amlgit.")
    names = _named("remotes", merged)
    for name in names:
        check_remote_name(name)
    remotes = {name: _remote(name, merged) for name in names}
    return Config(
        remotes=remotes,
        allow=frozenset(merged["secrets.allow"].value),
        replace=frozenset(merged["secrets.replace"].value),
        risks=tuple(_risk(name, merged) for name in _named("risks", merged)),
        values=tuple(merged[key] for key in sorted(merged)),
    )


def _defaulted(merged: dict[str, Value], pattern: str, name: str = "") -> None:
    """Take the default of a key that is in no file."""
    key = pattern.replace("*", name)
    merged.setdefault(key, Value(key=key, value=BY_NAME[pattern].default, origin="default"))


def _named(table: str, merged: Mapping[str, Value]) -> list[str]:
    """The names of the tables in a table."""
    return sorted({key.removeprefix(f"{table}.").rpartition(".")[0] for key in merged if key.startswith(f"{table}.")})


def _risk(name: str, merged: Mapping[str, Value]) -> Risk:
    prefix = f"risks.{name}."
    found = {key.removeprefix(prefix): value for key, value in merged.items() if key.startswith(prefix)}
    return Risk(
        name=name,
        origin=next(iter(found.values())).origin,
        said={key: value.value for key, value in found.items() if key != "off"},
        is_off="off" in found and found["off"].value,
    )


def _remote(name: str, merged: dict[str, Value]) -> Remote:
    prefix = f"remotes.{name}."
    for known in BY_NAME.values():
        if known.table == "remotes.*" and known.default is not None:
            _defaulted(merged, known.name, name)
    kind = merged[f"{prefix}kind"]
    if kind.value not in KINDS:
        raise UsageError(f"{kind.origin}: {kind.key} = {kind.value!r} is no kind of remote", hint=f"Known: {', '.join(KINDS)}.")
    if (local := {"location", "url"} & {key for key in _PLACES if prefix + key in merged and merged[prefix + key].origin == LOCAL_FILE}) and len(
        local
    ) == 1:
        merged.pop(prefix + ({"location", "url"} - local).pop(), None)  # the one says the same as the other, and here it is somewhere else
    written = {key: merged[prefix + key].value for key in _PLACES if prefix + key in merged}
    _check_place(name, kind.value, written)
    return Remote(
        name=name,
        kind=kind.value,
        **written,
        skip=tuple(merged[f"{prefix}skip"].value),
        file_times=merged[f"{prefix}file_times"].value,
        remap=mapping(merged[f"{prefix}remap"].value, f"{merged[f'{prefix}remap'].origin}: {prefix}remap"),
    )


def mapping(entries: Sequence[str], where: str) -> dict[str, str]:
    """Assets by `OLD=NEW`; raises UsageError naming `where` for what is none of that, and for one asset given twice."""
    found: dict[str, str] = {}
    for entry in entries:
        old, mark, new = (part.strip() for part in entry.partition("="))
        if not (old and mark and new):
            raise UsageError(f"{where}: {entry!r} is not OLD=NEW", hint="Give the id of an asset, '=', and the id that takes its place.")
        if found.setdefault(old, new) != new:
            raise UsageError(f"{where}: {old} is given twice", hint="One asset becomes one other.")
    return found


_PLACES = ("path", "workspace", "location", "url")
_WORKSPACE = re.compile(r"[0-9a-f]{32}")


def _check_place(name: str, kind: str, written: Mapping[str, str]) -> None:
    """Raise UsageError where the keys that say where a remote is do not belong to its kind, or are not enough."""
    prefix = f"{FILE}: remote {name!r}"
    if kind == "archive":
        if "path" not in written:
            raise UsageError(f"{prefix} has no 'path'", hint=f"Set remotes.{name}.path to the archive's folder or file.")
        foreign = [key for key in written if key != "path"]
    else:
        if "workspace" not in written:
            raise UsageError(f"{prefix} has no 'workspace'", hint=f"Set remotes.{name}.workspace to the workspace's id, 32 hexadecimal digits.")
        check_workspace(written["workspace"])
        if ("location" in written) == ("url" in written):
            raise UsageError(f"{prefix} needs one of 'location' and 'url'", hint=f'Set remotes.{name}.location (as in "South Central US") or .url.')
        foreign = [key for key in written if key == "path"]
    if foreign:
        raise UsageError(f"{prefix} is of kind {kind!r} and has a {foreign[0]!r}", hint=f"Remove remotes.{name}.{foreign[0]}.")


def check_workspace(workspace: str) -> str:
    """A workspace's id as it is; raises UsageError for anything else than 32 hexadecimal digits in lower case."""
    if not _WORKSPACE.fullmatch(workspace):
        raise UsageError("a workspace's id is 32 hexadecimal digits in lower case", hint="It stands in the address of its page in Studio.")
    return workspace


def toml_fault(error: UnicodeDecodeError | tomllib.TOMLDecodeError) -> str:
    """What is wrong with a text that is no TOML, to stand behind the name of its file."""
    if isinstance(error, UnicodeDecodeError):
        return f": not UTF-8 at byte {error.start}"
    said, _, place = str(error).partition(" (at ")
    where = "at its end" if place == "end of document)" else f"at {place.removesuffix(')').replace(',', '')}"
    return f": no TOML {where}: {said[:1].lower()}{said[1:]}"


def _read(path: Path) -> list[tuple[str, Any]]:
    try:
        parsed = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        return []
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path.name}{toml_fault(error)}", hint=_SEE) from error
    except OSError as error:
        raise UsageError(f"{path.name} can't be read: {error.strerror}") from error
    flat: list[tuple[str, Any]] = []
    _flatten(parsed, (), flat, path.name)
    return flat


def _flatten(table: Mapping[str, Any], path: tuple[str, ...], flat: list[tuple[str, Any]], file: str) -> None:
    for name, value in table.items():
        here = (*path, name)
        key, pattern = ".".join(here), _pattern(here)
        if any(known.startswith(f"{pattern}.") for known in BY_NAME):
            if not isinstance(value, dict):
                raise UsageError(f"{file}: {key} = {value!r} has the wrong type", hint=f"It is a table: [{key}]. {_SEE}")
            _flatten(value, here, flat, file)
        elif pattern not in BY_NAME:
            raise UsageError(f"{file}: unknown key {key!r}", hint=_nearest(here))
        elif not _is_of(value, BY_NAME[pattern].type):
            raise UsageError(f"{file}: {key} = {value!r} has the wrong type", hint=f"It is of type {BY_NAME[pattern].type_name}. {_SEE}")
        else:
            flat.append((key, value))


def _is_of(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def _pattern(path: tuple[str, ...]) -> str:
    return ".".join((path[0], "*", *path[2:]) if path[0] in _NAMED and len(path) > 1 else path)


def _nearest(path: tuple[str, ...]) -> str:
    known = [known.replace("*", path[1]) if "*" in known and len(path) > 1 else known for known in BY_NAME]
    known += sorted({entry.partition(".")[0] for entry in known})
    nearest = difflib.get_close_matches(".".join(path), known, n=1, cutoff=0.5)
    return f"Did you mean {nearest[0]!r}?" if nearest else _SEE


def add_remote(root: Path, remote: Remote) -> None:
    """Write a new remote into `.amlgit`; raises UsageError where there is one of that name."""
    if remote.name in load(root).remotes:
        raise UsageError(f"there is a remote {remote.name!r} already", hint="Remove it first, or choose another name.")

    def change(document: "TOMLDocument") -> None:
        import tomlkit

        remotes = document.setdefault("remotes", tomlkit.table(is_super_table=True))
        table = tomlkit.table()
        table["kind"] = remote.kind
        for key in _PLACES:
            if value := getattr(remote, key):
                table[key] = value
        if remote.file_times:
            table["file_times"] = True
        remotes[remote.name] = table

    _edit(root, change)


def remove_remote(root: Path, name: str) -> None:
    """Take a remote out of `.amlgit`; its chains stay."""
    load(root).remote(name)

    def change(document: "TOMLDocument") -> None:
        remotes = document.get("remotes", {})
        remotes.pop(name, None)
        if not remotes:
            document.pop("remotes", None)

    _edit(root, change)


def add_skip(root: Path, remote: str, families: Sequence[str]) -> None:
    """Note families that are not to come back from a remote."""
    _extend(root, ("remotes", remote, "skip"), families)


def add_decisions(root: Path, kind: str, decisions: Sequence[str]) -> None:
    """Note decisions about suspected secrets; `kind` is 'allow' or 'replace'."""
    _extend(root, ("secrets", kind), decisions)


def _extend(root: Path, keys: tuple[str, ...], entries: Sequence[str]) -> None:
    def change(document: "TOMLDocument") -> None:
        import tomlkit

        table: Any = document  # tomlkit's containers share no useful type
        for key in keys[:-1]:
            table = table.setdefault(key, tomlkit.table())
        known = table.get(keys[-1])
        if known is None:
            known = table[keys[-1]] = tomlkit.array()
        for entry in entries:
            if entry not in known:
                known.append(entry)
        known.multiline(True)

    _edit(root, change)


def _edit(root: Path, change: "Callable[[TOMLDocument], None]") -> None:
    import tomlkit

    path = root / FILE
    document = tomlkit.parse(path.read_bytes().decode() if path.exists() else f"form = {1}\n")
    change(document)
    write_atomically(path, tomlkit.dumps(document).encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file's content in one step, so that no reader and no kill ever meets half of it.

    A link is followed; what is no regular file (a pipe, a device) is written to. The new content stands beside it meanwhile, under one
    name, so that what a kill leaves is replaced the next time.
    """
    path = path.resolve()
    aside = path.with_name(f".{path.name}.amlgit-new")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        with aside.open("wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        if path.exists():
            shutil.copymode(path, aside)
        os.replace(aside, path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise UsageError(f"{path} can't be written: {error.strerror}") from error
