"""Values of parameters in words: column selections as rules, secrets as such, long texts by their beginning and size."""

import re
from collections.abc import Mapping, Sequence

from amlgit.form import secrets
from amlgit.model.jsontext import Json, Object, dumps, printable
from amlgit.review.lenient import entries, text

LONGEST = 160
"""Characters of a value that are shown."""
_MOST_COLUMNS = 12
_PLAIN_COLUMN = re.compile(r"[^\W_][\w .\-+#%/()&@:*=<>?!]*")
_TYPES = frozenset({"String", "Integer", "Double", "Boolean", "DateTime", "TimeSpan", "Categorical", "Numeric", "All"})
_KINDS = frozenset({"Feature", "Label", "Score", "Weight", "All"})
_RULE_MEMBERS = frozenset({"ruleType", "exclude", "columns", "columnTypes", "columnKinds"})


def unescaped(value: str) -> str:
    """A text that came through the form as it was in the export: what only looks like a placeholder lost the mark that said so."""
    own = secrets.unescape(value)
    return own if isinstance(own, str) else value


def shortened(value: str) -> str:
    """A value on one line: a long one, or one of several lines, by its beginning and its size."""
    lines = value.strip("\r\n").splitlines() or [""]
    if len(lines) > 1:
        return f"{printable(lines[0], LONGEST)} … ({len(lines):,} lines, {len(value):,} characters)"
    if len(lines[0]) > LONGEST:
        return f"{printable(lines[0][:LONGEST], LONGEST)}… ({len(value):,} characters)"
    shown = printable(lines[0], LONGEST)
    return shown if shown == lines[0] == lines[0].strip() else repr(lines[0])


def column_words(selection: Json) -> str:
    """A column selection as its rules say it; one with anything unknown in it is given as the JSON it is."""
    found = _rules(selection) if isinstance(selection, Mapping) else None
    return f"columns: {found}" if found is not None else shortened(dumps(selection).decode())


def _rules(selection: Object) -> str | None:
    rules = selection.get("rules")
    if not isinstance(rules, list) or len(entries(rules)) != len(rules) or selection.keys() - {"isFilter", "rules", "ui"}:
        return None
    phrases: list[str] = []
    for rule in entries(rules):
        phrase = _rule(rule)
        if phrase is None:
            return None
        if not rule.get("exclude"):
            phrases.append(phrase)
        elif phrases == ["all"]:
            phrases = [f"all but {phrase}"]
        else:
            phrases.append(f"without {phrase}")
    keeps_order = selection.get("isFilter") is False
    return ("; ".join(phrases) or "none") + (" (in this order, with duplicates)" if keeps_order else "")


def _rule(rule: Object) -> str | None:
    """The columns of one rule; None where it says something that we do not know."""
    if rule.keys() - _RULE_MEMBERS or rule.get("exclude") not in (None, False, True):
        return None
    match rule.get("ruleType"):
        case "AllColumns":
            return "all"
        case "ColumnNames":
            names = _strings(rule.get("columns"))
            return None if names is None else _listed([quoted(name) for name in names])
        case "ColumnIndexes":
            numbers = _strings(rule.get("columns"))
            return None if numbers is None else f"number {_listed([printable(number) for number in numbers])}"
        case "ColumnTypes":
            return _types(_strings(rule.get("columnTypes")), _strings(rule.get("columnKinds")))
    return None


def _types(types: Sequence[str] | None, kinds: Sequence[str] | None) -> str | None:
    types, kinds = types or ["All"], kinds or ["All"]
    if not (_TYPES.issuperset(types) and _KINDS.issuperset(kinds)):
        return None
    named = " or ".join(_spaced(name) for name in types if name != "All")
    roles = " or ".join(f"{name.lower()}s" for name in kinds if name != "All")
    return " ".join(filter(None, ("all", named, roles)))


def _spaced(name: str) -> str:
    return {"DateTime": "date", "TimeSpan": "time span"}.get(name, name.lower())


def _strings(value: Json) -> list[str] | None:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        return None
    return [text(entry) for entry in value]


def quoted(name: str) -> str:
    """A column's name, in quotes where it could be taken for something else."""
    is_plain = _PLAIN_COLUMN.fullmatch(name) is not None and name == name.rstrip() and not name.startswith(("all", "without", "number", "none"))
    return name if is_plain else f"'{printable(name)}'"


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:_MOST_COLUMNS]) if len(names) > _MOST_COLUMNS + 1 else list(names)
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "") if names else "none"
