"""comment."""

import os
import re
import sys

import click

from amlgit.cli import output
from amlgit.cli.context import dry_run_option, session
from amlgit.errors import UsageError
from amlgit.model.jsontext import printable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,59}")


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--name", default="review", show_default=True, help="What the comment is found by again: each name has a comment of its own.")
@click.option("--update-only", is_flag=True, help="Bring a comment that is there up to date, and write no new one.")
@click.option("--settled", is_flag=True, help="Close its thread in Azure Repos: nobody has to answer it.")
@dry_run_option
@click.pass_context
def comment(ctx: click.Context, /, file: str, name: str, update_only: bool, settled: bool, dry_run: bool) -> int:
    """Keep one comment on a pull request up to date with FILE ('-' is standard input); for CI.

    It is found again by a mark that nobody sees and by its author; comments of others are left alone. The pull request and the token
    (GITHUB_TOKEN or SYSTEM_ACCESSTOKEN) come from the environment of GitHub Actions or Azure Pipelines (docs/ci.md).

    \b
    amlgit review origin/main...HEAD --md > review.md
    amlgit comment review.md
    """  # noqa: D301
    from amlgit.workflows.comment import Outcome
    from amlgit.workflows.comment import comment as workflow

    if not _NAME.fullmatch(name) or "--" in name:
        raise click.UsageError("--name takes up to 60 letters, digits, spaces and '.', '_', '-', and no '--'.")
    run = session(ctx)
    data = sys.stdin.buffer.read() if file == "-" else run.path(file).read_bytes()
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: it is not UTF-8", hint="Give it what 'amlgit review --md' prints.") from error
    report = workflow(os.environ, text, name, update_only=update_only, is_settled=settled, dry_run=dry_run)
    if report.outcome is Outcome.NOT_ALLOWED:
        output.note(f"Pull request {report.number} gets no comment: runs for a fork, or for Dependabot, may only read.")
        output.note(printable(report.reason, 300))
        return output.OK
    would = "would be " if dry_run else ""
    said = {
        Outcome.CREATED: f"comment {would}written",
        Outcome.UPDATED: f"comment {would}brought up to date",
        Outcome.UNCHANGED: "comment is up to date",
        Outcome.NONE: "nothing to say",
    }
    click.echo(f"pull request {report.number}: {said[report.outcome]}" + (f", {report.removed} older {would}removed" if report.removed else ""))
    return output.OK


COMMANDS = {"comment": comment}
