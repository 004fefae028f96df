"""What a web service takes and gives, or an experiment that is one."""

from collections.abc import Iterator, Sequence

from amlgit.review.outline import End, EndKind, Outline, ServiceParameter, ServicePort
from amlgit.review.page.details import html


def description(outline: Outline) -> Iterator[str]:
    """All that is known of a service; nothing where there is none."""
    yield from contract(outline)
    yield from details(outline)


def contract(outline: Outline) -> Iterator[str]:
    """Inputs and outputs as tables, and the parameters."""
    if outline.service_inputs or outline.service_outputs or outline.service_parameters:
        yield '<section class="interface"><h2>Web service</h2>'
        for name, ports in (("Inputs", outline.service_inputs), ("Outputs", outline.service_outputs)):
            yield from _ports(name, ports)
        yield from _parameters(outline.service_parameters)
        yield "</section>"


def details(outline: Outline) -> Iterator[str]:
    """What else is known of a service: where it is, its plan, its tags."""
    facts = [(fact.name, fact.value) for fact in outline.facts]
    facts += [("tags", ", ".join(outline.tags))] if outline.tags and outline.kind != "experiment" else []
    if facts:
        inside = "".join(f"<dt>{html(name)}</dt><dd>{html(value)}</dd>" for name, value in facts)
        yield f'<section class="interface"><h2>Details</h2><dl class="facts">{inside}</dl></section>'


def _ports(name: str, ports: Sequence[ServicePort]) -> Iterator[str]:
    if not ports:
        return
    yield f"<div><h3>{name}</h3><ul class='ports'>"
    for port in ports:
        ends = ", ".join(map(_end, port.ends)) or "not connected"
        yield f"<li><b>{html(port.name)}</b> <span class='soft'>{html(ends)}</span>"
        if port.columns:
            rows = "".join(f"<tr><th scope='row'>{html(column.name)}</th><td>{html(column.type)}</td></tr>" for column in port.columns)
            yield f"<div class='wide' tabindex='0' role='group' aria-label='Columns of {html(port.name)}'>"
            yield f"<table><caption class='vh'>Columns of {html(port.name)}</caption>"
            yield f"<thead><tr><th scope='col'>column</th><th scope='col'>type</th></tr></thead><tbody>{rows}</tbody></table></div>"
        yield "</li>"
    yield "</ul></div>"


def _end(end: End) -> str:
    if end.kind is EndKind.NODE:
        return f"{end.name}: {end.port}" if end.port else end.name
    return f"{end.kind.value} {end.name}"


def _parameters(parameters: Sequence[ServiceParameter]) -> Iterator[str]:
    if not parameters:
        return
    yield "<div><h3>Parameters</h3><ul class='ports'>"
    for parameter in parameters:
        kind = f" <span class='soft'>{html(parameter.type)}</span>" if parameter.type else ""
        sets = f"<br><span class='soft'>sets {html(', '.join(parameter.sets))}</span>" if parameter.sets else ""
        yield f"<li><b>{html(parameter.name)}</b>{kind} = {html(parameter.value.words) or '(empty)'}{sets}</li>"
    yield "</ul></div>"
