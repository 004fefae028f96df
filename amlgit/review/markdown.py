"""Changes as Markdown, for a comment on a pull request; nothing in it that comes from an experiment means anything to the host."""

import re
from collections.abc import Iterable, Iterator

from amlgit.model.jsontext import printable
from amlgit.review.changes import Group, Item
from amlgit.review.lines import Line

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~!&$]|:(?=\S))")
_REFERENCE = re.compile(r"[@#]|(?i:\b(?:www|gh)(?=[.-]))")
"""What a host may make a mention, a reference to an issue or a link of, even where it is escaped."""

_LONGEST = 1000


def heading(title: str, name: str, summary: str) -> str:
    """The heading of one experiment or service."""
    return f"### {escaped(title)}\n\n{_code(name)}: {escaped(summary)}\n"


def changes(groups: Iterable[Group]) -> Iterator[str]:
    """The lines for all changes of one experiment."""
    for group in groups:
        indent = "  " if group.name else ""
        if group.name:
            note = f" ({escaped(group.note)})" if group.note else ""
            comment = f" _{escaped(group.comment)}_" if group.comment else ""
            yield f"- **{escaped(group.name)}**{note}{comment}"
        for item in group.items:
            yield from _item(item, indent)


def nodes(items: Iterable[Item]) -> Iterator[str]:
    """A line for each node of an experiment that came or went as a whole."""
    return (f"- `{item.sign}` {escaped(item.text)}" for item in items)


def _item(item: Item, indent: str) -> Iterator[str]:
    if item.change.path:  # what became of a whole file is said in its heading
        yield f"{indent}- `{item.sign}` {escaped(item.text)}"
    for part in item.parts:
        yield f"{indent}  - {escaped(part)}"
    if item.script:
        texts = [_script_line(line) for line in item.script]
        fence = "`" * max(3, *(len(run) + 1 for text in texts for run in re.findall("`+", text)), 3)
        yield ""
        yield from (f"{indent}  {text}" for text in (f"{fence}diff", *texts, fence))
        yield ""


def _script_line(line: Line) -> str:
    text = printable(line.text.expandtabs(4), _LONGEST)
    return f"@@ {text} @@" if line.sign == "@@" else f"{line.sign}{text}"


def escaped(text: str) -> str:
    """Text that means nothing to Markdown, HTML or a host: it makes no link, and a mention notifies nobody."""
    shown = printable(text.replace("\n", " "), _LONGEST)
    # hosts look for mentions and references in what comes out, where an escape is no more to be seen: a comment keeps the two parts apart
    return _REFERENCE.sub(r"\g<0><!-- -->", _SPECIAL.sub(r"\\\1", shown))


def _code(text: str) -> str:
    shown = printable(text, _LONGEST).replace("`", "'")
    return f"`{shown}`"
