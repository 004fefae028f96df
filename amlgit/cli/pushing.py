"""push."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from amlgit.cli import output
from amlgit.cli.context import Session, dry_run_option, json_option, session, settings_of, timeout_option

if TYPE_CHECKING:
    from amlgit.errors import AmlgitError
    from amlgit.workflows.push import Entry, PushReport


@click.command()
@click.argument("experiments", nargs=-1, metavar="[EXPERIMENT...]")
@click.option("--remote", metavar="NAME", help="The workspace to push to (default: the only one there is).")
@click.option("--remap", multiple=True, metavar="OLD=NEW", help="Take asset NEW in the place of OLD, this time; may be given again.")
@click.option("--latest", is_flag=True, help="Take the version of each asset that the workspace lists.")
@click.option("--new", "title", is_flag=False, flag_value="", metavar="[TITLE]", help="Save as a new experiment, under TITLE or its own.")
@click.option("--run", "runs", is_flag=True, help="Run what was pushed, wait for the end, and fetch the run.")
@timeout_option
@click.option("--record", is_flag=True, help="Share the record of versions through a git remote.")
@click.option("--as-branches", is_flag=True, help="With --record: as branches amlgit/*, for hosts that take no other refs.")
@dry_run_option
@json_option
@click.pass_context
def push(ctx: click.Context, /, experiments: tuple[str, ...], **asked: Any) -> int:  # click's options, by name
    """Bring a workspace's experiments to what is committed, never over what the branch has not seen; or share the record.

    \b
    amlgit push                        all experiments that differ
    amlgit push Topics -n              what would be changed there, and nothing is
    amlgit push Topics --run           and run it
    amlgit push Topics@3 --new         restore version 3 as a new experiment
    amlgit push --record [GIT-REMOTE]  share the record of versions with the team
    """  # noqa: D301  # click's mark for "leave these lines alone" is the escaped character
    run = session(ctx)
    if asked["record"]:
        if any(asked[name] for name in ("remote", "remap", "latest", "runs", "minutes", "as_json")) or asked["title"] is not None:
            raise click.UsageError("--record goes with --as-branches and -n alone.")
        return _record(run, experiments, as_branches=asked["as_branches"], dry_run=asked["dry_run"])
    if asked["as_branches"]:
        raise click.UsageError("--as-branches goes with --record.")
    if asked["minutes"] is not None and not asked["runs"]:
        raise click.UsageError("--timeout goes with --run.")
    if asked["title"] and len(experiments) > 1:
        raise click.UsageError("--new TITLE is for one experiment.")
    report = _push(run, experiments, asked)
    code = _code(report)
    if asked["as_json"]:
        output.envelope("push", code, _result(report), [_diagnostic(entry, entry.error) for entry in report.entries if entry.error])
        return code
    for entry in report.entries:
        _show(run, entry, report.remote)
    if not report.entries:
        click.echo(f"No experiment is bound to {report.remote}.")
    elif len(report.failures) > 1 or (report.failures and len(report.entries) > 1):
        run.hint(f"{len(report.failures)} of {len(report.entries)} failed; run the same command again to go on with those.")
    return code


def _push(run: Session, experiments: tuple[str, ...], asked: Mapping[str, Any]) -> "PushReport":  # click's options, by name
    from amlgit.config import mapping
    from amlgit.workflows.push import Options, push
    from amlgit.workflows.push_targets import studio_remote

    repository = run.repository()
    settings, _ = settings_of(repository)
    title = asked["title"]
    options = Options(
        remap=mapping(asked["remap"], "--remap"),
        latest=asked["latest"],
        new=title is not None,
        title=title or None,
        run=asked["runs"],
        minutes=asked["minutes"],
        dry_run=asked["dry_run"],
    )
    return push(repository, settings, studio_remote(settings, asked["remote"]), experiments, options, run.progress())


def _record(run: Session, names: tuple[str, ...], *, as_branches: bool, dry_run: bool) -> int:
    from amlgit.workflows.share import share

    if len(names) > 1:
        raise click.UsageError("--record goes to one git remote.")
    repository = run.repository()
    settings, _ = settings_of(repository)
    report = share(repository, settings, names[0] if names else "origin", as_branches=as_branches, dry_run=dry_run)
    for chain in report.pushed:
        click.echo(f"{'would push' if dry_run else 'pushed'} {chain}")
    if not report.pushed:
        click.echo("The record is shared already.")
    return output.OK


def _code(report: "PushReport") -> int:
    if report.failures and len(report.entries) > 1:
        return output.PARTLY
    if report.failures:
        return output.code_of(report.failures[0].error)
    if any(entry.otherwise for entry in report.entries):
        return output.PARTLY
    return output.FINDINGS if any(entry.run and entry.status != "Finished" for entry in report.entries) else output.OK


# --- for programs


def _result(report: "PushReport") -> Mapping[str, object]:
    return {"remote": report.remote, "experiments": [_entry(entry) for entry in report.entries]}


def _entry(entry: "Entry") -> Mapping[str, object]:
    from amlgit.cli.compare import changes_of
    from amlgit.workflows.workspaces.unseen import Unseen

    return {
        "name": entry.name,
        "title": entry.title,
        "experiment": entry.experiment,
        "state": entry.state,
        "changes": list(changes_of(entry.changes)) if entry.changes else [],
        "remapped": entry.remapped,
        "left_out": entry.left_out,
        "otherwise": list(changes_of(entry.otherwise)) if entry.otherwise else [],
        "unseen": list(changes_of(entry.error.compared)) if isinstance(entry.error, Unseen) else [],
        "run": entry.run,
        "status": entry.status,
        "failed": list(entry.failed),
    }


def _diagnostic(entry: "Entry", error: "AmlgitError") -> Mapping[str, object]:
    return {"severity": "error", "message": f"{entry.name}: {error}", "hint": error.hint}


# --- for people


def _show(run: Session, entry: "Entry", remote: str) -> None:
    from amlgit.cli.compare import show_changes, summary_of
    from amlgit.workflows.workspaces.unseen import Unseen

    if entry.error is not None:
        click.echo(f"{entry.name}: not pushed")
        if isinstance(entry.error, Unseen):
            click.echo(f"  changed at {remote}: {summary_of(entry.error.compared)}")
            show_changes(entry.error.compared)
        output.complain(entry.error)
        return
    changes = f": {summary_of(entry.changes)}" if entry.changes and entry.state != "made already" else ""
    click.echo(f"{entry.name}: {entry.state}{changes}")
    if entry.changes and entry.state.startswith("would"):
        show_changes(entry.changes)
    for old, new in entry.remapped.items():
        click.echo(f"  {old} became {new}")
    if entry.state.startswith("made"):
        click.echo(f"  {entry.experiment}")
    if entry.state == "made already":
        run.hint("An earlier push of just this made it; '--new \"ANOTHER TITLE\"' makes one more.")
    if entry.run:
        click.echo(f"  run {entry.run} {entry.status}")
        output.failed_nodes(entry.failed)
    if entry.left_out:
        run.hint(f"{', '.join(entry.left_out)} can't be saved, and stay behind.")
    if entry.otherwise:
        click.echo(f"  {remote} holds it otherwise than it was sent: {summary_of(entry.otherwise)}")
        show_changes(entry.otherwise)
        run.hint(f"'amlgit pull {remote}' brings what it made of it.")
    if entry.is_edited:
        run.hint(f"{entry.name} has uncommitted changes, which are not pushed.")


COMMANDS = {"push": push}
