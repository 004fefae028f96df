"""Scripts as files: every line end comes back, and which parameters hold one is frozen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.form import scripts
from amlgit.form.experiments import join
from amlgit.form.scripts import Script
from tests.support.drawn import script_texts
from tests.support.forms import split
from tests.support.places import Place, put_in
from tests.support.wire import PYTHON, R_MODEL, SCRIPTS, a_graph

NODE: Place = ("Graph", "ModuleNodes", 1)
FILE = "nodes/Execute Python Script 21-2222.py"


@given(st.one_of(script_texts(), st.text(st.sampled_from("a\r\n"), max_size=8)))
def test_every_script_comes_back_to_the_character(value: str) -> None:
    script = scripts.decode(value)
    assert scripts.encode(script, "here") == value
    assert script.text == "" or script.text.endswith("\n")


@pytest.mark.parametrize(
    ("value", "script"),
    [
        ("", Script("", "LF", True)),
        ("a", Script("a\n", "LF", False)),
        ("a\n", Script("a\n", "LF", True)),
        ("a\nb", Script("a\nb\n", "LF", False)),
        ("a\r\nb\r\n", Script("a\nb\n", "CRLF", True)),
        ("a\r\nb", Script("a\nb\n", "CRLF", False)),
        ("\r\n", Script("\n", "CRLF", True)),
        ("a\r\nb\n", Script("a\r\nb\n", "LF", True)),
        ("a\rb", Script("a\rb\n", "LF", False)),
        ("a\r\r\n", Script("a\r\r\n", "LF", True)),
        ("a\r", Script("a\r\n", "LF", False)),
    ],
)
def test_line_ends_are_lf_in_the_file_where_all_were_alike(value: str, script: Script) -> None:
    assert scripts.decode(value) == script


def test_an_editor_that_adds_a_final_newline_changes_nothing() -> None:
    assert scripts.encode(Script("a\n", "LF", False), "here") == scripts.encode(Script("a", "LF", False), "here") == "a"


def test_a_carriage_return_in_a_script_kept_with_lf_is_refused_by_name() -> None:
    with pytest.raises(InvalidDocument, match=r"x\.py"):
        scripts.encode(Script("a\r\nb\n", "CRLF", True), "x.py")


def test_python_lives_in_a_parameter_named_r_script() -> None:
    assert scripts.extension(PYTHON, "R Script") == "py"
    assert scripts.extension(PYTHON, "r script") is None
    assert scripts.extension(PYTHON, "Value") is None
    assert scripts.extension("no id", "R Script") is None
    assert scripts.extension(PYTHON.upper(), "R Script") == "py"


def test_every_module_with_scripts_has_extensions() -> None:
    assert {scripts.extension(module, name) for module, names in SCRIPTS.items() for name in names} == {"py", "R", "sql", "txt"}


def test_two_scripts_in_one_node_are_two_files_named_after_their_parameters() -> None:
    document = put_in(a_graph(), (*NODE, "ModuleId"), R_MODEL)
    parameters = [{"Name": "Trainer R script", "Value": "1\n"}, {"Name": "Scorer R script", "Value": "2\n"}]
    form = split(put_in(document, (*NODE, "ModuleParameters"), [dict(parameter) for parameter in parameters]))
    assert form.content["nodes/Create R Model 21-2222 Trainer R script.R"] == b"1\n"
    assert form.content["nodes/Create R Model 21-2222 Scorer R script.R"] == b"2\n"


def test_two_scripts_of_one_name_in_one_node_are_refused_by_name() -> None:
    parameter = {"Name": "R Script", "Value": "1\n"}
    with pytest.raises(InvalidDocument, match="R Script"):
        split(put_in(a_graph(), (*NODE, "ModuleParameters"), [dict(parameter), dict(parameter)]))


def test_a_missing_script_is_named() -> None:
    form = split(a_graph())
    with pytest.raises(InvalidDocument, match=r"Execute Python Script 21-2222\.py"):
        join({path: data for path, data in form.content.items() if path != FILE})


@pytest.mark.parametrize("data", [b"\xff", b"\xed\xa0\x80", b"a\r\nb\n"])
def test_a_script_file_that_is_no_text_or_brings_other_line_ends_is_named(data: bytes) -> None:
    with pytest.raises(InvalidDocument, match=r"Execute Python Script 21-2222\.py"):
        join({**split(a_graph()).content, FILE: data})
