"""The site's first page: everything there is as pictures and titles, and the search."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from amlgit.review.page.details import html
from amlgit.review.page.page import button
from amlgit.review.site import addresses, frame
from amlgit.review.site.frame import number, span
from amlgit.review.site.thumbnail import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An experiment or service on the first page; dates are ISO 8601 in UTC, empty where there is none."""

    parent: str
    title: str
    versions: int
    first: str
    last: str
    html: str


def page(title: str, cards: Sequence[Card]) -> str:
    """The text of the page."""
    shell = frame.Page(path=addresses.INDEX, title=title, above=(), kind="index")
    return frame.document(shell, _body(title, cards))


_PARENTS = (("experiments", "Experiments", "experiment"), ("webservices", "Web services", "web service"))


def _body(title: str, cards: Sequence[Card]) -> Iterator[str]:
    yield f'<header class="hero"><div class="column"><div class="tools" hidden>{button("id", "theme", "Light or dark", "◐")}</div>'
    yield f"<h1>{html(title)}</h1><p class='lead'>{html(_counted(cards))}</p>"
    yield '<div class="asked" role="search" hidden><label class="vh" for="q">Search titles, modules, parameters and scripts</label>'
    yield '<input type="search" id="q" placeholder="Search titles, modules, parameters, scripts" autocomplete="off" spellcheck="false">'
    yield '<p id="answered" role="status"></p></div></div></header><main id="main" class="column">'
    yield '<section class="answers" aria-label="Found" hidden><ol id="answers"></ol></section>'
    for parent, heading, _ in _PARENTS:
        yield from _section(heading, [card for card in cards if card.parent == parent])
    if not cards:
        yield '<p class="empty">Nothing was pulled yet.</p>'
    key = "".join(f'<li class="{kind}">{name}</li>' for kind, name in KINDS.items())
    yield f'</main><footer class="column"><ul class="key" aria-label="Colours of the boxes">{key}</ul>'
    yield '<p class="soft">Made by amlgit from the record of a repository. Times are UTC.</p></footer>'


def _counted(cards: Sequence[Card]) -> str:
    phrases = [number(count, one) for parent, _, one in _PARENTS if (count := sum(card.parent == parent for card in cards))]
    versions = sum(card.versions for card in cards)
    dates = sorted(date for card in cards for date in (card.first, card.last) if date)
    phrases += [number(versions, "version")] if versions else []
    return " · ".join([*phrases, *([span(dates[0], dates[-1])] if dates else [])])


def _section(heading: str, cards: Sequence[Card]) -> Iterator[str]:
    if not cards:
        return
    newest_first = sorted(cards, key=lambda card: (card.last, card.title), reverse=True)
    by_title = {id(card): place for place, card in enumerate(sorted(cards, key=lambda card: (card.title.casefold(), card.last)))}
    by_size = {id(card): place for place, card in enumerate(sorted(newest_first, key=lambda card: -card.versions))}
    yield f'<section class="gallery"><div class="heading"><h2>{heading}</h2>'
    if len(cards) > 2:
        yield '<div class="sorts" role="group" aria-label="Order" hidden><button type="button" data-sort="newest" aria-pressed="true">newest</button>'
        yield '<button type="button" data-sort="title" aria-pressed="false">title</button>'
        yield '<button type="button" data-sort="size" aria-pressed="false">most versions</button></div>'
    yield '</div><ul class="cards">'
    for card in newest_first:
        yield card.html.replace("<li ", f'<li data-title="{by_title[id(card)]}" data-size="{by_size[id(card)]}" ', 1)
    yield "</ul></section>"
