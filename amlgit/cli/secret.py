"""secret list, allow, replace."""

import click

from amlgit.cli import output
from amlgit.cli.context import json_option, session, settings_of


@click.group()
def secret() -> None:
    """List what was kept out of git, and decide about what waits."""


@secret.command("list", short_help="List placeholders, and what is held back.")
@json_option
@click.pass_context
def secret_list(ctx: click.Context, as_json: bool) -> int:
    """List every secret that a placeholder stands for, and everything held back because it may be one.

    Placeholders are those of the files as HEAD has them; older versions may have others, where they stood then ('amlgit show EXPERIMENT@N').
    """
    from amlgit.workflows.secrets import list_secrets

    run = session(ctx)
    report = list_secrets(run.repository())
    if as_json:
        replaced = [{"path": place.path, "line": place.line, "name": place.name} for place in report.replaced]
        output.envelope("secret list", output.OK, {"replaced": replaced, "held": report.held})
        return output.OK
    for place in report.replaced:
        click.echo(f"replaced   {place.path}:{place.line}: {place.name}")
    for pending in report.held:
        click.echo(f"held back  {pending.id}  {pending.document}: {pending.place}, line {pending.line}: {pending.reason}")
    if not report.replaced and not report.held:
        click.echo("None.")
    if report.held:
        run.hint("hint: 'amlgit secret allow ID' if it is no secret, 'amlgit secret replace ID' to put a placeholder there; then pull.")
    return output.OK


def _decide(ctx: click.Context, kind: str, ids: tuple[str, ...]) -> int:
    from amlgit.workflows.secrets import decide

    run = session(ctx)
    repository = run.repository()
    _, root = settings_of(repository)
    for pending in decide(repository, root, kind, ids):
        click.echo(f"{kind}: {pending.place}, line {pending.line}")
    run.hint("Noted in .amlgit; 'amlgit pull' now goes on.")
    return output.OK


@secret.command("allow", short_help="Take in what was held back: it is no secret.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_context
def secret_allow(ctx: click.Context, ids: tuple[str, ...]) -> int:
    """Take in what was held back under these ids, as it is: it is no secret."""
    return _decide(ctx, "allow", ids)


@secret.command("replace", short_help="Put a placeholder in its place: it is secret.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_context
def secret_replace(ctx: click.Context, ids: tuple[str, ...]) -> int:
    """Put a placeholder in place of what was held back under these ids, now and in later versions: it is secret."""
    return _decide(ctx, "replace", ids)


COMMANDS = {"secret": secret}
