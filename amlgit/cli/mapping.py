"""map, tag."""

from typing import TYPE_CHECKING

import click

from amlgit.cli import output
from amlgit.cli.context import Session, dry_run_option, json_option, session
from amlgit.model.jsontext import printable

if TYPE_CHECKING:
    from amlgit.workflows.comparison.locate import Known, Located
    from amlgit.workflows.map import Held, MapReport


@click.command("map")
@click.argument("name", required=False, metavar="[REV|TAG|SNAPSHOT|EXPERIMENT[@N]]")
@click.option("--all", "everything", is_flag=True, help="Every version in the record, with the commits that hold it.")
@json_option
@click.pass_context
def map_(ctx: click.Context, name: str | None, everything: bool, as_json: bool) -> int:
    """Which run is this commit, and which commits hold this run.

    \b
    amlgit map              what the work tree's experiments are
    amlgit map main         what they are in a commit, branch or tag
    amlgit map Topics@12    the commits, branches and tags that hold version 12
    amlgit map SNAPSHOT     the same by the snapshot's id, its last part or the beginning of that
    amlgit map --all        every version

    Goes by content: rebase, squash and cherry-pick change nothing. Exits with 1 where what was asked for maps to nothing.
    """  # noqa: D301
    from amlgit.workflows.map import map_ as workflow
    from amlgit.workflows.map import map_all

    if everything and name is not None:
        raise click.UsageError("--all is about everything: name nothing with it.")
    repository = session(ctx).repository()
    report = map_all(repository) if everything else workflow(repository, name)
    is_partial = not everything and any(located.problem for located in report.folders)
    code = output.PARTLY if is_partial else output.FINDINGS if name is not None and not report.is_found else output.OK
    if as_json:
        output.envelope("map", code, report)
    elif everything:
        _show_all(report)
    else:
        _show(report)
    return code


def _show(report: "MapReport") -> None:
    for located in report.folders:
        click.echo(f"{printable(located.path, 400)}: {_located(located)}")
    for held in report.versions:
        _show_held(held)
    if not report.folders and not report.versions:
        click.echo("No experiments there." if report.commit or report.rev is None else "No version has that snapshot.")


def _located(located: "Located") -> str:
    version = located.version
    if version is None:
        return "no version that the record knows"
    facts = ", ".join(fact for fact in (_snapshot(version), (version.date or "")[:10], version.status) if fact)
    told = f"{printable(version.title)} is {version.name}"
    if located.problem:
        return f"{told}, edited since ({facts}), and can't be compared: {printable(located.problem, 400)}"
    if located.changes is None:
        return f"{told}, edited since ({facts}; the record that tells how much is not here)"
    if not located.exact:
        return f"{told} and {located.changes} change{'' if located.changes == 1 else 's'} ({facts})"
    same = f", the same as {', '.join(f'@{number}' for number in located.equal)}" if located.equal else ""
    return f"{told} ({facts}){same}"


def _snapshot(version: "Known") -> str:
    return f"snapshot {version.snapshot}" if version.snapshot else ""


def _show_held(held: "Held") -> None:
    version = held.version
    facts = ", ".join(fact for fact in (_snapshot(version), (version.date or "")[:10], version.status, version.who) if fact)
    click.echo(f"{printable(version.title)}: {version.name} ({facts})")
    rows = [("record", f"{version.commit[:10]} of {version.remote}")] if version.commit else []
    rows += [("commit", commit[:10]) for commit in held.commits]
    rows += [("commit", f"{commit[:10]} bears its trailers, with changes") for commit in held.changed]
    rows += [("branch", branch) for branch in held.branches] + [("tag", tag) for tag in held.tags]
    for kind, value in rows:
        click.echo(f"  {kind:<6}  {printable(value, 400)}")
    if not held.is_held:
        click.echo("  in no branch and no tag")


def _show_all(report: "MapReport") -> None:
    width = max((len(str(held.version.number)) for held in report.versions), default=1)
    for held in report.versions:
        version = held.version
        commits = ", ".join(commit[:10] for commit in held.commits) or "-"
        refs = f"  ({', '.join((*held.branches, *held.tags))})" if held.branches or held.tags else ""
        click.secho((version.commit or "")[:10], fg="yellow", nl=False)
        click.echo(f"  @{version.number:<{width}}  {(version.date or '')[:10]}  {version.status:<9} ", nl=False)
        click.echo(f"{printable(version.title)}: {commits}{printable(refs, 400)}")
    if not report.versions:
        click.echo("No versions yet.")


@click.command()
@click.argument("name")
@click.argument("experiment", required=False, metavar="[EXPERIMENT[@N]]")
@click.option("-m", "--message", help="What the tag says, before the trailers.")
@dry_run_option
@click.pass_context
def tag(ctx: click.Context, name: str, experiment: str | None, message: str | None, dry_run: bool) -> int:
    """An annotated git tag that says which versions it holds; `amlgit map NAME` reads it back.

    \b
    amlgit tag v1            HEAD, with every experiment in it that is exactly a version
    amlgit tag v1 Topics@12  the commit that brought version 12, or its commit in the record
    """  # noqa: D301
    from amlgit.workflows.tag import tag as workflow

    run = session(ctx)
    report = workflow(run.repository(), name, experiment, message, dry_run=dry_run)
    click.echo(f"{'would tag' if dry_run else 'tagged'} {report.commit[:10]} as {report.name}")
    for version in report.versions:
        click.echo(f"  {printable(version.title)}: {version.name}")
    _hint_left_out(run, report.left_out)
    return output.OK


def _hint_left_out(run: Session, left_out: "tuple[Located, ...]") -> None:
    for located in left_out:
        run.hint(f"left out: {printable(located.path, 400)}: {_located(located)}")


COMMANDS = {"map": map_, "tag": tag}
