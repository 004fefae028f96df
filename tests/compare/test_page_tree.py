"""Pages of the form as trees of their lines: each is read and written again to the very same text, and nothing else is read."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given

from amlgit import samples
from amlgit.compare import page_tree
from amlgit.form import webservices
from amlgit.form.companions import write_assets, write_sync
from amlgit.form.secrets import Decisions
from amlgit.model.assets import Asset
from amlgit.model.jsontext import Json, loads
from tests.support.drawn import exports
from tests.support.files import FILES, loaded, read
from tests.support.form_pages import NODE, SYNC, pages_of
from tests.support.wire import Members, a_graph


def _definition(path: Path) -> bytes:
    return webservices.split(loaded(path.read_bytes()), "f", Decisions()).content[webservices.DEFINITION]


@given(exports())
def test_every_page_of_an_export_is_read_and_written_again_to_the_very_same_text(document: Members) -> None:
    for path, data in pages_of(document).items():
        tree = page_tree.read(data)
        if tree is None:
            assert _has_doubles(loads(data)), path
        else:
            assert "\n".join(page_tree.write(tree, "")).encode() + b"\n" == data


def _has_doubles(value: Json) -> bool:
    """Whether some list has two entries that nothing tells apart, which only lines can merge."""
    if isinstance(value, list):
        names = [str(entry.get("Name", entry.get("Box"))) if isinstance(entry, Mapping) else str(entry) for entry in value]
        return len(set(names)) < len(names) or any(map(_has_doubles, value))
    return isinstance(value, Mapping) and any(map(_has_doubles, value.values()))


@pytest.mark.parametrize("path", FILES)
def test_every_page_of_a_file_is_read(path: Path) -> None:
    for name, data in pages_of(read(path)).items():
        assert page_tree.read(data) is not None, name


def test_definitions_and_companions_are_read(corpus: Path) -> None:
    found = [*samples.archive().rglob("webservices/*.json"), *(corpus / "wsd").glob("*.json")]
    assert len(found) > 3
    for path in found:
        assert page_tree.read(_definition(path)) is not None, path
    for data in (SYNC, write_sync({}), write_assets([]), write_assets([Asset("dataset", "w.f.v"), Asset("module", "x")])):
        assert page_tree.read(data) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("}\n", "}"),
        ('  "Comment"', ' "Comment"'),
        ('"Comment": ""', '"Comment":""'),
        ('"Comment": ""', '"Comment": "" '),
        ('"Comment": ""', '"Comment": "\\u0061"'),
        ('"Comment": ""', '"Comment": nothing'),
        ('"Comment": "",', '"Comment": "",\n  "Comment": "",'),
        ('"Comment": "",', '"Comment": ""'),
        ('"Comment": "",', '<<<<<<< ours\n  "Comment": "",\n=======\n  "Comment": "x",\n>>>>>>> theirs'),
        ('{"Name": "Seed", "Value": "42"}', '{"Name": "Fraction", "Value": "42"}'),
        ('{"Name": "Seed", "Value": "42"}', '{"Name": "Seed",  "Value": "42"}'),
        ('{\n  "Id"', '\ufeff{\n  "Id"'),
    ],
)
def test_what_is_not_in_normal_form_is_refused(old: str, new: str) -> None:
    data = pages_of(a_graph())[NODE]
    assert page_tree.read(data) is not None
    assert old.encode() in data
    assert page_tree.read(data.replace(old.encode(), new.encode(), 1)) is None


@pytest.mark.parametrize("data", [b"", b"{", b"[\n", b"null\n", b"\xff\n", b"{}", b"[" * 5000, b"[\n" * 5000, b'{\n  "a": {\n'])
def test_what_is_no_page_at_all_is_refused(data: bytes) -> None:
    assert page_tree.read(data) is None
