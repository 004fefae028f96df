"""The list of a site, which somebody else may have written or damaged: it removes nothing of others, and puts no markup into a page."""

import json
import os
import re
from hashlib import sha256
from pathlib import Path

import pytest

from amlgit.model.jsontext import Json
from amlgit.workflows.pages import site_list
from amlgit.workflows.pages.site_list import MANIFEST
from tests.support.commands import REFUSED, USAGE, aml, clone
from tests.support.exports import FAMILY, save
from tests.support.pages import EVIL
from tests.support.sites import Html, built, state, two_experiments


def test_a_list_that_names_files_outside_removes_none(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    precious = save(tmp_path, "precious.html", b"precious")
    with (site / MANIFEST).open("a") as opened:
        opened.write('{"path":"../precious.html","key":"x","size":8}\n{"path":"/etc/hostname","key":"x","size":8}\n')
    built(repository, site)
    assert precious.exists()


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


FORGED: dict[str, Json] = {
    **dict.fromkeys(("title", "by", "status", "first", "last", "html", "key", "search"), EVIL),
    "versions": EVIL,
    "picture": {"frame": [0, 0, 9, 9], "wires": f'M0 0"/>{EVIL}', "boxes": {}},
    "picture boxes": {"frame": [0, 0, 9, 9], "wires": "", "boxes": {f'd"/>{EVIL}': "M0 0z"}},
    "picture frame": {"frame": [f'0"/>{EVIL}', 0, 9, 9], "wires": "", "boxes": {}},
}


@pytest.mark.parametrize("member", FORGED)
def test_a_forged_list_puts_no_markup_into_the_first_page(tmp_path: Path, member: str) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    before, text = Html(site / "index.html"), (site / MANIFEST).read_text(encoding="utf-8")
    for is_sealed in (False, True):
        forged = []
        for line in text.splitlines():
            entry = json.loads(line)
            if "unit" in entry:
                name = member.partition(" ")[0]
                assert member == "html" or name in {**entry, **entry["card"]}
                (entry if name in ("html", "key", "search") else entry["card"])[name] = FORGED[member]
            forged.append(site_list.line(site_list.sealed(entry) if is_sealed else entry))
        (site / MANIFEST).write_bytes(b"".join(forged))
        built(repository, site)
        after = Html(site / "index.html")
        assert after.tags == before.tags
        # who made a seal too gets words into the page; all else is made anew
        assert after.text == before.text or (is_sealed and member in ("title", "by", "status"))


@pytest.mark.parametrize("is_sealed", [False, True], ids=["", "sealed"])
def test_a_forged_list_puts_no_markup_into_a_story(tmp_path: Path, is_sealed: bool) -> None:  # pytest names it
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    story, text = f"experiments/Alpha-{FAMILY[:6]}/index.html", (site / MANIFEST).read_text(encoding="utf-8")
    before = Html(site / story)
    for forged in (
        {"told": EVIL},
        {"counts": {f'x">{EVIL}': 1}},
        {"counts": {"parameter": -4}},
        {"counts": {"parameter": 10**400}},
        {"counts": EVIL},
    ):
        lines = []
        for line in text.splitlines():
            entry = json.loads(line)
            if entry.get("told"):
                name = entry.pop("path")
                changed = {**entry, **forged}
                entry = {"path": name, **(site_list.sealed(changed) if is_sealed else changed)}
            # the overview is made anew from what the list says of its versions
            lines.append(site_list.line({**entry, "key": "old"} if "unit" in entry else entry))
        (site / MANIFEST).write_bytes(b"".join(lines))
        built(repository, site)
        after = Html(site / story)
        assert after.tags == before.tags
        assert after.text == before.text or (is_sealed and "told" in forged)


@pytest.mark.parametrize(
    "damage", ['{"amlgit-site":1}\n{"unit":"\\ud800","key":"\\ud800"}\n', "no list\n", "", "{}\n", '{"amlgit-site":1}\nno line\n', "half"]
)
def test_over_a_damaged_list_the_site_is_built_anew(tmp_path: Path, damage: str) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    whole, manifest = {name: data for name, (data, _) in state(site).items()}, site / MANIFEST
    page = site / f"experiments/Alpha-{FAMILY[:6]}/archive/1.html"
    page.write_bytes(page.read_bytes().replace(b"</main>", b"<p>forged</p></main>"))
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(f"{text[:200]}\0{text[200:]}" if damage == "half" else damage, encoding="utf-8")
    built(repository, site)
    assert {name: data for name, (data, _) in state(site).items()} == whole
    assert built(repository, site)["written"] == []


def test_over_a_damaged_list_somebodys_file_is_left_alone(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    (site / "index.html").write_bytes(b"<!doctype html><p>precious</p>")
    (site / MANIFEST).write_text("no list\n")
    assert "did not write it" in aml(repository, "site", site).expect(REFUSED).err
    assert (site / "index.html").read_bytes() == b"<!doctype html><p>precious</p>"
    (site / MANIFEST).write_text('{"amlgit-site":99}\n')
    assert "newer amlgit" in aml(repository, "site", site).expect(USAGE).err


def test_what_the_search_reads_is_made_anew_where_more_than_records_stands_in_it(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    built(repository, site)
    search = site / "assets/search.js"
    whole = search.read_bytes()
    forged = whole.decode().splitlines()[-1] + "alert(1);"
    search.write_bytes(whole + forged.encode() + b"\n")
    text = (site / MANIFEST).read_text(encoding="utf-8")
    name = sha256(forged.encode()).hexdigest()[:24]
    (site / MANIFEST).write_text(re.sub(r'"search":"[0-9a-f]+"', f'"search":"{name}"', text), encoding="utf-8")
    built(repository, site)
    assert search.read_bytes() == whole


def test_a_list_that_is_no_file_is_refused(tmp_path: Path) -> None:
    repository, site = clone(two_experiments(tmp_path / "archive"), tmp_path / "r"), tmp_path / "site"
    site.mkdir()
    os.mkfifo(site / MANIFEST)
    assert "is no file" in aml(repository, "site", site).expect(USAGE).err
