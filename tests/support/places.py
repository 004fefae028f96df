"""Places within JSON: all there are, and a value put at one."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from amlgit.model.jsontext import Json, Object
from tests.support.wire import Members

Place: TypeAlias = tuple[str | int, ...]


def put(value: Json, path: Place, new: Json) -> Json:
    """`value` with `new` at `path`: names of members, indexes of lists (one past the end adds to a list)."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        assert isinstance(value, list)
        return [*value[:step], put(value[step] if step < len(value) else None, rest, new), *value[step + 1 :]]
    members = dict(value) if isinstance(value, Mapping) else {}
    members[step] = put(members.get(step), rest, new)
    return members


def put_in(document: Object, path: Place, new: Json) -> Members:
    """An export with `new` at `path`."""
    changed = put(document, path, new)
    assert isinstance(changed, dict)
    return changed


def paths(value: Json, path: Place = ()) -> Iterator[Place]:
    """The places of all members and entries within a value."""
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from paths(inner, (*path, step))


def some_paths(document: Members) -> list[Place]:
    """Every kind of place once: members by name, entries of a list by the first two."""
    kinds: dict[tuple[str | int, ...], Place] = {}
    for path in paths(document):
        kind = tuple("*" if isinstance(step, int) and index < len(path) - 1 else step for index, step in enumerate(path))
        if not (isinstance(path[-1], int) and path[-1] > 1):
            kinds.setdefault(kind, path)
    return list(kinds.values())
