"""What a version changed, in one line: how much of each class, and where."""

from collections.abc import Collection, Iterator, Sequence

from amlgit.compare.changes import Change, Diff, Kind, What
from amlgit.model.jsontext import Object, printable
from amlgit.model.webservices import member
from amlgit.review.changes import SIGNS, item, size, summary
from amlgit.review.lenient import entries
from amlgit.review.names import Names
from amlgit.review.places import place

_MOST = 12
"""Places that a headline lists."""


def headline(diff: Diff, names: Names, classes: Collection[str] = ()) -> str:
    """`1 parameter: Split Data 2-0002: seed: 0 → 1`, or with several changes their places: `2 parameters: Split Data 2-0002.seed, …`.

    With `classes` it is told of those alone.
    """
    if classes:
        return _of_classes([change for change in diff.changes if change.change_class in classes], names)
    told = [change for change in diff.changes if change.what is not What.LAYOUT]
    places = list(dict.fromkeys(_place(change, names) for change in told)) if len(told) > 1 else [_in_full(change, names) for change in told]
    shown = places if len(places) <= _MOST + 1 else [*places[:_MOST], f"… and {len(places) - _MOST:,} more"]
    return ": ".join(filter(None, (summary(diff), ", ".join(shown))))


def _of_classes(chosen: Sequence[Change], names: Names) -> str:
    layout = [item(change, names).text for change in chosen if change.what is What.LAYOUT]
    rest = tuple(change for change in chosen if change.what is not What.LAYOUT)
    return ", ".join([*([headline(Diff(changes=rest, recreated={}), names)] if rest else []), *layout])


def beginning(document: Object) -> str:
    """The first version, by its size: `12 nodes, 14 edges`."""
    edges = len(list(_edges(document)))
    return f"{size(document)}, {edges:,} {'edge' if edges == 1 else 'edges'}"


def _edges(document: Object) -> Iterator[Object]:
    yield from entries(member(document.get("Graph"), "EdgesInternal"))
    yield from entries(member(member(member(document, "properties"), "package"), "edges"))


def _in_full(change: Change, names: Names) -> str:
    text = item(change, names).text
    name = names.node(change.node.id) if change.node else ""
    if change.what is What.NODE:
        return f"{SIGNS[change.kind]} {name}"
    sign = f"{SIGNS[change.kind]} " if change.kind in (Kind.ADDED, Kind.REMOVED) and change.what is not What.EDGE else ""
    return f"{name}: {sign}{text}" if name else f"{sign}{text}"


def _place(change: Change, names: Names) -> str:
    """Where a change is, without what it is: `+ Split Data 2-0002`, `Split Data 2-0002.seed`, `title`."""
    name = names.node(change.node.id) if change.node else ""
    if change.what is What.NODE:
        return f"{SIGNS[change.kind]} {name}"
    if change.what is What.EDGE and not name:
        return printable(names.feed(change.path[-1]))
    where = "module" if change.what is What.MODULE else place(change)
    if change.what is What.EDGE:
        where = printable(change.path[-1].rpartition(":")[2])
    return ".".join(filter(None, (name, where))) or change.change_class.value
