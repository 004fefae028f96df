"""anonymize."""

import os

import click

from amlgit.cli import output
from amlgit.cli.context import Session, dry_run_option, json_option, session
from amlgit.model.jsontext import printable
from amlgit.workflows.anonymous.documents import AnonymizeReport

_KEPT = ("titles", "texts", "scripts", "columns")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="[SOURCE] DEST")
@click.option("--keep", "kept", multiple=True, type=click.Choice(_KEPT), help="Leave these as they are, but for mail addresses and ids in them.")
@click.option("--key-file", metavar="FILE", help="A key of 32 bytes or more: copies made with it have the same pseudonyms (default: a random one).")
@click.option("--mapping", metavar="FILE", help="List originals and pseudonyms in FILE, for your eyes only.")
@dry_run_option
@json_option
@click.pass_context
def anonymize(
    ctx: click.Context, paths: tuple[str, ...], kept: tuple[str, ...], key_file: str | None, mapping: str | None, dry_run: bool, as_json: bool
) -> int:
    """A copy of a repository or an archive that can be shown to others: people, ids, storage, and whatever somebody wrote replaced.

    \b
    amlgit anonymize exports/ shareable/        an archive, to a folder of exports
    amlgit anonymize repository/ shareable/     a repository with its history, to a new one
    amlgit anonymize shareable/                 the repository around this folder
    """  # noqa: D301
    from amlgit.form.anonymised import Kept
    from amlgit.workflows import anonymize as workflow

    run = session(ctx)
    if len(paths) > 2:
        raise click.UsageError("Give a source and a destination.")
    source = run.path(paths[0]) if len(paths) == 2 else run.repository().cwd
    choices = workflow.Choices(
        kept=Kept(**{name: name in kept for name in _KEPT}),
        key_file=run.path(key_file) if key_file is not None else None,
        mapping=run.path(mapping) if mapping is not None else None,
    )
    report = workflow.anonymize(source, run.path(paths[-1]), choices, os.environ, run.progress(), dry_run=dry_run)
    code = output.PARTLY if report.is_partial else output.OK
    if as_json:
        output.envelope("anonymize", code, report)
    else:
        _show(run, report, dry_run=dry_run)
    return code


def _show(run: Session, report: AnonymizeReport, *, dry_run: bool) -> None:
    made = "would be made" if dry_run else "made"
    holds = ", ".join(f"{count} {name}" for name, count in report.holds.items() if count)
    click.echo(f"{made}: an anonymous {report.kind} at {printable(report.destination, 400)} with {holds or 'nothing in it'}")
    for kind, count in report.replaced.items():
        click.echo(f"  {count:>7,}  {_PLURALS[kind]}")
    for problem in report.left_out:
        output.note(f"left out: {problem.name}: {problem.reason.removeprefix('left alone: ')}")
    run.hint("hint: look at it before you give it away: docs/anonymizing.md says what stays, and what that may tell.")


_PLURALS = {
    "address": "network addresses",
    "branch": "names of branches",
    "experiment": "titles",
    "folder": "names of folders",
    "id": "ids",
    "mail": "mail addresses",
    "member": "unknown members",
    "number": "long numbers, and numbers in data",
    "parameter": "names of parameters",
    "person": "people",
    "port": "names of ports",
    "remote": "names of remotes",
    "tag": "names of tags",
    "text": "lines of text",
    "word": "words of names, paths, columns and scripts",
}

COMMANDS = {"anonymize": anonymize}
