"""show."""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import click

from amlgit.cli import output
from amlgit.cli.context import Session, json_option, session

if TYPE_CHECKING:
    from amlgit.review.cells import Line
    from amlgit.review.outline import Outline
    from amlgit.workflows.show import Shown


@click.command()
@click.argument("experiment", metavar="EXPERIMENT[@N] | FILE")
@click.option("--no-index", is_flag=True, help="The argument is a FILE: an export or web service definition anywhere.")
@click.option("--scripts", "with_scripts", is_flag=True, help="Print the scripts too.")
@click.option("--dot", "form", flag_value="dot", help="The graph for Graphviz.")
@click.option("--mermaid", "form", flag_value="mermaid", help="The graph as a Mermaid flowchart.")
@click.option("--html", "file", metavar="FILE", help="Write one HTML page with the graph; needs no network.")
@json_option
@click.pass_context
def show(ctx: click.Context, experiment: str, no_index: bool, with_scripts: bool, form: str | None, file: str | None, as_json: bool) -> int:
    """An experiment or web service as a readable outline, in the order of its data flow.

    \b
    amlgit show Topics                        as the work tree has it
    amlgit show Topics@3 --scripts            version 3, with its scripts
    amlgit show Topics@-1 --dot | dot -Tsvg   the newest version as a picture
    amlgit show --no-index exports/t.json     an export that lies anywhere
    """  # noqa: D301
    if as_json and form:
        raise click.UsageError(f"--json and --{form} are two forms of one thing; name one of them.")
    if file and (as_json or form):
        raise click.UsageError("--html can't be combined with --json, --dot or --mermaid.")
    run = session(ctx)
    if file:
        if no_index or not _conflicts(run, experiment, file):
            _page(run, _shown(run, experiment, no_index=no_index), file)
        return output.OK
    outline = _outline(run, experiment, no_index=no_index)
    if as_json:
        output.envelope("show", output.OK, outline)
        return output.OK
    lines = _coloured(outline, with_scripts=with_scripts) if form is None else _picture(outline, form)
    with run.paged():
        click.echo("\n".join(lines))
    return output.OK


def _outline(run: Session, name: str, *, no_index: bool) -> "Outline":
    from amlgit.workflows.show import outline

    return outline(_shown(run, name, no_index=no_index))


def _shown(run: Session, name: str, *, no_index: bool) -> "Shown":
    from amlgit.errors import UsageError
    from amlgit.workflows.show import chosen, of_file

    if no_index:
        return of_file(run.path(name))
    try:
        return chosen(run.repository(), name)
    except UsageError as error:
        if run.path(name).is_file():
            raise UsageError(str(error), hint=f"To show that file: amlgit show --no-index '{name}'") from error
        raise


def _conflicts(run: Session, name: str, file: str) -> bool:
    """Write the page of an experiment's conflicts, if the name means its folder and a merge stands there with some."""
    from amlgit.cli.context import settings_of
    from amlgit.cli.merging import write_conflicts
    from amlgit.workflows import show as workflow
    from amlgit.workflows.branch.conflicts import conflicted

    repository = run.repository()
    folder = workflow.conflicted_folder(repository, name)
    if folder is None:
        return False
    write_conflicts(run, conflicted(repository, settings_of(repository)[0], folder), file, is_opened=False)
    return True


def _page(run: Session, shown: "Shown", file: str) -> None:
    from amlgit.cli.review import written
    from amlgit.review.changes import size
    from amlgit.review.page.page import Entry, Page, page
    from amlgit.workflows.pages.page import looks, one_side

    style, script = looks()
    sides = one_side(shown.document, shown.title, shown.assets)
    title = sides.outline.title or shown.title
    version = f"version {shown.version.number} of {shown.version.count}" if shown.version and shown.version.number else ""
    name = shown.folder or version or shown.title
    entry = Entry(title=title, name=name, state="", summary=size(shown.document), sides=sides, is_compared=False)
    written(run, page(Page(title=title, old="", new=name, entries=[entry], style=style, script=script)), file, is_opened=False)


def _picture(outline: "Outline", form: str) -> Iterator[str]:
    from amlgit.review import picture_text

    return picture_text.dot(outline) if form == "dot" else picture_text.mermaid(outline)


def _coloured(outline: "Outline", *, with_scripts: bool) -> Iterator[str]:
    import shutil

    from amlgit.review.cells import Role
    from amlgit.review.outline_text import lines

    style: Mapping[Role, Callable[[str], str]] = {
        Role.TITLE: lambda text: click.style(text, bold=True),
        Role.HEADING: lambda text: click.style(text, bold=True, underline=True),
        Role.NODE: lambda text: click.style(text, fg="green", bold=True),
        Role.NAME: lambda text: click.style(text, fg="cyan"),
        Role.FAINT: lambda text: click.style(text, dim=True),
        Role.SECRET: lambda text: click.style(text, fg="yellow"),
        Role.PROBLEM: lambda text: click.style(text, fg="red", bold=True),
    }

    def coloured(line: "Line") -> str:
        return "".join(style[role](text) if role in style else text for text, role in line)

    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return map(coloured, lines(outline, columns, with_scripts=with_scripts))


COMMANDS = {"show": show}
