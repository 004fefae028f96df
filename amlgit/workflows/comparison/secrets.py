"""A diff of documents that were never taken in, without their secrets: what is shown of them holds as little as what is written."""

from collections.abc import Mapping
from dataclasses import replace

from amlgit.compare.changes import Change, Edit, Missing, NodeName, Path, Side
from amlgit.form import protect
from amlgit.form.secrets import REPLACE_ALL, escape, unescape
from amlgit.model.jsontext import Json, Object
from amlgit.store import chains
from amlgit.workflows.comparison.comparing import Compared

_SETS = frozenset({"edges", "links"})
"""Members, case-folded, that are lists without an order."""


def without_secrets(entry: Compared) -> Compared:
    """The same without secrets in what is shown of it; what changed only in a secret is still a change."""
    if not entry.diff.changes:
        return replace(entry, title=protect.protected_text(entry.title))
    return _experiment(entry) if entry.kind == chains.EXPERIMENT else _service(entry)


def file_patch(entry: Compared) -> list[Object]:
    """The operations that turn the old file's document into the new one's, secrets replaced in both."""
    from amlgit.compare.patch import json_patch

    if entry.kind == chains.WEB_SERVICE:
        return json_patch(entry.old, entry.new)
    linked = _linked(entry)
    return json_patch(*(protect.protected(side, linked) if side is not None else None for side in (entry.old, entry.new)))


def masked_patch(entry: Compared) -> list[Object]:
    """The same of documents that a repository holds, with placeholders for the secrets in them that have none yet."""
    from amlgit.compare.patch import json_patch

    if entry.kind == chains.WEB_SERVICE:
        return json_patch(entry.old, entry.new)
    linked = _linked(entry)
    sides = (protect.protected(side, linked) if side is not None else None for side in (entry.old, entry.new))
    return json_patch(*(unescape(side) if side is not None else None for side in sides))


def _linked(entry: Compared) -> frozenset[str]:
    return protect.credentials(entry.old or {}) | protect.credentials(entry.new or {})


# --- experiments: only what is shown is looked at, for a graph may be large


def _experiment(entry: Compared) -> Compared:
    linked = _linked(entry)
    changes = tuple(_change(change, linked) for change in entry.diff.changes)
    return replace(entry, title=protect.protected_text(entry.title), diff=replace(entry.diff, changes=changes))


def _change(change: Change, linked: frozenset[str]) -> Change:
    node = change.node
    comment = protect.protected_text(node.comment) if node else ""
    old, new = (_side(change.path, side, linked) for side in (change.old, change.new))
    return replace(
        change,
        node=NodeName(id=node.id, old_id=node.old_id, label=node.label, comment=comment) if node else None,
        path=_path(change.path),
        old=None if isinstance(old, Missing) else old,
        new=None if isinstance(new, Missing) else new,
        edits=tuple(_edit(edit, linked) for edit in change.edits),
    )


def _edit(edit: Edit, linked: frozenset[str]) -> Edit:
    old, new = (_side(edit.path, side, linked) for side in (edit.old, edit.new))
    return Edit(path=_path(edit.path), old=old, new=new)


def _path(path: Path) -> Path:
    return tuple(map(protect.protected_text, path))


def _side(path: Path, side: Side, linked: frozenset[str]) -> Side:
    if isinstance(side, Missing):
        return side
    if len(path) > 1 and path[-1] in ("Value", "DefaultValue"):
        return protect.protected_parameter(path[-2], side, linked)
    return protect.protected_member(path[-1], side, linked)


# --- definitions: small, and their secrets are known by where they stand


def _service(entry: Compared) -> Compared:
    old, new = (definition(side) if side is not None else None for side in (entry.old, entry.new))
    changes = tuple(_masked(change, old or {}, new or {}) for change in entry.diff.changes)
    return replace(entry, title=protect.protected_text(entry.title), diff=replace(entry.diff, changes=changes), old=old, new=new)


def definition(document: Object) -> Object:
    """A definition with its secrets replaced as they are in a repository, every list in its own order."""
    from amlgit.form import webservices

    form = webservices.split(document, "", REPLACE_ALL)
    found = unescape(_overlaid(escape(document), webservices.join(form.content, form.run)))
    assert isinstance(found, Mapping)
    return found


def _overlaid(raw: Json, masked: Json) -> Json:
    """`raw` with the values of `masked`, which keeps no order of edges and links."""
    if isinstance(raw, Mapping) and isinstance(masked, Mapping):
        return {
            name: _overlaid(value, masked[name]) if name in masked and name.casefold() not in _SETS else protect.protected_member(name, value)
            for name, value in raw.items()
        }
    if isinstance(raw, list) and isinstance(masked, list) and len(raw) == len(masked):
        return [_overlaid(*entries) for entries in zip(raw, masked, strict=True)]
    return masked


def _masked(change: Change, old: Object, new: Object) -> Change:
    """A change with its values as two definitions without secrets have them."""
    edits = tuple(
        Edit(path=_path(edit.path), old=_side_at(old, edit.path, edit.old), new=_side_at(new, edit.path, edit.new)) for edit in change.edits
    )
    return replace(change, path=_path(change.path), old=_at(old, change.path, change.old), new=_at(new, change.path, change.new), edits=edits)


def _side_at(document: Object, path: Path, side: Side) -> Side:
    return side if isinstance(side, Missing) else _at(document, path, side)


def _at(document: Object, path: Path, value: Json) -> Json:
    """What stands at a path of a definition; `value` is that with its secrets."""
    from amlgit.compare.services import plain  # most diffs are of no definition
    from amlgit.model.webservices import member

    if value is None or _is_module(path):
        return value
    found: Json = document
    for name in path:
        if not isinstance(found, Mapping):
            return protect.protected(value)  # an entry of a set
        found = member(found, name)
    return plain(found)


def _is_module(path: Path) -> bool:
    """Whether a change at a path is told by the ids of modules, which stand elsewhere in a definition."""
    return path[-1] == "assetId" and path[:3] == ("properties", "package", "nodes")
