"""login."""

import sys

import click

from amlgit.cli import output
from amlgit.cli.context import session, settings_of
from amlgit.model.jsontext import printable


@click.command()
@click.option("--forget", is_flag=True, help="Have git's credential helper drop the token instead.")
@click.argument("remote", required=False)
@click.pass_context
def login(ctx: click.Context, remote: str | None, forget: bool) -> int:
    """Give the token of a studio remote's workspace to git's credential helper.

    \b
    amlgit login studio                  asks for the token
    amlgit login studio < token.txt      reads it from standard input
    """  # noqa: D301
    from amlgit.workflows import login as workflow
    from amlgit.workflows.versions.choose import choose_remote
    from amlgit.workflows.workspaces.connect import place

    run = session(ctx)
    repository = run.repository()
    settings, _ = settings_of(repository)
    chosen = choose_remote(settings, remote)
    if forget:
        click.echo(f"forgot the token for {workflow.logout(repository, chosen)}")
        return output.OK
    place(chosen)  # before anything is asked
    is_terminal = sys.stdin.isatty()
    token = click.prompt(f"Token for workspace {chosen.workspace}", hide_input=True, err=True) if is_terminal else sys.stdin.read(_LONGEST)
    report = workflow.login(repository, chosen, token)
    click.echo(f"{report.remote}: workspace {printable(report.name) or report.workspace} at {report.host}, token kept")
    if report.is_overridden:
        run.hint("The environment has another token for it, which comes first.")
    return output.OK


_LONGEST = 10_000
"""Characters read as a token; real ones have 32 or 88."""

COMMANDS = {"login": login}
