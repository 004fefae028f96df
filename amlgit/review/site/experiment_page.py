"""The page of an experiment or web service: what it is now, and its story, version by version."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from amlgit.review.outline import Outline
from amlgit.review.outline_text import LANGUAGES
from amlgit.review.page.details import html
from amlgit.review.site import frame, interface
from amlgit.review.site.addresses import link
from amlgit.review.site.frame import number, span
from amlgit.review.site.index_page import Card
from amlgit.review.site.script_page import Script
from amlgit.review.site.thumbnail import Thumbnail
from amlgit.review.site.versions import Line, Told, chips, facts

EXPERIMENT, SERVICE = "experiment", "web service"
"""What a page calls the thing that it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The versions of one remote, oldest first, with what each changed."""

    remote: str
    versions: Sequence[tuple[Line, Told]]
    scripts: Sequence[Script] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What the page of an experiment or web service shows."""

    path: str
    above: Sequence[tuple[str, str]]
    kind: str
    """`EXPERIMENT` or `SERVICE`."""
    title: str
    family: str
    folder: str
    """Its folder in the branch; empty where it has none."""
    chains: Sequence[Chain]
    branch: tuple[Line, Told] | None
    """What the branch holds, where that is no version."""
    held: Line | None
    """The version that the branch holds."""
    outline: Outline | None
    """As it is now; None where that can't be read."""
    size: str
    """How many nodes it has, counted as in its story."""
    picture: str

    @property
    def newest(self) -> tuple[Line, Told] | None:
        """The newest version there is, or what the branch holds where there is none."""
        found = [chain.versions[-1] for chain in self.chains if chain.versions]
        return max(found, key=lambda version: version[0].date) if found else self.branch

    @property
    def count(self) -> int:
        """How many versions there are."""
        return sum(len(chain.versions) for chain in self.chains)


def page(content: Experiment) -> str:
    """The text of the page."""
    shell = frame.Page(path=content.path, title=content.title, above=content.above, kind="experiment")
    return frame.document(shell, _body(content, shell))


def people(content: Experiment) -> list[str]:
    """Who made versions, who made most of them first."""
    names = [line.who for chain in content.chains for line, _ in chain.versions if line.who]
    return sorted(set(names), key=lambda name: (-names.count(name), name)) if len(names) < _MANY else sorted(set(names))


_MANY = 5000


def _body(content: Experiment, shell: frame.Page) -> Iterator[str]:
    yield from frame.top(shell)
    yield f'<main id="main" class="column two"><div class="head"><p class="kind">{content.kind.capitalize()}</p><h1>{html(content.title)}</h1>'
    summary = content.outline.summary if content.outline is not None else ""
    for text in summary.splitlines():
        yield f'<p class="lead">{html(text)}</p>' if text.strip() else ""
    yield "</div>"
    yield from _now(content, shell.path)
    yield '<div class="story-of">'
    if content.outline is not None and content.kind == SERVICE:
        yield from interface.contract(content.outline)
    for chain in content.chains:
        yield from _story(content, chain, shell.path)
    yield "</div>"
    yield from _more(content, shell.path)
    yield "</main>"


# --- what it is


def _now(content: Experiment, path: str) -> Iterator[str]:
    yield '<aside class="now" aria-label="As it is now">'
    newest = content.newest
    if newest is not None and content.picture:
        line = newest[0]
        yield f'<figure class="picture"><a href="{link(path, line.path)}" aria-label="The graph of {html(line.name)}">{content.picture}</a>'
        yield f'<figcaption>as of <a href="{link(path, line.path)}">{html(line.name)}</a></figcaption></figure>'
    yield f'<dl class="facts">{"".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in _facts(content, path))}</dl>'
    if content.branch is not None:
        line, told = content.branch
        yield f'<section><h2>On the branch</h2><p><a href="{link(path, line.path)}">{html(line.name)}</a>: {html(told.line)}</p></section>'
    yield "</aside>"


def _more(content: Experiment, path: str) -> Iterator[str]:
    yield '<div class="more">'
    if content.outline is not None:
        yield from interface.details(content.outline) if content.kind == SERVICE else interface.description(content.outline)
    yield from _scripts(content, path)
    yield "</div>"


def _facts(content: Experiment, path: str) -> Iterator[tuple[str, str]]:
    lines = [line for chain in content.chains for line, _ in chain.versions]
    if lines:
        dates = sorted(line.date for line in lines)
        yield "versions", f"{len(lines):,}"
        yield "time", span(dates[0], dates[-1])
        yield from [("by", html(", ".join(people(content))))] if people(content) else []
    if content.newest is not None and content.newest[0].status:
        yield "last status", html(content.newest[0].status)
    if content.outline is not None:
        yield "size", content.size
        if content.outline.kind == "experiment" and content.outline.tags:
            yield "tags", html(", ".join(content.outline.tags))
        if content.outline.assets:
            yield "data", html(", ".join(dict.fromkeys(asset.name for asset in content.outline.assets)))
    if content.held is not None:
        yield "on the branch", f'<a href="{link(path, content.held.path)}">{html(content.held.name)}</a>'
    if content.folder:
        yield "folder", f"<code>{html(content.folder)}</code>"
    if content.family:
        yield "family", f"<code>{html(content.family)}</code>"


def _scripts(content: Experiment, path: str) -> Iterator[str]:
    found = [script for chain in content.chains for script in chain.scripts]
    if not found:
        return
    is_open = " open" if len(found) <= _MOST_SCRIPTS else ""
    yield f'<section class="scripts"><details{is_open}><summary><h2>{number(len(found), "script").capitalize()}</h2></summary><ul>'
    for script in found:
        newest = script.states[-1]
        gone = f", gone after {html(newest.until.name)}" if newest.until is not None else ""
        said = f"{LANGUAGES[script.language]}, {number(len(script.states), 'text')}{gone}"
        yield f'<li><a href="{link(path, script.path)}">{html(script.name)}</a> <span class="soft">{said}</span></li>'
    yield "</ul></details></section>"


_MOST_SCRIPTS = 12
"""Scripts that are listed unasked."""


# --- its story


def _story(content: Experiment, chain: Chain, path: str) -> Iterator[str]:
    remote = f' <span class="soft">of {html(chain.remote)}</span>' if len(content.chains) > 1 else ""
    yield f'<section class="story"><h2>Story{remote}</h2>{_strip(chain)}'
    # a browser counts a list that runs backwards anew for each entry, and lays out only the lists that are in sight
    for stop in range(len(chain.versions), 0, -_IN_A_LIST):
        first = max(0, stop - _IN_A_LIST)
        is_full = stop - first == _IN_A_LIST
        yield f"<ol reversed start='{stop}'{' class=many' if is_full else ''}>"
        yield from _told(content, chain.versions[first:stop], path)
        yield "</ol>"
    yield "</section>"


_IN_A_LIST = 200


def _told(content: Experiment, versions: Sequence[tuple[Line, Told]], path: str) -> Iterator[str]:
    for line, told in reversed(versions):
        said = "<span class='title-then'>" + html(line.title) + "</span>" if line.title != content.title else ""
        yield f'<li><h3><a href="{link(path, line.path)}">{html(line.name)}</a>{said}</h3><ul class="about">{facts(line)}</ul>'
        yield f'<p>{html(told.line)}</p><ul class="chips">{chips(told)}</ul></li>'


_BARS = 120
"""Bars of the strip; of more versions several share one."""


def _strip(chain: Chain) -> str:
    """How much changed when, as bars: the story's shape at a glance."""
    counts = [told.count for _, told in chain.versions]
    if len(counts) < 4:
        return ""
    share = -(-len(counts) // _BARS)
    bars = [sum(counts[start : start + share]) for start in range(0, len(counts), share)]
    most = max(*bars, 1)
    shown = "".join(_bar(chain, place, share, count, most) for place, count in enumerate(bars))
    size = f'width="{16 * len(bars)}" height="44" viewBox="0 0 {6 * len(bars)} 40"'
    picture = f'<svg class="strip" {size} preserveAspectRatio="none" aria-hidden="true">{shown}</svg>'
    several = f"; a bar stands for {share:,} versions" if share > 1 else ""
    return f"<figure class='strip-of'>{picture}<figcaption>How much each version changed, oldest first{several}</figcaption></figure>"


def _bar(chain: Chain, place: int, share: int, count: int, most: int) -> str:
    """One bar, and what is said where the pointer is above or on it."""
    lines = [line for line, _ in chain.versions[share * place : share * (place + 1)]]
    names = lines[0].name if len(lines) == 1 else f"{lines[0].name} to {lines[-1].name}"
    told = number(count, "change") if place or share > 1 else "nothing before it"
    height = max(2, round(36 * sqrt(count / most)))
    path = f'<path class="any" d="M{6 * place} 0h6v40h-6z"/><path d="M{6 * place} {40 - height}h4v{height}h-4z"/>'
    return f"<g><title>{html(names)}: {told}</title>{path}</g>"


# --- on the site's first page


def card(content: Experiment, picture: Thumbnail | None) -> Card:
    """What the site's first page shows of it."""
    newest = content.newest
    dates = [line.date for chain in content.chains for line, _ in chain.versions]
    names = people(content)
    return Card(
        title=content.title,
        versions=content.count,
        first=min(dates, default=""),
        last=max(dates, default=""),
        by=f"{names[0]} and {len(names) - 1} more" if len(names) > 2 else " and ".join(names),
        status=newest[0].status if newest is not None else "",
        picture=picture,
    )
