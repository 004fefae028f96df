"""fetch, pull, import, export, rm."""

import sys

import click

from amlgit.cli import output
from amlgit.cli.context import dry_run_option, json_option, session, settings_of
from amlgit.cli.pulled import show_fetch, show_pull


@click.command()
@click.argument("remote", required=False)
@json_option
@click.pass_context
def fetch(ctx: click.Context, remote: str | None, as_json: bool) -> int:
    """Take the versions of a remote into the record, without touching branch or work tree."""
    from amlgit.workflows import fetch as workflow
    from amlgit.workflows.choose import choose_remote

    run = session(ctx)
    repository = run.repository()
    settings, root = settings_of(repository)
    report = workflow.fetch(repository, settings, choose_remote(settings, remote), root, run.progress())
    code = output.PARTLY if report.is_partial else output.OK
    if as_json:
        output.envelope("fetch", code, report)
    else:
        show_fetch(run, report)
        if not any(chain.added for chain in report.chains):
            click.echo("Nothing new.")
    return code


@click.command()
@click.argument("remote", required=False)
@json_option
@click.pass_context
def pull(ctx: click.Context, remote: str | None, as_json: bool) -> int:
    """Fetch a remote and bring the branch up to it, one commit for each new version."""
    from amlgit.workflows import pull as workflow
    from amlgit.workflows.choose import choose_remote

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
@dry_run_option
@click.pass_context
def rm(ctx: click.Context, experiment: str, dry_run: bool) -> int:
    """Remove an experiment's folder and note that it is not to come back; its versions stay in the record."""
    from amlgit.workflows.remove import remove

    run = session(ctx)
    report = remove(run.repository(), experiment, dry_run=dry_run)
    click.echo(f"{'would remove' if dry_run else 'removed'} {report.path}")
    run.hint(f"Staged; commit it when you like. {', '.join(report.remotes) or 'No remote'} will not bring it back.")
    return output.OK


COMMANDS = {"export": export, "fetch": fetch, "import": import_, "pull": pull, "rm": rm}
