"""What a fetch, a pull, a clone and an import have to say."""

import click

from amlgit.cli import output
from amlgit.cli.context import Session
from amlgit.model.jsontext import printable
from amlgit.workflows.intake.looking import LEFT_ALONE
from amlgit.workflows.intake.recording import FetchReport
from amlgit.workflows.pull import FolderReport, PullReport


def show_fetch(run: Session, report: FetchReport) -> None:
    """The chains that changed, what was left out, what waits for a decision."""
    for chain in report.chains:
        if chain.is_new:
            late = ", in between older ones" if chain.relaid else ""
            came = [_count(number, what) for number, what in ((chain.added, "new version"), (chain.drafts, "new draft")) if number]
            known = _count(chain.total, "version") if chain.drafts else f"{chain.total}"
            click.echo(f"  {printable(chain.title)}: {', '.join(came)}{late} ({known} in all)")
    for problem in report.problems:
        if problem.reason.startswith(LEFT_ALONE):
            run.hint(f"left alone: {problem.name}: {problem.reason.removeprefix(LEFT_ALONE)}")
        else:
            output.note(f"not taken in: {problem.name}: {problem.reason}")
    for held in report.held:
        output.note(f"held back: {held.document} ({printable(held.title)}): {_count(len(held.suspicions), 'place')} that may hold a secret")
        for suspicion in held.suspicions:
            output.note(f"    {suspicion.place}, line {suspicion.line}: {suspicion.reason}")
        if held.waiting:
            output.note(f"    {_count(held.waiting, 'later version')} of it {'waits' if held.waiting == 1 else 'wait'} with it")
    if report.held:
        run.hint("hint: 'amlgit secret list' shows them; decide with 'amlgit secret allow' or 'amlgit secret replace', then pull again.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


_DELETED = "deleted there, and edited here"


def show_pull(run: Session, command: str, report: PullReport, *, as_json: bool, where: str = "") -> int:
    """The report of a pull; gives the exit code."""
    code = output.REFUSED if report.is_refused else output.FINDINGS if report.faults else output.PARTLY if report.fetched.is_partial else output.OK
    if as_json:
        output.envelope(command, code, report)
        return code
    show_fetch(run, report.fetched)
    for folder in report.folders:
        _show_folder(folder, report.fetched.remote)
    for finding in report.faults:
        output.note(f"not sound after the merge: {printable(finding.path, 400)}: {finding.message} [{finding.rule}]")
    for replaced in report.replaced:
        lines = ", ".join(str(line) for line in replaced.lines)
        click.echo(f"secret replaced: {printable(replaced.path, 400)} line {lines}: {replaced.name}")
    if not report.commits:
        is_lost = report.fetched.is_partial and not report.fetched.chains
        click.echo("Nothing was taken in." if is_lost else "Already up to date." if not report.is_refused else "Nothing pulled.")
    elif where:
        run.hint(f"Next: cd {where} && git log")
    _show_hints(run, report)
    return code


def _show_folder(folder: FolderReport, remote: str) -> None:
    if folder.state in ("pulled", "merged"):
        merged = ", merged with the edits made here" if folder.state == "merged" else ""
        click.echo(f"{printable(folder.path, 400)}: {_count(folder.commits, 'commit')}{merged}")
    elif folder.state == "removed":
        click.echo(f"{printable(folder.path, 400)}: removed, because it was deleted at {remote}")
    elif folder.state == _DELETED:
        output.note(f"{printable(folder.path)}: {folder.state}")
    elif folder.waiting:
        output.note(f"{printable(folder.path)}: {folder.state}, and {_count(folder.waiting, 'new version')} there")


def _show_hints(run: Session, report: PullReport) -> None:
    if any(folder.state == "conflicts" for folder in report.folders):
        run.hint(
            "hint: 'amlgit resolve' tells what clashes; then 'git cherry-pick --continue' (there may be more to settle)."
            "\n      'git cherry-pick --abort' leaves it for later: the next pull offers the same versions again."
        )
    if report.faults:
        run.hint("hint: both sides are merged, file by file; mend what 'amlgit check' lists, and commit that.")
    for folder in report.folders:
        if folder.state == _DELETED:
            run.hint(
                f"hint: 'amlgit rm \"{folder.path}\"' takes it out here, too; 'amlgit push \"{folder.path}\" --new' makes it there again;"
                f"\n      without {report.fetched.remote}'s line in its 'sync.json' it stays as it is."
            )
    if any(folder.waiting and folder.state not in ("conflicts", _DELETED) for folder in report.folders):
        run.hint(
            "hint: what was removed here does not come back by itself: 'amlgit rm' says that for good, 'git revert' of the removal brings it back."
            "\n      The versions are safe in the record: 'amlgit log EXPERIMENT' lists them."
            "\n      (In a shallow clone: 'git fetch --unshallow' tells which were here before.)"
        )
