"""The values that a blame lists, in words: what each place is called, and what stands there."""

from collections.abc import Mapping
from typing import NamedTuple

from amlgit.compare.changes import Missing, Side
from amlgit.compare.origins import Feed, Held, Place
from amlgit.form import scripts
from amlgit.model import ids
from amlgit.model.jsontext import Json, printable
from amlgit.review import outlined
from amlgit.review.names import Names
from amlgit.review.places import named


class Said(NamedTuple):
    """A value: what its place is called, the value as a program wants it, and as a person reads it."""

    name: str
    value: Json
    text: str
    is_idle: bool = False
    """Whether there is nothing to be said of it: an empty comment, a port that nothing feeds."""


def said(place: Place, value: Side | Feed, names: Names) -> Said:
    """A value in words."""
    if isinstance(value, Missing):
        return Said(_called(place), None, "gone", is_idle=True)
    if isinstance(value, Feed):
        return _fed(place, value, names)
    match place.held:
        case Held.NODE:
            return Said("node", place.node, names.node(place.node))
        case Held.MODULE:
            resource = ids.resource_id(value) if isinstance(value, str) else None
            return Said("module", value, f"version {printable(resource.instance)}" if resource else outlined.parameter("", value).words)
        case Held.COMMENT:
            return Said("comment", value, outlined.parameter("", value).words, is_idle=not value)
        case Held.PARAMETER if isinstance(value, Mapping):
            linked = value.get("LinkedGlobalParameter")
            setter = f" (set by the web service parameter {printable(linked)})" if isinstance(linked, str) and linked else ""
            inner = value.get("Value")
            return Said(_called(place), inner, f"{outlined.parameter('', inner).words or '(empty)'}{setter}")
        case _:
            return _field(place, value, names)


def _called(place: Place) -> str:
    return printable(": ".join(place.name), 200) or place.held.value


def _fed(place: Place, feed: Feed, names: Names) -> Said:
    held = [*feed.sources, *feed.assets]
    value: Json = held[0] if len(held) == 1 else list(held) if held else None
    if not held:
        return Said(_called(place), None, "fed by nothing", is_idle=True)
    return Said(_called(place), value, f"fed by {', '.join(map(names.feed, held))}")


def _field(place: Place, value: Json, names: Names) -> Said:
    if place.name[0] == "Tags" and len(place.name) > 1:
        return Said("tag", value, outlined.parameter("", value).words)
    name = named(place.name)
    if isinstance(value, Mapping) and isinstance(value.get("PortId"), str):
        return Said(name, value["PortId"], names.feed(value["PortId"]))
    if isinstance(value, Mapping) and "Value" in value:
        value = value["Value"]
    return Said(name, value, outlined.parameter("", value).words or "(empty)", is_idle=value in (None, "", [], {}))


def is_text(place: Place, value: Json, module_id: str) -> bool:
    """Whether a parameter is told line by line: a script, or any other text of several lines."""
    if place.held is not Held.PARAMETER or not isinstance(value, str):
        return False
    return scripts.extension(module_id, place.name[0]) is not None or len(value.splitlines()) > 1
