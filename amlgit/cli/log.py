"""log."""

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from amlgit.cli import output
from amlgit.cli.context import CLASSES, json_option, session
from amlgit.model.jsontext import printable

if TYPE_CHECKING:
    from amlgit.workflows.comparison.story import Told, VersionChanges
    from amlgit.workflows.log import LogEntry


@click.command()
@click.argument("experiment", required=False, metavar="[EXPERIMENT[@N]]")
@json_option
@click.option("-n", "--max-count", "most", type=click.IntRange(min=1), metavar="NUMBER", help="Only the newest NUMBER.")
@click.option("-r", "--reverse", is_flag=True, help="The oldest first.")
@click.option("--changes/--no-changes", "changes", default=None, help="Tell in a line what each version changed; with --json only where asked for.")
@click.option("--class", "classes", multiple=True, type=click.Choice(CLASSES), help="Only versions with a change of this class; may be given again.")
@click.option("--parameter", metavar="NODE.NAME", help="Only versions that set this parameter (or input port), with the old and the new value.")
@click.pass_context
def log(ctx: click.Context, /, experiment: str | None, as_json: bool, **asked: Any) -> int:  # click's options, by name
    """List the versions in the record: number, date, status, who, commit, and what changed; newest first.

    \b
    amlgit log             everything, in order of time
    amlgit log Topics      one experiment
    amlgit log .           the one whose folder this is
    amlgit log Topics@-1   its newest version
    amlgit log -n 3        the newest three
    amlgit log Topics --class script --class data
    amlgit log Topics --parameter "Split Data 64-6ec6.Random seed"

    NODE is the name of its file (or only the number and digits in it), its id, its module's name or its comment.
    """  # noqa: D301
    from amlgit.workflows.log import log as workflow
    from amlgit.workflows.versions.paths import inside

    reverse, most, changes, classes, parameter = (asked[name] for name in ("reverse", "most", "changes", "classes", "parameter"))
    if changes is False and (classes or parameter):
        raise click.UsageError("--no-changes can't be combined with --class and --parameter.")
    run = session(ctx)
    repository = run.repository()
    if experiment is not None and inside(repository, experiment) == "":
        experiment = None
    if parameter is not None and experiment is None:
        raise click.UsageError("--parameter is of one experiment: name it.")
    entries = workflow(repository, experiment)
    if most is not None and not (classes or parameter):
        entries = entries[-most:]
    if not (classes or parameter) and not (not as_json if changes is None else changes):
        shown = entries if reverse else entries[::-1]
        if as_json:
            output.envelope("log", output.OK, {"versions": shown})
        else:
            run.streamed(_lines(entries, ((entry, None) for entry in shown), has_titles=experiment is None))
        return output.OK
    from amlgit.workflows.comparison.story import story

    is_turned = reverse and (parameter is not None or most is not None)  # a node is followed back from where it has its name
    order = entries if reverse and not is_turned else entries[::-1]
    told: Iterator[Told] = islice(story(repository, order, classes, parameter), most)
    if is_turned:
        told = iter([*told][::-1])
    if as_json:
        output.envelope("log", output.OK, {"versions": [_row(entry, found, is_of_parameter=parameter is not None) for entry, found in told]})
        return output.OK
    run.streamed(_lines(entries, told, has_titles=experiment is None))
    return output.OK


def _row(entry: "LogEntry", changes: "VersionChanges", *, is_of_parameter: bool) -> dict[str, object]:
    from dataclasses import asdict

    found: dict[str, object] = {**asdict(entry), "summary": changes.summary, "counts": changes.counts}
    return {**found, "parameter": asdict(changes.parameter)} if is_of_parameter and changes.parameter else found


def _lines(entries: "Sequence[LogEntry]", told: "Iterator[tuple[LogEntry, VersionChanges | None]]", *, has_titles: bool) -> Iterator[str]:
    import shutil

    head = _head(entries, has_titles=has_titles)
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    is_empty = True
    for entry, changes in told:
        is_empty = False
        line = head(entry)
        if changes is None:
            yield line.rstrip()
            continue
        text = printable(changes.parameter.text if changes.parameter else changes.summary, _LONGEST)
        yield f"{line}  {click.style(_cut(text, columns, click.unstyle(line)), dim=not changes.parameter)}"
    if is_empty:
        yield "No version changed that." if entries else "No versions yet."


_LONGEST = 1000
"""Characters of what changed, where there is no terminal whose width is the limit."""


def _cut(text: str, columns: int | None, head: str) -> str:
    """What fits beside the rest of a line, with an ellipsis where that is not all; on a very narrow terminal the lines wrap."""
    if columns is None:
        return text
    from amlgit.review.cells import cut, width

    free = columns - width(head) - 2
    return text if free < _NARROWEST else cut(text, free)


_NARROWEST = 20


def _head(entries: "Sequence[LogEntry]", *, has_titles: bool) -> "Callable[[LogEntry], str]":
    """How a version begins: commit, number, date, status, who, and the title where versions of several experiments meet."""
    from amlgit.review.cells import width

    number = max((len(str(entry.number)) for entry in entries), default=1)
    who = max((width(entry.who) for entry in entries), default=1)

    def head(entry: "LogEntry") -> str:
        date = entry.date[:16].replace("T", " ")
        name = output.line(entry.who)
        line = f"  @{entry.number:<{number}}  {date}  {entry.status:<9} {name}{' ' * (who - width(name))}"
        return f"{click.style(entry.commit[:10], fg='yellow')}{line}{f'  {printable(entry.title)}' if has_titles else ''}"

    return head


COMMANDS = {"log": log}
