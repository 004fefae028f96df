"""The site's first page: everything there is as pictures and titles, and the search."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amlgit.review.page.details import html
from amlgit.review.page.page import theme_button
from amlgit.review.site import addresses, frame
from amlgit.review.site.addresses import link
from amlgit.review.site.frame import number, span
from amlgit.review.site.thumbnail import KINDS, Thumbnail
from amlgit.review.site.versions import status


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the first page says of an experiment or service; dates are ISO 8601 in UTC, empty where there is none."""

    title: str
    versions: int
    first: str
    last: str
    by: str
    """Who made its versions."""
    status: str
    """That of its newest version."""
    picture: Thumbnail | None


def page(title: str, cards: Mapping[str, Card]) -> str:
    """The text of the page; `cards` by the folders of the site."""
    shell = frame.Page(path=addresses.INDEX, title=title, above=(), kind="index")
    return frame.document(shell, _body(title, cards))


_PARENTS = (("experiments", "Experiments", "experiment"), ("webservices", "Web services", "web service"))


def _body(title: str, cards: Mapping[str, Card]) -> Iterator[str]:
    yield f'<header class="hero"><div class="column"><div class="tools" hidden>{theme_button()}</div>'
    yield f"<h1>{html(title)}</h1><p class='lead'>{html(_counted(cards))}</p>"
    yield '<div class="asked" role="search" hidden><label class="vh" for="q">Search titles, modules, parameters and scripts</label>'
    yield '<input type="search" id="q" placeholder="Search titles, modules, parameters, scripts" autocomplete="off" spellcheck="false">'
    yield '<p id="answered" role="status"></p></div></div></header><main id="main" class="column">'
    yield '<section class="answers" aria-label="Found" hidden><ol id="answers"></ol></section>'
    for parent, heading, _ in _PARENTS:
        yield from _section(heading, {name: card for name, card in cards.items() if name.startswith(f"{parent}/")})
    if not cards:
        yield '<p class="empty">Nothing was pulled yet.</p>'
    key = "".join(f'<li class="{kind}">{name}</li>' for kind, name in KINDS.items())
    yield f'</main><footer class="column"><ul class="key" aria-label="Colours of the boxes">{key}</ul>'
    yield '<p class="soft">Made by amlgit from the record of a repository. Times are UTC.</p></footer>'


def _counted(cards: Mapping[str, Card]) -> str:
    phrases = [number(count, one) for parent, _, one in _PARENTS if (count := sum(name.startswith(f"{parent}/") for name in cards))]
    versions = sum(card.versions for card in cards.values())
    dates = sorted(date for card in cards.values() for date in (card.first, card.last) if date)
    phrases += [number(versions, "version")] if versions else []
    return " · ".join([*phrases, *([span(dates[0], dates[-1])] if dates else [])])


def _section(heading: str, cards: Mapping[str, Card]) -> Iterator[str]:
    if not cards:
        return
    newest_first = sorted(cards, key=lambda name: (cards[name].last, cards[name].title), reverse=True)
    by_title = sorted(cards, key=lambda name: (cards[name].title.casefold(), cards[name].last))
    by_size = sorted(newest_first, key=lambda name: -cards[name].versions)
    titles, sizes = ({name: place for place, name in enumerate(ordered)} for ordered in (by_title, by_size))
    yield f'<section class="gallery"><div class="heading"><h2>{heading}</h2>'
    if len(cards) > 2:
        yield '<div class="sorts" role="group" aria-label="Order" hidden><button type="button" data-sort="newest" aria-pressed="true">newest</button>'
        yield '<button type="button" data-sort="title" aria-pressed="false">title</button>'
        yield '<button type="button" data-sort="size" aria-pressed="false">most versions</button></div>'
    yield '</div><ul class="cards">'
    for name in newest_first:
        yield f'<li data-title="{titles[name]}" data-size="{sizes[name]}" class="card">{_card(name, cards[name])}</li>'
    yield "</ul></section>"


def _card(name: str, card: Card) -> str:
    when = f'<span class="when">{html(span(card.first, card.last))}</span>' if card.last else ""
    versions = number(card.versions, "version") if card.versions else "not pulled yet"
    title = f'<a href="{link(addresses.INDEX, addresses.overview(name))}">{html(card.title or "untitled")}</a>'
    by = f"<span>{html(card.by)}</span>" if card.by else ""
    return (
        f'<div class="picture">{card.picture.svg if card.picture is not None else ""}</div><h3>{title}</h3>'
        f'<p class="meta"><span>{versions}</span>{status(card.status)}</p><p class="meta soft">{by}{when}</p>'
    )
