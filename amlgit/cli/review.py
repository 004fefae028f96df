"""review."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from amlgit.cli import output
from amlgit.cli.compare import WithPaths, diagnostic, heading, summary_of
from amlgit.cli.context import Session, json_option, session

if TYPE_CHECKING:
    from amlgit.review.page.page import Entry as PageEntry
    from amlgit.review.summary_md import Entry
    from amlgit.workflows.review import Reviewed, ReviewReport

_STATES = {"added": "new", "removed": "removed", "renamed": "renamed"}


@click.command(cls=WithPaths)
@click.argument("operands", nargs=-1, metavar="[A..B | A...B | REV [REV] | EXPERIMENT@N [EXPERIMENT@M]] [-- EXPERIMENT...]")
@click.option("--md", "as_markdown", is_flag=True, help="Markdown for a comment on a pull request; this is what is printed anyway.")
@click.option("--no-picture", is_flag=True, help="With --md: no Mermaid, for hosts that would show its text.")
@click.option("--html", "file", metavar="FILE", help="Write one HTML page with the graph and every change; needs no network.")
@click.option("--open", "is_opened", is_flag=True, help="Show the page in the browser.")
@click.option("--no-index", is_flag=True, help="Compare two exports (or folders) anywhere: --no-index OLD NEW.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where a rule found a risk.")
@json_option
@click.pass_context
def review(ctx: click.Context, /, operands: tuple[str, ...], **options: Any) -> int:  # click's options, by name
    """A change as a reviewer wants it: what is risky first, then a picture, then every change.

    \b
    amlgit review                               HEAD against the work tree
    amlgit review main...topic --md             for a pull request
    amlgit review main...topic --html r.html    the same as a page
    amlgit review Topics@3 Topics@5 --open      two versions, in the browser
    """  # noqa: D301
    is_page = bool(options["file"]) or options["is_opened"]
    if options["as_json"] + options["as_markdown"] + is_page > 1:
        raise click.UsageError("--json, --md and --html (or --open) can't be combined.")
    if options["no_picture"] and (options["as_json"] or is_page):
        raise click.UsageError("--no-picture goes with --md.")
    run = session(ctx)
    paths: tuple[str, ...] = ctx.meta.get("amlgit.paths", ())
    report = _report(run, operands, paths, no_index=options["no_index"])
    code = output.PARTLY if report.problems else output.FINDINGS if options["exit_code"] and report.risks else output.OK
    if options["as_json"]:
        output.envelope("review", code, _result(report), [diagnostic(problem) for problem in report.problems])
        return code
    if is_page:
        _page(run, report, options["file"], is_opened=options["is_opened"])
    else:
        _show_markdown(report, has_pictures=not options["no_picture"])
    for problem in report.problems:
        output.note(f"{problem.path} can't be compared: {problem.reason}")
        if problem.hint:
            run.hint(f"hint: {problem.hint}")
    return code


def _report(run: Session, operands: tuple[str, ...], paths: tuple[str, ...], *, no_index: bool) -> "ReviewReport":
    from amlgit.workflows import review as workflow

    if no_index:
        if len(operands) + len(paths) != 2:
            raise click.UsageError("--no-index takes two files or folders: OLD NEW.")
        old, new = (run.path(operand) for operand in (*operands, *paths))
        return workflow.review_files(old, new)
    from amlgit.config import load

    repository = run.repository()
    return workflow.review(repository, load(repository.work_tree or repository.git_dir), operands, paths)


def _show_markdown(report: "ReviewReport", *, has_pictures: bool) -> None:
    from amlgit.review.summary_md import comment

    problems = [f"{problem.path}: {problem.reason}" for problem in report.problems]
    entries = [_entry(reviewed) for reviewed in report.reviewed]
    sys.stdout.write(comment(report.old, report.new, entries, problems, has_pictures=has_pictures))


def _entry(reviewed: "Reviewed") -> "Entry":
    from amlgit.review.summary_md import Entry

    entry = reviewed.entry
    return Entry(
        title=entry.title,
        name=heading(entry),
        state=_STATES.get(entry.status, ""),
        summary=summary_of(entry),
        diff=entry.diff,
        old=entry.old or {},
        new=entry.new or {},
        names=reviewed.names,
        risks=reviewed.risks,
        is_whole=entry.is_whole,
    )


def _page(run: Session, report: "ReviewReport", file: str | None, *, is_opened: bool) -> None:
    from amlgit.review.page.page import Page, page
    from amlgit.workflows.pages.page import looks

    style, script = looks()
    content = Page(
        title=f"Review of {report.old} → {report.new}",
        old=report.old,
        new=report.new,
        entries=[_page_entry(reviewed) for reviewed in report.reviewed if reviewed.entry.kind != "file"],
        problems=[
            *(f"{problem.path}: {problem.reason}" for problem in report.problems),
            *(f"{reviewed.entry.name}: no experiment" for reviewed in report.reviewed if reviewed.entry.kind == "file"),
        ],
        style=style,
        script=script,
    )
    written(run, page(content), file, is_opened=is_opened)


def _page_entry(reviewed: "Reviewed") -> "PageEntry":
    from amlgit.review.page.page import Entry as PageEntry
    from amlgit.workflows.pages.page import sides

    entry = reviewed.entry
    return PageEntry(
        title=entry.title,
        name=heading(entry),
        state=_STATES.get(entry.status, ""),
        summary=summary_of(entry),
        sides=sides(entry, reviewed.names),
        risks=reviewed.risks,
        is_whole=entry.is_whole,
    )


def written(run: Session, content: str, file: str | None, *, is_opened: bool) -> None:
    """Write a page to a file, or to one of its own where none is named; say where, and show it if that is wanted."""
    import tempfile
    import webbrowser
    from pathlib import Path

    from amlgit.workflows.pages.page import write

    path = run.path(file) if file else Path(tempfile.mkdtemp(prefix="amlgit-")) / "review.html"
    write(path, content)
    output.note(f"{file or path}: {len(content.encode()) / 1000:,.0f} kB")
    if is_opened and not webbrowser.open(path.absolute().as_uri()):
        output.note(f"No browser was found; open {path} in one.")


def _result(report: "ReviewReport") -> Mapping[str, object]:
    from amlgit.review.changes import counts

    return {
        "old": report.old,
        "new": report.new,
        "experiments": [
            {
                "name": reviewed.entry.name,
                "title": reviewed.entry.title,
                "kind": reviewed.entry.kind,
                "status": reviewed.entry.status,
                "summary": summary_of(reviewed.entry),
                "counts": counts(reviewed.entry.diff.changes),
                "risks": list(reviewed.risks),
            }
            for reviewed in report.reviewed
        ],
    }


COMMANDS = {"review": review}
