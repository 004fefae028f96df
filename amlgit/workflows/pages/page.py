"""The page of a review, or of one experiment: what it is made of, and where it is written."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from amlgit.compare.changes import Diff
from amlgit.config import write_atomically
from amlgit.errors import UsageError
from amlgit.form import protect
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object
from amlgit.review.lenient import entries, members, text
from amlgit.review.names import Names
from amlgit.review.outline import Outline
from amlgit.review.page.scene import Sides
from amlgit.store import chains
from amlgit.workflows.comparison.comparing import NO_EXPERIMENT, NO_SERVICE, Compared

if TYPE_CHECKING:
    from amlgit.review.experiment_outline import Known


def sides(entry: Compared, names: Names) -> Sides:
    """Both versions of what was compared; what is told of them has no secrets."""
    nothing = NO_EXPERIMENT if entry.kind == chains.EXPERIMENT else NO_SERVICE
    old, new = entry.old or nothing, entry.new or nothing
    return Sides(
        old=old,
        new=new,
        outline=outline(protect.shown(new), entry.title, entry.assets),
        gone=outline(protect.shown(gone(old, new, entry.diff.recreated)), entry.title, entry.assets),
        diff=entry.diff,
        names=names,
    )


def one_side(document: Object, title: str, assets: Mapping[str, str]) -> Sides:
    """One version alone."""
    shown = protect.shown(document)
    found = outline(shown, title, assets)
    diff = Diff(changes=(), recreated={})
    return Sides(old=shown, new=shown, outline=found, gone=without_nodes(found), diff=diff, names=Names(shown, shown, assets, {}))


def outline(document: Object, title: str, assets: Mapping[str, str], known: "Known | None" = None) -> Outline:
    """The outline of an experiment or a service without secrets; `title` is what a service is called that does not say it.

    `known` is what `experiment_outline.outline` may keep.
    """
    if "Graph" not in document:
        from amlgit.review import service_outline

        return service_outline.outline(document, title)
    from amlgit.review import experiment_outline

    return experiment_outline.outline(document, assets, known=known)


def without_nodes(found: Outline) -> Outline:
    """The outline of nothing, where no node is gone."""
    return replace(found, nodes=(), assets=(), service_inputs=(), service_outputs=())


def gone(old: Object, new: Object, recreated: Mapping[str, str]) -> Object:
    """The old version with nothing but the nodes that are no more, and the edges at them."""
    graph = members(old.get("Graph"))
    if not graph:
        return _gone_service(old, new)
    there = {text(node.get("Id")) for node in entries(members(new.get("Graph")).get("ModuleNodes"))}
    nodes: list[Json] = [node for node in entries(graph.get("ModuleNodes")) if text(node.get("Id")) not in there and node.get("Id") not in recreated]
    kept = {text(node.get("Id")) for node in nodes if isinstance(node, Mapping)}
    edges: list[Json] = [
        edge
        for edge in entries(graph.get("EdgesInternal"))
        if {ids.port(text(edge.get(end)))[0] for end in ("SourceOutputPortId", "DestinationInputPortId")} & kept
    ]
    return {"Graph": {"ModuleNodes": nodes, "EdgesInternal": edges}}


def _gone_service(old: Object, new: Object) -> Object:
    from amlgit.compare import services
    from amlgit.model.webservices import member

    there = services.nodes(new)
    nodes = {name: node for name, node in services.nodes(old).items() if name not in there}
    return {"properties": {"assets": member(member(old, "properties"), "assets"), "package": {"nodes": nodes, "edges": []}}}


def looks() -> tuple[str, str]:
    """The page's style sheet and its script."""
    folder = resources.files("amlgit.review.page")
    style, script = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    return style, script


def write(path: Path, content: str) -> None:
    """Write a page in one step; raises UsageError where its folder is missing."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint="Make it first, or name another file.")
    write_atomically(path, content.encode())
