"""Looking into JSON that may be of another shape than expected: what is not there is nothing, never an error."""

from collections.abc import Mapping

from amlgit.model.jsontext import Json, Object


def entries(value: Json) -> list[Object]:
    """The objects of a list; nothing where there is no list."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def members(value: Json) -> Object:
    """An object; an empty one where there is none."""
    return value if isinstance(value, Mapping) else {}


def text(value: Json) -> str:
    """A string; an empty one where there is none."""
    return value if isinstance(value, str) else ""
