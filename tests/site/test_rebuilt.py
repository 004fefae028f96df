"""`amlgit site` again: what did not change is left alone, what is gone goes, and a kill costs nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from amlgit.workflows.pages.site_list import MANIFEST
from tests.support.commands import OK, aml, clone, environment, git
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save
from tests.support.repositories import commit_all, node_file, replace_in
from tests.support.sites import Html, age, built, check_links, state, two_experiments


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
