"""fetch, pull, import, export, rm."""

import sys

import click

from amlgit.cli import output
from amlgit.cli.context import Session, dry_run_option, json_option, session, settings_of
from amlgit.cli.pulled import show_fetch, show_pull


@click.command()
@click.argument("remote", required=False)
@json_option
@click.pass_context
def fetch(ctx: click.Context, remote: str | None, as_json: bool) -> int:
    """Take the versions of a remote into the record, without touching branch or work tree."""
    from amlgit.workflows import fetch as workflow
    from amlgit.workflows.versions.choose import choose_remote

    run = session(ctx)
    repository = run.repository()
    settings, root = settings_of(repository)
    report = workflow.fetch(repository, settings, choose_remote(settings, remote), root, run.progress())
    code = output.PARTLY if report.is_partial else output.OK
    if as_json:
        output.envelope("fetch", code, report)
    else:
        show_fetch(run, report)
        if not any(chain.is_new for chain in report.chains):
            click.echo("Nothing new.")
    return code


@click.command()
@click.argument("remote", required=False)
@json_option
@click.pass_context
def pull(ctx: click.Context, remote: str | None, as_json: bool) -> int:
    """Fetch a remote and bring the branch up to it, one commit for each new version."""
    from amlgit.workflows import pull as workflow
    from amlgit.workflows.versions.choose import choose_remote

    run = session(ctx)
    repository = run.repository()
    settings, root = settings_of(repository)
    report = workflow.pull(repository, settings, choose_remote(settings, remote), root, run.progress())
    return show_pull(run, "pull", report, as_json=as_json)


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--remote", help="The remote whose record takes them in (default: the one that knows the experiment, else 'imported').")
@json_option
@click.pass_context
def import_(ctx: click.Context, files: tuple[str, ...], remote: str | None, as_json: bool) -> int:
    """Take exported files in as new versions."""
    from amlgit.workflows import take_in

    run = session(ctx)
    repository = run.repository()
    settings, _ = settings_of(repository)
    report = take_in.import_files(repository, settings, [run.path(file) for file in files], remote, run.progress())
    return show_pull(run, "import", report, as_json=as_json)


@click.command()
@click.argument("experiment")
@click.option("-o", "--output", "target", metavar="FILE", help="Write to FILE instead of standard output.")
@click.option("--pretty", is_flag=True, help="Indented, for people; the service's own form is one line.")
@click.pass_context
def export(ctx: click.Context, experiment: str, target: str | None, pretty: bool) -> int:
    """One JSON file that the old tools can import.

    \b
    amlgit export Topics              what the work tree holds
    amlgit export Topics@2 -o t.json  version 2, the whole export as it was
    amlgit export Topics@-1           the newest version
    """  # noqa: D301
    from amlgit import config
    from amlgit.workflows import export as workflow

    run = session(ctx)
    report = workflow.export(run.repository(), experiment, pretty=pretty)
    if target is None:
        sys.stdout.buffer.write(report.data)
        sys.stdout.flush()
    else:
        config.write_atomically(run.path(target), report.data)
    for place in report.placeholders:
        output.note(f"a placeholder stands for a secret: {place}")
    if report.placeholders:
        run.hint("hint: put the values in before you import the file anywhere.")
    return output.OK


@click.command()
@click.argument("experiment")
@click.option("--remote", metavar="NAME", help="Delete it in that workspace instead, with its whole run history; the folder stays.")
@click.option("--yes", is_flag=True, help="With --remote: don't ask.")
@dry_run_option
@click.pass_context
def rm(ctx: click.Context, experiment: str, remote: str | None, yes: bool, dry_run: bool) -> int:
    """Remove an experiment's folder and note that it is not to come back; its versions stay in the record."""
    run = session(ctx)
    if remote is not None:
        return _rm_there(run, experiment, remote, is_sure=yes, dry_run=dry_run)
    if yes:
        raise click.UsageError("--yes goes with --remote.")
    from amlgit.workflows.remove import remove

    report = remove(run.repository(), experiment, dry_run=dry_run)
    click.echo(f"{'would remove' if dry_run else 'removed'} {report.path}")
    run.hint(f"Staged; commit it when you like. {', '.join(report.remotes) or 'No remote'} will not bring it back.")
    return output.OK


def _rm_there(run: Session, experiment: str, remote: str, *, is_sure: bool, dry_run: bool) -> int:
    from amlgit.errors import Refused
    from amlgit.workflows.push_targets import studio_remote
    from amlgit.workflows.remove_there import Dying, remove_there

    def described(dying: Dying) -> str:
        runs = f"{dying.snapshots} run{'' if dying.snapshots == 1 else 's'} of its history"
        return f"{dying.title!r} ({dying.experiment}) of {dying.remote}, and {runs} with all results; git keeps the graphs"

    def confirm(dying: Dying) -> bool:
        if is_sure:
            return True
        if not sys.stdin.isatty():
            raise Refused(f"this would delete {described(dying)}", hint="Nobody is there to be asked: --yes says that it is meant.")
        return click.confirm(f"Delete {described(dying)}?", err=True)

    repository = run.repository()
    settings, _ = settings_of(repository)
    chosen = studio_remote(settings, remote)
    dying, is_gone = remove_there(repository, settings, chosen, experiment, run.progress(), confirm, dry_run=dry_run)
    click.echo(f"{'deleted' if is_gone else 'would delete' if dry_run else 'kept'} {described(dying)}")
    return output.OK


COMMANDS = {"export": export, "fetch": fetch, "import": import_, "pull": pull, "rm": rm}
