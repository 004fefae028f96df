"""Commit messages of versions: the trailers that make history its own index, and names and times made safe for git."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

WORKSPACE, EXPERIMENT, SNAPSHOT, STATUS, FORM = "Aml-Workspace", "Aml-Experiment", "Aml-Snapshot", "Aml-Status", "Aml-Form"
SERVICE, DELETED = "Aml-Service", "Aml-Deleted"
UNKNOWN = "unknown"
"""The author of a version whose creator nobody knows."""

_TRAILER = re.compile(r"([A-Za-z0-9-]+): ?(.*)")
_NUMBER = re.compile(r"[^\n]*: (?:run|draft|definition) ([1-9][0-9]{0,17}+)(?![0-9])(?=[^:\n]*(?:\n|\Z))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a version's commit tells: who, when (seconds since 1970), and what; all of it free of secrets."""

    title: str
    summary: str
    creator: str
    workspace: str
    time: int
    what: str
    """`run` for a run, `draft` for a draft, `definition` for a web service definition."""
    status: str
    trailers: Mapping[str, str]


def message(story: Story, number: int) -> str:
    """The message of a version: `<title>: run <n> <status>`, the summary, the trailers."""
    status = f" {story.status}" if story.what == "run" else ""
    paragraphs = [f"{_one_line(story.title) or 'untitled'}: {story.what} {number}{_one_line(status, keep_edges=True)}"]
    summary = "\n".join(_one_line(line, keep_edges=True).rstrip() for line in story.summary.splitlines()).strip()
    if summary:
        paragraphs.append(summary)
    paragraphs.append("\n".join(f"{name}: {_one_line(value)}" for name, value in story.trailers.items()))
    return "\n\n".join(paragraphs) + "\n"


def _one_line(text: str, *, keep_edges: bool = False) -> str:
    line = text if text.isprintable() else "".join(character if character.isprintable() else " " for character in text)
    return line if keep_edges else line.strip()


def author(story: Story) -> str:
    """`<creator> <<creator>@<workspace>> <time> +0000`, fit for a commit whatever the creator's name is made of."""
    name = re.sub(r"[<>]", "", _one_line(story.creator)).strip(" .,:;\"'\\") or UNKNOWN
    mailbox = re.sub(r"[^\w.+\-]+", "-", name).strip("-.") or "unknown"
    return f"{name} <{mailbox}@{re.sub(r'[^0-9A-Za-z.-]', '', story.workspace) or 'unknown'}> {max(story.time, 0)} +0000"


def parse(text: str) -> dict[str, str]:
    """The trailers of a message."""
    last = text.rstrip("\n").rpartition("\n\n")[2]
    return {match[1]: match[2] for line in last.split("\n") if (match := _TRAILER.fullmatch(line))}


def number(text: str) -> int | None:
    """The number of the version that a message tells of."""
    found = _NUMBER.match(text)
    return int(found[1]) if found else None


def value(text: str, name: str) -> str | None:
    """One trailer of a message, without parsing the others."""
    start = text.find(f"\n{name}: ", text.rstrip("\n").rfind("\n\n"))
    if start < 0:
        return None
    start += len(name) + 3
    end = text.find("\n", start)
    return text[start:] if end < 0 else text[start:end]
