"""Scripts as real files: which parameters hold one, and how its line ends are kept."""

from collections.abc import Mapping
from typing import NamedTuple

from amlgit.errors import InvalidDocument
from amlgit.model import ids

_SQL, _PY, _R, _TEXT = "sql", "py", "R", "txt"

EXTENSIONS: Mapping[tuple[str, str], str] = {
    # Execute Python Script keeps its Python in a parameter named `R Script` (real exports); later modules say `Python Script`.
    ("cdb56f957f4c404dbde75bb972e6f232", "R Script"): _PY,
    ("cdb56f957f4c404dbde75bb972e6f232", "Python Script"): _PY,
    ("30806023392b42e094d66b775a6e0fd5", "R Script"): _R,
    ("314e34a8b24c4870afe62649b6fc7476", "Trainer R script"): _R,
    ("314e34a8b24c4870afe62649b6fc7476", "Scorer R script"): _R,
    ("90381e8067c34d9987541db785b7ea37", "SQL Query Script"): _SQL,
    ("4e1b0fe6aded4b3fa36f39b8862b9004", "Database Query"): _SQL,
    ("4e1b0fe6aded4b3fa36f39b8862b9004", "Hive Database Query"): _SQL,
    ("4e1b0fe6aded4b3fa36f39b8862b9004", "SQL Query"): _SQL,
    ("4fbef0ab2c8e4a25b5c47be76eac33d6", "Data"): _TEXT,
}
"""(module family, parameter) → file extension, frozen with form 1."""
SUFFIXES = tuple(f".{extension}" for extension in (_PY, _R, _SQL, _TEXT))


class Script(NamedTuple):
    """A script as its file holds it.

    With LF where `newline` is 'CRLF' (every line end was one), else the very characters; always with a final newline, which
    `final_newline` says is the script's own. (An editor that adds one changes nothing.)
    """

    text: str
    newline: str
    final_newline: bool


_PARAMETERS = frozenset(parameter for _, parameter in EXTENSIONS)


def extension(module_id: str, parameter: str) -> str | None:
    """The extension of the file for a parameter, or None where it is no script."""
    if parameter not in _PARAMETERS:
        return None
    resource = ids.resource_id(module_id)
    return None if resource is None else EXTENSIONS.get((resource.family, parameter))


def decode(value: str) -> Script:
    """The file's text for a parameter's value."""
    newline = "LF"
    unified = value.replace("\r\n", "\n")
    if "\r" in value and "\r" not in unified and unified.count("\n") == value.count("\r\n"):
        value, newline = unified, "CRLF"
    if not value or value.endswith("\n"):
        return Script(value, newline, True)
    return Script(value + "\n", newline, False)


def encode(script: Script, where: str) -> str:
    """The parameter's value for a file's text; raises InvalidDocument where line ends and `newline` contradict each other."""
    text = script.text
    if not script.final_newline:
        text = text.removesuffix("\n")
    if script.newline == "CRLF":
        if "\r" in text:
            raise InvalidDocument(f"{where}: kept with LF line ends but holds a carriage return", hint="Run 'amlgit check --fix'.")
        return text.replace("\n", "\r\n")
    return text
