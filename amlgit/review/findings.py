"""What a check finds: a rule that is broken, where, and whether there is one right way to mend it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from amlgit.form import scripts
from amlgit.form.secrets import EVERYTHING, REPLACE_ALL, Decisions, Guard, Suspicion
from amlgit.model.graph import shown

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that a file breaks; `line` counts from 1, and is None where the fault is the file's, or what is not there."""

    rule: str
    severity: Severity = "error"
    message: str
    path: str
    line: int | None = None
    fixable: bool = False
    """Whether `check --fix` mends it."""
    hint: str | None = None


RULES: Mapping[str, str] = {
    "asset-id": "The id of an asset has the form <workspace>.<family>.<version>.",
    "asset-not-there": "The workspace has what a node refers to (check --remote).",
    "asset-unlisted": "assets.json lists what a node refers to.",
    "companion": "sync.json and assets.json can be read, and no two folders are bound to one experiment of a remote.",
    "conflict-marker": "No conflict of a merge is left in a file.",
    "cycle": "The edges of a graph do not run in a circle.",
    "dangling-source": "A Source or Port names a node that is there.",
    "double-edge": "An input port is fed by one edge.",
    "double-member": "No member stands twice in an object, in whatever case.",
    "double-node": "A node id stands once in a graph.",
    "double-parameter": "A parameter's name stands once in its list.",
    "double-port": "A port's name stands once in its list.",
    "edge-and-asset": "An input port is fed by an edge or holds an asset, not both.",
    "foreign-file": "A file among the nodes is a node or the script of one.",
    "form": "A file holds what the form needs to read it.",
    "json": "A file is JSON within the limits.",
    "layout-box": "A box of the layout belongs to a node that is there.",
    "missing-file": "A folder has every file that it needs.",
    "module-id": "The id of a module has the form <workspace>.<family>.<version>.",
    "node-id": "The id of a node has the form <guid>-<number>.",
    "node-identity": "A node stands in one file, which has the node's own name.",
    "node-kind": "A node of a web service is a module, an input or an output.",
    "normal-form": "A file is written in normal form.",
    "not-a-file": "What stands in a folder is a regular file.",
    "port-node": "A port belongs to the node that has it.",
    "script-missing": "The script that a parameter names is there.",
    "script-newline": "A script that is kept with LF line ends has no carriage return.",
    "secret": "No secret stands in a file.",
    "several-assets": "An input port holds one asset.",
    "unknown-asset": "The asset that a node refers to is there.",
    "unknown-input": "The input that a node refers to is there.",
    "unknown-node": "The node that an edge, port or parameter refers to is there.",
    "unknown-output": "The output that a node refers to is there.",
    "unknown-port": "The port that an edge or web service refers to is there.",
    "wrong-type": "A member has the type that the service gives it.",
}
"""Every rule and what it asks for."""

# compiled where they are used: a hook runs at every commit, and seldom finds anything
_PLACE = r"\bline ([0-9]+) column "
_MARKER = rb"(?m)^(?:<{7}|>{7})(?:[ \r]|$)"
PLACEHOLDER = b"${secret:"
_PLACEHOLDER = rb"\$\{secret:([^{}]*)\}"


ALLOW_ALL = Decisions(allowed=EVERYTHING)
"""Decisions under which nothing is replaced: the normal form of what stands there."""


def masked(message: str) -> str:
    """A message with whatever may be a secret replaced: names and ids in it come from outside."""
    return Guard("", REPLACE_ALL).text(message, "", "")


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings without doubles, in the order of files, lines and rules."""
    return tuple(sorted(set(findings), key=lambda finding: (finding.path, finding.line or 0, finding.rule, finding.message)))


def conflict_markers(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """The files with conflict markers of git in them, at the first marker."""
    for path, data in files.items():
        if b"<<<<<<<" not in data and b">>>>>>>" not in data:
            continue
        marker = re.search(_MARKER, data)
        if marker:
            line = data.count(b"\n", 0, marker.start()) + 1
            hint = "Choose a side and remove the markers."
            yield Finding(rule="conflict-marker", message="A conflict is not resolved here.", path=path, line=line, hint=hint)


def line_of(data: bytes | None, needle: bytes, behind: int = 0) -> int | None:
    """The line of a file where something stands first, from a place in it on."""
    start = -1 if data is None else data.find(needle, behind)
    return None if data is None or start < 0 else data.count(b"\n", 0, start) + 1


def stated_line(message: str) -> int | None:
    """The line that a message of the JSON parser names."""
    match = re.search(_PLACE, message)
    return int(match[1]) if match else None


def first_difference(old: bytes, new: bytes) -> int:
    """The first line of `old` that `new` has otherwise, or the last where `new` only goes on."""
    lines, others = old.split(b"\n"), new.split(b"\n")
    differing = (number for number, (line, other) in enumerate(zip(lines, others, strict=False), 1) if line != other)
    return next(differing, max(len(lines) - 1, 1))


def not_normal(path: str, data: bytes, normal: bytes) -> Finding:
    """A file that is not in normal form."""
    message, hint = "Not in normal form: this line would be written otherwise.", "'amlgit check --fix' rewrites it."
    return Finding(rule="normal-form", message=message, path=path, line=first_difference(data, normal), fixable=True, hint=hint)


def script_missing(path: str, name: str, line: int | None) -> Finding:
    """A script that a page names and that is not there."""
    hint = "Bring the file back, or put the script in its place."
    return Finding(rule="script-missing", message=f"The script {shown(name)!r} is not there.", path=path, line=line, hint=hint)


def carriage_return(path: str, data: bytes) -> Finding:
    """A script that is kept with LF line ends, and has another one; one inside a line may mean anything."""
    fixable = b"\r" not in data.replace(b"\r\n", b"\n")
    return Finding(
        rule="script-newline",
        message="A carriage return in a script that is kept with LF line ends.",
        path=path,
        line=line_of(data, b"\r"),
        fixable=fixable,
        hint="'amlgit check --fix' removes it." if fixable else "Remove it, or take 'Newline' out where the script is named.",
    )


def foreign(path: str, message: str) -> Finding:
    """A file that belongs to nobody; a script is one that lost its node."""
    is_script = path.endswith(scripts.SUFFIXES)
    hint = "Remove it, or bring its node back." if is_script else "It counts as content; move it out of the folder."
    return Finding(rule="foreign-file", severity="error" if is_script else "warning", message=message, path=path, hint=hint)


def sentence(message: str, path: str) -> str:
    """A reason without the path that its finding has anyway."""
    text = message.removeprefix(f"{path}: ").removeprefix(f"{path.rpartition('/')[2]}: ")
    return text[:1].upper() + text[1:] + "."


def unreplaced(path: str, data: bytes, *, plain: bytes, guarded: bytes) -> Iterator[Finding]:
    """The certain secrets of a file: lines of its normal form (`plain`) that are others once secrets are replaced (`guarded`)."""
    if plain == guarded and guarded.count(PLACEHOLDER) <= data.count(PLACEHOLDER):
        return
    for line, replaced in zip((data if plain == guarded else plain).split(b"\n"), guarded.split(b"\n"), strict=False):
        names = re.findall(_PLACEHOLDER, replaced) if line != replaced else []
        known = frozenset(re.findall(_PLACEHOLDER, line)) if names else frozenset()
        for name in [name for name in names if name not in known] or names[:1]:
            called = name.decode(errors="replace")
            yield Finding(
                rule="secret",
                message=f"A secret stands here unreplaced ({called}).",
                path=path,
                line=line_of(data, line),
                hint=f"Write ${{secret:{called}}} in its place, and change the secret itself if it was ever committed.",
            )


def each_once(suspicions: Iterable[Suspicion]) -> Iterator[Suspicion]:
    """Suspicions without those that another rule raised about the same text."""
    seen: set[tuple[str, int, str]] = set()
    for suspicion in suspicions:
        key = (suspicion.place, suspicion.line, suspicion.hash)
        if key not in seen:
            seen.add(key)
            yield suspicion


def suspected(suspicion: Suspicion, path: str, line: int | None) -> Finding:
    """What may be a secret, as a finding."""
    return Finding(
        rule="secret",
        message=f"This may be a secret: {suspicion.reason}.",
        path=path,
        line=line,
        hint=f"If it is none: 'amlgit secret allow {suspicion.hash}'. If it is one, take it out; a placeholder is ${{secret:NAME}}.",
    )


def scanned(path: str, data: bytes, decisions: Decisions) -> Iterator[Finding]:
    """What may be a secret in a file that can't be read as what it should be."""
    guard = Guard("", decisions)
    guard.text(data.decode(errors="replace"), "", path, is_script=True)
    for suspicion in each_once(guard.suspicions):
        yield suspected(suspicion, path, suspicion.line)
