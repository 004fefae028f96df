"""What is really in an uploaded table: its columns, their types, its first rows (protocol, section 3; schema and visualisation)."""

import csv
import io

from amlgit.emulator.wire import Object

TABULAR = {"genericcsv": (",", True), "genericcsvnoheader": (",", False), "generictsv": ("\t", True), "generictsvnoheader": ("\t", False)}
_ROWS = 100
_MAX_COLUMNS = 10_000


def is_tabular(data_type: str) -> bool:
    """Whether a schema can be made of this type."""
    return data_type.lower() in TABULAR


def read(head: bytes, data_type: str, *, is_whole: bool) -> Object | None:
    """Columns and first rows, from a table's first bytes; None if it is none."""
    separator, has_header = TABULAR[data_type.lower()]
    try:
        text = head.decode("utf-8-sig", "strict" if is_whole else "ignore")
        rows = [row for row, _ in zip(csv.reader(io.StringIO(text), delimiter=separator), range(_ROWS + 2), strict=False)]
    except (UnicodeDecodeError, csv.Error):
        return None
    if not is_whole and len(rows) <= _ROWS:
        rows = rows[:-1]  # the last one may be cut
    if not rows or not rows[0] or len(rows[0]) > _MAX_COLUMNS:
        return None
    names = rows[0] if has_header else [f"Col{number}" for number in range(1, len(rows[0]) + 1)]
    data = rows[1 if has_header else 0 :][:_ROWS]
    columns = [{"Name": name, "Type": _type([row[place] for row in data if place < len(row)])} for place, name in enumerate(names)]
    return {"Columns": columns, "Rows": data}


def _type(values: list[str]) -> str:
    present = [value for value in values if value]
    if not present:
        return "String"
    if all(value.lower() in {"true", "false"} for value in present):
        return "Boolean"
    for name, reads in (("Integer", int), ("Double", float)):
        if all(_reads(reads, value) for value in present):
            return name
    return "String"


def _reads(kind: type, value: str) -> bool:
    try:
        kind(value)
    except ValueError:
        return False
    return True
