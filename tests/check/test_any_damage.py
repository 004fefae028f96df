"""Damage of any kind: `check` finds it or it is harmless, and mending it comes to rest."""

import contextlib
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from amlgit import samples
from amlgit.errors import InvalidDocument
from amlgit.form import experiments, webservices
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import experiments as models
from amlgit.model.jsontext import loads, same
from amlgit.review import experiment, mend, service
from amlgit.review.findings import RULES, Finding
from amlgit.store import chains
from tests.support.checking import FAMILY


def _forms() -> list[tuple[str, dict[str, bytes]]]:
    """The samples' content, by kind; and two scripts more that belong to nobody."""
    forms: list[tuple[str, dict[str, bytes]]] = []
    for path in sorted(samples.archive().rglob("*.json")):
        document = loads(path.read_bytes())
        assert isinstance(document, dict)
        if models.is_experiment(document):
            forms.append((chains.EXPERIMENT, dict(Splitter(Decisions()).split(path.read_bytes(), FAMILY).content)))
        else:
            forms.append((chains.WEB_SERVICE, dict(webservices.split(document, FAMILY, Decisions()).content)))
    return [forms[0], forms[-1], *(form for form in forms if form[0] == chains.EXPERIMENT)][:4]


FORMS = _forms()


WORDS = st.sampled_from([b"Name", b"Source", b'"', b"true", b"-", b":"])
VALUES = st.sampled_from([b"null", b"7", b"[]", b"{}", b'"x"'])
VALUE = re.compile(rb': ("[^"]*"|true|false|\[\]|\{.*\})')


def _other_lines(draw: st.DrawFn, lines: list[bytes]) -> list[bytes]:
    place = draw(st.integers(0, len(lines) - 1))
    line, before, after = lines[place], lines[:place], lines[place + 1 :]
    match draw(st.sampled_from(["drop", "double", "swap", "word", "value", "crlf"])):
        case "drop":
            return before + after
        case "double":
            return [*before, line, line, *after]
        case "swap":
            return [*after, line, *before]
        case "word":
            return [*before, line.replace(draw(WORDS), draw(st.sampled_from([b"", b"x", b"1"])), 1), *after]
        case "value":
            return [*before, VALUE.sub(b": " + draw(VALUES), line, count=1), *after]
    return [line + b"\r" for line in lines]


@st.composite
def _damaged(draw: st.DrawFn) -> tuple[str, dict[str, bytes]]:
    """A folder with some lines or files of it changed as a bad merge, an editor or a slip of the hand would."""
    kind, files = draw(st.sampled_from(FORMS))
    damaged = dict(files)
    for _ in range(draw(st.integers(1, 4))):
        path, other = (draw(st.sampled_from(sorted(damaged))) for _ in range(2))
        name = Path(path).with_name(draw(st.sampled_from(["New", "new", "Other"])) + Path(path).suffix).as_posix()
        match draw(st.sampled_from(["lines", "lines", "lines", "steal", "remove", "rename", "copy"])):
            case "lines":
                damaged[path] = b"\n".join(_other_lines(draw, damaged[path].split(b"\n")))
            case "steal":
                damaged[path] = damaged[other]
            case "remove" if len(damaged) > 1:
                del damaged[path]
            case "rename":
                damaged[name] = damaged.pop(path)
            case "copy":
                damaged[name] = damaged[path]
    return kind, damaged


def _inspect(kind: str, files: dict[str, bytes]) -> list[Finding]:
    return list((experiment if kind == chains.EXPERIMENT else service).inspect(files, FAMILY, Decisions()))


@given(_damaged())
def test_damage_of_any_kind_is_found_or_harmless(damage: tuple[str, dict[str, bytes]]) -> None:
    kind, files = damage
    found = _inspect(kind, files)
    assert {finding.rule for finding in found} <= set(RULES)
    assert all(finding.line is None or 0 < finding.line <= files[finding.path].count(b"\n") + 1 for finding in found)
    try:
        if kind == chains.EXPERIMENT:
            normal = Splitter(Decisions()).split_protected(experiments.join(files), FAMILY).content
        else:
            normal = webservices.split_protected(webservices.join(files), FAMILY, Decisions()).content
    except InvalidDocument:
        assert any(finding.severity == "error" for finding in found)
    else:
        assert found or normal == files


@given(_damaged())
def test_mending_damage_of_any_kind_comes_to_rest_and_keeps_what_it_means(damage: tuple[str, dict[str, bytes]]) -> None:
    kind, files = damage
    mend_it = mend.experiment if kind == chains.EXPERIMENT else service.mended
    mended = mend_it(files, FAMILY)
    again = mend_it(mended.files, FAMILY)
    assert (again.files, again.renames) == (mended.files, ())
    assert not any(finding.fixable for finding in _inspect(kind, dict(mended.files)))
    if mended.files == files:
        assert not any(finding.fixable for finding in _inspect(kind, files))
    if kind == chains.EXPERIMENT and not mended.renames:
        with contextlib.suppress(InvalidDocument):
            assert same(experiments.join(mended.files), experiments.join(files))
