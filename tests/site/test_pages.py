"""`amlgit site`: what stands on its pages, that its links hold, and that what did not change is left alone."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlgit.review.site import addresses, experiment_page
from amlgit.review.site.experiment_page import Chain, Experiment
from amlgit.review.site.frame import POLICY
from amlgit.review.site.versions import Line, Told
from benchmarks import generate
from tests.support import graphs
from tests.support.commands import OK, PARTLY, aml, clone, clone_samples
from tests.support.exports import DAY, FAMILY, PYTHON, SPLIT, T0, experiment, save
from tests.support.isolation import isolate
from tests.support.pages import EVIL, evil
from tests.support.repositories import commit_all, node_file
from tests.support.sites import Html, built, check_links, pages, search_entries, state, two_experiments


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The samples, and their site."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, folder)
        samples = clone_samples(folder / "r")
        built(samples, folder / "site", "--title", "The archive")
        yield samples, folder / "site"


# --- what is there


def test_links_hold_and_every_page_is_reached(whole: tuple[Path, Path]) -> None:
    assert check_links(whole[1]) > 300


def test_experiments_versions_scripts_and_services_have_their_pages(whole: tuple[Path, Path]) -> None:
    repository, site = whole
    found = pages(site)
    versions = json.loads(aml(repository, "log", "--json").expect(OK).out)["result"]["versions"]
    numbered = [name for name in found if re.fullmatch(r"(experiments|webservices)/[^/]+/archive/\d+\.html", name)]
    assert len(numbered) == len(versions)
    index = " ".join(found["index.html"].words)
    assert {"The archive", "Customer churn - training", "churn-scoring", "mira.holm"} <= set(found["index.html"].words) | {index}
    assert f"{len(versions)} versions" in index
    churn = next(name for name in found if name.startswith("experiments/Customer churn - training-") and name.endswith("/index.html"))
    told = json.loads(aml(repository, "log", "Customer churn - training", "--changes", "--json").expect(OK).out)["result"]["versions"]
    story = "".join(found[churn].words)
    assert all(version["summary"] in story for version in told)
    service = next(name for name in found if name.startswith("webservices/churn-scoring-") and name.endswith("/index.html"))
    assert {"customer_id", "churn_probability", "Whom to call before they leave", "Append score columns"} <= set(found[service].words)
    assert found[service].text.index("Append score columns") < found[service].text.index(">Story<"), "what it takes and gives stands first"
    assert "".join(found[service].words).count("11 nodes") == 2, "nodes are counted in one way"
    assert {"draft 1: nothing before it", "run 5: 1 change", "run 8: 2 changes"} <= set(found[churn].words), "every bar says what it is"
    assert "How much each version changed, oldest first" in found[churn].words
    script = "".join(
        found[next(name for name in found if name.startswith("experiments/Customer churn - training-") and "/scripts/Execute R Script" in name)].words
    )
    assert "since run 7" in script
    assert 'labels = c("0-6"' in script


def test_the_page_of_a_version_has_the_diff_to_the_one_before(whole: tuple[Path, Path]) -> None:
    site = whole[1]
    folder = next(site.glob("experiments/Customer churn - training-*"))
    page = Html(folder / "archive/5.html")
    text = "".join(page.words)
    assert "What run 5 changed" in text
    assert re.search(r'class="n added" [^>]*><rect[^>]*/><text[^>]*>Clean Missing Data<', page.text)
    assert page.text.partition('class="ghosts')[0].count('<path class="added"') == 2
    first = Html(folder / "archive/1.html")
    assert "added" not in re.findall(r'class="n ([a-z]+)', first.text)
    assert 'rel="prev"' not in first.text
    assert 'rel="next" href="2.html"' in first.text


def test_nothing_from_elsewhere_and_nothing_in_the_page_runs(whole: tuple[Path, Path]) -> None:
    for name, page in pages(whole[1]).items():
        assert f'http-equiv="Content-Security-Policy" content="{POLICY}"' in page.text, name
        assert page.text.index("Content-Security-Policy") < page.text.index("<script")
        assert not [attribute for attribute, _ in page.attributes if attribute == "style" or attribute.startswith("on")], name
        scripts = re.findall(r"<script[^>]*>", page.text)
        assert all(" src=" in script or 'type="application/json"' in script for script in scripts), name
        assert "<style" not in page.text
        assert len(page.ids) == len(set(page.ids)), name
    for name in ("site.css", "site.js", "graph.js"):
        text = (whole[1] / "assets" / name).read_text(encoding="utf-8")
        assert not re.findall(r"fetch\(|XMLHttpRequest|innerHTML|eval\(|import\(|url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text), name


def test_pages_are_small_and_say_of_a_node_only_which_it_is(tmp_path: Path) -> None:
    document = generate.experiment(20, 3)
    for number in range(1, 13):
        (tmp_path / "archive").mkdir(exist_ok=True)
        (tmp_path / "archive" / f"{number:02}.json").write_text(generate.wire(document), encoding="utf-8")
        document = generate.edited(document, 3)
    repository = clone(tmp_path / "archive", tmp_path / "r")
    built(repository, tmp_path / "site")
    sizes = [path.stat().st_size for path in (tmp_path / "site").glob("experiments/*/archive/*.html")]
    assert len(sizes) == 12
    assert sum(sizes) / len(sizes) < 22_000
    (nodes,) = (tmp_path / "site").glob("experiments/*/archive/nodes-*.js")
    states = nodes.read_text(encoding="utf-8").count('\n{"t":')
    assert 20 < states < 70


# --- hostile things


def test_a_script_in_every_string_is_text(tmp_path: Path) -> None:
    old = graphs.sound_graph(8, 5)
    for number, document in enumerate((old, graphs.edited(old, 3, 12).document), 1):
        save(tmp_path / "archive", f"2017-01-0{number}.json", evil(document))
    repository = clone(tmp_path / "archive", tmp_path / "r")
    built(repository, tmp_path / "site", "--title", EVIL)
    check_links(tmp_path / "site")
    for name, page in pages(tmp_path / "site").items():
        assert "img" not in page.tags, name
        assert not [attribute for attribute, _ in page.attributes if attribute.startswith("on")], name
        assert "\u202e" not in page.text
        assert page.tags.count("script") == len(re.findall(r'<script (?:defer )?src=|<script type="application/json"', page.text)), name
    assert "alert(1)" in "".join(pages(tmp_path / "site")["index.html"].words)
    assert "<script>alert(1)" in search_entries(tmp_path / "site")[0]["t"]


TITLES = (
    "con",
    "../../etc/passwd",
    'a<b>:"|?*',
    "trailing. ",
    "Über Größe 漢字",
    "A" * 300,
    "index.html",
    "scripts",
    ".hidden",
    "%2e%2e#x?y",
    "case",
    "CASE",
)


def test_names_are_safe_on_every_file_system(tmp_path: Path) -> None:
    for number, title in enumerate(TITLES):
        family = f"{number:02x}" + "0" * 30 if title.casefold() != "case" else f"{number:02x}" * 16
        save(tmp_path / "archive", f"{number}.json", experiment(title, family=family, created=T0 + number))
    repository = clone(tmp_path / "archive", tmp_path / "r")
    site = tmp_path / "site"
    built(repository, site)
    check_links(site)
    names = [path.relative_to(site).as_posix() for path in site.rglob("*")]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        for part in name.split("/"):
            assert not re.search(r'[<>:"\\|?*\x00-\x1f]|[. ]$|^[.~]', part), name
            assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", part)
            assert len(part.encode()) < 140
    titles = {entry["t"] for entry in search_entries(site)}
    assert {"con", "Über Größe 漢字"} <= titles


def test_a_remote_that_is_called_branch_has_another_folder_than_the_branch() -> None:
    assert addresses.remotes(["branch", "Branch", "archive"]) == {"Branch": "Branch-2", "archive": "archive", "branch": "branch-3"}


def test_no_secret_is_on_any_page(tmp_path: Path) -> None:
    key = "AccountName=x;AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
    script = f"key = '{key}'\n"
    for number in (1, 2):
        document = experiment(f"Trial {key}", created=T0 + number * DAY, fraction=f"0.{number}", script=script, summary=f"see {key}")
        document["Graph"]["ModuleNodes"][1]["Comment"] = f"with {key} {number}"
        document["Graph"]["ModuleNodes"][1]["ModuleParameters"].append(
            {"Name": "Account Key", "Value": "plain-words", "ValueType": "Literal", "LinkedGlobalParameter": None}
        )
        save(tmp_path / "archive", f"{number}.json", document)
    repository = clone(tmp_path / "archive", tmp_path / "r", code=PARTLY)
    for held in json.loads(aml(repository, "secret", "list", "--json").expect(OK).out)["result"]["held"]:
        aml(repository, "secret", "allow", held["id"]).expect(OK)
    aml(repository, "pull")
    assert b"c2VjcmV0" in subprocess.run(["git", "log", "-p", "--all"], cwd=repository, capture_output=True, check=True).stdout, "it was allowed"
    site = tmp_path / "site"
    assert built(repository, site)["versions"] == 2
    for path in site.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"c2VjcmV0" not in data, path
            assert b"plain-words" not in data, path
            assert b"c2VjcmV0" not in path.name.encode()


def test_a_repository_without_anything_has_a_first_page(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    aml(tmp_path / "r", "init").expect(OK)
    report = built(tmp_path / "r", tmp_path / "site")
    assert report["versions"] == 0
    assert "Nothing was pulled yet." in "".join(Html(tmp_path / "site/index.html").words)


def test_a_bare_repository_has_the_same_site(tmp_path: Path) -> None:
    repository = clone(two_experiments(tmp_path / "archive"), tmp_path / "r")
    subprocess.run(["git", "clone", "-q", "--mirror", str(repository), str(tmp_path / "r.git")], check=True)
    for place, site in ((repository, "one"), (tmp_path / "r.git", "two")):
        built(place, tmp_path / site)
    assert {name: data for name, (data, _) in state(tmp_path / "one").items()} == {name: data for name, (data, _) in state(tmp_path / "two").items()}


def test_what_is_damaged_is_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    folder = repository / f"experiments/Alpha-{FAMILY[:6]}"
    node_file(folder, "Split").write_text("{ no json")
    commit_all(repository)
    run = aml(repository, "site", site)
    assert run.code == 5
    assert "branch.html" in run.err
    assert "can't be read" in "".join(Html(site / f"experiments/Alpha-{FAMILY[:6]}/branch.html").words)
    check_links(site)


def test_two_remotes_of_one_experiment_have_a_story_each(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    save(tmp_path / "second", "a9.json", experiment("Alpha", created=T0 + 9 * DAY, fraction="0.9", nodes=(PYTHON, SPLIT)))
    aml(repository, "remote", "add", "second", "--archive", tmp_path / "second").expect(OK)
    aml(repository, "fetch", "second").expect(OK)
    built(repository, site)
    check_links(site)
    alpha = site / f"experiments/Alpha-{FAMILY[:6]}"
    assert {path.relative_to(alpha).as_posix() for path in alpha.rglob("*.html")} >= {"archive/3.html", "second/1.html"}
    text = "".join(Html(alpha / "index.html").words)
    assert "of archive" in text
    assert "of second" in text


def test_a_long_story_stands_in_lists_that_a_browser_lays_out_one_by_one() -> None:
    """In one list that counts backwards Chromium counts anew for each row: 10,000 took 14 seconds."""
    texts = dict.fromkeys(("title", "summary", "who", "status", "commit", "snapshot", "date", "remote"), "")
    lines = [Line(path=f"experiments/x/archive/{number}.html", name=f"run {number}", number=number, **texts) for number in range(1, 451)]
    chain = Chain(remote="archive", versions=[(line, Told(line="1 parameter", counts={"parameter": 1})) for line in lines])
    named = {"path": "experiments/x/index.html", "kind": "experiment", "title": "x", "family": "", "folder": "", "size": "", "picture": ""}
    text = experiment_page.page(Experiment(above=[], chains=[chain], branch=None, held=None, outline=None, **named))
    lists = re.findall(r"<ol reversed start='(\d+)'( class=many)?>(.*?)</ol>", text, re.DOTALL)
    assert [(start, bool(many), rows.count("<h3>")) for start, many, rows in lists] == [("450", True, 200), ("250", True, 200), ("50", False, 50)]
    assert re.findall("<h3><a [^>]*>run ([0-9]+)<", text) == [str(number) for number in range(450, 0, -1)]
