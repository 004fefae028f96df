"""The page of a script: every text it had, the newest first, and which version brought each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from amlgit.review.outline_text import LANGUAGES
from amlgit.review.page.details import html
from amlgit.review.page.syntax import tokens
from amlgit.review.site import frame
from amlgit.review.site.addresses import link
from amlgit.review.site.frame import moment, number
from amlgit.review.site.versions import Line

_LONGEST = 4000
"""Characters of one line that a page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A text of a script, from one version to another; `until` is None where it still stands so."""

    since: Line
    until: Line | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script of a chain with all its texts, oldest first."""

    path: str
    name: str
    parameter: str
    language: str
    states: Sequence[State]


def fragment(since: int) -> str:
    """The place of the text that a version brought."""
    return f"v{since}"


def page(script: Script, above: Sequence[tuple[str, str]]) -> str:
    """The text of the page."""
    shell = frame.Page(path=script.path, title=script.name, above=above, kind="script")
    return frame.document(shell, _body(script, shell))


def _body(script: Script, shell: frame.Page) -> Iterator[str]:
    yield from frame.top(shell)
    yield f'<main id="main" class="column"><h1>{html(script.name)}</h1>'
    texts = f"{number(len(script.states), 'text')}{', newest first' if len(script.states) > 1 else ''}"
    yield f'<p class="lead">{LANGUAGES[script.language]} · {html(script.parameter)} · {texts}</p>'
    for place, state in enumerate(reversed(script.states)):
        yield from _state(state, script, shell.path, is_open=place == 0)
    yield "</main>"


def _state(state: State, script: Script, path: str, *, is_open: bool) -> Iterator[str]:
    since, until = state.since, state.until
    lines = state.text.split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    now = since.name if not since.number else f"since {since.name}"  # what is on the branch has no number
    when = now if until is None else f"{since.name} to {until.name}" if until.number != since.number else since.name
    yield f'<details class="state-of" id="{fragment(since.number)}"{" open" if is_open else ""}>'
    about = " · ".join(filter(None, (f"{moment(since.date)} {html(since.who)}".strip(), number(len(lines), "line"))))
    yield f"<summary><h2>{html(when)}</h2> <span class='soft'>{about}</span></summary>"
    yield f'<p class="soft"><a href="{link(path, since.path)}">What {html(since.name)} changed</a></p>'
    yield f'<div class="wide" tabindex="0" role="group" aria-label="{html(script.name)} as of {html(since.name)}"><ol class="code">'
    yield "\n".join(f"<li><code>{coloured(line, script.language)}</code></li>" for line in lines)
    yield "</ol></div></details>"


def coloured(line: str, language: str) -> str:
    """A line with its keywords, texts, numbers and comments marked."""
    shown = line.expandtabs(4)[:_LONGEST]
    return "".join(f'<i class="{token.kind}">{html(token.text)}</i>' if token.kind else html(token.text) for token in tokens(shown, language))
