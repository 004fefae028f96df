"""An outline as lines of text for a terminal."""

from collections.abc import Iterator, Sequence

from amlgit.review.cells import Line, Role, Span, span, width, wrapped
from amlgit.review.outline import End, EndKind, Node, Outline, Parameter, ParameterKind, Script, ServiceParameter, ServicePort, UsedAsset, Version
from amlgit.review.words import LONGEST, shortened

_MARGIN = 2
LANGUAGES = {"py": "Python", "R": "R", "sql": "SQL", "txt": "text"}
"""A script's file extension → what people call the language."""
_QUIET = frozenset({"Finished", "InDraft", "NotStarted"})
"""Statuses of a node that need no word."""


def lines(outline: Outline, columns: int | None = None, *, with_scripts: bool = False) -> Iterator[Line]:
    """The outline, wrapped to so many columns (None: not at all)."""
    yield from _Writer(columns, with_scripts=with_scripts).outline(outline)


class _Writer:
    def __init__(self, columns: int | None, *, with_scripts: bool) -> None:
        self._columns = columns
        self._with_scripts = with_scripts

    def _wrapped(self, indent: int, *spans: Span, hanging: int = 4) -> Iterator[Line]:
        yield from wrapped(spans, self._columns, indent, indent + hanging)

    def outline(self, outline: Outline) -> Iterator[Line]:
        yield from self._wrapped(0, span(outline.title or "(untitled)", Role.TITLE), hanging=0)
        for paragraph in outline.summary.splitlines():
            yield from self._wrapped(0, span(paragraph), hanging=0)
        yield from self._facts(outline)
        for problem in outline.problems:
            yield from self._wrapped(0, span("problem: ", Role.PROBLEM), span(problem))
        yield from self._section("Data and models", [self._asset(asset) for asset in outline.assets])
        service = [self._service_port("in", port) for port in outline.service_inputs]
        service += [self._service_port("out", port) for port in outline.service_outputs]
        service += [self._service_parameter(parameter) for parameter in outline.service_parameters]
        yield from self._section("Web service", service)
        count = len(outline.nodes)
        yield from self._section(f"{count:,} node{'' if count == 1 else 's'}{' in data-flow order' if count > 1 else ''}", [])
        if not count:
            return
        for node in outline.nodes:
            yield ()
            yield from self._node(node)

    def _section(self, heading: str, parts: Sequence[Iterator[Line]]) -> Iterator[Line]:
        if not parts and "node" not in heading:
            return
        yield ()
        yield (span(heading, Role.HEADING),)
        for part in parts:
            yield from part

    def _facts(self, outline: Outline) -> Iterator[Line]:
        facts = [("version", _version(outline.version))] if outline.version else []
        facts += [("snapshot", outline.version.snapshot)] if outline.version and outline.version.snapshot else []
        facts += [("folder", outline.folder)] if outline.folder else []
        facts += [("tags", ", ".join(outline.tags))] if outline.tags else []
        facts += [(fact.name, fact.value) for fact in outline.facts]
        if facts:
            yield ()
        wide = max((width(name) for name, _ in facts), default=0) + 2
        for name, value in facts:
            yield from self._wrapped(0, span(name.ljust(wide), Role.FAINT), span(value), hanging=wide)

    # --- around the nodes

    def _asset(self, asset: UsedAsset) -> Iterator[Line]:
        name = asset.name if asset.is_known else f"{asset.name} (its name is not known)"
        yield from self._wrapped(_MARGIN, span(f"{asset.kind} "), span(name, Role.NAME), *_arrow(" → ", asset.used_by))
        yield from self._wrapped(_MARGIN + 4, span(asset.location or asset.id, Role.FAINT))

    def _service_port(self, direction: str, port: ServicePort) -> Iterator[Line]:
        name = span(port.name, Role.NAME)
        ends = _arrow(" → " if direction == "in" else " ← ", port.ends) or [span(" (not connected)", Role.FAINT)]
        yield from self._wrapped(_MARGIN, span("input " if direction == "in" else "output "), name, *ends)
        if port.columns:
            columns = ", ".join(f"{column.name}: {column.type}" if column.type else column.name for column in port.columns)
            yield from self._wrapped(_MARGIN + 4, span(columns, Role.FAINT), hanging=0)

    def _service_parameter(self, parameter: ServiceParameter) -> Iterator[Line]:
        kind = f" ({parameter.type})" if parameter.type else ""
        sets = [span(f" → {', '.join(parameter.sets)}")] if parameter.sets else []
        yield from self._wrapped(
            _MARGIN, span("parameter "), span(parameter.name, Role.NAME), span(kind, Role.FAINT), *_value(parameter.value), *sets
        )

    # --- nodes

    def _node(self, node: Node) -> Iterator[Line]:
        comment = " ".join(node.comment.split())
        heading = [span(node.name, Role.NODE), *([span(f"  {comment}")] if comment else [])]
        if node.status and node.status not in _QUIET:
            heading.append(span(f"  [{node.status}]", Role.PROBLEM))
        yield from self._wrapped(0, *heading)
        if node.module_description is not None:
            yield from self._wrapped(_MARGIN, span(f"a module whose name is not known: {node.module_description}", Role.FAINT))
        for port in node.inputs:
            if port.ends:
                yield from self._wrapped(_MARGIN, span(port.name or "(input)", Role.NAME), *_arrow(" ← ", port.ends))
        for parameter in node.parameters:
            if parameter.kind is not ParameterKind.EMPTY or parameter.linked_to:
                yield from self._wrapped(_MARGIN, span(parameter.name, Role.NAME), *_value(parameter), *_linked(parameter))
        for script in node.scripts:
            yield from self._script(script)
        for port in node.outputs:
            if port.ends:
                yield from self._wrapped(_MARGIN, span(port.name or "(output)", Role.NAME), *_arrow(" → ", port.ends))
        yield from self._unused(node)

    def _unused(self, node: Node) -> Iterator[Line]:
        """What there is and says nothing, in one faint line."""
        named = [
            ("not connected", [port.name for port in node.inputs if not port.ends]),
            ("not used", [port.name for port in node.outputs if not port.ends]),
            ("empty", [parameter.name for parameter in node.parameters if parameter.kind is ParameterKind.EMPTY and not parameter.linked_to]),
        ]
        said = "; ".join(f"{word}: {', '.join(names)}" for word, names in named if names)
        if said:
            yield from self._wrapped(_MARGIN, span(said, Role.FAINT))

    def _script(self, script: Script) -> Iterator[Line]:
        language = LANGUAGES[script.language]
        name = span(script.parameter, Role.NAME)
        if script.lines == 1 and len(script.text) <= LONGEST:
            yield from self._wrapped(_MARGIN, name, span(f" = {shortened(script.text)}"), span(f" ({language})", Role.FAINT))
            return
        yield from self._wrapped(_MARGIN, name, span(f": {script.lines:,} line{'' if script.lines == 1 else 's'} of {language}"))
        if self._with_scripts:
            for text in script.text.expandtabs(4).splitlines():
                yield (Span(" " * (_MARGIN + 2), Role.TEXT), span(text, Role.SCRIPT)) if text else ()


def _arrow(arrow: str, ends: Sequence[End]) -> list[Span]:
    spans: list[Span] = []
    for index, end in enumerate(ends):
        spans += [span(arrow if index == 0 else ", "), *_end(end)]
    return spans


def _end(end: End) -> Iterator[Span]:
    if end.kind is EndKind.MISSING:
        yield span(f"{end.name} (which is not there)", Role.PROBLEM)
    elif end.kind is EndKind.NODE:
        yield span(f"{end.name}:{end.port}" if end.port else end.name)
    else:
        yield span(f"{end.kind} {end.name}")


def _value(parameter: Parameter) -> Iterator[Span]:
    match parameter.kind:
        case ParameterKind.EMPTY:
            yield span(" = (empty)", Role.FAINT)
        case ParameterKind.COLUMNS:
            yield span(f" = {parameter.words}")
        case ParameterKind.SECRET:
            yield span(" = ")
            yield span(parameter.words, Role.SECRET)
        case ParameterKind.VALUE:
            yield span(f" = {parameter.words}")


def _linked(parameter: Parameter) -> Iterator[Span]:
    if parameter.linked_to:
        yield span(f" (web service parameter '{parameter.linked_to}')", Role.FAINT)


def _version(version: Version) -> str:
    """`3 of 3 in archive (2f14a5ddbc), InDraft, 2017-01-11 00:00 by jolarso, ran 2 min 5 s`, as far as that is known."""
    number = f"{version.number} of {version.count} in {version.remote}" if version.number else ""
    commit = f" ({version.commit[:10]})" if version.commit else ""
    when = version.date[:16].replace("T", " ") if version.date else ""
    who = f" by {version.creator}" if version.creator else ""
    ran = f"ran {_duration(version.run_seconds)}" if version.run_seconds is not None else ""
    status = f"{version.status} ({version.detail})" if version.detail else version.status or ""
    return ", ".join(filter(None, (f"{number}{commit}", status, f"{when}{who}".strip(), ran)))


def _duration(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    parts = [(hours, "h"), (minutes, "min"), (seconds % 60, "s")]
    return " ".join(f"{amount:,} {unit}" for amount, unit in parts if amount) or "0 s"
