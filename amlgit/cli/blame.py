"""blame."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from amlgit.cli import output
from amlgit.cli.context import json_option, session

if TYPE_CHECKING:
    from amlgit.workflows.blame import BlameReport, Origin


@click.command()
@click.argument("experiment", metavar="EXPERIMENT[@N]")
@click.argument("node", required=False, metavar="[NODE[.PARAMETER]]")
@json_option
@click.pass_context
def blame(ctx: click.Context, experiment: str, node: str | None, as_json: bool) -> int:
    """Show which version and which commit set each value.

    \b
    amlgit blame Topics                               the work tree: every node and its values
    amlgit blame Topics@3 'Export Data 1258-c1ef'     one node of version 3
    amlgit blame Topics 'Export Data.Data Table Name' one parameter, or what feeds an input port
    amlgit blame Topics '1174-c1ef.Database Query'    a script line by line

    NODE is the name of its file (or only the number and digits in it), its id, its module's name or its comment. The commit is the
    one that brought the value to the branch, the version (@3) the one of the record that set it; an edit is in no version yet.
    """  # noqa: D301
    from amlgit.workflows.blame import blame as workflow
    from amlgit.workflows.versions.missing_record import hint

    run = session(ctx)
    repository = run.repository()
    report = workflow(repository, experiment, node)
    if as_json:
        output.envelope("blame", output.OK, report)
        return output.OK
    rows = list(_rows(report))
    run.streamed(_aligned(rows, is_of_folder=report.path is not None))
    if any(row.origin.is_oldest for row in rows):
        run.hint("hint: ^ is as far back as this shallow clone goes; 'git fetch --unshallow' brings what is older.")
    if report.number is None and report.path is not None and (missing := hint(repository, report.path)):
        run.hint(f"hint: {missing}")
    return output.OK


_NO_COMMIT = "0000000000"
"""As git's own blame writes what is not committed yet."""


class _Row(NamedTuple):
    origin: "Origin"
    name: str
    text: str
    is_node: bool = False


def _rows(report: "BlameReport") -> Iterator[_Row]:
    if report.lines is not None:
        width = len(str(len(report.lines)))
        for line in report.lines:
            yield _Row(line.origin, f"{line.number:>{width}})", line.text.expandtabs(4))
        return
    for value in report.values:
        if not value.is_idle:
            yield _Row(value.origin, f"{value.name}:", value.text)
    for node in report.nodes:
        yield _Row(node.origin, "", node.name, is_node=True)
        for value in node.values:
            is_usual = value.is_idle or value.what == "module"
            if not (is_usual and value.origin == node.origin):
                yield _Row(value.origin, f"  {value.name}:", value.text)


def _aligned(rows: list[_Row], *, is_of_folder: bool) -> Iterator[str]:
    from amlgit.review.cells import width

    heads = [_head(row.origin, is_of_folder=is_of_folder) for row in rows]
    widths = [max(width(head[column]) for head in heads) for column in range(4)] if heads else []
    for row, head in zip(rows, heads, strict=True):
        cells = [f"{cell}{' ' * (wide - width(cell))}" for cell, wide in zip(head, widths, strict=True)]
        colour = "red" if head[0] == _NO_COMMIT else "yellow" if row.origin.version else "magenta"
        text = click.style(output.line(row.text), bold=row.is_node or None)
        name = click.style(output.line(row.name), fg="cyan") if row.name else ""
        yield f"{click.style(cells[0], fg=colour)}  {'  '.join(cells[1:])}  {' '.join(filter(None, (name, text if row.text else '')))}"


def _head(origin: "Origin", *, is_of_folder: bool) -> tuple[str, str, str, str]:
    """Commit, version, date, who."""
    version, commit = origin.version, origin.commit
    mark = "^" if origin.is_oldest else ""
    number = f"@{version.number}" if version is not None else ""
    if commit is None and (is_of_folder or version is None):
        return (_NO_COMMIT, number, version.date[:10] if version is not None else "", "not committed yet")
    shown = commit.id if commit is not None else version.commit if version is not None else ""
    said = version or commit
    return (f"{mark}{shown[:10]}", number, said.date[:10] if said else "", output.line(said.who) if said else "")


COMMANDS = {"blame": blame}
