"""What stands beside the picture of a merge: each conflict with its three sides and how to take one, then what merged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from amlgit.compare.changes import What
from amlgit.form.experiments import EXPERIMENT
from amlgit.model.jsontext import Json, Object, printable
from amlgit.review.conflicts import Row
from amlgit.review.lines import Line, Mark, Piece, lost, words
from amlgit.review.merged import By, Card, Fault, Lines, Merge, Merged, thing
from amlgit.review.names import Names
from amlgit.review.page import details
from amlgit.review.page.details import html
from amlgit.review.page.scene import Scene

SIDES = ("base", "ours", "theirs")
FILTERS: Mapping[By, str] = {By.CONFLICT: "conflicts", By.OURS: "ours", By.THEIRS: "theirs", By.BOTH: "both"}
"""The filters above the picture, and what they are called."""
_ITSELF = "The experiment itself"
_NOT_THERE, _REMOVED, _AS_IT_WAS = "not there", "removed it", "(as it was)"


def summary(merge: Merge) -> str:
    """What there is, in short."""
    counts = merge.counts()
    conflicts = counts.get(By.CONFLICT, 0)
    phrases = [f"{conflicts:,} {'conflict' if conflicts == 1 else 'conflicts'}"]
    settled = sum(entry.is_settled for entry in merge.merged)
    rest = len(merge.merged) - settled
    phrases += [f"{settled:,} {'change' if settled == 1 else 'changes'} in what is settled already"] if settled else []
    phrases += [f"{rest:,} {'change' if rest == 1 else 'changes'} merged"] if rest else []
    return ", ".join(phrases)


def open_count(merge: Merge) -> int:
    """How many things are to be decided."""
    return merge.counts().get(By.CONFLICT, 0)


def sections(merge: Merge, names: Names, drawn: Scene, prefix: str) -> Iterator[str]:
    """All of it, as sections of the panel."""
    numbers = details.box_numbers(drawn)
    for note in merge.notes:
        yield f'<p class="hint">{html(note)}</p>'
    if merge.cards:
        yield '<section class="changes" aria-label="Conflicts"><h2>Conflicts</h2>'
        for node, cards in _by_node(merge.cards).items():
            yield from _conflicts(node, cards, names, numbers, prefix)
        yield "</section>"
    if merge.faults:
        yield '<section class="changes" aria-label="What no file shows"><h2>What no file shows</h2>'
        yield '<p class="note">Each side is sound; the two together are not. Mend it in the files, then git add.</p>'
        for fault in merge.faults:
            yield from _fault(fault, names, numbers, prefix)
        yield "</section>"
    yield from _what_next(merge)
    settled = [entry for entry in merge.merged if entry.is_settled]
    if settled:
        yield '<section class="changes settled" aria-label="Settled already"><h2>Settled already</h2>'
        yield '<p class="note">What each side had made of it; the files have what was decided.</p>'
        yield from _merged(settled, names, drawn, numbers, prefix)
        yield "</section>"
    rest = [entry for entry in merge.merged if not entry.is_settled]
    if rest:
        yield '<section class="changes" aria-label="Merged"><h2>Merged</h2>'
        yield from _merged(rest, names, drawn, numbers, prefix)
        yield "</section>"
    if merge.others:
        yield '<section aria-label="Merged elsewhere"><h2>Merged elsewhere</h2><ul class="others">'
        yield "".join(f"<li>{html(other)}</li>" for other in merge.others)
        yield "</ul></section>"


def _heading(node: str | None, rest: str, sign: str, names: Names, numbers: Mapping[str, int], prefix: str) -> str:
    title = names.node(node) if node is not None else rest
    name = details.go(title, numbers.get(node), prefix) if node is not None and node in numbers else html(title)
    return f'<h3><span class="sign" aria-hidden="true">{sign}</span>{name}</h3>' if sign else f"<h3>{name}</h3>"


def _article(classes: str, of: Sequence[str], node: str | None, numbers: Mapping[str, int], prefix: str) -> str:
    box = f' data-box="{prefix}n{numbers[node]}"' if node is not None and node in numbers else ""
    return f'<article class="change {classes}" data-classes="{" ".join(of)}"{box} tabindex="-1">'


# --- conflicts


def _by_node(cards: Sequence[Card]) -> Mapping[str, list[Card]]:
    """The conflicts of each node together, of what belongs to none file by file."""
    found: dict[str, list[Card]] = {}
    for card in cards:
        found.setdefault(card.node or f"\0{card.path}", []).append(card)
    return found


def _conflicts(node: str, cards: Sequence[Card], names: Names, numbers: Mapping[str, int], prefix: str) -> Iterator[str]:
    node_id = cards[0].node
    yield _article("conflict", [By.CONFLICT], node_id, numbers, prefix)
    path = _inside(cards[0])
    yield _heading(node_id, _ITSELF if path == EXPERIMENT else path, "!", names, numbers, prefix)
    yield "<ul>"
    for card in cards:
        yield f'<li data-class="{By.CONFLICT}">'
        yield from _card(card)
        yield "</li>"
    yield "</ul></article>"


def _inside(card: Card) -> str:
    """The path of a conflict's file in its folder."""
    return card.path.split("/", 2)[-1]


def _card(card: Card) -> Iterator[str]:
    if card.rows:
        yield from _table(f"What clashes in {card.path}", [_row(row) for row in card.rows], [row.name for row in card.rows])
    elif card.lines is not None:
        yield from _table(f"Line {card.lines.start} of {card.path}", [_texts(card.lines)], [f"line {card.lines.start}"])
    else:
        for text in card.words:
            yield f"<p><b>{html(text[:1].upper() + text[1:])}</b></p>"
        if card.ours or card.theirs:
            yield from _table(f"What became of {card.path}", [("as it was", *(_list(side) for side in (card.ours, card.theirs)))], [""])
    if card.beside:
        language = card.path.rpartition(".")[2]
        yield '<p class="beside">Merged in the same script:</p>'
        yield '<div class="diff">' + "".join(details.line_of(line, language) for line in card.beside) + "</div>"
    yield '<div class="take">'
    for side in card.sides:
        yield command(f"amlgit resolve {card.id} --{side}")
    line = f", line {card.line}" if card.line is not None else ""
    yield f'<p class="cmd by-hand">or edit <b>{html(_inside(card))}</b>{line}; then git add</p></div>'


def _table(caption: str, rows: Sequence[Sequence[str]], names: Sequence[str]) -> Iterator[str]:
    heads = "".join(f'<th scope="col" class="{side}">{side}</th>' for side in SIDES)
    yield f'<table class="sides"><caption class="vh">{html(caption)}</caption><thead><tr>{heads}</tr></thead>'
    for cells, name in zip(rows, names, strict=True):
        yield "<tbody>"
        if name:
            yield f'<tr><th scope="rowgroup" colspan="3" class="thing">{html(name)}</th></tr>'
        yield (
            "<tr>" + "".join(f'<td data-side="{side}" class="{side}">{cell}</td>' for side, cell in zip(SIDES, cells, strict=True)) + "</tr></tbody>"
        )
    yield "</table>"


def _row(row: Row) -> tuple[str, str, str]:
    ours, theirs = (_value(row.base, side) for side in (row.ours, row.theirs))
    if row.base is None:
        return f'<span class="note">{_NOT_THERE}</span>', ours, theirs
    others = [side for side in (row.ours, row.theirs) if side is not None and side != row.base and _is_of_words(row.base, side)]
    return _marked(lost(row.base, others)) if others else html(row.base), ours, theirs


def _is_of_words(one: str, other: str) -> bool:
    """Whether it helps to mark the words that differ."""
    return " " in one and " " in other


def _marked(pieces: Sequence[Piece]) -> str:
    is_word = (Mark.OLD_WORD, Mark.NEW_WORD)
    return "".join(f"<mark>{html(piece.text)}</mark>" if piece.mark in is_word else html(piece.text) for piece in pieces)


def _value(base: str | None, side: str | None) -> str:
    if side is None:
        return f'<del class="word">{_REMOVED}</del>' if base is not None else f'<span class="note">{_NOT_THERE}</span>'
    if base == side:
        return f'{html(side)} <span class="note">{_AS_IT_WAS}</span>'
    if base is None or not _is_of_words(base, side):
        return f"<ins>{html(side)}</ins>"
    return _marked(words(base, side))


def _texts(found: Lines) -> tuple[str, str, str]:
    base = _code(found.base, found.language) if found.base is not None else '<span class="note">not known</span>'
    return base, _code(found.ours, found.language), _code(found.theirs, found.language)


def _code(lines: Sequence[Line], language: str) -> str:
    if not lines:
        return '<span class="note">no lines</span>'
    shown = (line if line.pieces else Line(line.sign, (Piece("", Mark.SAME),)) for line in lines)
    return f'<div class="diff">{"".join(details.line_of(line, language) for line in shown)}</div>'


def _list(texts: Sequence[str]) -> str:
    if tuple(texts) == (_REMOVED,):
        return f'<del class="word">{_REMOVED}</del>'
    return "<ul>" + "".join(f"<li>{details.told(text)}</li>" for text in texts) + "</ul>" if texts else '<span class="note">as it was</span>'


def command(text: str) -> str:
    """A command in a line that can be copied."""
    name = f"Copy: {text}"
    return (
        f'<p class="cmd"><code>{html(text)}</code>'
        f'<button type="button" class="copy" data-copy="{html(text)}" aria-label="{html(name)}" title="{html(name)}" hidden>Copy</button></p>'
    )


def _what_next(merge: Merge) -> Iterator[str]:
    yield '<section class="next" aria-label="How to go on"><h2>How to go on</h2>'
    if len(merge.cards) > 1:
        yield '<p class="note">All that is left, at once:</p><div class="take">'
        yield command("amlgit resolve --ours") + command("amlgit resolve --theirs")
        yield "</div>"
    yield '<p class="note">When nothing is left:</p><div class="take">' + command(merge.going_on) + "</div>"
    if merge.giving_up:
        yield '<p class="note">As it was before:</p><div class="take">' + command(merge.giving_up) + "</div>"
    yield "</section>"


def _fault(fault: Fault, names: Names, numbers: Mapping[str, int], prefix: str) -> Iterator[str]:
    yield _article("conflict", [By.CONFLICT], fault.node, numbers, prefix)
    yield _heading(fault.node, _ITSELF, "!", names, numbers, prefix)
    hint = f'<p class="note">{html(fault.hint)}</p>' if fault.hint else ""
    yield f'<ul><li data-class="{By.CONFLICT}"><p>{html(fault.text)}</p>{hint}</li></ul></article>'


# --- what merged


def _merged(found: Sequence[Merged], names: Names, drawn: Scene, numbers: Mapping[str, int], prefix: str) -> Iterator[str]:
    by_node: dict[tuple[str | None, bool], list[Merged]] = {}
    for entry in found:
        node = entry.item.change.node
        by_node.setdefault((node.id if node is not None else None, entry.item.change.what is What.LAYOUT), []).append(entry)
    for (node_id, _), entries in by_node.items():
        whose = list(dict.fromkeys(entry.by for entry in entries))
        yield _article("by", whose, node_id, numbers, prefix)
        rest = "Layout" if all(entry.item.change.what is What.LAYOUT for entry in entries) else _ITSELF
        yield _heading(node_id, rest, "", names, numbers, prefix)
        language = details.languages(drawn.boxes[numbers[node_id]].node) if node_id is not None and node_id in numbers else {}
        yield "<ul>"
        for entry in entries:
            yield from details.listed(entry.item, language, entry.by)
        yield "</ul></article>"


# --- what the script says of a node that is chosen


def undecided(merge: Merge) -> Mapping[str, Object]:
    """Node → what of it both sides changed: three sides of what is open (`x`), two of what was settled (`y`), whether a text is open (`xs`).

    `xw` says of a node that is in conflict as a whole.
    """
    found: dict[str, dict[str, Json]] = {}
    for card in merge.cards:
        if card.node is None:
            continue
        of_node = found.setdefault(card.node, {})
        if card.rows:
            _put(of_node, "x", ((row.name, list(zip(SIDES, _plain(row), strict=True))) for row in card.rows))
        elif card.lines is not None and not card.path.endswith(".json"):
            of_node["xs"] = True
        else:
            of_node["xw"] = True
    for entry in merge.merged:
        change = entry.item.change
        if entry.is_settled and change.node is not None:
            name = thing(change)
            text = entry.item.text.removeprefix(f"{name}: ")
            _put(found.setdefault(change.node.id, {}), "y", [(name, [(entry.by.value, text)])])
    return found


def _put(found: dict[str, Json], member: str, things: Iterable[tuple[str, Sequence[tuple[str, str]]]]) -> None:
    known = found.setdefault(member, {})
    assert isinstance(known, dict)
    for name, sides in things:
        told = known.setdefault(printable(name), [])
        assert isinstance(told, list)
        told += [[side, printable(text, max(len(text), 1))] for side, text in sides]


def _plain(row: Row) -> tuple[str, str, str]:
    """A conflict's three sides in the words of its table."""
    sides = (_REMOVED if side is None and row.base is not None else side or _NOT_THERE for side in (row.ours, row.theirs))
    ours, theirs = (f"{side} {_AS_IT_WAS}" if side == row.base else side for side in sides)
    return row.base if row.base is not None else _NOT_THERE, ours, theirs
