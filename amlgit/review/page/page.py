"""The page: one file without anything from elsewhere, that runs nothing but its own script."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from amlgit.compare.changes import What
from amlgit.review.merged import Merge
from amlgit.review.page import details, merging, svg
from amlgit.review.page.details import html
from amlgit.review.page.overlay import overlaid
from amlgit.review.page.scene import Scene, Sides, scene
from amlgit.review.risks import Risk
from amlgit.review.summary_md import not_compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One experiment or service on a page."""

    title: str
    name: str
    """Its folder, version or file."""
    state: str
    """What became of it as a whole, where that is more than a change."""
    summary: str
    sides: Sides
    risks: Sequence[Risk] = ()
    is_compared: bool = True
    """Whether there are two versions; else the page shows one."""
    is_whole: bool = False
    """Whether all of it came or went."""
    merge: Merge | None = None
    """Its conflicts, where it is a merge that stands with some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page shows, and what it looks like: its style sheet and its script."""

    title: str
    old: str
    new: str
    entries: Sequence[Entry]
    problems: Sequence[str] = ()
    sides: Mapping[str, str] = field(default_factory=dict)
    """In a merge what ours and theirs are."""
    style: str
    script: str


def page(content: Page) -> str:
    """The text of the file."""
    return "\n".join(_lines(replace(content, entries=_told_apart(content.entries)))) + "\n"


def _told_apart(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, those of one title with their folders' names behind it."""
    titles = Counter(entry.title for entry in entries)
    return [replace(entry, title=f"{entry.title} ({entry.name.rpartition('/')[2]})") if titles[entry.title] > 1 else entry for entry in entries]


def _hash(text: str) -> str:
    import hashlib  # loads OpenSSL

    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _lines(content: Page) -> Iterator[str]:
    policy = f"default-src 'none'; style-src {_hash(content.style)}; script-src {_hash(content.script)}; base-uri 'none'; form-action 'none'"
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
    yield '<meta name="color-scheme" content="light dark"><meta name="generator" content="amlgit">'
    yield f"<title>{html(content.title)}</title><style>{content.style}</style></head><body>"
    yield '<a class="skip" href="#main">To the content</a>'
    yield from _top(content)
    yield '<main id="main">'
    for problem in content.problems:
        yield f'<p class="problem">Not compared: {html(problem)}</p>'
    if not content.entries:
        yield f'<p class="empty">{"Nothing else changed." if content.problems else "No changes."}</p>'
    first = _first(content.entries)
    for number, entry in enumerate(content.entries):
        yield from _entry(entry, number, is_alone=len(content.entries) == 1, is_first=number == first)
    yield "</main>"
    yield HELP
    yield f"<script>{content.script}</script></body></html>"


def _top(content: Page) -> Iterator[str]:
    is_compared = any(entry.is_compared for entry in content.entries) or not content.entries
    title = content.entries[0].title if len(content.entries) == 1 else f"{len(content.entries):,} experiments and services"
    sides = f"<span>{html(content.old)}</span> <span aria-hidden='true'>→</span><span class='vh'> to </span> <span>{html(content.new)}</span>"
    yield '<header class="top"><div class="title">'
    if content.sides:
        sides = " ".join(f'<span class="whose"><b class="{side}">{side}</b> {html(name)}</span>' for side, name in content.sides.items())
    nothing = not_compared(len(content.problems)) if content.problems else "No changes"
    kind = "Conflicts" if content.sides else "Review" if is_compared else content.entries[0].sides.outline.kind.capitalize()
    yield f'<p class="kind">{kind}</p><h1>{html(title if content.entries else nothing)}</h1>'
    yield f'<p class="range">{sides if is_compared else f"<span>{html(content.new)}</span>"}</p></div>'
    if len(content.entries) > 1:
        yield '<nav class="tabs" aria-label="Experiments and services"><ul>'
        for number, entry in enumerate(content.entries):
            count, of = (len(entry.risks), "risks") if entry.merge is None else (merging.open_count(entry.merge), "conflicts")
            dot = f'<span class="count risky">{count}</span><span class="vh"> {of}</span>' if count else ""
            yield f'<li><a href="#e{number}">{html(entry.title)}{dot}</a></li>'
        yield "</ul></nav>"
    yield '<div class="tools" hidden><label class="search"><span class="vh">Search for a module, a comment, a parameter</span>'
    yield '<input type="search" id="search" placeholder="Search" autocomplete="off" spellcheck="false"></label><span id="found" role="status"></span>'
    yield f"{theme_button()}{button('id', 'help', 'Keys', '?')}</div></header>"


def _first(entries: Sequence[Entry]) -> int:
    """The experiment to begin with: one with something to look at twice, or at least with more than a layout to look at."""
    ranks = [bool(entry.risks) * 2 + any(change.what is not What.LAYOUT for change in entry.sides.diff.changes) for entry in entries]
    return ranks.index(max(ranks)) if ranks else 0


def _entry(entry: Entry, number: int, *, is_alone: bool, is_first: bool) -> Iterator[str]:
    prefix = f"e{number}"
    drawn = scene(entry.sides) if entry.merge is None else overlaid(scene(entry.sides), entry.merge)
    kind = " merging" if entry.merge is not None else "" if entry.is_compared else " single"
    yield f'<section class="entry{kind}" id="{prefix}" aria-labelledby="{prefix}t"{" data-first" if is_first else ""}>'
    yield from stage(entry, drawn, prefix)
    yield f'<aside class="panel" aria-labelledby="{prefix}t"><div class="overview">'
    state = f'<span class="state">{html(entry.state)}</span> ' if entry.state else ""
    # what the page's own heading says already is not said twice
    hidden = ' class="vh"' if is_alone else ""
    yield f'<h2 id="{prefix}t"{hidden}>{html(entry.title)}</h2>'
    if not is_alone:
        yield f'<p class="name"><code>{html(entry.name)}</code></p>'
    yield f'<p class="summary">{state}{html(entry.summary)}</p>'
    if entry.risks:
        yield f'<section class="risks" aria-label="Risks"><h2><span class="count risky">{len(entry.risks)}</span> worth a second look</h2>'
        yield from details.risks(entry.risks, details.box_numbers(drawn), prefix)
        yield "</section>"
    if entry.merge is not None:
        yield from merging.sections(entry.merge, entry.sides.names, drawn, prefix)
    elif entry.is_compared:
        yield from changes(entry, drawn, prefix)
    yield from boxes(entry, drawn, prefix)
    yield '</div><div class="chosen" hidden tabindex="-1"></div></aside>'
    undecided = merging.undecided(entry.merge) if entry.merge is not None else {}
    data = details.data(drawn, entry.sides.diff, entry.sides.names, undecided)
    yield f'<script type="application/json" class="data">{data}</script></section>'


def stage(entry: Entry, drawn: Scene, prefix: str) -> Iterator[str]:
    """The picture, and what steers it."""
    yield '<div class="stage">'
    yield f'<div class="canvas" tabindex="0" role="group" aria-label="The graph of {html(entry.title)}. Arrow keys move it, plus and minus zoom.">'
    label = f"{entry.title}: {entry.summary}. All of it is listed beside the picture."
    yield from svg.drawing(drawn, label, prefix)
    yield "</div>"
    yield from _controls(entry)
    yield f'<div class="minimap" hidden>{svg.minimap(drawn)}</div></div>'


def changes(entry: Entry, drawn: Scene, prefix: str) -> Iterator[str]:
    """Every change in words."""
    yield '<section class="changes" aria-label="Changes"><h2>Changes</h2>'
    yield from details.articles(entry.sides.diff, entry.sides.names, drawn, prefix, is_whole=entry.is_whole)
    yield "</section>"


def boxes(entry: Entry, drawn: Scene, prefix: str) -> Iterator[str]:
    """Every node by name, for those who don't see the picture."""
    open_ = "" if entry.is_compared else " open"
    yield f'<details class="all"{open_}><summary>All {len(drawn.boxes):,} boxes, as data flows</summary><ol>'
    for number, box in enumerate(drawn.boxes):
        name = entry.sides.names.node(box.key) if box.node is not None else f"{box.subtitle} {box.title}"
        yield f'<li><button type="button" class="go" data-box="{prefix}n{number}">{html(name)}</button></li>'
    yield "</ol></details>"


def _controls(entry: Entry) -> Iterator[str]:
    if entry.merge is not None:
        counted = [(by.value, merging.FILTERS[by], count) for by, count in entry.merge.counts().items()]
        words = tuple(name for name, _, _ in counted)
    else:
        found = details.counted(entry.sides.diff) if entry.is_compared and not entry.is_whole else ()
        counted = [(name.value, name.value, count) for name, count in found]
        words = ("added", "removed", "changed", "rewired", "moved")
    if counted:
        yield '<div class="filters" role="group" aria-label="Show only changes of a class" hidden>'
        for name, called, count in counted:
            yield f'<button type="button" aria-pressed="false" data-class="{name}">{called} <span class="count">{count:,}</span></button>'
        yield "</div>"
    yield '<div class="zoom" role="group" aria-label="Zoom" hidden>'
    yield button("data-zoom", "in", "Closer", "+") + button("data-zoom", "out", "Farther", "−") + button("data-zoom", "fit", "All of it", "⤢")  # noqa: RUF001
    if counted:
        before, after = ("Change before", "Next change") if entry.merge is None else ("Conflict before", "Next conflict")
        yield button("data-step", "-1", before, "‹") + button("data-step", "1", after, "›")  # noqa: RUF001
    yield "</div>"
    if counted:
        spans = "".join(f'<span class="{word}">{word}</span>' for word in words)
        yield f'<p class="legend" aria-hidden="true">{spans}</p>'


def button(name: str, value: str, label: str, sign: str) -> str:
    """A button with a sign on it and a name for those who don't see it."""
    return f'<button type="button" {name}="{value}" aria-label="{label}" title="{label}">{sign}</button>'


def theme_button() -> str:
    """The button for light or dark. Its sign is drawn: fonts that have a half-filled circle give it any shape."""
    ring = '<circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    half = '<path d="M8 2a6 6 0 0 0 0 12z" fill="currentColor"/>'
    return button("id", "theme", "Light or dark", f'<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{ring}{half}</svg>')


HELP = """<dialog id="keys" aria-labelledby="keyst"><h2 id="keyst">Keys</h2><dl>
<dt><kbd>n</kbd> <kbd>p</kbd></dt><dd>next change (or conflict), the one before</dd><dt><kbd>f</kbd></dt><dd>all of the graph</dd>
<dt><kbd>+</kbd> <kbd>−</kbd></dt><dd>closer, farther</dd><dt><kbd>← ↑ ↓ →</kbd></dt><dd>move the graph, when it has the focus</dd>
<dt><kbd>/</kbd></dt><dd>search; Enter goes to the next that fits</dd><dt><kbd>Esc</kbd></dt><dd>back to the list</dd>
<dt><kbd>t</kbd></dt><dd>light or dark</dd></dl><button type="button" class="close">Close</button></dialog>"""  # noqa: RUF001
