"""What a person calls the place of a change."""

from amlgit.compare.changes import Change
from amlgit.model.jsontext import printable
from amlgit.review.service_words import called, spaced

_NAMES = {
    "Description": "title",
    "Summary": "summary",
    "Comment": "comment",
    "DisableNodesUpdate": "updates of nodes",
    "WebService": "web service",
    "Parameters": "web service parameters",
    "PublishInfo": "published ports",
}
_SECTIONS = {"Inputs": "web service input", "Outputs": "web service output", "Parameters": "web service parameter"}
_UNSAID = ("Value", "DataSourceId", "TrainedModelId", "TransformModuleId")
_GRAPH = 2
"""How deep what a graph consists of lies."""


def place(change: Change) -> str:
    """The place of a change as Studio's own pages call it, without the node it is at; nothing where it is a whole file."""
    path = change.path
    if not path:
        return ""
    if len(path) == 1 and change.node is not None:
        return "script"  # of a node whose page is not there to say more
    if path[0].casefold() == "properties":
        return printable(_of_service(path, has_node=change.node is not None))
    if path[0] == "WebService" and len(path) > _GRAPH:
        return named(path)
    last = path[-2] if path[-1] in _UNSAID and len(path) > _GRAPH else path[-1]
    return printable(_NAMES.get(last, last) if change.node is None or last == "Comment" else last)


def named(path: tuple[str, ...]) -> str:
    """What belongs to no node, by its path."""
    if path[0] == "WebService" and len(path) > _GRAPH:
        return printable(f"{_SECTIONS.get(path[1], path[1])} {': '.join(path[2:])}")
    return printable(_NAMES.get(path[-1], path[-1]))


def _of_service(path: tuple[str, ...], *, has_node: bool) -> str:  # noqa: PLR0911  # a case for each part of a definition
    """A place in a definition, whose members say where they are more than once."""
    inner = path[1:]
    match tuple(name.casefold() for name in inner):
        case ("package", "nodes", _, "parameters", _, *_):
            return ": ".join((inner[4], *map(spaced, inner[5:])))
        case ("package", "nodes", _, *_) if has_node:
            return called(inner[3:])
        case ("package", "graphparameters", _, "links", _):
            return f"web service parameter {inner[2]}"
        case ("package", "graphparameters", *_):
            return " ".join(("web service parameter", ": ".join((*inner[2:3], *map(spaced, inner[3:]))))).strip()
        case ("parameters", *_):
            return " ".join(("value of web service parameter", ": ".join((*inner[1:2], *map(spaced, inner[2:]))))).strip()
        case ("input" | "output", *_):
            # its ports and their columns are named by people
            named = [name for name in inner[1:] if name.casefold() != "properties"]
            own = [spaced(name) for name in named] if inner[1:2] == tuple(named[:1]) else named
            return " ".join((f"web service {inner[0].lower()}", ": ".join(own))).strip()
        case ("assets", _, *_) if has_node:
            return called(inner[2:]) if len(inner) > _GRAPH else f"asset {inner[1]}"
        case ("examplerequest", _, *_):
            return ": ".join(("example request", spaced(inner[1]), *inner[2:]))
    return called(inner)
