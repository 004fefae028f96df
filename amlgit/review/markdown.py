"""Changes as Markdown, for a comment on a pull request."""

import re
from collections.abc import Iterable, Iterator

from amlgit.review.changes import Group, Item

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~@!&])")


def heading(title: str, name: str, summary: str) -> str:
    """The heading of one experiment or service."""
    return f"### {escaped(title)}\n\n`{_code(name)}`: {summary}\n"


def changes(groups: Iterable[Group]) -> Iterator[str]:
    """The lines for all changes of one experiment."""
    for group in groups:
        if group.node is not None:
            comment = f" _{escaped(group.node.comment)}_" if group.node.comment else ""
            yield f"- **{escaped(group.node.label)}**{comment}"
        indent = "  " if group.node is not None else ""
        for item in group.items:
            yield from _item(item, indent)


def _item(item: Item, indent: str) -> Iterator[str]:
    yield f"{indent}- `{item.sign}` {escaped(item.text)}"
    for part in item.parts:
        yield f"{indent}  - {escaped(part)}"
    if item.script:
        fence = "`" * max(3, *(len(run) + 1 for line in item.script for run in re.findall("`+", line.text)), 3)
        yield ""
        yield f"{indent}  {fence}diff"
        yield from (f"{indent}  @@ {line.text} @@" if line.sign == "@@" else f"{indent}  {line.sign}{line.text}" for line in item.script)
        yield f"{indent}  {fence}"


def escaped(text: str) -> str:
    """Text that means nothing to Markdown or HTML; a mention notifies nobody."""
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))


def _code(text: str) -> str:
    return text.replace("`", "'").replace("\n", " ")
