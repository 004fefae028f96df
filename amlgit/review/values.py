"""What became of a value, in words: numbers and enumerations as such, column selections as rules, long texts by the words that changed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from amlgit.compare.changes import Missing
from amlgit.form import columns
from amlgit.form.secrets import PLACEHOLDER
from amlgit.model.jsontext import Json, dumps_line, printable, same
from amlgit.review import lines, words
from amlgit.review.lines import Line, Mark, Piece

LONGEST = 72
"""Characters of a value that stands in a line with another."""
LONGEST_ALONE = 160
"""Characters of a value that has a line to itself."""
_MOST_PLACES = 12
"""Places inside one opaque value that are listed."""


class Words(NamedTuple):
    """What changed in a value: in one line, and where that is not all of it, in a line for each part, or as lines of text."""

    line: str
    parts: tuple[str, ...] = ()
    text: tuple[Line, ...] = ()


def shown(value: Json, longest: int = LONGEST) -> str:
    """A value fit for a line."""
    if value is None:
        return "none"
    if isinstance(value, str):
        selection = columns.decode(value)
        if selection is not None:
            return words.column_words(selection.selection)
        return printable(value, longest) if value.strip() else f"'{printable(value)}'" if value else "(empty)"
    return printable(dumps_line(value).decode(), longest)


def alone(value: Json) -> str:
    """A value that has a line to itself."""
    return shown(value, LONGEST_ALONE)


def single(value: Json, sign: str) -> Words:
    """A value that came or went."""
    if isinstance(value, str) and (len(value) > LONGEST_ALONE or _is_of_lines(value)) and columns.decode(value) is None:
        return Words("", text=tuple(Line(sign, (Piece(line, Mark.NEW if sign == "+" else Mark.OLD),)) for line in value.splitlines()))
    if isinstance(value, Mapping) and is_column(value):
        return Words(_column(value))
    return Words(alone(value))


def is_column(value: Mapping[str, Json]) -> bool:
    """Whether this is a column of a web service's input or output."""
    return {"type", "format"} <= {name.casefold() for name in value}


def _column(column: Mapping[str, Json]) -> str:
    """A column of a web service's input or output: `Integer (Int32)`."""
    folded = {name.casefold(): value for name, value in column.items()}
    kind = f"{folded['type']} ({folded['format']})" if folded["format"] else str(folded["type"])
    return printable(kind + (", may be null" if folded.get("x-ms-isnullable") is True else ""))


def change(old: Json, new: Json) -> Words:
    """What became of a value."""
    if same(old, new):
        return Words("another secret" if PLACEHOLDER.search(dumps_line(new).decode()) else "the same, written otherwise")
    if isinstance(old, Mapping | list) and isinstance(new, Mapping | list):
        places = list(_inside("", old, new))
        rest = [f"… and {len(places) - _MOST_PLACES:,} more places"] if len(places) > _MOST_PLACES + 1 else []
        return Words("", (*(places[:_MOST_PLACES] if rest else places), *rest))
    if not isinstance(old, str) or not isinstance(new, str):
        is_alike = old is None or new is None
        return Words(f"{shown(old)} → {shown(new)}" if is_alike else " → ".join(printable(dumps_line(side).decode(), LONGEST) for side in (old, new)))
    return _strings(old, new)


def _strings(old: str, new: str) -> Words:
    selections = columns.decode(old), columns.decode(new)
    if selections[0] is not None and selections[1] is not None:
        return _columns(selections[0].selection, selections[1].selection)
    if not old or not new:
        sign = "+" if new else "-"
        words = single(old or new, sign)
        return words._replace(line=f"{shown(old)} → {words.line}" if new else f"{words.line} → {shown(new)}") if words.line else words
    if _is_of_lines(old) or _is_of_lines(new) or len(old) + len(new) > 2 * LONGEST:
        return Words("", text=tuple(line for line in text(old, new).text if line.sign != "@@"))
    return Words(f"{shown(old, 2 * LONGEST)} → {shown(new, 2 * LONGEST)}")


def _is_of_lines(value: str) -> bool:
    return "\n" in value.strip()


def text(old: str, new: str) -> Words:
    """What became of a script: the lines that differ."""
    found = lines.difference(old, new)
    added, removed = found.counts
    counted = [f"+{added:,} −{removed:,} lines"] if added or removed else []  # noqa: RUF001  # a minus
    ends = found.ends or ("" if counted else "line ends")
    return Words(", ".join(filter(None, (*counted, ends))), text=tuple(map(lines.shortened, found.lines)))


# --- column selections


def _columns(old: Json, new: Json) -> Words:
    """Columns that came and went, rule by rule where both have the same rules, else both selections in words."""
    one, other = (_by_rule(selection) for selection in (old, new))
    if [rule for rule, _ in one] != [rule for rule, _ in other] or _frame(old) != _frame(new):
        return Words("other columns", (f"- {words.column_words(old)}", f"+ {words.column_words(new)}"))
    phrases = []
    for (rule, before), (_, after) in zip(one, other, strict=True):
        came, went = [name for name in after if name not in before], [name for name in before if name not in after]
        marks = [f"+{words.quoted(name)}" for name in came] + [f"−{words.quoted(name)}" for name in went]  # noqa: RUF001  # a minus
        if marks:
            phrases.append(f"columns{' left out' if rule.is_exclusion else ''}: {' '.join(marks)}")
        elif before != after:
            phrases.append("the same columns in another order")
    return Words("; ".join(phrases) or "the same columns, written otherwise")


class _Rule(NamedTuple):
    """A rule of a selection without the columns it names."""

    kind: str
    is_exclusion: bool
    rest: str


def _by_rule(selection: Json) -> list[tuple[_Rule, list[str]]]:
    found = selection.get("rules") if isinstance(selection, Mapping) else None
    result = []
    for rule in found if isinstance(found, list) else ():
        if not isinstance(rule, Mapping):
            return []
        named = next((member for member in ("columns", "columnTypes") if isinstance(rule.get(member), list)), "")
        names = rule.get(named)
        rest = {name: value for name, value in rule.items() if name not in (named, "ruleType", "exclude")}
        key = _Rule(str(rule.get("ruleType")), rule.get("exclude") is True, dumps_line(rest).decode())
        result.append((key, [str(name) for name in names] if isinstance(names, list) else []))
    return result


def _frame(selection: Json) -> str:
    """A selection without its rules."""
    return dumps_line({name: value for name, value in selection.items() if name != "rules"}).decode() if isinstance(selection, Mapping) else ""


# --- what has no words of its own


def _inside(place: str, old: Json, new: Json) -> Iterator[str]:
    """The differences inside one value: of objects member by member, of lists as deepdiff finds them."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in (*old, *(name for name in new if name not in old)):
            inner = f"{place}.{name}" if place else name
            if name not in new:
                yield f"{printable(inner)}: − {alone(old[name])}"  # noqa: RUF001  # a minus
            elif name not in old:
                yield f"{printable(inner)}: + {alone(new[name])}"
            elif not same(old[name], new[name]):
                yield from _inside(inner, old[name], new[name])
    elif isinstance(old, list) and isinstance(new, list):
        yield from _inside_lists(place, old, new)
    else:
        yield f"{printable(place)}: {shown(old)} → {shown(new)}"


def _inside_lists(place: str, old: Json, new: Json) -> Iterator[str]:
    from amlgit.compare.opaque import differences

    for difference in differences(old, new):
        where = printable(f"{place}{difference.place}")
        before, after = difference.old, difference.new
        if isinstance(before, Missing):
            yield f"{where}: + {alone(None if isinstance(after, Missing) else after)}"
        else:
            yield f"{where}: − {alone(before)}" if isinstance(after, Missing) else f"{where}: {shown(before)} → {shown(after)}"  # noqa: RUF001
