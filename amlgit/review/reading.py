"""An experiment's folder read file by file, so that one bad file does not hide the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from amlgit.errors import InvalidDocument
from amlgit.form import nodes
from amlgit.form.experiments import EXPERIMENT, LAYOUT, parse
from amlgit.form.naming import stems
from amlgit.form.nodes import FOLDER, ReadNode
from amlgit.model.jsontext import Json, Object
from amlgit.review.lenient import entries

SUFFIX = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What could be read of a folder, by path."""

    files: Mapping[str, bytes]
    pages: Mapping[str, Object]
    """Parsed JSON."""
    nodes: Mapping[str, ReadNode]
    unparsed: Mapping[str, InvalidDocument]
    """Files that are no JSON, and why."""
    unread: Mapping[str, InvalidDocument]
    """Node files that are JSON and no node, and why."""

    @property
    def node_paths(self) -> tuple[str, ...]:
        """The node files, readable or not."""
        return tuple(path for path in self.files if is_node(path))

    @property
    def is_complete(self) -> bool:
        """Whether every node could be read."""
        return len(self.nodes) == len(self.node_paths)


class Script(NamedTuple):
    """A script as a node's file names it: its path, and whether it is kept with LF for CRLF."""

    path: str
    is_crlf: bool


class Reference(NamedTuple):
    """A node's file stem as another file names it: the member that does, and all of its text."""

    member: str
    stem: str
    text: str


def is_node(path: str) -> bool:
    """Whether a path of a folder is that of a node's file."""
    return path.startswith(FOLDER) and path.endswith(SUFFIX)


def stem(path: str) -> str:
    """The stem by which other files name the node of a file."""
    return path.removeprefix(FOLDER).removesuffix(SUFFIX)


def path_of(node_stem: str) -> str:
    """The file of a node."""
    return f"{FOLDER}{node_stem}{SUFFIX}"


def read(files: Mapping[str, bytes]) -> Reading:
    """A folder's files, each on its own. A missing script, or one with line ends that contradict its node, is no reason not to read the node."""
    pages: dict[str, Object] = {}
    found: dict[str, ReadNode] = {}
    unparsed: dict[str, InvalidDocument] = {}
    unread: dict[str, InvalidDocument] = {}
    for path in sorted(files):
        if not (is_node(path) or path in (EXPERIMENT, LAYOUT)):
            continue
        try:
            pages[path] = parse(path, files[path])
        except InvalidDocument as error:
            unparsed[path] = error
            continue
        if is_node(path):
            try:
                found[path] = nodes.read(pages[path], _stand_ins(files, pages[path]), path)
            except InvalidDocument as error:
                unread[path] = error
    return Reading(files=files, pages=pages, nodes=found, unparsed=unparsed, unread=unread)


def _stand_ins(files: Mapping[str, bytes], page: Object) -> Mapping[str, bytes]:
    """The scripts of a node, with something readable for those that are not."""
    found = {}
    for script in scripts(page):
        data = files.get(script.path, b"")
        found[script.path] = data.replace(b"\r", b"") if script.is_crlf else data
    return found


def scripts(page: Object) -> Iterator[Script]:
    """The scripts that a node's page names."""
    for parameter in entries(page.get("ModuleParameters")):
        file = parameter.get("File")
        if isinstance(file, str):
            yield Script(FOLDER + file, parameter.get("Newline") == "CRLF")


def references(path: str, page: Object) -> Iterator[Reference]:
    """The references to nodes in a page."""
    for entry, member in _referring(path, page):
        text = entry.get(member)
        if isinstance(text, str):
            yield Reference(member, text.partition(":")[0] if member != "Node" else text, text)


def _referring(path: str, page: Object) -> Iterator[tuple[Object, str]]:
    if is_node(path):
        for name in ("InputPortsInternal", "OutputPortsInternal"):
            yield from ((port, "Source") for port in entries(page.get(name)))
    elif path == EXPERIMENT and isinstance(service := page.get("WebService"), Mapping):
        for name in ("Inputs", "Outputs"):
            yield from ((port, "Port") for port in entries(service.get(name)))
    elif path == LAYOUT:
        for canvas in page.values():
            if isinstance(canvas, Mapping):
                yield from ((box, "Node") for box in entries(canvas.get("NodePositions")))


def renamed(path: str, page: Object, new_stems: Mapping[str, str]) -> Object:
    """A page with its references to nodes renamed."""
    changes = {id(entry): member for entry, member in _referring(path, page)}

    def change(value: Json) -> Json:
        if isinstance(value, Mapping):
            entry = {name: change(inner) for name, inner in value.items()}
            member = changes.get(id(value))
            text = entry.get(member) if member else None
            if member and isinstance(text, str):
                old, colon, rest = (text, "", "") if member == "Node" else text.partition(":")
                entry[member] = new_stems.get(old, old) + colon + rest
            return entry
        return [change(entry) for entry in value] if isinstance(value, list) else value

    return {name: change(value) for name, value in page.items()}


def own_stems(reading: Reading) -> Mapping[str, str]:
    """Node file → the stem that is its node's own; without files of one and the same node id."""
    ids = {path: (str(node.members["Id"]), str(node.members.get("ModuleId", ""))) for path, node in reading.nodes.items()}
    counted: dict[str, int] = {}
    for node_id, _ in ids.values():
        counted[node_id] = counted.get(node_id, 0) + 1
    own = stems(dict(ids.values()).items())
    return {path: own[node_id] for path, (node_id, _) in ids.items() if counted[node_id] == 1}
