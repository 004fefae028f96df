"""diff."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amlgit.cli import output
from amlgit.cli.context import CLASSES, Session, json_option, session

if TYPE_CHECKING:
    from amlgit.model.jsontext import Object
    from amlgit.review.changes import Group, Item
    from amlgit.review.lines import Line
    from amlgit.review.names import Names
    from amlgit.workflows.comparison.comparing import Compared, DiffReport, Problem

_COLOURS = {"+": "green", "-": "red", "~": "yellow", ">": "magenta", "·": "bright_black"}


class WithPaths(click.Command):
    """A command that takes experiments behind `--`, as git takes paths there."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            index = args.index("--")
            ctx.meta["amlgit.paths"] = tuple(args[index + 1 :])
            args = args[:index]
        return super().parse_args(ctx, args)


@click.command(cls=WithPaths)
@click.argument("operands", nargs=-1, metavar="[REV [REV] | EXPERIMENT@N [EXPERIMENT@M]] [-- EXPERIMENT...]")
@click.option("--staged", "--cached", is_flag=True, help="Compare with what is staged instead of the work tree.")
@click.option("--no-index", is_flag=True, help="Compare two exports (or folders) anywhere: --no-index OLD NEW.")
@click.option("--class", "classes", multiple=True, type=click.Choice(CLASSES), help="Show only changes of this class; may be given again.")
@click.option("--layout", is_flag=True, help="List the boxes that moved instead of counting them.")
@click.option("--stat", is_flag=True, help="Show only how many changes of each class.")
@click.option("--md", "as_markdown", is_flag=True, help="Print Markdown, for a comment on a pull request.")
@click.option("--json-patch", "as_patch", is_flag=True, help="Print the operations that turn the old export into the new one (RFC 6902).")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where anything differs.")
@json_option
@click.pass_context
def diff(ctx: click.Context, /, operands: tuple[str, ...], **options: Any) -> int:  # click's options, by name
    """Show what changed in experiments and web services: by identity, never by position.

    \b
    amlgit diff                          HEAD against the work tree
    amlgit diff --staged                 HEAD against what is staged
    amlgit diff main~3 main -- Topics    two commits, one experiment
    amlgit diff Topics@3 Topics@5        two versions
    amlgit diff --no-index old.json new.json
    """  # noqa: D301  # click's mark for "leave these lines alone" is the escaped character
    formats = [name for name in ("as_json", "as_markdown", "as_patch", "stat") if options[name]]
    if len(formats) > 1:
        raise click.UsageError("--json, --json-patch, --md and --stat can't be combined.")
    run = session(ctx)
    paths: tuple[str, ...] = ctx.meta.get("amlgit.paths", ())
    raw = (
        _files(run.path, (*operands, *paths), whole=options["as_patch"])
        if options["no_index"]
        else _diff(run, operands, paths, staged=options["staged"])
    )
    report = _only(raw if options["no_index"] else _without_secrets(raw), options["classes"])
    code = output.PARTLY if report.problems else output.FINDINGS if options["exit_code"] and report.differs else output.OK
    if options["as_json"]:
        output.envelope("diff", code, _result(report), [diagnostic(problem) for problem in report.problems])
        return code
    if options["as_patch"]:
        _show_patch(report, None if options["no_index"] else _only(raw, options["classes"]))
    elif options["as_markdown"]:
        _show_markdown(report)
    else:
        with run.paged():
            _show(report, stat=options["stat"], whole_layout=options["layout"])
    for problem in report.problems:
        output.note(f"{problem.path} can't be compared: {problem.reason}")
        if problem.hint:
            run.hint(f"hint: {problem.hint}")
    return code


def _diff(run: Session, operands: tuple[str, ...], paths: tuple[str, ...], *, staged: bool) -> "DiffReport":
    from amlgit.workflows.diff import diff as workflow

    return workflow(run.repository(), operands, paths, staged=staged)


def _without_secrets(report: "DiffReport") -> "DiffReport":
    """What a person may have typed into the work tree is no more shown than what is written to git."""
    from dataclasses import replace

    from amlgit.workflows.comparison.secrets import without_secrets

    return replace(report, compared=tuple(map(without_secrets, report.compared)))


def _files(path: Callable[[str], Path], operands: tuple[str, ...], *, whole: bool) -> "DiffReport":
    from amlgit.workflows.comparison.no_index import diff_no_index

    if len(operands) != 2:
        raise click.UsageError("--no-index takes two files or folders: OLD NEW.")
    old, new = (path(operand) for operand in operands)
    return diff_no_index(old, new, whole=whole)


def _only(report: "DiffReport", classes: tuple[str, ...]) -> "DiffReport":
    from dataclasses import replace

    from amlgit.workflows.comparison.comparing import with_changes

    if not classes:
        return report
    kept = [with_changes(entry, [change for change in entry.diff.changes if change.change_class in classes]) for entry in report.compared]
    return replace(report, compared=tuple(entry for entry in kept if entry.diff.changes))


def _names(entry: "Compared") -> "Names":
    from amlgit.review.names import Names

    return Names(entry.old or {}, entry.new or {}, entry.assets, entry.diff.recreated)


def summary_of(entry: "Compared") -> str:
    """What changed in short; of what came or went as a whole how large it is."""
    from amlgit.review.changes import item, size, summary
    from amlgit.workflows.comparison.comparing import FILE

    if entry.is_whole:
        return size(entry.new or entry.old or {})
    if entry.kind == FILE:
        return next((item(change, _names(entry)).text for change in entry.diff.changes), "no changes")
    return "renamed" if entry.status == "renamed" and not entry.diff.changes else summary(entry.diff)


# --- for programs


def _result(report: "DiffReport") -> Mapping[str, object]:
    return {
        "old": report.old,
        "new": report.new,
        "experiments": [_summary(entry) for entry in report.compared],
        "changes": [change for entry in report.compared for change in changes_of(entry)],
    }


def _summary(entry: "Compared") -> Mapping[str, object]:
    from amlgit.review.changes import counts

    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "status": entry.status,
        "old_name": entry.old_name,
        "new_name": entry.new_name,
        "summary": summary_of(entry),
        "counts": counts(entry.diff.changes),
        "recreated": [{"old": old, "new": new} for old, new in entry.diff.recreated.items()],
    }


def changes_of(entry: "Compared") -> Iterable[Mapping[str, object]]:
    """What changed in one experiment, for programs."""
    from amlgit.compare.patch import pointer
    from amlgit.review.changes import item

    names = _names(entry)
    for change in entry.diff.changes:
        node = change.node
        yield {
            "experiment": entry.name,
            "class": change.change_class,
            "what": change.what,
            "kind": change.kind,
            "node": None if node is None else {"id": node.id, "old_id": node.old_id, "name": names.node(node.id), "comment": node.comment},
            "path": pointer(*change.path),
            "old": change.old,
            "new": change.new,
            "text": item(change, names).text,
        }


def diagnostic(problem: "Problem") -> Mapping[str, object]:
    """A folder that could not be compared, for programs."""
    return {"severity": "error", "message": f"{problem.path} can't be compared: {problem.reason}", "hint": problem.hint}


def _show_patch(report: "DiffReport", raw: "DiffReport | None") -> None:
    """The patch; of states of a repository (`raw`) with a word about secrets in it, for it does not give just the new one then."""
    from amlgit.model.jsontext import dumps_pretty
    from amlgit.review.changes import is_of_a_secret
    from amlgit.workflows.comparison.comparing import patch
    from amlgit.workflows.comparison.secrets import file_patch, masked_patch

    if len(report.compared) > 1:
        raise click.UsageError("--json-patch is for one experiment: name it behind '--'.")
    operations: list[Object] = []
    for entry in report.compared:
        operations += file_patch(entry) if raw is None else masked_patch(entry)
    has_placeholders = raw is not None and operations != [operation for entry in raw.compared for operation in patch(entry)]
    secrets = sum(is_of_a_secret(change) for entry in report.compared for change in entry.diff.changes)
    sys.stdout.buffer.write(dumps_pretty(operations))
    sys.stdout.flush()
    if secrets:
        output.note(f"{secrets} {'secret differs' if secrets == 1 else 'secrets differ'}, and no patch holds one.")
    if has_placeholders:
        output.note("In this patch placeholders stand for what may be a secret; 'amlgit check' names where they are.")


# --- for people


def _show_markdown(report: "DiffReport") -> None:
    from amlgit.review import markdown
    from amlgit.review.changes import groups, nodes

    for entry in report.compared:
        state = {"added": "new, ", "removed": "removed, "}.get(entry.status, "")
        click.echo(markdown.heading(entry.title, heading(entry), f"{state}{summary_of(entry)}"))
        names = _names(entry)
        for line in markdown.nodes(nodes(entry.diff, names)) if entry.is_whole else markdown.changes(groups(entry.diff, names)):
            click.echo(line)
        click.echo()
    if not report.compared:
        click.echo("Nothing else changed." if report.problems else "No changes.")


def heading(entry: "Compared") -> str:
    """What was compared: a folder, or two versions or files."""
    old, new = entry.old_name, entry.new_name
    if old is None or new is None or old == new or entry.status in ("added", "removed"):
        return entry.name
    title, mark, _ = old.rpartition("@")
    if mark and new.startswith(f"{title}@"):
        return f"{old} → {new.removeprefix(title)}"
    # a difftool's files lie in a temporary folder
    is_same_file = old.rpartition("/")[2] == new.rpartition("/")[2] and entry.status != "renamed"
    return new if is_same_file else f"{old} → {new}"


def _show(report: "DiffReport", *, stat: bool, whole_layout: bool) -> None:
    for number, entry in enumerate(report.compared):
        if number and not stat:
            click.echo()
        state = {"added": " (new)", "removed": " (removed)"}.get(entry.status, "")
        click.secho(output.line(heading(entry)), bold=True, nl=False)
        click.echo(f"{state}: {summary_of(entry)}")
        if not stat:
            show_changes(entry, whole_layout=whole_layout)


def show_changes(entry: "Compared", *, whole_layout: bool = False) -> None:
    """What changed in one experiment, for people."""
    from amlgit.review.changes import groups, nodes

    names = _names(entry)
    if entry.is_whole:
        _show_items(nodes(entry.diff, names), "  ")
        return
    for group in groups(entry.diff, names, whole_layout=whole_layout):
        _show_group(group)


def _show_group(group: "Group") -> None:
    if group.name:
        click.secho(f"  {output.line(group.name)}", fg="cyan", nl=False)
        click.secho(f"  ({output.line(group.note)})" if group.note else "", dim=True, nl=False)
        click.echo(f'  "{output.line(group.comment)}"' if group.comment else "")
    _show_items(group.items, "    " if group.name else "  ")


def _show_items(items: Iterable["Item"], indent: str) -> None:
    for item in items:
        if item.change.path:  # what became of a whole file is said in its heading
            click.secho(f"{indent}{item.sign} ", fg=_COLOURS[item.sign], nl=False)
            click.echo(output.line(item.text))
        for part in item.parts:
            click.secho(f"{indent}    {output.line(part)}", fg=_COLOURS.get(part[:2].rstrip()) if part[1:2] == " " else None)
        for line in item.script:
            _show_line(line, f"{indent}    ")


def _show_line(line: "Line", indent: str) -> None:
    from amlgit.review.lines import Mark

    if line.sign == "@@":
        click.secho(f"{indent}@@ {line.text} @@", fg="cyan", dim=True)
        return
    click.secho(f"{indent}{line.sign} ".rstrip() if not line.text else f"{indent}{line.sign} ", nl=False, fg=_COLOURS.get(line.sign))
    for piece in line.pieces:
        is_word = piece.mark in (Mark.OLD_WORD, Mark.NEW_WORD)
        colour = None if piece.mark is Mark.SAME else _COLOURS.get(line.sign)
        click.secho(output.line(piece.text.expandtabs(4)), nl=False, fg=colour, bold=is_word, reverse=is_word)
    click.echo()


COMMANDS = {"diff": diff}
