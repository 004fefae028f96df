"""status."""

from typing import TYPE_CHECKING

import click

from amlgit.cli import output
from amlgit.cli.context import json_option, session
from amlgit.model.jsontext import printable

if TYPE_CHECKING:
    from amlgit.workflows.status import BindingStatus


def _standing(remote: "BindingStatus") -> str:
    """Versions are those that `log` lists; a draft of a workspace is none."""
    if not remote.seen and remote.has_draft:
        newer = f", and a newer {'version' if remote.total else 'draft'} is there" if remote.is_behind else ""
        return f"a draft of {remote.remote}{newer}"
    draft = " and a draft after it" if remote.has_draft else ""
    newer = ", and a newer draft is there" if remote.is_behind and remote.seen == remote.total else ""
    return f"version {remote.seen} of {remote.total} in {remote.remote}{draft}{newer}"


@click.command()
@json_option
@click.option("--exit-code", is_flag=True, help="Exit with 1 where something is edited, uncommitted, new at a remote or held back.")
@click.pass_context
def status(ctx: click.Context, as_json: bool, exit_code: bool) -> int:
    """Work tree and branch against what was last seen of each remote."""
    from amlgit.config import load
    from amlgit.workflows.status import status as workflow

    run = session(ctx)
    repository = run.repository()
    load(repository.work_tree or repository.git_dir)  # most of what comes next needs it: what is wrong with it is said here
    report = workflow(repository)
    is_quiet = not report.held and not any(folder.needs_attention for folder in report.folders)
    code = output.FINDINGS if exit_code and not is_quiet else output.OK
    if as_json:
        output.envelope("status", code, report)
        return code
    click.echo(f"On branch {report.branch}" if report.branch else "HEAD is detached")
    if report.operation:
        click.echo(f"A {report.operation} is not finished yet")
    for folder in report.folders:
        states = [_standing(remote) for remote in folder.remotes] or ["not bound to a remote"]
        states += ["edited since"] if folder.edited else []
        states += [f"{len(folder.uncommitted)} uncommitted"] if folder.uncommitted else []
        click.secho(f"{printable(folder.path, 400)}: ", nl=False, bold=bool(folder.uncommitted or folder.edited))
        click.echo(", ".join(states))
        for file in folder.uncommitted:
            click.secho(f"    {printable(file.removeprefix(folder.path + '/'), 400)}", fg="red")
    for title in report.not_here:
        click.echo(f"only in the record: {printable(title)}")
    for document in report.held:
        click.echo(f"held back: {document}")
    if not report.folders:
        click.echo("No experiments yet.")
        run.hint("Next: amlgit pull")
    return code


COMMANDS = {"status": status}
