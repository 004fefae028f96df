"""What in a change deserves a second look: one table of rules, each with a sentence why, that a team extends in `.amlgit`.

A rule looks at one experiment's changes and names those it is about. It never decides whether a change is right.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from amlgit.compare.changes import MISSING, Change, ChangeClass, Edit, Kind, Missing, What
from amlgit.form import modules, scripts
from amlgit.form.secrets import CREDENTIAL_PARAMETERS, PLACEHOLDER, Decisions, Guard, names_a_secret
from amlgit.model import graph, ids
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.jsontext import Json, Object, same
from amlgit.review.changes import is_of_a_secret, item
from amlgit.review.lenient import entries, members, text
from amlgit.review.risk_case import Case, Hit, Script

SHORTEST_SCRIPT = 3
"""Lines with something on them that a script needs to be told from others by its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRule:
    """A rule of a team's own: a change it is about matches all that is given, names and values as patterns with `*` and `?`."""

    name: str
    why: str
    change_class: str | None = None
    kind: str | None = None
    module: str | None = None
    parameter: str | None = None
    value: str | None = None
    """What the value is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table."""

    name: str
    """What it is called in `.amlgit` and by programs."""
    title: str
    why: str
    find: Callable[[Case], Iterator[Hit]]
    is_of_states: bool = False
    """Whether it has something to say of an experiment that is new or gone as a whole; the others are about what was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Something that deserves a second look, in words."""

    rule: str
    title: str
    why: str
    node: str
    """What the node is called; empty where it is about none."""
    node_id: str
    text: str


def risks(case: Case, own: Iterable[OwnRule] = (), off: Iterable[str] = ()) -> list[Risk]:
    """What deserves a second look, in the order of the table, a team's own rules behind it; `off` are names of rules left out."""
    left_out = frozenset(off)
    table = [*(rule for rule in RULES if rule.name not in left_out), *map(_rule, own)]
    is_change = bool(case.old) and bool(case.new)
    return [_risk(rule, hit, case) for rule in table if is_change or rule.is_of_states for hit in rule.find(case)]


def _risk(rule: Rule, hit: Hit, case: Case) -> Risk:
    node = hit.change.node if hit.change is not None else None
    said = hit.text or (_said(hit.change, case) if hit.change is not None else "")
    return Risk(
        rule=rule.name,
        title=rule.title,
        why=rule.why,
        node=case.names.node(node.id) if node is not None else "",
        node_id=node.id if node is not None else "",
        text=said,
    )


def _said(change: Change, case: Case) -> str:
    """A change on one line, with its two sides where those have lines of their own."""
    told = item(change, case.names)
    sides = [part[2:] for part in told.parts if part[:2] in ("- ", "+ ")]
    return f"{told.text}: {' → '.join(sides)}" if len(sides) == 2 and len(told.parts) == 2 else told.text


# --- secrets


def _secret(case: Case) -> Iterator[Hit]:
    for change, raw in zip(case.diff.changes, case.unprotected.changes, strict=True):
        if is_of_a_secret(change):
            yield Hit(change)
        elif any(_is_secret(edit.path, edit.new, shown.new, case.decisions) for edit, shown in zip(raw.edits, change.edits, strict=True)):
            place = item(change, case.names).text.partition(":")[0]
            yield Hit(change, f"{place}: holds what may be a secret")
        elif _placeholders(raw, is_new=True) - _placeholders(raw, is_new=False):
            yield Hit(change)


def _is_secret(path: Sequence[str], raw: Json | Missing, shown: Json | Missing, decisions: Decisions) -> bool:
    """Whether a value had to be protected to be shown, and nobody has said that it is no secret."""
    if isinstance(raw, Missing) or isinstance(shown, Missing) or same(raw, shown):
        return False
    if isinstance(raw, Mapping) and isinstance(shown, Mapping):
        inner = [*path, text(raw.get("Name"))] if "Name" in raw else path
        return any(_is_secret([*inner, name], value, shown.get(name, MISSING), decisions) for name, value in raw.items())
    if isinstance(raw, list) and isinstance(shown, list):
        return any(_is_secret(path, one, other, decisions) for one, other in zip(raw, shown, strict=False))
    guard = Guard("", Decisions(allowed=decisions.allowed))
    by_name = any(name.casefold() in CREDENTIAL_PARAMETERS for name in path[-2:])
    named = next((name for name in path[-2:] if names_a_secret(name)), "")
    return by_name and not same(guard.field(raw, path[-1]), raw) if by_name else not isinstance(raw, str) or guard.finds_something(raw, named)


def _placeholders(change: Change, *, is_new: bool) -> frozenset[str]:
    sides = (edit.new if is_new else edit.old for edit in change.edits)
    return frozenset(name for side in sides for value in _texts(side) for name in PLACEHOLDER.findall(value))


def _texts(value: Json | Missing) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)


# --- the graph


def _broken(case: Case) -> Iterator[Hit]:
    if "Graph" not in case.new:
        return
    if graph.faults(case.new):
        labels = {node: case.names.node(node) for node in case.modules}
        before = {fault.message for fault in graph.faults(case.old, labels)} if case.old else set()
        yield from (Hit(None, fault.message) for fault in graph.faults(case.new, labels) if fault.message not in before)


def _missing_asset(case: Case) -> Iterator[Hit]:
    if case.assets is None:
        return
    for change in case.diff.changes:
        for edit in change.edits:
            for asset in _assets(edit):
                if asset not in case.assets and case.names.asset_name(asset) is None:
                    yield Hit(change, f"{case.names.asset(asset)} is not in assets.json")


def _assets(edit: Edit) -> Iterator[str]:
    """The ids of datasets, models and transforms that an edit brings."""
    if isinstance(edit.new, str) and edit.path[-1] in PORT_MEMBERS:
        yield edit.new
    elif isinstance(edit.new, Mapping):
        for port in (edit.new, *entries(edit.new.get("InputPortsInternal"))):
            yield from (text(port.get(member)) for member in PORT_MEMBERS if text(port.get(member)))


def _unfed(case: Case) -> Iterator[Hit]:
    for change in case.diff.changes:
        if change.kind is Kind.REMOVED and change.what in (What.EDGE, What.ASSET) and change.node is not None:
            yield Hit(change)
        elif change.kind is Kind.REMOVED and change.what is What.NODE and change.node is not None:
            gone, come = (set(_targets(change.edits, is_new=is_new)) for is_new in (False, True))
            for target in sorted(gone - come):
                if ids.port(target)[0] != change.node.id and _is_there(case.new, ids.port(target)[0]):
                    yield Hit(change, f"removed, and nothing feeds {case.names.feed(target)} now")


def _targets(edits: Sequence[Edit], *, is_new: bool) -> Iterator[str]:
    for edit in edits:
        side = edit.new if is_new else edit.old
        if isinstance(side, Mapping) and "DestinationInputPortId" in side:
            yield text(side["DestinationInputPortId"])


def _is_there(document: Object, node_id: str) -> bool:
    return any(node.get("Id") == node_id for node in entries(members(document.get("Graph")).get("ModuleNodes")))


# --- what a model learns from


_LABELLING = "Edit Metadata"
_FIELDS, _LABELS = "Fields", "Labels"


def _label_column(case: Case) -> Iterator[Hit]:
    for change in case.diff.changes:
        name = _parameter(change)
        if name is not None and ("label column" in name.casefold() or (case.module(change) == _LABELLING and _is_of_labels(case, change, name))):
            yield Hit(change)


def _is_of_labels(case: Case, change: Change, name: str) -> bool:
    """Whether a parameter of Edit Metadata says that columns are labels, or which are."""
    return _LABELS in (change.old, change.new) or (name == "Column" and _marks_labels(case, change))


def _marks_labels(case: Case, change: Change) -> bool:
    assert change.node is not None
    for node in entries(members(case.new.get("Graph")).get("ModuleNodes")):
        if node.get("Id") == change.node.id:
            return any(entry.get("Name") == _FIELDS and entry.get("Value") == _LABELS for entry in entries(node.get("ModuleParameters")))
    return False


_SPLITS = frozenset({"Split Data", "Partition and Sample"})


def _split(case: Case) -> Iterator[Hit]:
    for change in case.diff.changes:
        is_told = change.what is What.NODE or (_parameter(change) is not None and not _is_seed(change))
        if is_told and case.module(change) in _SPLITS:
            yield Hit(change)
        elif change.kind is Kind.REWIRED and isinstance(change.old, str) and isinstance(change.new, str):
            old, new = (ids.port(side)[0] for side in (change.old, change.new))
            if old == new and modules.name(case.modules.get(new, "")) in _SPLITS:
                yield Hit(change)  # the other half of the data


def _seed(case: Case) -> Iterator[Hit]:
    for change in case.diff.changes:
        if _is_seed(change) and _value(change.old) not in _UNSET and _value(change.new) in _UNSET:
            yield Hit(change)


_UNSET = ("", "0", None)
"""What makes a module take its seed from the clock (Studio's reference)."""


def _is_seed(change: Change) -> bool:
    return "seed" in (_parameter(change) or "").casefold().split()


def _parameter(change: Change) -> str | None:
    """The name of the parameter of a node that a change is of."""
    if change.node is None or change.what is not What.PARAMETER or not change.path:
        return None
    return change.path[-2] if change.path[-1] in ("Value", "value") and len(change.path) > 1 else change.path[-1]


def _value(side: Json) -> Json:
    return side.get("Value") if isinstance(side, Mapping) else side


# --- modules and scripts


def _downgraded(case: Case) -> Iterator[Hit]:
    for change in case.diff.changes:
        if change.what is not What.MODULE:
            continue
        old, new = (ids.resource_id(side.rpartition("/")[2]) if isinstance(side, str) else None for side in (change.old, change.new))
        if old is None or new is None or old.family != new.family:
            continue
        one, other = (resource.instance.rpartition("-") for resource in (old, new))
        if one[0] == other[0] and one[2].isdecimal() and other[2].isdecimal() and int(other[2]) < int(one[2]):
            yield Hit(change)


def _twin(case: Case) -> Iterator[Hit]:
    by_text: dict[str, list[str]] = {}
    for script in case.scripts:
        by_text.setdefault(script.text, []).append(script.place)
    for change, raw in zip(case.diff.changes, case.unprotected.changes, strict=True):
        if change.what is not What.SCRIPT or change.kind is not Kind.CHANGED or not isinstance(raw.old, str):
            continue
        before = scripts.decode(raw.old).text
        for place in by_text.get(before, ()) if _is_of_substance(before) else ():
            yield Hit(change, f"changed here; {place} still has it as it was")


def _is_of_substance(script: str) -> bool:
    return sum(1 for line in script.split("\n") if line.strip()) >= SHORTEST_SCRIPT


def scripts_of(document: Object, place: Callable[[str], str]) -> Iterator[Script]:
    """The scripts of an experiment; `place` says whose each is, by the node's id."""
    for node in entries(members(document.get("Graph")).get("ModuleNodes")):
        for parameter in entries(node.get("ModuleParameters")):
            value = parameter.get("Value")
            if isinstance(value, str) and scripts.extension(text(node.get("ModuleId")), text(parameter.get("Name"))) is not None:
                yield Script(place(text(node.get("Id"))), scripts.decode(value).text)


# --- the web service


def _contract(case: Case) -> Iterator[Hit]:
    for change in case.diff.changes:
        if change.change_class is ChangeClass.INTERFACE and change.kind is Kind.REMOVED:
            yield Hit(change)


# --- the table


RULES: Sequence[Rule] = (
    Rule(
        name="secret",
        title="Secret",
        why="A credential that reaches git stays in its history, and one that was replaced has to be valid wherever this runs.",
        find=_secret,
        is_of_states=True,
    ),
    Rule(
        name="broken-graph",
        title="Broken graph",
        why="Studio does not run a graph with a loose edge, a circle or two edges into one port.",
        find=_broken,
        is_of_states=True,
    ),
    Rule(
        name="missing-asset",
        title="Missing asset",
        why="A dataset, model or transform that no pull has seen may not be in the workspace, or may be another person's own.",
        find=_missing_asset,
        is_of_states=True,
    ),
    Rule(
        name="unfed-input",
        title="Nothing feeds an input",
        why="A module whose input lost its source fails in the run, or quietly does without it.",
        find=_unfed,
    ),
    Rule(
        name="label-column",
        title="Label column changed",
        why="The model learns to predict something else: figures from before can't be compared with those from now on.",
        find=_label_column,
    ),
    Rule(
        name="split",
        title="Split changed",
        why="What is trained on and what is tested on are other rows now: figures can't be compared, and test rows may leak into training.",
        find=_split,
    ),
    Rule(
        name="random-seed",
        title="Random seed unset",
        why="Empty or 0 takes the seed from the clock: the same experiment gives another model at every run.",
        find=_seed,
    ),
    Rule(
        name="module-downgraded",
        title="Module downgraded",
        why="An older version of a module usually comes with an older copy of the experiment, pasted or merged by mistake.",
        find=_downgraded,
    ),
    Rule(
        name="twin-script",
        title="Script changed in one place only",
        why="Training and scoring have to prepare data in the same way; the same script elsewhere was not changed with this one.",
        find=_twin,
    ),
    Rule(
        name="service-contract",
        title="Web service interface narrowed",
        why="Programs that call the web service with what was removed or renamed will fail.",
        find=_contract,
    ),
)
"""Ordered by what it costs to find out later."""

NAMES = tuple(rule.name for rule in RULES)


def _rule(own: OwnRule) -> Rule:
    def find(case: Case) -> Iterator[Hit]:
        return (Hit(change) for change in case.diff.changes if _matches(own, change, case))

    return Rule(name=own.name, title=own.name, why=own.why, find=find)


def _matches(own: OwnRule, change: Change, case: Case) -> bool:
    if own.change_class not in (None, change.change_class.value) or own.kind not in (None, change.kind.value):
        return False
    value = _value(change.new)
    pairs = (
        (own.module, case.module(change)),
        (own.parameter, _script_or_parameter(change)),
        (own.value, value if isinstance(value, str) else None if value is None else str(value)),
    )
    return all(pattern is None or (found is not None and fnmatchcase(found.casefold(), pattern.casefold())) for pattern, found in pairs)


def _script_or_parameter(change: Change) -> str | None:
    if change.node is not None and change.what is What.SCRIPT and len(change.path) > 1:
        return change.path[-2] if change.path[-1] == "Value" else change.path[-1]
    return _parameter(change)
