"""Values of parameters in words: numbers and enumerations as such, column selections as rules, long texts by where they differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from amlgit.compare.changes import Missing
from amlgit.compare.opaque import differences
from amlgit.form import columns
from amlgit.form.secrets import PLACEHOLDER
from amlgit.model.jsontext import Json, dumps_line, printable

LONGEST = 60
"""Characters of a value that is shown whole."""
_AROUND = 20
"""Characters shown before and behind what differs in two long values."""


class Words(NamedTuple):
    """What changed in a value: in one line, and where that is not all of it, in a line for each part."""

    line: str
    parts: tuple[str, ...] = ()


def shown(value: Json) -> str:
    """A value fit for a line."""
    if value is None:
        return "none"
    if isinstance(value, str):
        selection = columns.decode(value)
        if selection is not None:
            return "; ".join(rules(selection.selection)) or "no columns"
        return printable(value, LONGEST) if value else "(empty)"
    return printable(dumps_line(value).decode(), LONGEST)


def change(old: Json, new: Json) -> Words:
    """What became of a value."""
    if isinstance(old, str) and isinstance(new, str):
        selections = columns.decode(old), columns.decode(new)
        if selections[0] is not None and selections[1] is not None:
            return _columns(selections[0].selection, selections[1].selection)
        if old == new and PLACEHOLDER.search(new):
            return Words("another secret")
        if len(old) > LONGEST and len(new) > LONGEST:
            return Words(_where_they_differ(old, new))
    if isinstance(old, Mapping | list) or isinstance(new, Mapping | list):
        return Words("changed", tuple(_inside(old, new)))
    return Words(f"{shown(old)} → {shown(new)}")


def _where_they_differ(old: str, new: str) -> str:
    start = next((index for index, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))
    end = next((index for index, (one, other) in enumerate(zip(old[::-1], new[::-1], strict=False)) if one != other), min(len(old), len(new)))
    end = min(end, len(old) - start, len(new) - start)
    before = "…" + old[max(start - _AROUND, 0) : start] if start else ""
    behind = old[len(old) - end :][:_AROUND] + "…" if end else ""
    one, other = (text[start : len(text) - end] for text in (old, new))
    return f"{printable(before, LONGEST)}[{shown(one)} → {shown(other)}]{printable(behind, LONGEST)}"


# --- column selections


def rules(selection: Json) -> list[str]:
    """A column selection in words, a phrase for each of its rules."""
    found = selection.get("rules") if isinstance(selection, Mapping) else None
    return [_rule(rule) for rule in found if isinstance(rule, Mapping)] if isinstance(found, list) else []


_ALL = {"AllColumns": "all columns", "AllScores": "all scores", "AllLabels": "all labels", "AllFeatures": "all features"}


def _rule(rule: Mapping[str, Json]) -> str:
    sign = "without " if rule.get("exclude") is True else ""
    kind = str(rule.get("ruleType"))
    for member in ("columns", "columnTypes", "columnKinds"):
        names = rule.get(member)
        if isinstance(names, list) and names:
            what = {"ColumnIndexes": "column no. ", "ColumnTypes": "type "}.get(kind, "")
            kinds = rule.get("columnKinds")
            of = f" ({_names(kinds)})" if member == "columnTypes" and isinstance(kinds, list) and kinds != ["All"] else ""
            return f"{sign}{what}{_names(names)}{of}"
    return f"{sign}{_ALL.get(kind, kind)}"


def _names(names: Sequence[Json]) -> str:
    return ", ".join(printable(str(name), LONGEST) for name in names)


def _columns(old: Json, new: Json) -> Words:
    """Columns that came and went, rule by rule where both have the same rules, else both selections in words."""
    one, other = (_by_rule(selection) for selection in (old, new))
    if [key for key, _ in one] != [key for key, _ in other]:
        return Words("other columns", (f"- {'; '.join(rules(old)) or 'none'}", f"+ {'; '.join(rules(new)) or 'none'}"))
    phrases = []
    for (key, before), (_, after) in zip(one, other, strict=True):
        came, went = [name for name in after if name not in before], [name for name in before if name not in after]
        marks = [f"+{printable(name, LONGEST)}" for name in came] + [f"−{printable(name, LONGEST)}" for name in went]  # noqa: RUF001  # a minus
        if marks:
            phrases.append(f"{'without ' if key.endswith('exclude') else ''}{' '.join(marks)}")
        elif before != after:
            phrases.append("the same columns in another order")
    return Words("; ".join(phrases) or "the same rules, written otherwise")


def _by_rule(selection: Json) -> list[tuple[str, list[str]]]:
    found = selection.get("rules") if isinstance(selection, Mapping) else None
    result = []
    for rule in found if isinstance(found, list) else ():
        if isinstance(rule, Mapping):
            names = [name for member in ("columns", "columnTypes") for name in _strings(rule.get(member))]
            result.append((f"{rule.get('ruleType')} {'exclude' if rule.get('exclude') is True else 'include'}", names))
    return result


def _strings(names: Json) -> list[str]:
    return [str(name) for name in names] if isinstance(names, list) else []


# --- what has no words of its own


def _inside(old: Json, new: Json) -> Iterator[str]:
    """The differences inside one opaque value."""
    if not isinstance(old, Mapping | list) or not isinstance(new, Mapping | list):
        yield f"{shown(old)} → {shown(new)}"
        return
    for place, before, after in differences(old, new):
        if isinstance(before, Missing):
            yield f"{place}: + {shown(None if isinstance(after, Missing) else after)}"
        else:
            yield f"{place}: - {shown(before)}" if isinstance(after, Missing) else f"{place}: {shown(before)} → {shown(after)}"
