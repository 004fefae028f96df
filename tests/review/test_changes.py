"""How changes read: in the order of data flow, values as what they are, and nothing in them that a terminal or a host obeys."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from markdown_it import MarkdownIt

from amlgit.model.jsontext import dumps
from amlgit.review import lines, markdown, values
from amlgit.review.lines import Mark
from tests.support.commands import OK, aml, clone_samples, process
from tests.support.edits import FIRST, SECOND, THIRD
from tests.support.exports import Document, save
from tests.support.isolation import isolate
from tests.support.wire import a_graph

MINUS = "−"  # noqa: RUF001  # what stands before what went


@pytest.fixture(scope="module")
def churn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The samples, cloned once: nothing here writes."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("samples")
        isolate(patch, home)
        yield clone_samples(home / "r")


def between(repository: Path, title: str, old: int, *options: str) -> list[str]:
    """The lines of the diff of two neighbouring versions, but for the heading."""
    return aml(repository, "diff", f"{title}@{old}", f"{title}@{old + 1}", *options).expect(OK).out.splitlines()[1:]


def graph(**edits: Any) -> Document:
    """Three nodes in a row, with other values of parameters of the first, or other members of it."""
    document = cast("Document", a_graph())
    node = document["Graph"]["ModuleNodes"][0]
    for name, value in edits.items():
        found = [entry for entry in node["ModuleParameters"] if entry["Name"] == name]
        if found:
            found[0]["Value"] = value
        else:
            node[name] = value
    return document


def told(folder: Path, old: Document, new: Document, *options: str) -> list[str]:
    """The lines of the diff of two exports, but for the heading."""
    paths = [save(folder, name, dumps(document)) for name, document in (("old.json", old), ("new.json", new))]
    return aml(folder, "diff", "--no-index", *options, *paths).expect(OK).out.splitlines()[1:]


# --- reading it


def test_an_edge_moved_to_another_source_reads_as_one_rewiring(churn: Path) -> None:
    assert between(churn, "Customer churn - training", 1) == [
        "  Score Model 173-bb60",
        "    > Dataset: fed by Split Data 153-bb60:Results dataset1 → Split Data 153-bb60:Results dataset2",
    ]


def test_a_number_reads_as_one(churn: Path) -> None:
    assert between(churn, "Customer churn - training", 2)[-1] == "    ~ The learning rate: 0.2 → 0.1"


def test_a_node_put_in_between_reads_as_one_change_with_what_feeds_it_and_what_it_feeds(churn: Path) -> None:
    assert between(churn, "Customer churn - training", 4) == [
        "  Clean Missing Data 64-6ec6",
        "    + added",
        "        Dataset: fed by Apply SQL Transformation 118-bb60:Results dataset",
        "        Cleaned dataset: feeds Execute Python Script 125-bb60:Dataset1, in place of Apply SQL Transformation 118-bb60:Results dataset",
    ]
    out = aml(churn, "diff", "Customer churn - training@5", "Customer churn - training@4").expect(OK).out
    assert "was fed by Apply SQL Transformation" in out
    assert "now fed by Apply SQL Transformation" in out


def test_columns_read_as_those_that_came_and_went(churn: Path) -> None:
    assert between(churn, "Customer churn - training", 5)[-1] == "    ~ Select Columns: columns left out: +postcode_area"


def test_a_comment_and_what_moved_read_as_such(churn: Path) -> None:
    assert between(churn, "Customer churn - training", 7) == [
        "  Two-Class Boosted Decision Tree 160-bb60",
        "    ~ comment: (empty) → Rate 0.1 gave the best AUC on the held-out customers, see the run of 9 March",
        "  · layout: 3 boxes moved, 1 comment folded or unfolded",
    ]
    whole = between(churn, "Customer churn - training", 7, "--layout")
    assert len(whole) == 7
    assert "comment unfolded" in "".join(whole)


def test_a_script_reads_line_by_line(churn: Path) -> None:
    found = between(churn, "Customer churn - training", 6)
    assert found[1] == f"    ~ R Script: +1 {MINUS}1 lines"
    assert found[2] == "        @@ -2,5 +2,5 @@"
    assert [line.strip() for line in found if line.strip()[:1] in ("-", "+")] == [
        "- cap <- function(x, p = 0.99) pmin(x, quantile(x, p, na.rm = TRUE))",
        "+ cap <- function(x, p = 0.995) pmin(x, quantile(x, p, na.rm = TRUE))",
    ]


def test_another_version_of_a_trained_model_names_both(churn: Path) -> None:
    (line,) = (line for line in between(churn, "Churn scoring service", 3) if "Trained model" in line)
    old, new = re.findall(r"[0-9a-f]{32}", line)
    assert old != new


def test_nodes_stand_in_the_order_of_data_flow_behind_what_belongs_to_none(tmp_path: Path) -> None:
    old, new = graph(), graph()
    new["Description"] = "Three other nodes"
    new["Graph"]["EdgesInternal"] = [  # third → second → first
        {"SourceOutputPortId": f"{source}:Results1", "DestinationInputPortId": f"{target}:Dataset1", "DestinationInputPortIndex": None}
        for source, target in ((THIRD, SECOND), (SECOND, FIRST))
    ]
    old["Graph"]["EdgesInternal"] = new["Graph"]["EdgesInternal"]
    for number, node in enumerate(new["Graph"]["ModuleNodes"]):
        node["Comment"] = f"Step {number}"
    found = told(tmp_path, old, new)
    assert found[0] == "  ~ title: Three nodes → Three other nodes"
    assert [line.strip() for line in found if line.startswith("  ") and line[2] not in " ~"] == [
        "Execute R Script 31-3333",
        "Execute Python Script 21-2222",
        "Split Data 11-1111",
    ]


VALUES = {
    "a number": ("0.7", "0.75", "0.7 → 0.75"),
    "nothing before": ("", "42", "(empty) → 42"),
    "nothing behind": ("42", "", "42 → (empty)"),
    "null": (None, "42", "none → 42"),
    "blanks": (" ", "42", "' ' → 42"),
    "a number and its text": (1, "1", '1 → "1"'),
    "a boolean and its text": (True, "true", 'true → "true"'),
    "two numbers": (1, 1.5, "1 → 1.5"),
    "other spelling": ('{"rules": []}', '{"rules":  []}', '{"rules": []} → {"rules":  []}'),
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_reads_as_what_it_is(tmp_path: Path, kind: str) -> None:
    old, new, words = VALUES[kind]
    assert told(tmp_path, graph(Seed=old), graph(Seed=new)) == ["  Split Data 11-1111", f"    ~ Seed: {words}"]


def test_a_long_value_shows_both_sides_with_the_words_that_changed(tmp_path: Path) -> None:
    start = "wasb://container/folder/with a long name/and another one/" * 4
    found = told(tmp_path, graph(Seed=f"{start}january.csv"), graph(Seed=f"{start}february.csv"))
    assert found[1] == "    ~ Seed"
    assert found[2].endswith("january.csv")
    assert found[3].endswith("february.csv")
    assert all(len(line) < 260 for line in found)


def test_a_value_that_is_an_object_shows_only_where_it_differs(tmp_path: Path) -> None:
    old, new = ({"deep": {"a": 1, "list": [1, 2, number]}, "same": "x" * 500} for number in (3, 4))
    assert told(tmp_path, graph(Extra=old), graph(Extra=new)) == ["  Split Data 11-1111", "    ~ Extra", "        deep.list[2]: 3 → 4"]


def test_an_object_with_many_differences_is_cut_off_with_their_number(tmp_path: Path) -> None:
    found = told(tmp_path, graph(Extra=[0] * 100), graph(Extra=[1] * 100))
    assert len(found) == 2 + 12 + 1
    assert found[-1].strip() == "… and 88 more places"


def test_a_linked_web_service_parameter_reads_as_a_link(tmp_path: Path) -> None:
    new = graph()
    new["Graph"]["ModuleNodes"][0]["ModuleParameters"][1]["LinkedGlobalParameter"] = "Random seed"
    found = told(tmp_path, graph(), new)
    assert found[1:] == ["    ~ Seed", "        set by web service parameter: + Random seed"]


def test_a_module_whose_name_is_not_known_is_described_and_not_guessed(tmp_path: Path) -> None:
    old, new = graph(), graph(Seed="7")
    for document in (old, new):
        document["Graph"]["ModuleNodes"][0]["ModuleId"] = f"{'ab' * 16}.{'cd' * 16}.v1"
    assert told(tmp_path, old, new)[0] == (
        "  Module cdcdcdcd 11-1111  (a module whose name is not known: Dataset1, Dataset2 → Results1, Results2; Fraction, Seed)"
    )


# --- texts line by line


def test_the_words_that_changed_are_marked_in_lines_that_are_alike() -> None:
    found = lines.difference("a = f(1, 2)\n", "a = f(1, 3)\nb = 2\n").lines
    assert [(line.sign, line.text) for line in found[1:]] == [("-", "a = f(1, 2)"), ("+", "a = f(1, 3)"), ("+", "b = 2")]
    marked = [piece.text for line in found for piece in line.pieces if piece.mark in (Mark.OLD_WORD, Mark.NEW_WORD)]
    assert marked == ["2", "3"]


def test_lines_that_have_nothing_in_common_are_not_compared_word_by_word() -> None:
    found = lines.difference("import pandas as pd\n", "x <- 1\n").lines
    assert {piece.mark for line in found[1:] for piece in line.pieces} == {Mark.OLD, Mark.NEW}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a\r\nb\r\n", "a\nb\n", "line ends CRLF → LF"),
        ("a\nb", "a\nb\n", "a final line end"),
        ("a\nb\n", "a\nb", "no final line end"),
        ("a\r\nb\n", "a\nb\n", "line ends mixed → LF"),
        ("a\r\nb\r\n", "a\nc\n", f"+1 {MINUS}1 lines, line ends CRLF → LF"),
        ("a\u2028b\n", "a\u2028c\n", f"+1 {MINUS}1 lines"),
        ("", "a\nb\n", f"+2 {MINUS}0 lines"),
    ],
)
def test_line_ends_are_told_apart_from_lines(old: str, new: str, words: str) -> None:
    assert values.text(old, new).line == words


def test_line_numbers_are_those_of_the_whole_text() -> None:
    text = [f"line {number}" for number in range(100)]
    found = lines.difference("\n".join(text), "\n".join([*text[:50], "new", *text[50:]])).lines
    assert found[0].text == "-49,4 +49,5"
    assert [line.text for line in found[1:]] == ["line 48", "line 49", "new", "line 50", "line 51"]


def test_long_texts_are_compared_in_reasonable_time() -> None:
    old = [f"x{number % 50} = {number}" for number in range(20_000)]
    new = [line if number % 1000 else f"{line} + 1" for number, line in enumerate(old)]
    assert lines.difference("\n".join(old), "\n".join(new)).counts == (20, 20)
    one, other = "a, b; " * 20_000, "a, b; " * 10_000 + "c" + "a, b; " * 10_000
    shown = [lines.shortened(line) for line in lines.difference(one, other).lines]
    assert max(len(line.text) for line in shown) < 1000


# --- what nothing may obey

HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\u202eright-to-left\u2066\u200b\x08\r\nsecond \x7f line"
_DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069]")


def hostile(number: int, text: str) -> Document:
    """An export that says something hostile wherever people can write."""
    document = graph(Seed=f"{text}{number}", Comment=f"{text}{number}", Extra={text: number})
    document.update(Description=f"{text}{number}", Summary=f"{text * 9}{number}", Tags=[f"{text}{number}"])
    script = document["Graph"]["ModuleNodes"][1]["ModuleParameters"][0]
    script["Value"] = f"import os\n{text}\nx = {number}\n{text * 20}{number}\n"
    node = document["Graph"]["ModuleNodes"][2]
    node["InputPortsInternal"].append({"Name": f"{text}{number}", "DataSourceId": text})
    node["ModuleParameters"].append({"Name": f"{text}{number}", "Value": text})
    document["Graph"]["EdgesInternal"][0]["SourceOutputPortId"] = f"{FIRST}:{text}{number}"
    document["WebService"] = {"Inputs": [{"Name": f"{text}{number}", "PortId": f"{FIRST}:{text}"}]}
    return document


@pytest.mark.parametrize("options", [(), ("--layout",), ("--stat",), ("--md",)])
def test_nothing_that_moves_a_cursor_reaches_the_terminal(tmp_path: Path, options: tuple[str, ...]) -> None:
    paths = [save(tmp_path, f"{number}.json", dumps(hostile(number, HOSTILE))) for number in (1, 2)]
    out = aml(tmp_path, "--color", "never", "diff", "--no-index", *options, *paths).expect(OK).out
    assert _DANGEROUS.findall(out) == []
    nothing = save(tmp_path, "script.py", HOSTILE * 3)
    assert _DANGEROUS.findall(aml(tmp_path, "diff", "--no-index", *options, "/dev/null", nothing).expect(OK).out) == []


MARKDOWN = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "@someone and @org/team, #1, GH-2, org/repo#3",
    "`code` ``` ```` ~~~ **bold** __bold__ ~~gone~~ ==x==",
    "| a | b |\n|---|---|",
    "[link](http://evil.example) ![image](http://evil.example/x.png) <http://evil.example>",
    "http://evil.example www.evil.example mailto:x@evil.example",
    "# heading\n\n- item\n\n> quote\n\n---\n\n    code",
    "&lt;b&gt; &amp; \\` \\* $x^2$ $$y$$ [^1] [ref]: http://evil.example",
    "</code></pre></details><details open>",
    "wide 表格 😀 é",
]


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_means_nothing_where_it_comes_from_an_experiment(tmp_path: Path, text: str) -> None:
    paths = [save(tmp_path, f"{number}.json", dumps(hostile(number, text))) for number in (1, 2)]
    out = aml(tmp_path, "diff", "--no-index", "--md", *paths).expect(OK).out
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(out)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    assert not kinds & {"html_block", "link_open", "image", "table_open", "hr", "blockquote_open", "code_block", "s_open"}, kinds
    inline = [child for token in tokens for child in token.children or () if child.type == "html_inline"]
    assert {child.content for child in inline} <= {"<!-- -->"}
    texts = [child.content for token in tokens for child in token.children or () if child.type == "text"]
    assert not [found for found in texts if re.search(r"[@#]\w|\bGH-\d", found)]
    assert len([token for token in tokens if token.type == "heading_open"]) == 1
    outside = "".join(token.content for token in tokens if token.type == "inline")
    assert not re.search(r"https?:/|www\.|mailto:", outside), "a host would make a link of it"


def test_a_very_long_line_is_cut_in_markdown(tmp_path: Path) -> None:
    paths = [save(tmp_path, f"{number}.json", dumps(graph(Seed=f"{number}" * 50_000, Comment="c" * 50_000 + str(number)))) for number in (1, 2)]
    assert max(map(len, aml(tmp_path, "diff", "--no-index", "--md", *paths).expect(OK).out.splitlines())) < 2100


def test_escaped_text_reads_as_it_was() -> None:
    for text in (*MARKDOWN, "a_b*c: d"):
        (token,) = MarkdownIt("commonmark").parseInline(markdown.escaped(text))
        shown = "".join(child.content for child in token.children or () if child.type == "text")
        assert shown == text.replace("\n", " ")


# --- colour


def test_colour_follows_the_flag_then_no_color_then_the_terminal(tmp_path: Path) -> None:
    paths = [save(tmp_path, f"{number}.json", dumps(graph(Seed=str(number)))) for number in (1, 2)]
    assert "\x1b[" not in process(tmp_path, "diff", "--no-index", *paths).expect(OK).out
    assert "\x1b[33m    ~" in process(tmp_path, "--color", "always", "diff", "--no-index", *paths, NO_COLOR="1").expect(OK).out
    assert "\x1b[" not in process(tmp_path, "--color", "never", "diff", "--no-index", *paths).expect(OK).out


def test_words_that_changed_stand_out_in_colour(tmp_path: Path) -> None:
    paths = [save(tmp_path, f"{number}/x.py", f"rate = 0.{number}\n") for number in (1, 2)]
    out = aml(tmp_path, "--color", "always", "diff", "--no-index", *paths).expect(OK).out
    assert "\x1b[31m\x1b[1m\x1b[7m1\x1b[0m" in out


def test_every_module_of_the_samples_has_a_name(churn: Path) -> None:
    assert not re.search(r"Module [0-9a-f]{8}", aml(churn, "diff", "HEAD~8").expect(OK).out)
