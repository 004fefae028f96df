"""The page as a file: where things stand, what is marked, and that nothing in it comes from elsewhere or runs that is not its own."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from amlgit.model.jsontext import dumps
from amlgit.review.page import placing, syntax
from amlgit.review.page.layers import HEIGHT, WIDTH
from amlgit.review.page.svg import fitted
from tests.support import graphs
from tests.support.commands import OK, USAGE, aml, clone, clone_samples
from tests.support.exports import FAMILY, OTHER_FAMILY, SPLIT, Document, experiment, save
from tests.support.pages import EVIL, Page, evil
from tests.support.repositories import node_file, replace_in


def review(folder: Path, old: Document, new: Document) -> Page:
    paths = [save(folder, name, dumps(document)) for name, document in (("old.json", old), ("new.json", new))]
    aml(folder, "review", "--no-index", *paths, "--html", folder / "page.html").expect(OK)
    page = Page((folder / "page.html").read_text(encoding="utf-8"))
    assert page.open == []
    return page


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    return clone_samples(tmp_path / "r")


def of_versions(samples: Path, old: int, new: int) -> Page:
    file = samples.parent / "page.html"
    aml(samples, "review", f"Customer churn - training@{old}", f"Customer churn - training@{new}", "--html", file).expect(OK)
    return Page(file.read_text(encoding="utf-8"))


# --- what is drawn


def test_both_versions_are_drawn_where_the_user_put_them(samples: Path) -> None:
    page = of_versions(samples, 1, 8)
    assert page.boxes("added") == {"Clean Missing Data/64-6ec6": (240, 200)}
    assert page.boxes("rewired") == {"Score Model/173-bb60": (180, 980)}
    assert page.boxes("changed")["Execute R Script/140-bb60"] == (240, 500)
    assert page.boxes("same")["Split Data/153-bb60"] == (240, 740)
    assert len(re.findall(r'<path class="added"', page.text.partition('class="ghosts')[0])) == 3
    assert len(re.findall(r'<path class="removed"', page.text.partition('class="ghosts')[0])) == 2
    ghosts = page.text.partition('class="ghosts')[2].partition('class="boxes"')[0]
    assert ghosts.count("<rect") == 3, "the layout moved three boxes"
    assert (page.text.count("<article"), page.text.count("Split changed")) == (7, 1)


def test_a_change_is_told_with_both_sides_marked(tmp_path: Path) -> None:
    old = graphs.sound_graph(3, 1)
    new = json.loads(dumps(old))
    new["Graph"]["ModuleNodes"][1]["ModuleId"] += "0"
    new["WebService"]["Outputs"] = []
    text = review(tmp_path, old, new).text
    one, other = (side["Graph"]["ModuleNodes"][1]["ModuleId"].rpartition(".")[2] for side in (old, new))
    assert f'<b>module</b> <del>version {one}</del> <span class="to">→</span> <ins>{other}</ins>' in text
    assert re.search("<b>web service output output</b> <del>", text)


def test_a_node_that_is_gone_stands_where_it_stood(samples: Path) -> None:
    assert of_versions(samples, 8, 1).boxes("removed") == {"Clean Missing Data/64-6ec6": (240, 200)}


def test_a_node_that_is_gone_hides_none_that_is_there(tmp_path: Path) -> None:
    old = graphs.sound_graph(6, 1)
    editor = graphs.edited(old, 1, 0)
    graphs._removal(editor)
    graphs._addition(editor)
    new = editor.document
    gone = next(node["Id"] for node in old["Graph"]["ModuleNodes"] if node["Id"] not in str(new["Graph"]["ModuleNodes"]))
    place = re.search(rf"Node='{gone}' Position='([^']*)'", old["Graph"]["SerializedClientData"])
    assert place
    new["Graph"]["SerializedClientData"] = new["Graph"]["SerializedClientData"].replace("Position='1,2,200,200'", f"Position='{place[1]}'")
    page = review(tmp_path, old, new)
    (added,), (removed,) = page.boxes("added").values(), page.boxes("removed").values()
    assert abs(added[0] - removed[0]) >= WIDTH or abs(added[1] - removed[1]) >= HEIGHT


def test_boxes_without_a_place_stand_beside_what_feeds_them() -> None:
    known = {f"k{number}": (number % 4 * 220, number // 4 * 100) for number in range(40)}
    missing = [f"m{number}" for number in range(40)]
    found = placing.beside([*known, *missing], {}, known, [(f"k{number}", f"m{number}") for number in range(39)])
    assert {key: found[key] for key in known} == known
    assert_apart(found)


def assert_apart(found: dict[str, tuple[int, int]]) -> None:
    points = list(found.values())
    for number, one in enumerate(points):
        assert all(abs(one[0] - other[0]) >= WIDTH or abs(one[1] - other[1]) >= HEIGHT for other in points[number + 1 :])


def test_titles_fit_their_boxes() -> None:
    assert fitted("Split Data", 160, 6.7) == "Split Data"
    assert fitted("Two-Class Averaged Perceptron Number Nine", 160, 6.7).endswith("…")
    assert fitted("漢" * 40, 160, 6.7).endswith("…")


@pytest.mark.parametrize(
    ("line", "language", "kinds"),
    [
        ('x = "a # b"  # c', "py", ["", "s", "", "c"]),
        ("for (i in 1:3) NULL", "R", ["k", "", "k", "", "n", "", "n", "", "k"]),
        ("SELECT a1 FROM t -- all", "sql", ["k", "", "k", "", "c"]),
        ("for x in y", "txt", [""]),
        ('"never closed', "py", ["s"]),
    ],
)
def test_scripts_are_coloured(line: str, language: str, kinds: list[str]) -> None:
    found = list(syntax.tokens(line, language))
    assert [token.kind for token in found] == kinds
    assert "".join(token.text for token in found) == line


# --- nothing from elsewhere, nothing run


def test_the_policy_lets_nothing_in_but_the_pages_own_style_and_script(samples: Path) -> None:
    page = of_versions(samples, 1, 8)
    (style,), (script,) = page.inside["style"], page.inside["script"]
    hashes = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    assert page.policy == f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; base-uri 'none'; form-action 'none'"
    assert not [found for found in page.attributes if found[1] == "style" or found[1].startswith("on")]
    assert not [found for found in page.attributes if found[1] in ("src", "srcset", "href", "xlink:href", "action") and not found[2].startswith("#")]
    assert "url(" not in style
    assert "@import" not in style
    assert not {"fetch(", "XMLHttpRequest", "innerHTML", "eval(", "import("} & set(
        re.findall(r"fetch\(|XMLHttpRequest|innerHTML|eval\(|import\(", script)
    )


def test_a_script_in_every_string_is_text(tmp_path: Path) -> None:
    old = graphs.sound_graph(8, 5)
    new = graphs.edited(old, 3, 12).document
    tame, page = review(tmp_path, old, new), review(tmp_path, evil(old), evil(new))
    assert page.tags.keys() - tame.tags.keys() <= {"code", "mark", "i", "div", "del", "ins"}, "our own, for what is longer now"
    assert page.tags["script"] == tame.tags["script"] == 2
    assert page.tags["img"] == 0
    assert not [found for found in page.attributes if found[1].startswith("on")]
    assert "alert(1)" in "".join(page.words), "it is shown as what it is"
    assert "\u202e" not in "".join(page.words)
    assert page.inside["script"] == tame.inside["script"]
    (data,) = page.data
    assert any(EVIL[:9] in parameter[1] for box in data["boxes"] for parameter in box.get("p", ()))


def test_ids_that_are_no_ids_are_text_too(tmp_path: Path) -> None:
    old = graphs.sound_graph(4, 5)
    text = dumps(old).decode()
    for node in old["Graph"]["ModuleNodes"]:
        text = text.replace(node["Id"], "<script>alert(1)<" + "/script>" + node["Id"][-3:])
    document = json.loads(text)
    changed = json.loads(text.replace("line 1", "line 9"))
    page = review(tmp_path, document, changed)
    assert page.tags["script"] == 2
    assert "<script>alert" not in page.text.replace(page.inside["json"][0], "")


def test_no_secret_is_on_the_page(tmp_path: Path) -> None:
    old = graphs.sound_graph(6, 2)
    new = graphs.edited(old, 1, 3).document
    key = "AccountName=x;AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
    for document in (old, new):
        for node in document["Graph"]["ModuleNodes"]:
            node["Comment"] += f" {key}"
            node["ModuleParameters"].append({"Name": "Account Key", "Value": "plain-words", "ValueType": "Literal", "LinkedGlobalParameter": None})
        document["Graph"]["ModuleNodes"][0]["ModuleParameters"][0]["Value"] = key
    new["Graph"]["ModuleNodes"][0]["ModuleParameters"][0]["Value"] = key.replace("x;", "y;")
    page = review(tmp_path, old, new)
    assert "c2VjcmV0" not in page.text
    assert "plain-words" not in page.text
    assert "(secret: Account Key)" in str(page.data)


# --- the file


def test_the_same_review_is_the_same_file(tmp_path: Path) -> None:
    old = graphs.sound_graph(30, 7)
    new = graphs.edited(old, 7, 12).document
    assert review(tmp_path, old, new).text == review(tmp_path, old, new).text


def test_several_experiments_stand_on_one_page(samples: Path) -> None:
    aml(samples, "review", "HEAD~12..HEAD", "--html", "../page.html").expect(OK)
    page = Page((samples.parent / "page.html").read_text(encoding="utf-8"))
    assert len(page.data) == page.tags["section"] - len(re.findall('<section class="(?:risks|changes)"', page.text)) == 3
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for tag, name, value in page.attributes:
        if name in ("data-box", "aria-labelledby") or (tag == "a" and name == "href"):
            assert value.lstrip("#") in ids


def test_show_gives_one_experiment_the_same_way(samples: Path) -> None:
    aml(samples, "show", "Customer churn - training@8", "--html", "../one.html").expect(OK)
    page = Page((samples.parent / "one.html").read_text(encoding="utf-8"))
    assert len(page.boxes("same")) == 13
    assert page.tags["article"] == 0
    assert {entry["st"] for entry in page.data[0]["boxes"]} == {"same"}
    aml(samples, "show", "churn-scoring@1", "--html", "../service.html").expect(OK)
    service = Page((samples.parent / "service.html").read_text(encoding="utf-8"))
    places = [place for name, place in service.boxes("same").items()]
    assert len(places) > 5
    assert all(one != other for one, other in pairwise(sorted(places)))


def test_a_new_service_is_drawn_with_its_data_and_ports(samples: Path) -> None:
    aml(samples, "review", "HEAD~12..HEAD", "--html", "../page.html", "--", "churn-scoring-897be0").expect(OK)
    page = Page((samples.parent / "page.html").read_text(encoding="utf-8"))
    added = page.boxes("added")
    assert {"customers/web service input", "scores/web service output", "Score Model/(node4)"} <= added.keys()
    assert page.boxes("same") == {}
    assert {wire[4] for wire in page.data[0]["wires"]} == {"added"}
    ports = {(wire[0], wire[2]) for wire in page.data[0]["wires"]}
    assert len(ports) == len(page.data[0]["wires"]) == len(added) - 1


def test_nothing_changed_is_a_page_too(samples: Path) -> None:
    aml(samples, "review", "--html", "../page.html").expect(OK)
    assert "No changes." in "".join(Page((samples.parent / "page.html").read_text(encoding="utf-8")).words)


@pytest.mark.parametrize("options", [("--md", "--html", "x.html"), ("--json", "--open"), ("--html", "nowhere/x.html")])
def test_what_cannot_be_is_refused(samples: Path, options: tuple[str, ...]) -> None:
    aml(samples, "review", *options).expect(USAGE)
    assert not (samples / "x.html").exists()


def test_of_several_experiments_the_page_opens_with_the_one_that_has_risks_and_equal_titles_are_told_apart(tmp_path: Path) -> None:
    for number, family in enumerate((FAMILY, OTHER_FAMILY)):
        save(tmp_path / "exports", f"{number}.json", experiment(family=family, nodes=(SPLIT,)))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    one, other = sorted((repository / "experiments").iterdir())
    replace_in(one / "experiment.json", '"Description": "Trial"', '"Description": "Trial",\n  "Other": "new"')
    replace_in(node_file(other, "Split Data"), '"0.5"', '"0.6"')
    aml(repository, "review", "--html", "../page.html").expect(OK)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.findall(r'<section class="entry" id="(\w+)"[^>]* data-first', text) == ["e1"]
    tabs = [re.sub("<[^>]*>", "", tab) for tab in re.findall(r'<a href="#e\d">(.*?)</a>', text)]
    assert tabs == [f"Trial ({one.name})", f"Trial ({other.name})1 risks"]
    assert re.findall(r'<h2 id="e\dt">(.*?)</h2>', text) == [f"Trial ({one.name})", f"Trial ({other.name})"]
