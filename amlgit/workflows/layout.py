"""`layout`: the boxes of an experiment are placed anew in the work tree, as data flows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amlgit import config
from amlgit.errors import Refused, UsageError
from amlgit.form import layout as canvases
from amlgit.form.experiments import LAYOUT
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import ids
from amlgit.model.arranging import Box, arrange
from amlgit.model.jsontext import Object
from amlgit.model.references import references
from amlgit.review.lenient import entries, members
from amlgit.store import chains
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.workflows.export import folder_document, required_folder
from amlgit.workflows.versions.choose import choose

SIZE = (200.0, 200.0)
"""Width and height of a box that has none yet: those of the service's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutReport:
    """The file that was written, and how many boxes it places."""

    path: str
    boxes: int
    is_changed: bool


def layout(repository: Repository, name: str, *, dry_run: bool) -> LayoutReport:
    """Place the boxes of an experiment of the work tree; edges, ports and everything else stay as they are."""
    folder = required_folder(choose(repository, name))
    if folder.kind != chains.EXPERIMENT:
        raise UsageError(f"{folder.path} is a web service, which has no canvas here", hint="Name an experiment.")
    document = folder_document(repository, folder).document
    placed, count = _placed(document, folder.path)
    text = Splitter(Decisions()).split_protected(placed, "").content[LAYOUT]
    path = repository.require_work_tree() / folder.path / LAYOUT
    is_changed = not path.exists() or path.read_bytes() != text
    if is_changed and not dry_run:
        with exclusive(repository):
            config.write_atomically(path, text)
    return LayoutReport(path=f"{folder.path}/{LAYOUT}", boxes=count, is_changed=is_changed)


def _placed(document: Object, where: str) -> tuple[Object, int]:
    graph, service = (members(document.get(name)) for name in ("Graph", "WebService"))
    edges = list(_edges(graph, document))
    ports = list(_service_edges(service))
    own, outer = (_taken_apart(canvas, where) for canvas in (graph, service))
    sizes = {**_sizes(outer), **_sizes(own)}
    names = {end for edge in (*edges, *ports) for end in edge} | {str(node.get("Id")) for node in entries(graph.get("ModuleNodes"))}
    boxes = arrange({name: sizes.get(name, SIZE) for name in names}, [*edges, *ports])
    on_service = {end for edge in ports for end in edge} - {end for edge in edges for end in edge} - {node for node, _ in own.boxes}
    changed = {**document, "Graph": {**graph, "SerializedClientData": _written(own, {name: boxes[name] for name in names - on_service})}}
    if ports:
        kept = {name: boxes[name] for name in names if name in on_service or name in dict(outer.boxes)}
        changed["WebService"] = {**service, "SerializedClientData": _written(outer, kept)}
    return changed, len(boxes)


def _edges(graph: Object, document: Object) -> Iterator[tuple[str, str]]:
    """Box to box: nodes, and the assets that feed them."""
    for edge in entries(graph.get("EdgesInternal")):
        source, target = edge.get("SourceOutputPortId"), edge.get("DestinationInputPortId")
        if isinstance(source, str) and isinstance(target, str):
            yield ids.port(source)[0], ids.port(target)[0]
    yield from ((reference.asset, reference.node) for reference in references(document) if reference.port)


def _service_edges(service: Object) -> Iterator[tuple[str, str]]:
    """The boxes of a web service's inputs and outputs, joined to their nodes."""
    for name in ("Inputs", "Outputs"):
        for port in entries(service.get(name)):
            box, at = port.get("Id"), port.get("PortId")
            if isinstance(box, str) and isinstance(at, str) and at:
                node = ids.port(at)[0]
                yield (box, node) if name == "Inputs" else (node, box)


def _taken_apart(canvas: Object, where: str) -> canvases.Canvas:
    data = canvas.get("SerializedClientData")
    if not isinstance(data, str) or not data:
        return canvases.Canvas(canvases.USUAL_HEAD, [], canvases.USUAL_TAIL)
    found = canvases.taken_apart(data)
    if found is None:
        raise Refused(f"{where}/{LAYOUT} holds a canvas in another spelling than the service's", hint="Save it once in Studio, and pull.")
    return found


def _sizes(canvas: canvases.Canvas) -> Mapping[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for node, position in canvas.boxes:
        try:
            _, _, width, height = (float(part) for part in position.split(","))
        except ValueError:
            continue
        if 0 < width < 10_000 and 0 < height < 10_000:
            found[node] = (width, height)
    return found


def _written(canvas: canvases.Canvas, boxes: Mapping[str, Box]) -> str:
    return canvases.put_together(canvas.head, ((name, ",".join(f"{part:g}" for part in boxes[name])) for name in sorted(boxes)), canvas.tail)
