"""Names of files and folders: safe on every system, and no two alike."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amlgit.form import modules, naming
from tests.support.wire import FAMILY, PYTHON, WORKSPACE

TITLES = [
    "../../x",
    "..",
    ".",
    "",
    " ",
    ".git",
    ".GIT",
    ".g\u200cit",
    "git~1",
    ".gitmodules",
    "CON",
    "con.txt",
    "Aux .x",
    "COM1",
    "com¹.json",
    "LPT9 ",
    "nul",
    "PRN.",
    "conin$",
    'a/b\\c:d*e?f"g<h>i|j',
    "C:\\x",
    "-rf",
    "~root",
    "ends in dots...",
    "ends in spaces  ",
    "x" * 300,
    "é" * 300,
    "😀" * 300,
    "e\u0301" * 300,
    "a\x00b\x1b[2J\r\nc\td",
    "a\u2028b\u2029c\u0085d",
    "אבג \u202eדהח",
    "👩‍👩‍👧 family",
    "\ud800",
    "\ufeffx",
    "\u0301x",
    "\u115f\u3164",
    "x" * 79 + "é",
    "x" * 80 + ".",
    "Topics",
    "\uff41\uff0f\uff42",
]
RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$", *(f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³")}


def assert_safe(name: str) -> None:
    assert name
    assert not set(name) & set('<>:"/\\|?*')
    assert all(unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in name)
    assert unicodedata.is_normalized("NFC", name)
    assert len(name.encode()) <= 255
    assert name.partition(".")[0].strip().casefold() not in RESERVED
    assert name[0] not in ". -~"
    assert name[-1] not in ". "
    assert name.casefold() not in {".git", "git~1", ".", ".."}


@given(st.text(st.characters(), max_size=30))
@example("e\u200d\u0301")
@example("<\u200d\u0338")
@example("con\u200d")
@example("\u200d.git")
@example("- .git")
@example(". .git")
def test_any_title_gives_a_safe_folder(title: str) -> None:
    assert_safe(naming.folder(title, FAMILY))
    name = naming.safe(title)
    assert naming.safe(name) == name, "safe is not idempotent"


@pytest.mark.parametrize("title", TITLES)
def test_an_odd_title_gives_a_safe_folder(title: str) -> None:
    name = naming.folder(title, FAMILY)
    assert_safe(name)
    assert name.endswith("-05126f")
    assert_safe(naming.safe(title) if naming.safe(title) != "git~1" else "x")


def test_a_usual_title_is_kept() -> None:
    assert naming.folder("Topics", FAMILY) == "Topics-05126f"
    assert naming.folder("Größe & Gewicht (v2) + 数据", FAMILY) == "Größe & Gewicht (v2) + 数据-05126f"


def test_a_decomposed_title_is_that_of_a_composed_one() -> None:
    assert naming.folder("cafe\u0301", FAMILY) == naming.folder("café", FAMILY)


def test_titles_that_differ_in_case_get_folders_that_differ_in_more() -> None:
    other = "aa126fa5778a4ad0a26931487d3a0821"
    names = [naming.folder("Topics", FAMILY), naming.folder("TOPICS", other)]
    assert len({name.casefold() for name in names}) == 2


def test_families_with_the_same_first_digits_get_more_of_them() -> None:
    taken: list[str] = []
    for title, family in (("Topics", FAMILY), ("TOPICS", FAMILY[:6] + "0" * 26), ("topics", FAMILY[:12] + "0" * 20)):
        taken.append(naming.folder(title, family, taken))
    assert taken == ["Topics-05126f", f"TOPICS-{FAMILY[:6]}000000", f"topics-{FAMILY[:12]}"]


@given(st.lists(st.sampled_from(["Topics", "topics", "TOPICS", "x"]), max_size=5), st.text("01", min_size=32, max_size=32))
def test_a_folder_never_has_a_name_that_is_taken(titles: list[str], digits: str) -> None:
    taken: list[str] = []
    families = [format(number, "x") + digits[1:] for number in range(len(titles))]
    for title, family in zip(titles, families, strict=True):
        taken.append(naming.folder(title, family, taken))
    assert len({name.casefold() for name in taken}) == len(titles)


GUID = "c1ef0000-0000-4000-8000-000000000003"


def test_a_stem_is_module_number_and_digits() -> None:
    assert naming.stems([(f"{GUID}-1258", PYTHON)]) == {f"{GUID}-1258": "Execute Python Script 1258-c1ef"}
    assert naming.stems([(f"{GUID}-1", f"{WORKSPACE}.{FAMILY}.1")]) == {f"{GUID}-1": "Module 05126fa5 1-c1ef"}


def test_a_stem_depends_on_no_other_node() -> None:
    nodes = [(f"{GUID}-{number}", PYTHON) for number in range(20)] + [("odd", "odd"), ("another", "")]
    together = naming.stems(nodes)
    assert all(naming.stems([node])[node[0]] == together[node[0]] for node in nodes)


def test_nodes_that_would_get_one_name_both_get_a_longer_one_in_any_order() -> None:
    nodes = [(f"{GUID}-7", PYTHON), (f"{GUID[:-1]}4-7", PYTHON), (f"{GUID.upper()}-7", PYTHON), (f"{GUID}-8", PYTHON)]
    names = naming.stems(nodes)
    assert len({name.casefold() for name in names.values()}) == 4
    assert names[f"{GUID}-8"] == "Execute Python Script 8-c1ef"
    assert naming.stems(list(reversed(nodes))) == names


@given(st.lists(st.tuples(st.text(min_size=1, max_size=10), st.sampled_from([PYTHON, "", "x", "../../x.y.z"])), unique_by=lambda pair: pair[0]))
def test_stems_of_odd_ids_are_safe_and_distinct(nodes: list[tuple[str, str]]) -> None:
    names = naming.stems(nodes)
    assert len({name.casefold() for name in names.values()}) == len(nodes)
    for name in names.values():
        assert_safe(name)


def test_the_frozen_names_are_safe_and_tell_the_modules_apart() -> None:
    assert len({name.casefold() for name in modules.BUILT_IN.values()}) == len(modules.BUILT_IN)
    for family, name in modules.BUILT_IN.items():
        assert_safe(name)
        assert naming.safe(name) == name
        assert len(family) == 32
        assert ":" not in name


def test_a_script_is_named_after_its_node_and_its_parameter_where_it_has_several() -> None:
    assert naming.script_file("Execute R Script 1-c1ef", "R Script", "R", alone=True) == "Execute R Script 1-c1ef.R"
    assert naming.script_file("Create R Model 1-c1ef", "../x", "R", alone=False) == "Create R Model 1-c1ef __x.R"
