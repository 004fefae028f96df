"""An export taken apart into texts, whichever way it is written."""

from amlgit.form.pages import object_, objects
from amlgit.model.jsontext import BOM, MAX_BYTES, dumps, elements, loads, members
from amlgit.model.texts import Texts, usual


def take_apart(data: bytes) -> Texts:
    """The texts of an export; raises InvalidDocument, with the place of the fault, where `data` is none."""
    return usual(data) or _any(data)


def _any(data: bytes) -> Texts:
    texts = _members(data, "an experiment")
    graph = _members(texts.pop("Graph", b"null"), "Graph")
    nodes = graph.pop("ModuleNodes", b"null")
    found = elements(nodes)
    if found is None:
        objects(loads(nodes), "Graph.ModuleNodes")
    return Texts(texts, graph, found or [])


def _members(data: bytes, where: str) -> dict[str, bytes]:
    """The texts of an object's members; raises InvalidDocument, with the place of the fault, where `data` is none."""
    if len(data) <= MAX_BYTES:
        texts = members(data.removeprefix(BOM))
        if texts is not None:
            return texts
    # only a full parse can tell what is wrong, or that nothing is
    texts = members(dumps(object_(loads(data), where)))
    assert texts is not None or not loads(data)
    return texts or {}
