"""merge and resolve."""

import sys
from typing import TYPE_CHECKING, Any

import click

from amlgit.cli import output
from amlgit.cli.context import Session, dry_run_option, json_option, session, settings_of

if TYPE_CHECKING:
    from amlgit.store.repository import Repository
    from amlgit.workflows.branch.conflicts import ConflictsReport
    from amlgit.workflows.merge import MergeReport
    from amlgit.workflows.resolve import ResolveReport


@click.command()
@click.argument("operands", nargs=-1, required=True, metavar="REV")
@click.option("--no-commit", is_flag=True, help="Stop before the commit.")
@click.option("-m", "--message", help="The message of the merge commit.")
@click.option("--no-index", is_flag=True, help="Merge three exports anywhere: --no-index BASE OURS THEIRS.")
@click.option("-o", "--output", "target", metavar="FILE", help="With --no-index: where the merged export goes (default: standard output).")
@dry_run_option
@json_option
@click.pass_context
def merge(ctx: click.Context, /, operands: tuple[str, ...], **options: Any) -> int:  # click's options, by name
    """Merge a commit, experiments by identity: both sides' edits survive, or are a conflict; the result is a sound graph.

    \b
    amlgit merge feature                                          like git merge, and checked
    amlgit merge --no-index base.json ours.json theirs.json -o merged.json
    """  # noqa: D301  # click's mark for "leave these lines alone" is the escaped character
    run = session(ctx)
    if options["no_index"]:
        return _merge_files(run, operands, options["target"], as_json=options["as_json"])
    if len(operands) != 1 or options["target"] is not None:
        raise click.UsageError("Name one commit to merge; -o goes with --no-index.")
    from amlgit.workflows.merge import Outcome
    from amlgit.workflows.merge import merge as workflow

    repository = run.repository()
    settings, _ = settings_of(repository)
    is_dry = options["dry_run"]
    report = workflow(repository, settings, operands[0], with_commit=not options["no_commit"], message=options["message"], dry_run=is_dry)
    code = output.FINDINGS if report.outcome is Outcome.CONFLICTS else output.OK
    if options["as_json"]:
        output.envelope("merge", code, report)
    else:
        _show_merge(run, report, dry_run=is_dry)
    return code


def _show_merge(run: Session, report: "MergeReport", *, dry_run: bool) -> None:
    for path in report.as_graphs:
        click.echo(f"{path}: merged as a whole graph")
    for path in report.conflicts:
        click.secho(f"conflict: {path}", fg="red")
    for finding in report.faults:
        click.secho(f"{finding.path}: {finding.message} [{finding.rule}]", fg="red")
    would = "would be " if dry_run else ""
    if report.conflicts or report.faults:
        click.echo(f"{report.rev}: {would}{len(report.conflicts) + len(report.faults)} to settle before the merge can be committed")
        if not dry_run:
            run.hint("Next: amlgit resolve, then git commit; or git merge --abort")
        return
    commit = f" as {report.commit[:10]}" if report.commit and report.outcome == "merged" else ""
    click.echo(f"{report.rev}: {would}{report.outcome}{commit}")


def _merge_files(run: Session, operands: tuple[str, ...], target: str | None, *, as_json: bool) -> int:
    from amlgit.config import write_atomically
    from amlgit.workflows.merge import described, merge_files

    if len(operands) != 3:
        raise click.UsageError("--no-index takes three exports: BASE OURS THEIRS.")
    merged = merge_files(*(run.path(operand) for operand in operands))
    code = output.FINDINGS if merged.clashes else output.OK
    conflicts = [described(clash, merged.document) for clash in merged.clashes]
    data = merged.data
    if data and target is not None:
        write_atomically(run.path(target), data)
    if as_json:
        output.envelope("merge", code, {"conflicts": conflicts, "output": target if data else None})
    elif data and target is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    for conflict in conflicts if not as_json else ():
        click.secho(f"conflict: {conflict['text']}", fg="red")
    if conflicts:
        run.hint("Nothing was written.")
    return code


@click.command()
@click.argument("chosen", nargs=-1, metavar="[NUMBER|PATH...]")
@click.option("--ours", is_flag=True, help="Take our side: that of the branch you are on; in a rebase, of the branch you rebase onto.")
@click.option("--theirs", is_flag=True, help="Take the other side.")
@click.option("--base", is_flag=True, help="Take what both sides began with.")
@click.option("--html", "file", metavar="FILE", help="Write one HTML page with the graph and every conflict; needs no network.")
@click.option("--open", "is_opened", is_flag=True, help="Show that page in the browser.")
@json_option
@click.pass_context
def resolve(ctx: click.Context, /, chosen: tuple[str, ...], **options: Any) -> int:  # click's options, by name
    """What conflicts there are in experiments and services, in words; with a side, settle them.

    \b
    amlgit resolve                 all conflicts, numbered
    amlgit resolve 2 --theirs      settle the second
    amlgit resolve --ours          settle all
    amlgit resolve --open          all conflicts as a page, in the browser
    """  # noqa: D301  # click's mark for "leave these lines alone" is the escaped character
    from amlgit.workflows.resolve import resolve as workflow

    sides = [name for name in ("ours", "theirs", "base") if options[name]]
    if len(sides) > 1:
        raise click.UsageError(f"--{sides[0]} and --{sides[1]} can't both be taken.")
    side = sides[0] if sides else None
    is_page = bool(options["file"]) or options["is_opened"]
    if is_page and (side or chosen or options["as_json"]):
        raise click.UsageError("--html and --open show all that is left: name no side, no conflict and no --json with them.")
    run = session(ctx)
    repository = run.repository()
    if is_page:
        return _page(run, repository, options["file"], is_opened=options["is_opened"])
    report = workflow(repository, settings_of(repository)[0], chosen, side)
    code = output.FINDINGS if report.left or report.faults else output.OK
    if options["as_json"]:
        output.envelope("resolve", code, report)
        return code
    _show_conflicts(run, report)
    return code


def _page(run: Session, repository: "Repository", file: str | None, *, is_opened: bool) -> int:
    from amlgit.workflows.branch.conflicts import conflicted

    report = conflicted(repository, settings_of(repository)[0])
    if not report.conflicted:
        click.echo("No conflicts; no page was written.")
        return output.OK
    write_conflicts(run, report, file, is_opened=is_opened)
    return output.FINDINGS


def write_conflicts(run: Session, report: "ConflictsReport", file: str | None, *, is_opened: bool) -> None:
    """Write the page of a merge that stands with conflicts."""
    from amlgit.cli.review import written
    from amlgit.review.page import merging
    from amlgit.review.page.page import Entry, Page, page
    from amlgit.workflows.pages.page import looks

    style, script = looks()
    entries = [
        Entry(
            title=entry.title,
            name=entry.folder,
            state="",
            summary=merging.summary(entry.merge),
            sides=entry.sides,
            merge=entry.merge,
        )
        for entry in report.conflicted
    ]
    title = f"Conflicts: {report.theirs} into {report.ours}"
    sides = {"ours": report.ours, "theirs": report.theirs}
    written(run, page(Page(title=title, old="", new="", entries=entries, sides=sides, style=style, script=script)), file, is_opened=is_opened)


def _show_conflicts(run: Session, report: "ResolveReport") -> None:
    for conflict in report.settled:
        click.secho(f"settled: {conflict.path}", fg="green")
    if report.left:
        click.echo(f"ours:   {report.ours}\ntheirs: {report.theirs}")
    for conflict in report.left:
        where = f":{conflict.line}" if conflict.line is not None else ""
        click.secho(f"{conflict.number}  {conflict.path}{where}", bold=True)
        for words in conflict.words:
            click.echo(f"     {words}")
    for finding in report.faults:
        click.secho(f"{finding.path}: {finding.message} [{finding.rule}]", fg="red")
        if finding.hint:
            click.echo(f"     {finding.hint}")
    if not report.left and not report.faults:
        click.echo("No conflicts are left." if report.operation else "No conflicts.")
    _show_next(run, report)


def _show_next(run: Session, report: "ResolveReport") -> None:
    if report.left:
        run.hint("Next: amlgit resolve NUMBER --ours, --theirs or --base; or edit the file, and git add it")
        return
    going_on = "git commit" if report.operation in ("merge", None) else f"git {report.operation} --continue"
    if report.faults:
        run.hint(f"No file shows these: the two sides together made them. Mend them, git add, then {going_on}")
    elif report.operation:
        run.hint(f"Next: {going_on}")


COMMANDS = {"merge": merge, "resolve": resolve}
