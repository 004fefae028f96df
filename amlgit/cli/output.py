"""Reports to people and to programs; failures to words and exit codes."""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlgit.errors import AmlgitError, Refused, StorageFailed, Unreachable, UsageError
from amlgit.model.jsontext import printable

if TYPE_CHECKING:
    from amlgit.workflows.workspaces.running import Failure

FORMAT_VERSION = "1.0"

OK, FINDINGS, USAGE, REFUSED, UNREACHABLE, PARTLY, BUG = 0, 1, 2, 3, 4, 5, 70

_CODES: tuple[tuple[type[AmlgitError], int], ...] = (
    (UsageError, USAGE),
    (Refused, REFUSED),
    (Unreachable, UNREACHABLE),
    (StorageFailed, UNREACHABLE),
)

STATUSES = {OK: "ok", FINDINGS: "findings", USAGE: "usage", REFUSED: "refused", UNREACHABLE: "unreachable", PARTLY: "partly", BUG: "bug"}


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether a command line asked for JSON, read without parsing it: it may be what could not be parsed."""
    return "--json" in arguments[: arguments.index("--")] if "--" in arguments else "--json" in arguments


def line(text: str) -> str:
    """A line without anything that could move the cursor or turn the direction of writing."""
    return printable(text, len(text))


def failed_nodes(failed: "Iterable[Failure]") -> None:
    """The nodes that failed in a run, a line each, with the service's reason where it gives one."""
    for failure in failed:
        reason = f": {printable(failure.reason, 400)}" if failure.reason else "; the service gives no reason"
        click.echo(f"  {failure.node} failed{reason}")


def misused(error: click.ClickException, arguments: Sequence[str]) -> int:
    """Say what is wrong with a command line; gives the exit code."""
    _fail_as_json(arguments, USAGE, error.format_message(), None)
    error.show()
    return USAGE


def failed(error: Exception, arguments: Sequence[str]) -> int:
    """Say what went wrong and what to do next; gives the exit code."""
    if isinstance(error, UnicodeEncodeError):
        error = UsageError("this locale can't name a file or title that is needed here", hint="Set LC_ALL=C.UTF-8 and run this again.")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        error = StorageFailed(f"{where}{error.strerror or type(error).__name__}", hint="Nothing is lost; mend that and run this again.")
    if isinstance(error, AmlgitError):
        code = code_of(error)
        message, hint = str(error), error.hint
    else:
        code, message = BUG, f"a bug in amlgit ({type(error).__name__})"
        hint = f"Please report it with the log in {_write_log(error)}"
    _fail_as_json(arguments, code, message, hint)
    _complain(message, hint, _colour_of(arguments))
    return code


def code_of(error: AmlgitError | None) -> int:
    """The exit code of an expected failure."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), REFUSED)


def complain(error: AmlgitError, told: set[str]) -> None:
    """Say what went wrong with one of several things, and what to do next; a hint that was `told` already is not said again."""
    _complain(str(error), error.hint if error.hint not in told else None, None)
    told.update([error.hint] if error.hint else ())


def _complain(message: str, hint: str | None, is_coloured: bool | None) -> None:
    click.secho("error: ", fg="red", bold=True, nl=False, err=True, color=is_coloured)
    click.echo(_shown(message), err=True, color=is_coloured)
    if hint:
        click.secho("hint: ", fg="yellow", nl=False, err=True, color=is_coloured)
        click.echo(_shown(hint), err=True, color=is_coloured)


def _fail_as_json(arguments: Sequence[str], code: int, message: str, hint: str | None) -> None:
    if wants_json(arguments):
        with suppress(OSError):  # standard output may be what failed; standard error says so
            envelope(_verb(arguments), code, None, [{"severity": "error", "message": message, "hint": hint}])


def _colour_of(arguments: Sequence[str]) -> bool | None:
    """What a command line says about colour, read without parsing it."""
    for index, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--color":
            return colour(value or (arguments[index + 1] if index + 1 < len(arguments) else "auto"))
    return colour("auto")


def _shown(text: str) -> str:
    return "\n".join(map(line, text.split("\n")))


def _verb(arguments: Sequence[str]) -> str:
    """The verb of a command line (`secret list` for one of a group), read without parsing it."""
    words = iter(arguments)
    found: list[str] = []
    for word in words:
        if word in ("-C", "--color"):
            next(words, None)
        elif not word.startswith("-"):
            found.append(word)
            if found[0] not in ("remote", "secret") or len(found) == 2:
                break
    return " ".join(found)


def _write_log(error: Exception) -> str:
    """The path of a log of a bug: where it happened, without any value that might be a secret."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="amlgit-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.write(f"{type(error).__name__}\n")
        log.writelines(traceback.format_tb(error.__traceback__))
    return log.name


def envelope(command: str, code: int, result: object, diagnostics: Iterable[Mapping[str, object]] = ()) -> None:
    """The one JSON document that a command with `--json` prints."""
    import msgspec

    document = {
        "format_version": FORMAT_VERSION,
        "command": command,
        "status": STATUSES[code],
        "result": result,
        "diagnostics": [dict(diagnostic) for diagnostic in diagnostics],
    }
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document, enc_hook=_encode), indent=2) + b"\n")
    sys.stdout.flush()


def _encode(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def note(text: str) -> None:
    """A line beside the result."""
    click.echo(text, err=True)


def progress(quiet: bool) -> Callable[[str, int, int], None]:
    """A progress line on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return lambda what, done, total: None
    last = [""]

    def show(what: str, done: int, total: int) -> None:
        text = f"{what} {done * 100 // max(total, 1):3d} % ({done:,} of {total:,})"
        if text != last[0] and (done % 50 == 0 or done + 1 >= total):
            last[0] = text
            sys.stderr.write(f"\r{text}\x1b[K" if done + 1 < total else "\r\x1b[K")
            sys.stderr.flush()

    return show


def colour(choice: str) -> bool | None:
    """The colour setting as click has it: a flag beats NO_COLOR, which beats what the stream is."""
    if choice != "auto":
        return choice == "always"
    return False if os.environ.get("NO_COLOR") else None


@contextmanager
def paged(folder: Path, *, is_wanted: bool) -> Iterator[None]:
    """Show what is printed inside in the user's pager, where it is too long for the terminal; elsewhere just print it."""
    context = click.get_current_context()
    if not (is_wanted and sys.stdout.isatty()):
        yield
        return
    color, context.color = context.color, context.color is not False  # the pager shows on the terminal what is no terminal's here
    collected = io.StringIO()
    try:
        with redirect_stdout(collected):
            yield
    finally:
        context.color = color
        _show(collected.getvalue(), folder)


def _show(text: str, folder: Path) -> None:
    import shutil

    from amlgit.store import pager

    columns, rows = shutil.get_terminal_size()
    lines = text.split("\n")
    if len(lines) >= rows or sum(max(1, -(-len(click.unstyle(line)) // columns)) for line in lines) >= rows:
        command = pager.pager(folder, os.environ)
        if command and pager.show(command, text.encode(errors="replace"), os.environ):
            return
    sys.stdout.write(text)
    sys.stdout.flush()


def streamed(lines: Iterable[str], folder: Path, *, is_wanted: bool) -> None:
    """Show styled lines as they come; in the user's pager as soon as they are too many for the terminal. Who leaves it stops them."""
    if is_wanted and sys.stdout.isatty():
        import shutil

        columns, rows = shutil.get_terminal_size()
        lines = iter(lines)
        first: list[str] = []
        while rows > 0 and (line := next(lines, None)) is not None:
            first.append(line)
            rows -= max(1, -(-len(click.unstyle(line)) // columns))
        lines = first if rows > 0 else _not_paged(chain(first, lines), folder)
    for line in lines:
        click.echo(line)


def _not_paged(lines: Iterable[str], folder: Path) -> Iterable[str]:
    """What is left to be shown otherwise: all lines where there is no pager, none where there is."""
    from amlgit.store import pager

    command = pager.pager(folder, os.environ)
    is_plain = click.get_current_context().color is False
    return pager.stream(command, (click.unstyle(line) if is_plain else line for line in lines), os.environ) if command else lines
