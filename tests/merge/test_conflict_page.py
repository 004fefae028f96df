"""The page of a merge that stands with conflicts: three sides of each, whose every change is, and commands that settle just what they say."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from amlgit.model.jsontext import dumps
from tests.support.branches import (
    CLASH,
    COMMENTED,
    FED,
    FOLDER,
    FRACTION_3,
    FRACTION_4,
    LAST_FED,
    LAST_NODE,
    PAGE,
    RANDOM_MODE,
    RETITLED,
    SCRIPT,
    SCRIPT_NODE,
    SPLIT_NODE,
    Edit,
    edit,
    fork,
    on_theirs,
)
from tests.support.commands import FINDINGS, OK, USAGE, aml, git, git_run, on_path
from tests.support.pages import EVIL, Page
from tests.support.repositories import commit_all, replace_in

KEY = "AccountName=x;AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def merged(repository: Path, ours: list[Edit], theirs: list[Edit]) -> Page:
    fork(repository, ours, theirs)
    assert git_run(repository, "merge", "theirs").code == 1
    return page(repository)


def page(repository: Path, *arguments: str) -> Page:
    """The page of what is left, which is one file without anything from elsewhere."""
    if arguments:
        aml(repository, *arguments, "--html", "../page.html").expect(OK)
    else:
        aml(repository, "resolve", "--html", "../page.html").expect(FINDINGS)
    found = Page((repository.parent / "page.html").read_text(encoding="utf-8"))
    assert found.open == []
    assert not [one for one in found.attributes if one[1] == "style" or one[1].startswith("on")]
    assert found.tags["script"] == 1 + len(found.data)
    return found


def words(text: str) -> str:
    """What is read of a piece of a page."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", re.sub("</?(?:mark|i|ins|del|b)\\b[^>]*>", "", text))).split())


def cards(found: Page) -> list[str]:
    """The conflicts, as they stand in the page."""
    return re.findall(r'<article class="change conflict".*?</article>', found.text, re.DOTALL)


def sides(card: str) -> list[tuple[str, str, str]]:
    """What a conflict's table says: base, ours and theirs of each thing."""
    cells = [words(cell) for cell in re.findall(r'<td data-side="\w+".*?>(.*?)</td>', card, re.DOTALL)]
    return list(zip(cells[::3], cells[1::3], cells[2::3], strict=True))


def by(found: Page) -> dict[str, str]:
    """Whose each box is, by its title and number."""
    pattern = r'<g id="[^"]*" class="n (?:data )?by (\w+)[^"]*".*?<text[^>]*>(.*?)</text><text class="s"[^>]*>(.*?)</text>'
    return {f"{title} {number}": whose for whose, title, number in re.findall(pattern, found.text)}


def merged_changes(found: Page) -> set[tuple[str, str]]:
    """Whose each change is that is in no conflict, and what it says."""
    items = re.findall(r'<li data-class="(ours|theirs|both)">(.*?)</li>', found.text, re.DOTALL)
    return {(whose, words(text).split(" ", 2)[2]) for whose, text in items}


def commands(card: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'data-copy="([^"]*)"', card)]


SCRIPTS: tuple[Edit, Edit] = ((SCRIPT, "frame,\n", "frame.head(5),\n"), (SCRIPT, "frame,\n", "frame.tail(5),\n"))
REWIRED: Edit = (LAST_NODE, LAST_FED, FED)
OTHERWISE: Edit = (LAST_NODE, LAST_FED, '"Source": "Split Data 2-0002:Result Dataset2"')
KINDS: dict[str, tuple[Edit, Edit, tuple[str, str, str]]] = {
    "a parameter": (FRACTION_3, FRACTION_4, ("0.5", "0.3", "0.4")),
    "a title": (RETITLED, (*RETITLED[:2], '"Description": "Trial of June"'), ("Trial", "Trial of May", "Trial of June")),
    "an edge": (
        REWIRED,
        (LAST_NODE, f", {LAST_FED}", ""),
        ("fed by Split Data 2-0002:Result Dataset", "fed by Execute Python Script 1-0001:Result Dataset", "unfed"),
    ),
    "a script": (*SCRIPTS, ("return frame,", "+ return frame.head(5),", "+ return frame.tail(5),")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_conflict_stands_there_with_its_three_sides(repository: Path, kind: str) -> None:
    ours, theirs, told = KINDS[kind]
    found = merged(repository, [ours], [theirs])
    (card,) = cards(found)
    assert sides(card) == [told]
    assert "1 conflict" in " ".join(found.words)
    assert set(by(found).values()) == ({"conflict"} if ours[0] != PAGE else set())


@pytest.mark.parametrize("side", ["ours", "theirs", "base"])
def test_the_command_beside_a_conflict_settles_that_one_whatever_was_settled_before(repository: Path, side: str) -> None:
    fraction = [(LAST_NODE, '"Value": "0.5"', f'"Value": "0.{digit}"') for digit in "67"]
    found = merged(repository, [FRACTION_3, SCRIPTS[0], fraction[0]], [FRACTION_4, SCRIPTS[1], fraction[1]])
    script, first, second = (commands(card) for card in cards(found))
    assert [command.rpartition(" ")[2] for command in second] == ["--ours", "--theirs", "--base"]
    taken = second[["ours", "theirs", "base"].index(side)]
    for command in (script[0], first[0], taken):
        aml(repository, *command.split()[1:])
    assert git(repository, "diff", "--name-only", "--diff-filter=U") == ""
    value = {"ours": "0.6", "theirs": "0.7", "base": "0.5"}[side]
    assert f'"Value": "{value}"' in (repository / LAST_NODE).read_text()
    assert '"Value": "0.3"' in (repository / SPLIT_NODE).read_text()
    aml(repository, *taken.split()[1:]).expect(USAGE)  # it is settled, and no other takes its name


def test_a_node_that_one_side_removed_shows_what_the_other_made_of_it(repository: Path) -> None:
    on_theirs(repository, [], removed=(SCRIPT_NODE,))
    edit(repository, (SCRIPT_NODE, "3.5", "3.6"))
    commit_all(repository)
    assert git_run(repository, "merge", "theirs").code == 1
    card = next(card for card in cards(page(repository)) if "Execute Python Script 1-0001" in card)
    assert "Ours edited the node" in words(card)
    ((base, ours, theirs),) = sides(card)
    assert (base, theirs) == ("as it was", "removed it")
    assert re.fullmatch("Python version .*3.5 → .*3.6", ours, re.IGNORECASE)


def test_a_file_that_git_does_not_merge_shows_what_each_side_made_of_it(repository: Path) -> None:
    (repository / ".git" / "info" / "attributes").write_text("*.json -merge\n")
    (card,) = cards(merged(repository, [FRACTION_3], [FRACTION_4, RANDOM_MODE]))
    assert "Git could not merge it, and kept ours" in words(card)
    ((base, ours, theirs),) = sides(card)
    name = "Fraction of rows in the first output dataset"
    assert (base, ours, theirs) == ("as it was", f"{name} 0.5 → 0.3", f"{name} 0.5 → 0.4 Splitting mode Split Rows → Regular Expression")


def test_what_merged_is_told_by_whose_it_is_and_drawn_so(repository: Path) -> None:
    both = (SPLIT_NODE, '"Comment": ""', '"Comment": "halves"')
    last = (LAST_NODE, '"Comment": ""', '"Comment": "quarters"')
    found = merged(repository, [FRACTION_3, both, REWIRED], [FRACTION_4, both, last, RANDOM_MODE])
    assert merged_changes(found) == {
        ("both", "comment (empty) → halves"),
        ("theirs", "comment (empty) → quarters"),
        ("theirs", "Splitting mode Split Rows → Regular Expression"),
        ("ours", "Dataset1 fed by Split Data 2-0002:Result Dataset → Execute Python Script 1-0001:Result Dataset"),
    }
    assert by(found) == {"Split Data halves": "conflict", "Split Data quarters": "both"}
    assert re.search('<path class="by ours"', found.text)
    assert re.search('<path class="by ours gone"', found.text)
    buttons = dict(re.findall(r'aria-pressed="false" data-class="(\w+)">\w+ <span class="count">(\d+)', found.text))
    assert buttons == {"conflict": "1", "ours": "1", "theirs": "2", "both": "1"}


def test_both_ways_of_an_edge_that_clashes_are_drawn_and_named(repository: Path) -> None:
    found = merged(repository, [REWIRED], [OTHERWISE])
    assert re.search('<path class="by conflict of-ours"[^>]*/><text class="side"[^>]*>ours<', found.text)
    assert re.search('<path class="by conflict of-theirs"[^>]*/><text class="side"[^>]*>theirs<', found.text)
    assert re.search('<path class="by conflict gone"', found.text)


def test_what_is_settled_is_no_conflict_and_is_not_said_to_have_merged(repository: Path) -> None:
    merged(repository, [FRACTION_3, SCRIPTS[0]], [FRACTION_4, SCRIPTS[1]])
    aml(repository, "resolve", SPLIT_NODE, "--theirs").expect(FINDINGS)
    found = page(repository)
    assert len(cards(found)) == 1
    settled = found.text.partition('aria-label="Settled already"')[2].partition("</section>")[0]
    assert set(re.findall(r'<li data-class="(\w+)"', settled)) == {"ours", "theirs"}
    assert 'aria-label="Merged"' not in found.text


def test_what_no_file_shows_is_on_the_page(repository: Path) -> None:
    on_theirs(repository, [], removed=(SCRIPT_NODE,))
    edit(repository, REWIRED)
    commit_all(repository)
    git_run(repository, "merge", "--no-commit", "theirs").expect(OK)
    found = page(repository)
    (card,) = cards(found)
    assert "there is no such node" in words(card)
    assert commands(card) == []
    assert by(found) == {"Split Data 3-0003": "conflict", "Execute Python Script 1-0001": "theirs"}
    assert ">missing<" not in found.text, "the node that is gone stands there"
    (wires,) = ([wire[:2] for wire in data["wires"] if wire[4] != "removed"] for data in found.data)
    names = [box["t"] for box in found.data[0]["boxes"]]
    assert ["Execute Python Script 1-0001", 0] in [[names[source], port] for source, port in wires]


def test_a_merge_of_the_whole_graphs_is_offered_where_only_the_files_clash(repository: Path) -> None:
    """Without the driver neighbouring lines clash, which the graphs don't."""
    (repository / ".gitattributes").write_text((repository / ".gitattributes").read_text().replace("merge=amlgit", ""))
    commit_all(repository)
    found = merged(repository, [FRACTION_3], [RANDOM_MODE])
    assert "as a whole graph it merges" in " ".join(found.words)
    git(repository, "merge", "--abort")
    aml(repository, "merge", "theirs").expect(OK)


@pytest.mark.parametrize("way", ["rebase", "cherry-pick", "revert", "stash"])
def test_the_sides_of_every_operation_are_those_that_git_has(repository: Path, way: str) -> None:
    fork(repository, [FRACTION_3, COMMENTED], [FRACTION_4, RANDOM_MODE])
    expected = ("0.5", "0.3", "0.4")
    if way == "rebase":
        git_run(repository, "rebase", "theirs")
        expected = ("0.5", "0.4", "0.3")
    elif way == "cherry-pick":
        git_run(repository, "cherry-pick", "theirs")
    elif way == "revert":
        edit(repository, (SPLIT_NODE, '"0.3"', '"0.4"'))
        commit_all(repository)
        git_run(repository, "revert", "--no-edit", "HEAD~1")
        expected = ("0.3", "0.4", "0.5")
    else:
        edit(repository, (SPLIT_NODE, '"0.3"', '"0.4"'), (LAST_NODE, '"Comment": ""', '"Comment": "quarters"'))
        git(repository, "stash", "--quiet")
        edit(repository, (SPLIT_NODE, '"0.3"', '"0.6"'))
        commit_all(repository)
        git_run(repository, "stash", "pop")
        expected = ("0.3", "0.6", "0.4")
    found = page(repository)
    (card,) = cards(found)
    assert sides(card) == [expected]
    merges = {
        "rebase": {("theirs", "comment (empty) → halves"), ("ours", "Splitting mode Split Rows → Regular Expression")},
        "cherry-pick": {("ours", "comment (empty) → halves"), ("theirs", "Splitting mode Split Rows → Regular Expression")},
        "revert": {("theirs", "comment halves → (empty)")},
        "stash": {("theirs", "comment (empty) → quarters")},
    }
    assert merged_changes(found) == merges[way]
    going_on = {"rebase": "git rebase --continue", "cherry-pick": "git cherry-pick --continue", "revert": "git revert --continue"}
    assert going_on.get(way, "git commit") in commands(found.text)


def test_show_of_a_folder_with_conflicts_is_that_page_and_of_any_other_is_not(repository: Path) -> None:
    merged(repository, *CLASH)
    for name in ("Trial", "Trial-aaaaaa", FOLDER):
        assert len(cards(page(repository, "show", name))) == 1
    assert cards(page(repository, "show", "Trial@1")) == []
    aml(repository, "show", "Nothing", "--html", "../page.html").expect(USAGE)


def test_where_nothing_clashes_no_page_is_written(repository: Path) -> None:
    run = aml(repository, "resolve", "--html", "../page.html").expect(OK)
    assert "No conflicts" in run.out
    assert not (repository.parent / "page.html").exists()
    for others in (("--json",), ("--ours",), ("1",)):
        aml(repository, "resolve", "--html", "../page.html", *others).expect(USAGE)


def test_a_renamed_folder_is_followed(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "theirs")
    git(repository, "mv", FOLDER, "experiments/Renamed")
    replace_in(repository / SPLIT_NODE.replace(FOLDER, "experiments/Renamed"), *FRACTION_4[1:])
    commit_all(repository, "theirs")
    git(repository, "checkout", "--quiet", "main")
    edit(repository, FRACTION_3, COMMENTED)
    commit_all(repository)
    assert git_run(repository, "merge", "theirs").code == 1
    found = page(repository)
    assert sides(cards(found)[0]) == [("0.5", "0.3", "0.4")]
    assert merged_changes(found) == {("ours", "comment (empty) → halves")}


def test_a_side_that_can_not_be_read_leaves_the_conflicts_readable(repository: Path) -> None:
    broken = (LAST_NODE, '"ModuleId"', '"ModuleId')
    found = merged(repository, [FRACTION_3], [FRACTION_4, broken])
    assert sides(cards(found)[0]) == [("0.5", "0.3", "0.4")]
    assert "The graph can't be drawn" in " ".join(found.words)


def test_an_experiment_that_one_side_removed_and_both_added_files_have_a_page(repository: Path) -> None:
    on_theirs(repository, [FRACTION_4])
    git(repository, "rm", "-r", "--quiet", FOLDER)
    commit_all(repository)
    assert git_run(repository, "merge", "theirs").code == 1
    assert "Ours removed the node 'Split Data 2-0002', theirs edited it" in words(page(repository).text)
    git(repository, "merge", "--abort")
    git(repository, "checkout", "--quiet", "--orphan", "other", "theirs")
    commit_all(repository, "other")
    git(repository, "checkout", "--quiet", "-B", "main", "theirs~1")
    edit(repository, FRACTION_3)
    commit_all(repository)
    assert git_run(repository, "merge", "--allow-unrelated-histories", "other").code == 1
    assert sides(cards(page(repository))[0]) == [("not there", "0.3", "0.4")]


def test_a_web_service_has_a_page_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support.commands import clone_samples

    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    repository = clone_samples(tmp_path / "r")
    (definition,) = (repository / "webservices").glob("*/definition.json")
    text = definition.read_text()
    found = re.search(r'"description": "([^"]*)"', text, re.IGNORECASE)
    assert found
    for branch, word in (("theirs", "theirs"), ("main", "mine")):
        git(repository, "checkout", "--quiet", "-B", branch, "main")
        definition.write_text(text.replace(found[0], found[0].replace(found[1], f"{found[1]} {word}")))
        commit_all(repository)
        if branch == "theirs":
            git(repository, "branch", "--quiet", "--force", "main", "HEAD~1")
    assert git_run(repository, "merge", "theirs").code == 1
    result = page(repository)
    ((_, ours, theirs),) = sides(cards(result)[0])
    assert (ours.split()[-1], theirs.split()[-1]) == ("mine", "theirs")
    assert result.boxes("same")


def test_what_a_chosen_node_has_in_conflict_is_said_side_by_side_and_what_was_settled_too(repository: Path) -> None:
    merged(repository, [FRACTION_3, SCRIPTS[0], REWIRED, COMMENTED], [FRACTION_4, SCRIPTS[1], OTHERWISE])
    name = "Fraction of rows in the first output dataset"

    def chosen() -> dict[str, Any]:
        (data,) = page(repository).data
        return {box["t"]: box for box in data["boxes"]}

    boxes = chosen()
    assert boxes["Split Data 2-0002"]["x"] == {name: [["base", "0.5"], ["ours", "0.3"], ["theirs", "0.4"]]}
    assert boxes["Execute Python Script 1-0001"]["xs"] is True
    ours, theirs = "fed by Execute Python Script 1-0001:Result Dataset", "fed by Split Data 2-0002:Result Dataset2"
    assert boxes["Split Data 3-0003"]["x"] == {"Dataset1": [["base", "fed by Split Data 2-0002:Result Dataset"], ["ours", ours], ["theirs", theirs]]}
    aml(repository, "resolve", SPLIT_NODE, "--theirs").expect(FINDINGS)
    settled = chosen()["Split Data 2-0002"]
    assert "x" not in settled
    assert settled["y"] == {name: [["ours", "0.5 → 0.3"], ["theirs", "0.5 → 0.4"]]}


# --- hostile contents, secrets


def test_nothing_that_an_experiment_says_is_obeyed(repository: Path) -> None:
    hostile = dumps(EVIL).decode()[1:-1]
    edits = [
        [
            (SPLIT_NODE, '"Value": "0.5"', f'"Value": "{hostile}{side}"'),
            (PAGE, '"Description": "Trial"', f'"Description": "{hostile} {side}"'),
            (SCRIPT, "frame,\n", f"frame, # {EVIL.replace(chr(0x2028), '')} {side}\n"),
            (LAST_NODE, '"Comment": ""', f'"Comment": "{hostile}"'),
        ]
        for side in ("ours", "theirs")
    ]
    found = merged(repository, *edits)
    assert len(cards(found)) == 3
    assert found.tags["img"] == 0
    assert found.tags["script"] == 2
    assert "alert(1)" in "".join(found.words)
    assert "\u202e" not in found.text.replace(found.inside["json"][0], "")


def test_no_secret_that_a_side_holds_is_shown_by_page_list_or_json(repository: Path) -> None:
    private = "-----BEGIN PRIVATE KEY-----\nMIIEcommon\n{}\n-----END PRIVATE KEY-----\n"
    edit(repository, (SCRIPT, "return frame,\n", f"return frame,\n{private.format('MIIEbasebasebase')}"))
    commit_all(repository)
    edits = [
        [
            (SPLIT_NODE, '"Value": "0.5"', f'"Value": "{KEY}{side}"'),
            (SPLIT_NODE, '"Comment": ""', f'"Comment": "{KEY}{side}"'),
            (SCRIPT, "MIIEbasebasebase", f"MIIE{side}{side}{side}"),
            (LAST_NODE, '"Value": "Split Rows"', f'"Value": "{KEY}"'),
        ]
        for side in ("ours", "them")
    ]
    found = merged(repository, *edits)
    assert len(cards(found)) == 2
    assert any(whose == "both" for whose, _ in merged_changes(found))
    shown = found.text + aml(repository, "resolve").out + aml(repository, "resolve", "--json").out
    for secret in ("c2VjcmV0", "MIIEcommon", "MIIEours", "MIIEthem", "MIIEbase"):
        assert secret not in shown
    assert "${secret:" in words(cards(found)[0])


def test_bytes_that_are_no_text_are_shown_as_such_and_stay(repository: Path) -> None:
    for branch, side in (("theirs", b"two"), ("main", b"one")):
        git(repository, "checkout", "--quiet", "-B", branch, "main")
        for path, old in ((SCRIPT, b"frame,"), (SPLIT_NODE, b'"0.5"')):
            file = repository / path
            file.write_bytes(file.read_bytes().replace(old, b'"' + side + b"\xff\xfe password=\xe9secret99" + b'"'))
        commit_all(repository)
        if branch == "theirs":
            git(repository, "branch", "--quiet", "--force", "main", "HEAD~1")
    assert git_run(repository, "merge", "theirs").code == 1
    found = page(repository)
    assert len(cards(found)) == 2
    assert "\N{REPLACEMENT CHARACTER}" in found.text
    assert "The graph can't be drawn" in " ".join(found.words)
    aml(repository, "resolve", "--theirs").expect(OK)
    assert b"two\xff\xfe" in (repository / SCRIPT).read_bytes()
