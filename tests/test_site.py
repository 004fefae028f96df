"""`amlgit site`: what stands on its pages, that its links hold, and that what did not change is left alone."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from amlgit.review.site import addresses
from amlgit.review.site.frame import POLICY
from amlgit.workflows.pages.site_folder import MANIFEST
from benchmarks import generate
from tests import graphs
from tests.helpers import (
    DAY,
    FAMILY,
    OK,
    OTHER_FAMILY,
    PARTLY,
    PYTHON,
    REFUSED,
    SPLIT,
    T0,
    USAGE,
    Document,
    aml,
    clone,
    clone_samples,
    commit_all,
    environment,
    experiment,
    git,
    node_file,
    replace_in,
    save,
)
from tests.isolation import isolate
from tests.test_review_page import EVIL, evil

VOID = frozenset({"meta", "link", "input", "br"})


class Html(HTMLParser):
    """The links of a page, its ids, its words, and that every element is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.links: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(self.text)
        self.close()
        assert self._open == [], path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name in ("href", "src"):
                self.links.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def pages(site: Path) -> dict[str, Html]:
    return {path.relative_to(site).as_posix(): Html(path) for path in sorted(site.rglob("*.html"))}


def check_links(site: Path) -> int:
    """Fail where a link leads to nothing, to another letter case, or out of the site; gives how many there are."""
    found = pages(site)
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    count = 0
    for name, page in found.items():
        for tag, attribute, link in page.links:
            parts = urlsplit(link)
            assert (parts.scheme, parts.netloc, parts.query) == ("", "", ""), f"{name}: {link} leads elsewhere"
            assert link == "" or link.isascii(), link
            place = os.path.normpath(os.path.join(os.path.dirname(name), unquote(parts.path))) if parts.path else name
            assert place in files, f"{name}: <{tag} {attribute}={link}> leads to nothing"
            if parts.fragment and not parts.fragment.startswith("q=") and place in found:
                assert unquote(parts.fragment) in found[place].ids, f"{name}: {link}"
            count += 1
    reached, todo = set(), ["index.html"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [
                os.path.normpath(os.path.join(os.path.dirname(name), unquote(urlsplit(link).path)))
                for tag, _, link in found[name].links
                if tag == "a" and urlsplit(link).path
            ]
    assert reached == found.keys(), "every page is reached from the first"
    return count


def state(site: Path) -> dict[str, tuple[str, int]]:
    """Every file with a digest of its bytes and its time."""
    return {
        path.relative_to(site).as_posix(): (sha256(path.read_bytes()).hexdigest()[:12], path.stat().st_mtime_ns)
        for path in site.rglob("*")
        if path.is_file()
    }


def age(site: Path) -> None:
    """Put all times into the past, so that a file that is written shows."""
    for path in site.rglob("*"):
        if path.is_file():
            os.utime(path, (T0, T0))


def built(repository: Path, site: Path, *options: str, code: int = OK) -> Document:
    """`amlgit site`, and its report."""
    run = aml(repository, "site", site, "--json", *options).expect(code)
    found = json.loads(run.out)["result"]
    assert isinstance(found, dict)
    return found


def search_entries(site: Path) -> list[Document]:
    lines = (site / "assets/search.js").read_text(encoding="utf-8").split("\n")[1:-1]
    return [json.loads(line.removeprefix("amlgitFound(").removesuffix(");")) for line in lines]


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


# --- what did not change is left as it is


def two_experiments(folder: Path) -> Path:
    for number in (1, 2, 3):
        save(folder, f"a{number}.json", experiment("Alpha", created=T0 + number * DAY, fraction=f"0.{number}"))
        save(folder, f"b{number}.json", experiment("Beta", family=OTHER_FAMILY, created=T0 + number * DAY, script=f"x = {number}\n"))
    return folder


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    first = built(repository, site)
    assert (first["experiments"], first["versions"], first["unchanged"]) == (2, 6, 0)
    age(site)
    before = state(site)
    second = built(repository, site)
    assert (second["written"], second["removed"]) == ([], [])
    assert second["unchanged"] == len(first["written"])
    assert state(site) == before
    assert aml(repository, "site", site).expect(OK).out.endswith("0 files written, 17 unchanged, 0 removed\n")


def test_a_new_version_rewrites_only_what_mentions_it(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    save(tmp_path / "archive", "a4.json", experiment("Alpha", created=T0 + 4 * DAY, fraction="0.4"))
    aml(repository, "pull").expect(OK)
    age(site)
    before = state(site)
    report = built(repository, site)
    alpha = f"experiments/Alpha-{FAMILY[:6]}"
    expected = {f"{alpha}/archive/3.html", f"{alpha}/archive/4.html", f"{alpha}/index.html", f"{alpha}/archive/nodes-0.js"}
    assert set(report["written"]) == {*expected, "index.html", "assets/search.js"}
    after = state(site)
    assert {name for name in after if after[name] != before.get(name)} == {*report["written"], MANIFEST}
    assert 'rel="next" href="4.html"' in (site / alpha / "archive/3.html").read_text()
    check_links(site)
    # the same site as one built at once
    built(repository, tmp_path / "fresh")
    assert {name: data for name, (data, _) in state(tmp_path / "fresh").items()} == {name: data for name, (data, _) in after.items()}


def test_names_of_pages_stay_when_titles_and_folders_change(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    before = {name for name in state(site) if name.endswith(".html")}
    save(tmp_path / "archive", "a4.json", experiment("Alpha and omega", created=T0 + 4 * DAY, fraction="0.4"))
    aml(repository, "pull").expect(OK)
    git(repository, "mv", f"experiments/Alpha-{FAMILY[:6]}", "experiments/renamed")
    commit_all(repository)
    assert built(repository, site)["removed"] == []
    assert before <= {name for name in state(site) if name.endswith(".html")}
    overview = "".join(Html(site / f"experiments/Alpha-{FAMILY[:6]}/index.html").words)
    assert "Alpha and omega" in overview
    assert "experiments/renamed" in overview


def test_what_the_branch_holds_and_no_version_does_has_a_page(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    folder = repository / f"experiments/Alpha-{FAMILY[:6]}"
    replace_in(node_file(folder, "Split"), '"0.3"', '"0.77"')
    built(repository, site)
    assert not list(site.rglob("branch.html")), "it is not committed"
    commit_all(repository)
    assert f"experiments/Alpha-{FAMILY[:6]}/branch.html" in built(repository, site)["written"]
    text = "".join(Html(site / f"experiments/Alpha-{FAMILY[:6]}/branch.html").words)
    assert "against draft 3" in text
    assert "0.77" in text
    check_links(site)
    git(repository, "revert", "--no-edit", "HEAD")
    assert f"experiments/Alpha-{FAMILY[:6]}/branch.html" in built(repository, site)["removed"]
    assert not list(site.rglob("branch*"))
    check_links(site)


def test_the_page_of_the_branch_names_it_and_links_its_scripts(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    beta = f"experiments/Beta-{OTHER_FAMILY[:6]}"
    page, script = site / beta / "branch.html", site / beta / "branch/scripts"
    replace_in(node_file(repository / beta, "Split"), '"0.5"', '"0.77"')
    git(repository, "checkout", "-qb", "trials/a<b")
    commit_all(repository)
    built(repository, site)
    found = Html(page)
    assert {"branch trials/a<b", "What branch trials/a<b changed"} <= set(found.words)
    assert "commit" not in [word.strip() for word in found.words], "it is no commit's page"
    assert [link for _, _, link in found.links if "/scripts/" in link and link.startswith("archive/") and link.endswith("#v3")], "as run 3 has it"
    assert not script.exists()
    assert "branch trials/a<b" in Html(site / beta / "index.html").words

    (text,) = (repository / beta).rglob("*.py")
    text.write_text("x = 'of the branch'\n")
    commit_all(repository)
    built(repository, site)
    (own,) = script.iterdir()
    assert "branch trials/a<b" in Html(own).words
    assert "'of the branch'" in "".join(Html(own).words)
    check_links(site)

    git(repository, "checkout", "-q", "--detach")
    assert set(built(repository, site)["written"]) == {f"{beta}/index.html", f"{beta}/branch.html", own.relative_to(site).as_posix()}
    assert "What HEAD changed" in Html(page).words
    built(repository, tmp_path / "fresh", "--title", "r")
    assert {name: data for name, (data, _) in state(tmp_path / "fresh").items()} == {name: data for name, (data, _) in state(site).items()}


def test_pages_of_what_is_gone_are_removed_and_nothing_else(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    beta = site / f"experiments/Beta-{OTHER_FAMILY[:6]}"
    mine = save(site, f"experiments/Beta-{OTHER_FAMILY[:6]}/archive/mine.txt", b"mine")
    outside = save(tmp_path, "outside/precious.html", b"precious")
    (site / "CNAME").write_text("example.org")
    (site / "elsewhere").symlink_to(outside.parent)
    git(repository, "update-ref", "-d", f"refs/amlgit/archive/{OTHER_FAMILY}")
    git(repository, "rm", "-rq", f"experiments/Beta-{OTHER_FAMILY[:6]}")
    commit_all(repository)
    report = built(repository, site)
    assert len(report["removed"]) == 6
    assert [path for path in beta.rglob("*") if path.is_file()] == [mine]
    assert (site / "CNAME").read_text() == "example.org"
    assert outside.read_bytes() == b"precious"
    check = {name for name in state(site) if "Beta" in name}
    assert check == {f"experiments/Beta-{OTHER_FAMILY[:6]}/archive/mine.txt"}


def test_a_page_that_was_deleted_or_cut_comes_again(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    whole = {name: data for name, (data, _) in state(site).items()}
    pages_ = sorted(site.glob("experiments/*/archive/*.html"))
    pages_[0].unlink()
    pages_[4].write_bytes(b"")
    (site / "assets/search.js").unlink()
    report = built(repository, site)
    assert len(report["written"]) == 3
    assert {name: data for name, (data, _) in state(site).items()} == whole


def test_a_dry_run_says_what_would_be_written(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    said = built(repository, site, "--dry-run")
    assert not site.exists()
    assert said["written"] == built(repository, site)["written"]
    age(site)
    before = state(site)
    assert built(repository, site, "-n")["written"] == []
    assert state(site) == before


# --- folders that are not ours


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    repository = clone(two_experiments(tmp_path / "archive"), tmp_path / "r")
    other = save(tmp_path, "other/notes.txt", b"mine").parent
    said = aml(repository, "site", other).expect(USAGE).err
    assert "has files in it" in said
    assert "Name a new or an empty folder." in said
    assert [path.name for path in other.iterdir()] == ["notes.txt"]
    aml(repository, "site", other / "notes.txt").expect(USAGE)
    for inside in ("experiments", ".git/site"):
        (repository / inside).mkdir(exist_ok=True)
        aml(repository, "site", inside + "/x").expect(USAGE)
    (tmp_path / "empty").mkdir()
    built(repository, tmp_path / "empty")


def test_somebodys_file_or_link_in_the_way_stops_everything(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    save(tmp_path / "archive", "a4.json", experiment("Alpha", created=T0 + 4 * DAY, fraction="0.4"))
    aml(repository, "pull").expect(OK)
    mine = save(site, f"experiments/Alpha-{FAMILY[:6]}/archive/4.html", b"mine")
    before = state(site)
    assert "is there already, and amlgit did not write it" in aml(repository, "site", site).expect(REFUSED).err
    assert state(site) == before
    mine.unlink()
    outside = tmp_path / "outside.html"
    outside.write_bytes(b"precious")
    mine.symlink_to(outside)
    assert "is a link" in aml(repository, "site", site).expect(REFUSED).err
    assert outside.read_bytes() == b"precious"


def test_a_folder_of_ours_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    folder = site / f"experiments/Alpha-{FAMILY[:6]}"
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    before = state(tmp_path / "moved")
    aml(repository, "site", site).expect(REFUSED)
    git(repository, "update-ref", "-d", f"refs/amlgit/archive/{FAMILY}")
    git(repository, "rm", "-rq", f"experiments/Alpha-{FAMILY[:6]}")
    commit_all(repository)
    built(repository, site)
    assert state(tmp_path / "moved") == before


def test_a_list_that_names_files_outside_removes_none(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    precious = save(tmp_path, "precious.html", b"precious")
    with (site / MANIFEST).open("a") as opened:
        opened.write('{"path":"../precious.html","key":"x","size":8}\n{"path":"/etc/hostname","key":"x","size":8}\n')
    built(repository, site)
    assert precious.exists()
    (site / MANIFEST).write_text("no list\n")
    assert "can't be read" in aml(repository, "site", site).expect(USAGE).err


@pytest.mark.parametrize("name", [".git/config", "mine.txt", "mine.html", "experiments/mine.md", ".github/workflows/mine.js"])
def test_a_list_that_names_what_no_site_has_removes_none(tmp_path: Path, name: str) -> None:
    """The folder may be in git, and the list from somebody else."""
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    precious = save(site, name, b"precious")
    with (site / MANIFEST).open("a") as opened:
        opened.write(json.dumps({"path": name, "key": "x", "size": 8}) + "\n")
    built(repository, site)
    assert precious.read_bytes() == b"precious"


def test_a_list_that_is_no_file_is_refused(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    site.mkdir()
    os.mkfifo(site / MANIFEST)
    assert "is no file" in aml(repository, "site", site).expect(USAGE).err


# --- kills


def test_killed_at_any_moment_the_next_run_finishes(tmp_path: Path) -> None:
    for number in range(1, 41):
        save(
            tmp_path / "archive",
            f"{number}.json",
            experiment(f"Kept {number % 4}", family=f"{number % 4}" * 32, created=T0 + number * DAY, fraction=f"0.{number}"),
        )
    repository = clone(tmp_path / "archive", tmp_path / "r")
    built(repository, tmp_path / "whole")
    whole = {name: data for name, (data, _) in state(tmp_path / "whole").items()}
    site = tmp_path / "site"
    command = [sys.executable, "-m", "amlgit", "site", str(site), "--title", "r"]
    for files in (0, 3, 17, 33, 48):
        process = subprocess.Popen(
            command, cwd=repository, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None and sum(1 for _ in site.rglob("*.html")) < files:
            pass
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
        for path in site.rglob("*.html"):
            assert path.read_bytes().endswith(b"</body></html>\n"), "no half page"
    built(repository, site)
    assert {name: data for name, (data, _) in state(site).items()} == whole
    assert built(repository, site)["written"] == []


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
