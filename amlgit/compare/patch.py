"""The difference of two documents as a JSON Patch (RFC 6902) that gives exactly the new one, order of lists included.

Entries of lists are told apart by what identifies them (the id of a node, the name of a port), so that an edit of a graph is a few
operations however its nodes are ordered; a list that can't be keyed is replaced.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from amlgit.compare import keyed
from amlgit.model.jsontext import Json, Object, same

_IDENTITIES = ("Id", "Name", "NodeId", "id", "name")


def json_patch(old: Json, new: Json) -> list[Object]:
    """The operations, in the order they have to be applied in."""
    return list(_operations("", old, new))


def pointer(*names: str) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def _operations(path: str, old: Json, new: Json) -> Iterator[Object]:
    if old is new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _members(path, old, new)
    elif isinstance(old, list) and isinstance(new, list) and (keys := _keys(old, new)) is not None:
        yield from _entries(path, old, new, *keys)
    elif not same(old, new):
        # `add` replaces a member that exists (RFC 6902, 4.1); the jsonpatch package takes a member named `-` for an index in `replace`
        yield {"op": "add" if path.endswith("/-") else "replace", "path": path, "value": new}


def _members(path: str, old: Object, new: Object) -> Iterator[Object]:
    for name in old:
        if name not in new:
            yield {"op": "remove", "path": path + pointer(name)}
        else:
            yield from _operations(path + pointer(name), old[name], new[name])
    for name in new:
        if name not in old:
            yield {"op": "add", "path": path + pointer(name), "value": new[name]}


def _keys(old: Sequence[Json], new: Sequence[Json]) -> tuple[list[str], list[str]] | None:
    """What identifies the entries of two lists, or None where nothing does."""
    for key in (*_IDENTITIES, None):
        sides = [keyed.by_member(entries, key) if key else keyed.strings(entries) or keyed.edges(entries) for entries in (old, new)]
        one, other = sides
        if (one is not None or not old) and (other is not None or not new):
            return list(one or ()), list(other or ())
    return None


def _entries(path: str, old: Sequence[Json], new: Sequence[Json], old_keys: list[str], new_keys: list[str]) -> Iterator[Object]:
    position = {key: index for index, key in enumerate(new_keys)}
    for index, key in enumerate(old_keys):
        if key in position:
            yield from _operations(f"{path}/{index}", old[index], new[position[key]])
    for index in reversed(range(len(old_keys))):
        if old_keys[index] not in position:
            yield {"op": "remove", "path": f"{path}/{index}"}
    kept = [key for key in old_keys if key in position]
    yield from _moves(path, kept, sorted(kept, key=position.__getitem__), position)
    known = set(kept)
    for index, key in enumerate(new_keys):
        if key not in known:
            yield {"op": "add", "path": f"{path}/{index}", "value": new[index]}


def _moves(path: str, present: list[str], wanted: list[str], position: Mapping[str, int]) -> Iterator[Object]:
    """As few moves as it takes: what is in order already stays, each other entry goes behind the one before it."""
    if present == wanted:
        return
    staying = _longest_in_order(present, position)
    for before, key in zip([None, *wanted], wanted, strict=False):
        if key in staying:
            continue
        index = present.index(key)
        del present[index]
        target = 0 if before is None else present.index(before) + 1
        present.insert(target, key)
        if index != target:
            yield {"op": "move", "from": f"{path}/{index}", "path": f"{path}/{target}"}


def _longest_in_order(present: Sequence[str], position: Mapping[str, int]) -> set[str]:
    """The longest sequence of entries whose order need not change."""
    lasts: list[int] = []
    last_keys: list[str] = []
    before: dict[str, str | None] = {}
    for key in present:
        index = bisect_left(lasts, position[key])
        before[key] = last_keys[index - 1] if index else None
        lasts[index : index + 1] = [position[key]]
        last_keys[index : index + 1] = [key]
    found: set[str] = set()
    key_or_none: str | None = last_keys[-1] if last_keys else None
    while key_or_none is not None:
        found.add(key_or_none)
        key_or_none = before[key_or_none]
    return found
