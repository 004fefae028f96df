"""bind, copy, layout, run: what acts on a workspace, or joins a folder to one."""

import click

from amlgit.cli import output
from amlgit.cli.context import dry_run_option, json_option, session, settings_of, timeout_option

_REMOTE = click.option("--remote", metavar="NAME", help="The workspace that is meant (default: the only one there is).")


@click.command()
@click.argument("experiment")
@click.argument("identity", metavar="ID")
@_REMOTE
@dry_run_option
@click.pass_context
def bind(ctx: click.Context, experiment: str, identity: str, remote: str | None, dry_run: bool) -> int:
    """Bind a folder to the experiment of a workspace that has this ID (<workspace>.f-id.<family>)."""
    from amlgit.workflows.bind import bind as workflow
    from amlgit.workflows.push_targets import studio_remote

    run = session(ctx)
    repository = run.repository()
    settings, _ = settings_of(repository)
    report = workflow(repository, studio_remote(settings, remote), experiment, identity, dry_run=dry_run)
    click.echo(f"{'would bind' if dry_run else 'bound'} {report.path} to {report.experiment} of {report.remote}")
    run.hint("Staged; commit it." if report.is_seen else f"Staged; commit it, and 'amlgit pull {report.remote}' merges what is there.")
    return output.OK


@click.command()
@click.argument("experiment", required=False)
@click.option("--from", "source", metavar="REMOTE", help="The workspace it is copied from (default: the only other one).")
@click.option("--to", "target", required=True, metavar="REMOTE", help="The workspace that gets it.")
@click.option("--gallery", "package", metavar="URI", help="An entry of the gallery instead: its package; with --community and --entity.")
@click.option("--community", metavar="URI", help="Of the gallery: the entry's page.")
@click.option("--entity", metavar="ID", help="Of the gallery: the entry's id.")
@click.option("--again", is_flag=True, help="Copy it even where the workspace has an experiment of that title.")
@json_option
@click.pass_context
def copy(ctx: click.Context, /, experiment: str | None, target: str, again: bool, as_json: bool, **asked: str | None) -> int:
    """Copy an experiment with its assets into another workspace; credentials stay behind.

    \b
    amlgit copy Topics --from dev --to prod
    amlgit copy --to dev --gallery URI --community URI --entity ID
    """  # noqa: D301  # click's mark for "leave these lines alone" is the escaped character
    from amlgit.errors import UsageError
    from amlgit.workflows import copy as workflow
    from amlgit.workflows.push_targets import studio_remote

    run = session(ctx)
    repository = run.repository()
    settings, _ = settings_of(repository)
    there = settings.remote(target)
    gallery = [asked[name] for name in ("package", "community", "entity")]
    if any(gallery):
        if experiment or asked["source"] or not all(gallery):
            raise click.UsageError("--gallery, --community and --entity go together, and with no experiment.")
        entry = workflow.Entry(package=str(gallery[0]), community=str(gallery[1]), entity=str(gallery[2]))
        report = workflow.copy_from_gallery(repository, there, entry, run.progress())
    else:
        if experiment is None:
            raise click.UsageError("Name an experiment, or an entry of the gallery.")
        others = [remote.name for remote in settings.remotes.values() if remote.kind == "studio" and remote.name != target]
        if asked["source"] is None and len(others) != 1:
            raise UsageError(f"from which workspace? (known: {', '.join(sorted(others)) or 'none'})", hint="Name one with --from.")
        here = studio_remote(settings, asked["source"] or others[0])
        report = workflow.copy(repository, here, there, experiment, run.progress(), again=again)
    if as_json:
        output.envelope("copy", output.OK, report)
        return output.OK
    click.echo(f"{report.remote} has {report.title!r}: {report.experiment}")
    if report.twin is not None:
        output.note(f"{report.remote} had an experiment {report.title!r} before ({report.twin}).")
    run.hint(f"'amlgit pull {report.remote}' brings it in a folder of its own; 'amlgit bind' joins it to one that is there.")
    return output.OK


@click.command()
@click.argument("experiment")
@dry_run_option
@click.pass_context
def layout(ctx: click.Context, experiment: str, dry_run: bool) -> int:
    """Place the boxes of an experiment anew, in the work tree."""
    from amlgit.workflows.layout import layout as workflow

    report = workflow(session(ctx).repository(), experiment, dry_run=dry_run)
    verb = ("would place" if dry_run else "placed") if report.is_changed else "already so:"
    click.echo(f"{verb} {report.boxes} boxes in {report.path}")
    return output.OK


@click.command("run")
@click.argument("experiment")
@_REMOTE
@timeout_option
@json_option
@click.pass_context
def run_(ctx: click.Context, experiment: str, remote: str | None, minutes: float | None, as_json: bool) -> int:
    """Run an experiment as its workspace holds it, wait for the end, and take the run into the record."""
    from amlgit.workflows.push_targets import studio_remote
    from amlgit.workflows.run import run as workflow

    run = session(ctx)
    repository = run.repository()
    settings, _ = settings_of(repository)
    report = workflow(repository, settings, studio_remote(settings, remote), experiment, run.progress(), minutes)
    code = output.OK if report.status == "Finished" else output.FINDINGS
    if as_json:
        output.envelope("run", code, report)
        return code
    click.echo(f"{report.path}: run {report.snapshot} {report.status}")
    output.failed_nodes(report.failed)
    if not report.is_committed:
        run.hint("What ran is not what HEAD holds; 'amlgit pull' brings it, 'amlgit push --run' runs what is committed.")
    return code


COMMANDS = {"bind": bind, "copy": copy, "layout": layout, "run": run_}
