"""hook: what git's hooks call."""

import os
import sys
from typing import TYPE_CHECKING

import click

from amlgit.cli import output
from amlgit.cli.checking import show
from amlgit.cli.context import Session, session, settings_of

if TYPE_CHECKING:
    from amlgit.workflows.check import CheckReport

_OUT_OF_COMMITS = (
    "Take it out of the commits themselves ('git commit --amend' for the last, 'git rebase -i' for older ones): "
    "a later commit leaves it in history. 'git push --no-verify' pushes all the same."
)


@click.group(hidden=True)
def hook() -> None:
    """What git's hooks call; 'amlgit install --hooks' sets them up. They say nothing where nothing is wrong."""


@hook.command("pre-commit")
@click.pass_context
def pre_commit(ctx: click.Context) -> int:
    """Check what is staged."""
    from amlgit.workflows import hooks

    run = session(ctx)
    repository = run.repository()
    return _tell(run, hooks.pre_commit(repository, settings_of(repository)[0]))


@hook.command("post-merge")
@click.argument("squash", type=click.IntRange(0, 1), required=False, envvar="PRE_COMMIT_IS_SQUASH_MERGE", default=0)
@click.pass_context
def post_merge(ctx: click.Context, squash: int) -> int:
    """Check what a merge or pull has touched."""
    from amlgit.workflows import hooks

    run = session(ctx)
    repository = run.repository()
    return _tell(run, hooks.post_merge(repository, settings_of(repository)[0], is_squash=squash == 1))


@hook.command("pre-push")
@click.argument("remote", required=False)
@click.argument("address", required=False)
@click.pass_context
def pre_push(ctx: click.Context, remote: str | None, address: str | None) -> int:
    """Look for secrets and conflict markers in each commit that is pushed; git says on standard input what that is."""
    from amlgit.workflows import hooks

    run = session(ctx)
    repository = run.repository()
    if remote is not None:
        pushes = hooks.pushes_told(os.fsdecode(sys.stdin.buffer.read()))
    else:
        remote, address = os.environ.get("PRE_COMMIT_REMOTE_NAME"), os.environ.get("PRE_COMMIT_REMOTE_URL")
        pushes = hooks.pushes_of_framework(os.environ)
    is_named = remote != address  # git gives the address twice where it has no name
    code = _tell(run, hooks.pre_push(repository, settings_of(repository)[0], remote if is_named else None, pushes))
    if code != output.OK:
        run.hint(f"hint: {_OUT_OF_COMMITS}")
    return code


def _tell(run: Session, report: "CheckReport") -> int:
    if report.findings:
        show(run, report)
    return output.FINDINGS if report.errors else output.OK


COMMANDS = {"hook": hook}
