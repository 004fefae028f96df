"""Values of parameters that are written readable: scripts as files, column selections as JSON; and back."""

from collections.abc import Callable

from amlgit.errors import InvalidDocument
from amlgit.form import columns, scripts
from amlgit.form.columns import Columns
from amlgit.form.pages import text
from amlgit.model.jsontext import Json, Object

_FILE_MARKERS = frozenset({"File", "FinalNewline", "Newline"})
_COLUMNS_MARKERS = frozenset({"Columns", "Encoding"})
MARKERS = _FILE_MARKERS | _COLUMNS_MARKERS
"""Members that stand for a parameter's value."""


def write_script(value: str, file: str) -> tuple[dict[str, Json], bytes]:
    """What stands for a script in a page, and its file's content."""
    script = scripts.decode(value)
    written: dict[str, Json] = {"File": file}
    if not script.final_newline:
        written["FinalNewline"] = False
    if script.newline != "LF":
        written["Newline"] = script.newline
    return written, script.text.encode()


def write_columns(selection: Columns) -> dict[str, Json]:
    """What stands for a column selection in a page."""
    return {"Columns": selection.selection} if selection.encoding == "percent" else {"Columns": selection.selection, "Encoding": selection.encoding}


def is_written(written: Object) -> bool:
    """Whether an object of a page stands for a value."""
    return "File" in written or "Columns" in written


def read(written: Object, find: Callable[[str], bytes | None], where: str) -> str:
    """The value that such members stand for; `find` gives a script's content by its file's name. Raises InvalidDocument naming `where`."""
    if not (written.keys() <= _FILE_MARKERS or written.keys() <= _COLUMNS_MARKERS):
        raise InvalidDocument(f"{where} must hold a value, a file or columns, and only one of them")
    if "File" in written:
        return _read_script(written, find, where)
    encoding = written.get("Encoding", "percent")
    if encoding not in ("percent", "plain"):
        raise InvalidDocument(f"{where}: Encoding must be 'plain' or be left out")
    return columns.encode(Columns(written["Columns"], str(encoding)))


def _read_script(written: Object, find: Callable[[str], bytes | None], where: str) -> str:
    file = text(written["File"], f"{where}: File")
    data = find(file)
    if data is None:
        raise InvalidDocument(f"{where}: its script {file!r} is missing", hint="Bring the file back, or put the script in its place.")
    newline = written.get("Newline", "LF")
    if newline not in ("LF", "CRLF"):
        raise InvalidDocument(f"{where}: Newline must be 'CRLF' or be left out")
    try:
        return scripts.encode(scripts.Script(data.decode(), str(newline), written.get("FinalNewline") is not False), file)
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"{file}: not UTF-8 at byte {error.start}") from error
