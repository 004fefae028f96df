"""secret list, allow, replace."""

import click

from amlgit.cli import output
from amlgit.cli.context import json_option, session, settings_of


@click.group()
def secret() -> None:
    """What was kept out of git, and what waits for a decision."""


@secret.command("list")
@json_option
@click.pass_context
def secret_list(ctx: click.Context, as_json: bool) -> int:
    """Every secret that a placeholder stands for, and everything held back because it may be one.

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


@secret.command("allow")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_context
def secret_allow(ctx: click.Context, ids: tuple[str, ...]) -> int:
    """What was held back under these ids is no secret: take it in as it is."""
    return _decide(ctx, "allow", ids)


@secret.command("replace")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_context
def secret_replace(ctx: click.Context, ids: tuple[str, ...]) -> int:
    """What was held back under these ids is secret: a placeholder takes its place, now and in later versions."""
    return _decide(ctx, "replace", ids)


COMMANDS = {"secret": secret}
