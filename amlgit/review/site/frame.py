"""What all pages of a site have in common: the head, the way back up, the foot."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from amlgit.review.page.details import html
from amlgit.review.page.page import theme_button
from amlgit.review.site import addresses
from amlgit.review.site.addresses import link

FORMAT = 4
"""The number of the pages' form: another one builds all of them anew."""

POLICY = "default-src 'none'; style-src 'self' file:; script-src 'self' file:; base-uri 'none'; form-action 'none'"
"""Nothing but the site's own files, and nothing that stands in a page; Firefox takes no file for 'self' where the page is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a page is, what it is called, and the pages above it: (name, path), the site's own first."""

    path: str
    title: str
    above: Sequence[tuple[str, str]]
    scripts: Sequence[str] = ()
    """Files of the site that this page runs besides the one that all do."""
    kind: str = ""
    """A class of the page's body."""


def document(page: Page, body: Iterable[str]) -> str:
    """The text of a page."""
    return "\n".join(_lines(page, body)) + "\n"


def _lines(page: Page, body: Iterable[str]) -> Iterator[str]:
    here = page.path
    site = f" · {page.above[0][0]}" if page.above else ""
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
    yield f'<meta name="color-scheme" content="light dark"><meta name="generator" content="amlgit site {FORMAT}">'
    yield f'<title>{html(page.title + site)}</title><link rel="stylesheet" href="{link(here, addresses.STYLE)}">'
    yield f'<script src="{link(here, addresses.SCRIPT)}"></script>'
    yield from (f'<script defer src="{link(here, script)}"></script>' for script in page.scripts)
    yield f'</head><body class="site {page.kind}" data-root="{link(here, addresses.INDEX).removesuffix("index.html")}">'
    yield '<a class="skip" href="#main">To the content</a>'
    yield from body
    yield "</body></html>"


def trail(page: Page) -> str:
    """The way back up, as a list of links."""
    steps = "".join(f'<li><a href="{link(page.path, path)}">{html(name)}</a></li>' for name, path in page.above)
    return f'<nav class="trail" aria-label="Where this is"><ol>{steps}</ol></nav>'


def top(page: Page) -> Iterator[str]:
    """The head of a page that is read: the way back up, search, light or dark."""
    yield f'<header class="bar">{trail(page) if page.above else ""}<div class="tools" hidden>'
    if page.path != addresses.INDEX:
        yield f'<a class="find" href="{link(page.path, addresses.INDEX)}#q=">Search</a>'
    yield f"{theme_button()}</div></header>"


def number(count: int, one: str, many: str = "") -> str:
    """How many of something there are."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def day(date: str) -> str:
    """The day of a date in ISO 8601."""
    return date[:10]


def moment(date: str) -> str:
    """A date in ISO 8601 as an element that says it to people and to programs."""
    return f'<time datetime="{html(date)}">{html(date[:16].replace("T", " "))}</time>' if date else ""


def span(first: str, last: str) -> str:
    """From one day to another."""
    return day(last) if day(first) == day(last) else f"{day(first)} – {day(last)}"  # noqa: RUF001  # a dash between dates
