"""The page of a version: its graph with what changed drawn into it, every change in words, its nodes and scripts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlgit.review.page import page as review
from amlgit.review.page.details import html
from amlgit.review.page.scene import Scene
from amlgit.review.site import addresses, frame, interface, parts
from amlgit.review.site.addresses import link
from amlgit.review.site.frame import number
from amlgit.review.site.versions import Line, Told, facts

_PREFIX = "e0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptLink:
    """A script of a version and its page."""

    name: str
    page: str
    fragment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """What the page of a version shows."""

    above: Sequence[tuple[str, str]]
    folder: str
    """Where the files with its nodes are."""
    line: Line
    base: str
    """What it is compared with, as `run 11`; empty where there is nothing before it."""
    before: Line | None
    after: Line | None
    told: Told
    entry: review.Entry | None
    """None where it can't be read; `told` says why."""
    scripts: Sequence[ScriptLink] = ()


def page(content: VersionPage, drawn: Scene | None, numbers: Mapping[str, int]) -> str:
    """The text of the page; `numbers` are those of its nodes in the chain's files."""
    line = content.line
    present = {box.key: numbers[box.key] for box in drawn.boxes if box.key in numbers} if drawn is not None else {}
    files = [addresses.parts(content.folder, each) for each in parts.files_of(present.values())]
    title = f"{line.title} · {line.name}"
    shell = frame.Page(path=line.path, title=title, above=content.above, scripts=[*files, addresses.GRAPH_SCRIPT], kind="version")
    return frame.document(shell, _body(content, shell, drawn, present))


def _body(content: VersionPage, shell: frame.Page, drawn: Scene | None, numbers: Mapping[str, int]) -> Iterator[str]:
    yield from _top(content, shell)
    yield '<main id="main">'
    if content.entry is None or drawn is None:
        yield f'<p class="problem">{html(content.told.line)}</p></main>{review.HELP}'
        return
    entry = content.entry
    yield f'<section class="entry{"" if entry.is_compared else " single"}" id="{_PREFIX}" aria-labelledby="{_PREFIX}t">'
    yield from review.stage(entry, drawn, _PREFIX)
    yield f'<aside class="panel" aria-labelledby="{_PREFIX}t"><div class="overview">'
    against = f"What {content.line.name} changed" if entry.is_compared else "As it is"
    yield f'<h2 id="{_PREFIX}t">{html(against)}</h2>'
    if content.base:
        yield f'<p class="name">against {html(content.base)}</p>'
    yield f'<p class="summary">{html(entry.summary)}</p>'
    for text in content.line.summary.splitlines():
        yield f'<p class="said">{html(text)}</p>' if text.strip() else ""
    if entry.is_compared:
        yield from review.changes(entry, drawn, _PREFIX)
    yield from _problems(entry.sides.outline.problems)
    yield from interface.description(entry.sides.outline)
    yield from _scripts(content, shell.path)
    yield from review.boxes(entry, drawn, _PREFIX)
    ids = [f"{name} <code>{html(told)}</code>" for name, told in (("commit", content.line.commit[:12]), ("snapshot", content.line.snapshot)) if told]
    yield f'<p class="ids">{" · ".join(ids)}</p>' if ids else ""
    yield '</div><div class="chosen" hidden tabindex="-1"></div></aside>'
    yield f'<script type="application/json" class="data">{parts.data(drawn, entry.sides.diff, numbers)}</script></section></main>{review.HELP}'


def _top(content: VersionPage, shell: frame.Page) -> Iterator[str]:
    line = content.line
    yield f'<header class="top"><div class="title">{frame.trail(shell)}<h1>{html(line.name)}</h1><ul class="about">{facts(line)}</ul></div>'
    yield '<nav class="steps" aria-label="Versions"><ul>'
    if content.before is not None:
        told = f'<span class="vh">Version before: </span><span aria-hidden="true">‹</span> {html(content.before.name)}'  # noqa: RUF001  # a sign
        yield f'<li><a rel="prev" href="{link(shell.path, content.before.path)}">{told}</a></li>'
    if content.after is not None:
        told = f'<span class="vh">Version after: </span>{html(content.after.name)} <span aria-hidden="true">›</span>'  # noqa: RUF001  # a sign
        yield f'<li><a rel="next" href="{link(shell.path, content.after.path)}">{told}</a></li>'
    label = "Search this version for a module, a comment, a parameter"
    yield f'</ul></nav><div class="tools" hidden><label class="search"><span class="vh">{label}</span>'
    yield '<input type="search" id="search" placeholder="Search this version" autocomplete="off" spellcheck="false"></label>'
    yield f'<span id="found" role="status"></span><a class="find" href="{link(shell.path, addresses.INDEX)}#q=">Search all</a>'
    yield f"{review.theme_button()}{review.button('id', 'help', 'Keys', '?')}</div></header>"


def _problems(found: Sequence[str]) -> Iterator[str]:
    if found:
        inside = "".join(f"<li>{html(problem)}</li>" for problem in found)
        yield f'<section class="scripts"><h2>What is wrong with the graph</h2><ul>{inside}</ul></section>'


def _scripts(content: VersionPage, path: str) -> Iterator[str]:
    if not content.scripts:
        return
    yield f'<section class="scripts"><h2>{number(len(content.scripts), "script").capitalize()}</h2><ul>'
    for script in content.scripts:
        yield f'<li><a href="{link(path, script.page, script.fragment)}">{html(script.name)}</a></li>'
    yield "</ul></section>"
