"""site."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from amlgit.cli import output
from amlgit.cli.context import dry_run_option, json_option, session

if TYPE_CHECKING:
    from amlgit.workflows.site import SiteReport


@click.command()
@click.argument("directory", metavar="DIR")
@click.option("--title", metavar="TEXT", help="What the site is called (default: as the repository's folder).")
@click.option("--open", "is_opened", is_flag=True, help="Show it in the browser.")
@dry_run_option
@json_option
@click.pass_context
def site(ctx: click.Context, directory: str, title: str | None, is_opened: bool, dry_run: bool, as_json: bool) -> int:
    """Write a static site of the repository: experiments, their versions, what each changed, scripts, web services, search.

    \b
    amlgit site ../site          all of it
    amlgit site ../site          again: only pages that changed are written
    amlgit site ../site -n       say which those would be

    It needs no server and no network. Files in DIR that amlgit did not write are never touched.
    """  # noqa: D301
    from amlgit.workflows.site import site as workflow
    from amlgit.workflows.versions.missing_record import hint

    run = session(ctx)
    repository = run.repository()
    report = workflow(repository, run.path(directory), title, dry_run=dry_run, progress=run.progress())
    code = output.PARTLY if report.problems else output.OK
    if as_json:
        output.envelope("site", code, _result(report), [{"severity": "warning", "message": problem} for problem in report.problems])
    else:
        _show(report, dry_run=dry_run)
        for problem in report.problems:
            output.note(f"not shown: {problem}")
        if not report.versions and (missing := hint(repository)):
            run.hint(f"hint: {missing}")
    if is_opened and not dry_run:
        import webbrowser

        if not webbrowser.open(report.index.absolute().as_uri()):
            output.note(f"No browser was found; open {report.index} in one.")
    return code


def _show(report: "SiteReport", *, dry_run: bool) -> None:
    counted = [(report.experiments, "experiment"), (report.web_services, "web service"), (report.versions, "version")]
    shown = ", ".join(f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in counted if count)
    would = "would be " if dry_run else ""
    click.echo(f"{report.index}: {shown or 'nothing yet'}")
    click.echo(f"{len(report.written):,} files {would}written, {report.unchanged:,} unchanged, {len(report.removed):,} {would}removed")


def _result(report: "SiteReport") -> Mapping[str, object]:
    return {
        "index": str(report.index),
        "experiments": report.experiments,
        "web_services": report.web_services,
        "versions": report.versions,
        "written": report.written,
        "unchanged": report.unchanged,
        "removed": report.removed,
    }


COMMANDS = {"site": site}
