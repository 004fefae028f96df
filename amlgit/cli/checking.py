"""check."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from amlgit.cli import output
from amlgit.cli.context import Session, json_option, session, settings_of
from amlgit.model.jsontext import printable

if TYPE_CHECKING:
    from amlgit.workflows.check import CheckReport

_MOST_HINTS = 5


@click.command()
@click.argument("targets", nargs=-1, metavar="[PATH...|REV]")
@click.option("--range", "between", metavar="OLD..NEW", help="The folders that commits touch, and secrets and conflict markers in each commit.")
@click.option("--staged", is_flag=True, help="Only the folders with staged changes, as they would be committed.")
@click.option("--fix", is_flag=True, help="Mend in the work tree what has one right fix.")
@click.option("--remote", metavar="NAME", help="Only whether that workspace has the assets that the work tree refers to.")
@json_option
@click.option("--sarif", "as_sarif", is_flag=True, help="A SARIF 2.1.0 document on standard output.")
@click.pass_context
def check(ctx: click.Context, /, targets: tuple[str, ...], **asked: Any) -> int:  # click's options, by name
    """Whether experiments and services are sound: JSON, normal form, graph, scripts, secrets.

    \b
    amlgit check               the work tree
    amlgit check Topics        one experiment, by folder, file or name
    amlgit check --staged      what the next commit would hold
    amlgit check main          a commit
    amlgit check --remote studio    whether that workspace has all assets of what is bound to it
    amlgit check --range origin/main..HEAD    what a branch brings

    Exits with 1 where it finds an error; warnings alone are no reason.
    """  # noqa: D301  # click's mark for "leave these lines alone" is the escaped character
    as_json, as_sarif = asked["as_json"], asked["as_sarif"]
    if as_json and as_sarif:
        raise click.UsageError("--json and --sarif can't be combined.")
    run = session(ctx)
    report = _report(run, targets, asked)
    code = output.FINDINGS if report.errors else output.OK
    if as_json:
        output.envelope("check", code, report)
    elif as_sarif:
        _show_sarif(report)
    else:
        show(run, report, asked["remote"])
    return code


def _report(run: Session, targets: tuple[str, ...], asked: Mapping[str, Any]) -> "CheckReport":  # click's options, by name
    from amlgit.workflows.check import check as workflow
    from amlgit.workflows.check import choose_targets

    repository = run.repository()
    settings, _ = settings_of(repository)
    chosen = choose_targets(repository, targets, run.folder)
    staged, fix, between, remote = (asked[name] for name in ("staged", "fix", "between", "remote"))
    if remote is not None:
        if staged or fix or between is not None or chosen.rev is not None:
            raise click.UsageError("--remote goes with paths alone.")
        from amlgit.workflows.check_remote import check_remote

        return check_remote(repository, settings.remote(remote), chosen.paths)
    if between is not None:
        if staged or fix or chosen.rev is not None:
            raise click.UsageError("--range goes with paths alone.")
        from amlgit.workflows.branch.outgoing import check_range

        return check_range(repository, settings, between, chosen.paths)
    return workflow(repository, settings, paths=chosen.paths, rev=chosen.rev, staged=staged, fix=fix)


def _show_sarif(report: "CheckReport") -> None:
    from amlgit import __version__
    from amlgit.model.jsontext import dumps_pretty
    from amlgit.review.sarif import sarif

    sys.stdout.buffer.write(dumps_pretty(sarif(report.findings, __version__)))
    sys.stdout.flush()


def show(run: Session, report: "CheckReport", remote: str | None = None) -> None:
    """Findings, a line each, what to do about them, and how many there are."""
    for finding in report.fixed:
        click.echo(f"{_place(finding.path, finding.line)}: {click.style('fixed', fg='green')}: {finding.message} [{finding.rule}]")
    for finding in report.findings:
        severity = click.style(finding.severity, fg="red" if finding.severity == "error" else "yellow")
        click.echo(f"{_place(finding.path, finding.line)}: {severity}: {finding.message} [{finding.rule}]")
    if report.passed_over:
        run.hint(f"passed over, not bound to {remote}: {', '.join(printable(path, 400) for path in report.passed_over)}")
    hints = list(dict.fromkeys(finding.hint for finding in report.findings if finding.hint and not finding.fixable))
    for hint in hints[:_MOST_HINTS]:
        run.hint(f"hint: {hint}")
    if len(hints) > _MOST_HINTS:
        run.hint(f"hint: --json has {len(hints) - _MOST_HINTS} more hints")
    run.hint(_count(report))


def _place(path: str, line: int | None) -> str:
    return path if line is None else f"{path}:{line}"


def _count(report: "CheckReport") -> str:
    warnings = len(report.findings) - report.errors
    counts = [_number(report.errors, "error")] if report.errors else []
    counts += [_number(warnings, "warning")] if warnings else []
    counts += [f"{len(report.fixed)} fixed"] if report.fixed else []
    fixable = sum(finding.fixable for finding in report.findings)
    mend = f"; 'amlgit check --fix' mends {fixable}" if fixable else ""
    return f"{', '.join(counts) or 'No findings'} in {_number(report.checked, 'folder')}{mend}."


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


COMMANDS = {"check": check}
