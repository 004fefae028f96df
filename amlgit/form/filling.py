"""Secrets put back in the place of their placeholders: what the workspace holds there now, else what somebody gives."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from amlgit.form.naming import stems
from amlgit.form.secrets import PLACEHOLDER, escape, unescape
from amlgit.model.jsontext import Json, Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A placeholder that the workspace has nothing for: where it stands (a node's file name, a parameter), and what it stands for."""

    place: tuple[str, ...]
    name: str

    @property
    def variable(self) -> str:
        """The environment variable that gives the value."""
        labels = self.place if self.place and self.place[-1] == self.name else (*self.place, self.name)
        return "AMLGIT_SECRET_" + re.sub(r"[^A-Z0-9]+", "_", " ".join(labels).upper()).strip("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """What a workspace holds: the export as it came, and the same with its secrets replaced."""

    raw: Object
    protected: Object


def filled(document: Object, there: There | None, given: Callable[[Gap], str | None]) -> tuple[Object, tuple[Gap, ...]]:
    """A joined document fit to be sent, and the gaps that nobody filled; a gap's placeholder stays in it.

    Text around a secret may have been edited: then the secret alone is taken over from the workspace.
    """
    filler = _Filler(document, given)
    whole = filler.value(document, escape(there.raw) if there else None, there.protected if there else None, ())
    sendable = unescape(whole)
    assert isinstance(sendable, Mapping)
    return sendable, tuple(dict.fromkeys(filler.gaps))


class _Filler:
    def __init__(self, document: Object, given: Callable[[Gap], str | None]) -> None:
        graph = document.get("Graph")
        nodes = graph.get("ModuleNodes") if isinstance(graph, Mapping) else None
        listed = [node for node in nodes if isinstance(node, Mapping)] if isinstance(nodes, list) else []
        self._stems = stems((str(node.get("Id")), str(node.get("ModuleId"))) for node in listed)
        self._given = given
        self.gaps: list[Gap] = []

    def value(self, ours: Json, raw: Json, protected: Json, place: tuple[str, ...]) -> Json:
        if isinstance(ours, str):
            return self._text(ours, raw, protected, place) if "${secret:" in ours else ours
        if isinstance(ours, Mapping):
            one, other = (side if isinstance(side, Mapping) else {} for side in (raw, protected))
            here = self._place(ours, place)
            return {name: self.value(value, one.get(name), other.get(name), self._member(name, here)) for name, value in ours.items()}
        if isinstance(ours, list):
            sides = [_keyed(side) if isinstance(side, list) else {} for side in (ours, raw, protected)]
            return [self.value(entry, sides[1].get(key), sides[2].get(key), place) for key, entry in sides[0].items()]
        return ours

    def _place(self, entry: Object, place: tuple[str, ...]) -> tuple[str, ...]:
        """Where an entry of a list stands: a node by its file's name, anything else by its own."""
        node_id, name = entry.get("Id"), entry.get("Name")
        if isinstance(node_id, str) and node_id in self._stems:
            return (self._stems[node_id],)
        return (*place, name) if isinstance(name, str) else place

    @staticmethod
    def _member(name: str, place: tuple[str, ...]) -> tuple[str, ...]:
        return place if name in _SILENT else (*place, name)

    def _text(self, ours: str, raw: Json, protected: Json, place: tuple[str, ...]) -> Json:
        if not PLACEHOLDER.search(ours):
            return ours
        if ours == protected and raw is not None:
            return raw
        known = _secrets(protected, raw) if isinstance(protected, str) and isinstance(raw, str) else {}
        names = Counter(PLACEHOLDER.findall(ours))
        used: Counter[str] = Counter()

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            held = known.get(name, ())
            # where there is one more or less of a kind than there, nobody can tell which is which
            if held and (len(set(held)) == 1 or len(held) == names[name]):
                used[name] += 1
                return held[min(used[name], len(held)) - 1]
            gap = Gap(place=place, name=name)
            value = self._given(gap)
            if value is None:
                self.gaps.append(gap)
                return match[0]
            return str(escape(value))

        return PLACEHOLDER.sub(fill, ours)


_SILENT = frozenset({"Graph", "ModuleNodes", "ModuleParameters", "InputPortsInternal", "OutputPortsInternal", "Value", "WebService", "Parameters"})
"""Members that say nothing about a place that the names around them do not."""


def _keyed(entries: Sequence[Json]) -> dict[object, Json]:
    """The entries of a list by what identifies them: ids and names of the service's lists, else the place."""
    found: dict[object, Json] = {}
    for index, entry in enumerate(entries):
        key: object = index
        if isinstance(entry, Mapping):
            own = tuple(value for name in ("Id", "Name", "DestinationInputPortId", "SourceOutputPortId") if isinstance(value := entry.get(name), str))
            key = own if own and own not in found else index
        found[key] = entry
    return found


def _secrets(protected: str, raw: str) -> Mapping[str, Sequence[str]]:
    """What stands in a text at each placeholder, by the placeholder's name in order."""
    names = PLACEHOLDER.findall(protected)
    found: dict[str, list[str]] = {}
    for name, value in zip(names, _between(PLACEHOLDER.split(protected)[::2], raw) if names else (), strict=False):
        found.setdefault(name, []).append(value)
    return found


def _between(literals: Sequence[str], text: str) -> list[str]:
    """What a text has between two and more literals, each time as little as can be but something; nothing where they don't make it up so."""
    first, *inner, last = literals
    position, end = len(first), len(text) - len(last)
    found = []
    for literal in inner:
        start = text.find(literal, position + 1, end)
        if start < 0:
            return []
        found.append(text[position:start])
        position = start + len(literal)
    return [*found, text[position:end]] if position < end and text.startswith(first) and text.endswith(last) else []
