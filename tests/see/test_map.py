"""map: which run is this commit, and which commits hold this run, whatever git did to the commits."""

from pathlib import Path

import pytest

from tests.support.commands import FINDINGS, OK, PARTLY, USAGE, aml, clone, clone_samples, git
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, Document, experiment, save, snapshot_id
from tests.support.repositories import chains, commit_all, folder, node_file, replace_in

TRIAL = "experiments/Trial-aaaaaa"


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    for number in (1, 2, 3):
        save(tmp_path / "exports", f"{number}.json", experiment(created=T0 + number * DAY, run=number, fraction=f"0.{number}"))
    return tmp_path / "exports"


@pytest.fixture
def repository(exports: Path, tmp_path: Path) -> Path:
    return clone(exports, tmp_path / "r")


def _folders(repository: Path, *arguments: str) -> dict[str, Document]:
    report = aml(repository, "map", "--json", *arguments).expect(OK).json
    assert report["command"] == "map"
    return {row["path"]: row for row in report["result"]["folders"]}


def _trial(repository: Path, *arguments: str) -> tuple[int | None, bool, int | None]:
    """Number, whether exactly, and how many changes, of the one folder there."""
    (row,) = _folders(repository, *arguments).values()
    return row["version"]["number"], row["exact"], row["changes"]


def _held(repository: Path, name: str, code: int = OK) -> Document:
    (held,) = aml(repository, "map", "--json", name).expect(code).json["result"]["versions"]
    assert isinstance(held, dict)
    return held


def _commits(repository: Path, rev: str = "HEAD") -> list[str]:
    return git(repository, "rev-list", "--reverse", rev).splitlines()


# --- which version is this place?


def test_the_work_tree_is_told_with_every_fact(repository: Path) -> None:
    assert aml(repository, "map").expect(OK).out == f"{TRIAL}: Trial is run 3 (snapshot {snapshot_id(3)}, 2015-12-16, Finished)\n"
    assert _folders(repository)[TRIAL] == {
        "path": TRIAL,
        "version": {
            "title": "Trial",
            "remote": "archive",
            "kind": "run",
            "number": 3,
            "snapshot": snapshot_id(3),
            "date": "2015-12-16T09:46:40Z",
            "status": "Finished",
            "who": "jane.doe",
            "commit": chains(repository)[f"archive/{FAMILY}"],
            "content": git(repository, "rev-parse", f"refs/amlgit/archive/{FAMILY}:experiment"),
        },
        "exact": True,
        "changes": 0,
        "equal": [],
        "problem": "",
    }


def test_every_commit_of_a_pull_is_its_run(repository: Path) -> None:
    assert [_trial(repository, commit) for commit in _commits(repository)[1:]] == [(1, True, 0), (2, True, 0), (3, True, 0)]
    assert _trial(repository, "HEAD~1") == (2, True, 0)
    git(repository, "branch", "topic", "HEAD~2")
    assert _trial(repository, "topic") == (1, True, 0)


def test_an_edit_is_counted_committed_or_not(repository: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.3"', '"0.75"')
    assert _trial(repository) == (3, False, 1)
    assert _trial(repository, "HEAD") == (3, True, 0)
    assert "Trial is run 3 and 1 change (" in aml(repository, "map").expect(OK).out
    commit_all(repository)
    replace_in(folder(repository, "Trial") / "experiment.json", "A trial.", "Another.")
    assert _trial(repository) == (3, False, 2)
    assert _trial(repository, "HEAD") == (3, False, 1)
    assert "Trial is run 3 and 2 changes (" in aml(repository, "map").expect(OK).out


def test_changes_are_those_that_diff_shows(repository: Path) -> None:
    split = node_file(folder(repository, "Trial"), "Split")
    replace_in(split, '"0.3"', '"0.75"')
    replace_in(split, '"Split Rows"', '"Regular Expression"')
    shown = aml(repository, "diff", "--json").expect(OK).json["result"]
    assert _trial(repository) == (3, False, 2)
    assert len(shown["changes"]) == 2


def test_of_a_folder_that_can_not_be_read_no_changes_are_counted(repository: Path) -> None:
    page = node_file(repository / TRIAL, "Split")
    page.write_text(page.read_text().replace('"0.3"', '"0.9"') + "}}")
    run = aml(repository, "map").expect(PARTLY)
    assert f"{TRIAL}: Trial is run 3, edited since" in run.out
    assert f"can't be compared: {TRIAL}/nodes/{page.name}" in run.out


def test_what_is_beside_the_content_is_no_change(repository: Path) -> None:
    save(folder(repository, "Trial"), "notes.md", "mine")
    assert _trial(repository) == (3, True, 0)
    commit_all(repository)
    assert _trial(repository, "HEAD") == (3, True, 0)


def test_an_edit_taken_back_and_a_revert_of_a_pull_are_exact(repository: Path) -> None:
    git(repository, "revert", "--no-edit", "HEAD")
    assert _trial(repository, "HEAD") == (2, True, 0)
    split = node_file(folder(repository, "Trial"), "Split")
    replace_in(split, '"0.2"', '"0.3"')
    assert _trial(repository) == (3, True, 0)  # run 3 by content, though sync.json says run 2


def test_rebase_squash_and_cherry_pick_change_nothing(repository: Path) -> None:
    first, *_ = _commits(repository)
    git(repository, "checkout", "--quiet", "--orphan", "squashed")
    git(repository, "commit", "--quiet", "-m", "all in one")
    assert _trial(repository, "squashed") == (3, True, 0)
    git(repository, "checkout", "--quiet", "-b", "base", first)
    save(repository, "README.md", "hello")
    base = commit_all(repository, "readme")
    git(repository, "checkout", "--quiet", "-b", "rebased", "main")
    git(repository, "rebase", "--quiet", "--onto", base, first)
    assert [_trial(repository, f"rebased~{back}") for back in (2, 1, 0)] == [(1, True, 0), (2, True, 0), (3, True, 0)]
    git(repository, "checkout", "--quiet", "-b", "picked", base)
    git(repository, "cherry-pick", "main~2", "main~1")
    assert _trial(repository) == (2, True, 0)


def test_a_detached_head_an_unborn_branch_and_a_bare_repository_have_a_map(repository: Path, tmp_path: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach", "HEAD~1")
    assert _trial(repository) == (2, True, 0)
    git(tmp_path, "clone", "--quiet", "--mirror", repository, "bare.git")
    assert _trial(tmp_path / "bare.git") == (2, True, 0)
    aml(tmp_path, "init", "unborn").expect(OK)
    assert aml(tmp_path / "unborn", "map").expect(OK).out == "No experiments there.\n"


def test_a_renamed_folder_is_still_its_run(repository: Path) -> None:
    git(repository, "mv", TRIAL, "experiments/Renamed")
    assert {path: row["version"]["number"] for path, row in _folders(repository).items()} == {"experiments/Renamed": 3}
    commit_all(repository, "rename")
    assert {path: row["exact"] for path, row in _folders(repository, "HEAD").items()} == {"experiments/Renamed": True}
    assert _held(repository, "Trial@3")["commits"] == [_commits(repository)[3]]


def test_a_folder_that_no_remote_is_bound_to_is_found_by_content(repository: Path) -> None:
    (folder(repository, "Trial") / "sync.json").unlink()
    assert _trial(repository) == (3, True, 0)
    replace_in(folder(repository, "Trial") / "experiment.json", "A trial.", "Another.")
    (row,) = _folders(repository).values()
    assert (row["version"], row["exact"], row["changes"]) == (None, False, None)
    assert "no version that the record knows" in aml(repository, "map").expect(OK).out


def test_of_versions_with_one_content_the_one_it_came_from_is_told(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        save(tmp_path / "exports", f"{number}.json", experiment(created=T0 + number * DAY, run=number))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert [_trial(repository, commit)[0] for commit in _commits(repository)[1:]] == [1, 2, 3]
    assert _folders(repository, "HEAD~1")[TRIAL]["equal"] == [1, 3]
    assert aml(repository, "map", "HEAD~1").expect(OK).out.endswith("Finished), the same as @1, @3\n")


def test_a_name_of_an_experiment_is_its_folder_in_the_work_tree(repository: Path, exports: Path) -> None:
    save(exports, "other.json", experiment("Other", family=OTHER_FAMILY, created=T0))
    aml(repository, "pull").expect(OK)
    assert list(_folders(repository)) == ["experiments/Other-ffffff", TRIAL]
    assert list(_folders(repository, "Other")) == ["experiments/Other-ffffff"]
    assert _folders(repository, "Other")["experiments/Other-ffffff"]["version"]["kind"] == "draft"


def test_a_commit_without_experiments_is_an_honest_no(repository: Path) -> None:
    report = aml(repository, "map", "--json", _commits(repository)[0]).expect(FINDINGS).json
    assert report["result"]["folders"] == []
    assert aml(repository, "map", _commits(repository)[0]).expect(FINDINGS).out == "No experiments there.\n"


# --- what holds this version?


def test_a_version_is_held_where_it_came_in(repository: Path) -> None:
    held = _held(repository, "Trial@2")
    assert held["version"]["commit"] == git(repository, "rev-parse", f"refs/amlgit/archive/{FAMILY}~1")
    assert held["commits"] == [_commits(repository)[2]]
    assert (held["branches"], held["tags"], held["changed"]) == ([], [], [])
    assert _held(repository, "Trial@-1")["branches"] == ["main"]
    assert aml(repository, "map", "Trial@3").expect(OK).out.splitlines() == [
        f"Trial: run 3 (snapshot {snapshot_id(3)}, 2015-12-16, Finished, jane.doe)",
        f"  record  {chains(repository)[f'archive/{FAMILY}'][:10]} of archive",
        f"  commit  {_commits(repository)[3][:10]}",
        "  branch  main",
    ]


@pytest.mark.parametrize("name", [snapshot_id(2), snapshot_id(2)[:-3], snapshot_id(2).rpartition(".s-id.")[2].partition(".")[2], "9953-08-26"])
def test_a_snapshot_goes_by_its_id_its_stamp_or_the_beginning_of_either(repository: Path, name: str) -> None:
    assert _held(repository, name)["version"]["number"] == 2


def test_a_commit_of_the_record_is_its_version(repository: Path) -> None:
    commit = git(repository, "rev-parse", f"refs/amlgit/archive/{FAMILY}~2")
    assert _held(repository, commit[:12])["version"]["number"] == 1
    assert _held(repository, f"refs/amlgit/archive/{FAMILY}")["version"]["number"] == 3


def test_an_ambiguous_name_lists_what_it_may_be(repository: Path) -> None:
    run = aml(repository, "map", "9953-08-2").expect(USAGE)
    assert all(snapshot_id(number) in run.err for number in (1, 2, 3))
    git(repository, "branch", "9953-08-26")
    run = aml(repository, "map", "9953-08-26").expect(USAGE)
    assert f"commit {git(repository, 'rev-parse', 'HEAD')}, {snapshot_id(2)}" in run.err
    assert _trial(repository, "refs/heads/9953-08-26") == (3, True, 0)


def test_what_is_nothing_here_is_said_so(repository: Path) -> None:
    run = aml(repository, "map", "nowhere").expect(USAGE)
    assert "'nowhere' is no tag or snapshot here, and there is no commit or experiment 'nowhere'" in run.err
    assert "hint: Branches: main. Known: " in run.err
    assert "no version 9" in aml(repository, "map", "Trial@9").expect(USAGE).err
    assert aml(repository, "map", snapshot_id(9)).expect(FINDINGS).out == "No version has that snapshot.\n"
    assert "--all" in aml(repository, "map", "--all", "HEAD").expect(USAGE).err


def test_a_version_only_in_the_record_is_an_honest_no(repository: Path, exports: Path) -> None:
    save(exports, "4.json", experiment(created=T0 + 4 * DAY, run=4, fraction="0.4"))
    aml(repository, "fetch").expect(OK)
    assert aml(repository, "map", "Trial@4").expect(FINDINGS).out.endswith("  in no branch and no tag\n")


def test_after_rebase_squash_and_cherry_pick_all_that_hold_it_are_found(repository: Path) -> None:
    first, _, second, third = _commits(repository)
    git(repository, "checkout", "--quiet", "-b", "picked", first)
    save(repository, "README.md", "hello")
    commit_all(repository, "readme")
    git(repository, "cherry-pick", "main~2", "main~1")
    picked = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "-b", "squashed", first)
    git(repository, "merge", "--quiet", "--squash", "main~1")
    git(repository, "commit", "--quiet", "-m", "no trailers at all")
    squashed = git(repository, "rev-parse", "HEAD")
    held = _held(repository, "Trial@2")
    assert sorted(held["commits"]) == sorted([second, picked, squashed])
    assert held["branches"] == ["picked", "squashed"]
    assert third not in held["commits"]
    assert _held(repository, "Trial@1")["commits"].count(squashed) == 0


def test_a_merge_and_a_rename_bring_nothing(repository: Path) -> None:
    first, *_ = _commits(repository)
    git(repository, "checkout", "--quiet", "-b", "topic", first)
    save(repository, "README.md", "hello")
    commit_all(repository, "readme")
    git(repository, "merge", "--quiet", "--no-edit", "main")
    git(repository, "mv", TRIAL, "experiments/Renamed")
    commit_all(repository, "rename")
    held = _held(repository, "Trial@3")
    assert held["commits"] == [git(repository, "rev-parse", "main")]
    assert held["branches"] == ["main", "topic"]


def test_a_merge_that_makes_a_version_again_brings_it(repository: Path) -> None:
    split = node_file(folder(repository, "Trial"), "Split")
    git(repository, "checkout", "--quiet", "-b", "one")
    replace_in(split, '"0.3"', '"0.8"')
    commit_all(repository)
    git(repository, "checkout", "--quiet", "-b", "two", "main")
    replace_in(split, '"0.3"', '"0.9"')
    commit_all(repository)
    git(repository, "merge", "--quiet", "--no-commit", "--strategy=ours", "one")
    replace_in(split, '"0.9"', '"0.3"')
    merged = commit_all(repository, "back to run 3")
    assert sorted(_held(repository, "Trial@3")["commits"]) == sorted([merged, git(repository, "rev-parse", "main")])


def test_trailers_over_another_content_are_told_apart(repository: Path) -> None:
    replace_in(folder(repository, "Trial") / "experiment.json", "A trial.", "Another.")
    git(repository, "commit", "--quiet", "--all", "--amend", "--no-edit")
    held = _held(repository, "Trial@3")
    assert (held["commits"], held["changed"], held["branches"]) == ([], [git(repository, "rev-parse", "HEAD")], [])
    assert "bears its trailers, with changes" in aml(repository, "map", "Trial@3").expect(OK).out


def test_tags_and_branches_of_git_remotes_hold_too(repository: Path, tmp_path: Path) -> None:
    git(repository, "tag", "plain", "HEAD~1")
    git(repository, "tag", "-a", "-m", "words", "annotated", "HEAD~1")
    git(repository, "tag", "a-blob", git(repository, "rev-parse", "HEAD:.amlgit"))
    git(tmp_path, "clone", "--quiet", repository, "second")
    git(tmp_path / "second", "fetch", "--quiet", "origin", "+refs/amlgit/*:refs/amlgit-shared/origin/*")
    assert _held(repository, "Trial@2")["tags"] == ["annotated", "plain"]
    assert _held(tmp_path / "second", "Trial@3")["branches"] == ["main", "origin/main"]


def test_a_detached_head_holds_too(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach", "HEAD~1")
    assert _held(repository, "Trial@2")["branches"] == ["HEAD"]


# --- everything


def test_all_lists_every_version_with_what_holds_it(repository: Path, exports: Path) -> None:
    git(repository, "tag", "v1", "HEAD~2")
    save(exports, "other.json", experiment("Other", family=OTHER_FAMILY, created=T0))
    aml(repository, "pull").expect(OK)
    save(exports, "4.json", experiment(created=T0 + 4 * DAY, run=4, fraction="0.4"))
    aml(repository, "fetch").expect(OK)
    _, one, two, three, other = _commits(repository)
    versions = aml(repository, "map", "--all", "--json").expect(OK).json["result"]["versions"]
    assert [(held["version"]["title"], held["version"]["number"], held["commits"], held["branches"], held["tags"]) for held in versions] == [
        ("Other", 1, [other], ["main"], []),
        ("Trial", 1, [one], [], ["v1"]),
        ("Trial", 2, [two], [], []),
        ("Trial", 3, [three], ["main"], []),
        ("Trial", 4, [], [], []),
    ]
    lines = aml(repository, "map", "--all").expect(OK).out.splitlines()
    assert lines[1].endswith(f"@1  2015-12-14  Finished  Trial: {one[:10]}  (v1)")
    assert lines[4].endswith("Finished  Trial: -")


def test_all_and_one_agree_on_the_samples_and_on_edited_branches(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    git(repository, "checkout", "--quiet", "-b", "picked", "HEAD~6")
    git(repository, "revert", "--no-edit", "HEAD")
    git(repository, "cherry-pick", "--allow-empty", "main~6")
    versions = aml(repository, "map", "--all", "--json").expect(OK).json["result"]["versions"]
    assert len(versions) == sum(len(git(repository, "rev-list", tip).splitlines()) for tip in chains(repository).values())
    for held in versions:
        assert {**_held(repository, held["version"]["commit"]), "changed": []} == held
    assert any(len(held["commits"]) > 1 for held in versions)


def test_all_of_nothing_is_nothing(tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    assert aml(tmp_path / "r", "map", "--all").expect(OK).out == "No versions yet.\n"


# --- other clones


def _second(repository: Path, tmp_path: Path, *options: str) -> Path:
    git(tmp_path, "clone", "--quiet", *options, f"file://{repository}", "second")
    return tmp_path / "second"


def test_a_fresh_clone_with_the_shared_record_knows_as_much(repository: Path, tmp_path: Path) -> None:
    second = _second(repository, tmp_path)
    aml(second, "install").expect(OK)
    git(second, "fetch", "--quiet")
    assert _folders(second) == _folders(repository)
    assert _held(second, "Trial@2") == _held(repository, "Trial@2")


def test_a_clone_without_the_record_answers_from_sync_json_and_trailers(repository: Path, tmp_path: Path) -> None:
    second = _second(repository, tmp_path)
    (row,) = _folders(second).values()
    assert (row["version"]["snapshot"], row["version"]["number"], row["exact"]) == (snapshot_id(3), None, True)
    held = _held(second, snapshot_id(2))
    assert (held["version"]["number"], held["version"]["commit"], held["commits"]) == (2, None, [_commits(repository)[2]])
    replace_in(node_file(folder(second, "Trial"), "Split"), '"0.3"', '"0.75"')
    assert "is run, edited since" in aml(second, "map").expect(OK).out


def test_a_shallow_clone_answers_for_what_it_has(repository: Path, tmp_path: Path) -> None:
    second = _second(repository, tmp_path, "--depth=1")
    git(second, "fetch", "--quiet", "--depth=2", "origin", "+refs/amlgit/*:refs/amlgit-shared/origin/*")
    assert _trial(second) == (3, True, 0)
    assert _held(second, "Trial@3")["branches"] == ["main", "origin/main"]
    assert aml(second, "map", "--all").expect(OK).out.count("\n") == 2


def test_chains_shared_as_branches_hold_nothing_themselves(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    git(repository, "remote", "add", "origin", "../team.git")
    git(repository, "push", "--quiet", "origin", "main")
    aml(repository, "push", "--record", "--as-branches").expect(OK)
    assert _held(repository, "Trial@3")["branches"] == ["main", "origin/main"]


def test_two_remotes_of_one_folder_are_told_apart(repository: Path, tmp_path: Path) -> None:
    save(tmp_path / "more", "9.json", experiment(created=T0 + 9 * DAY, run=9, fraction="0.9"))
    aml(repository, "import", "--remote", "more", tmp_path / "more" / "9.json")
    refs = chains(repository)
    assert f"more/{FAMILY}" in refs
    sync = (folder(repository, "Trial") / "sync.json").read_text()
    save(folder(repository, "Trial"), "sync.json", sync.replace("\n}", ",\n" + sync.splitlines()[1].replace("archive", "more") + "\n}"))
    found = aml(repository, "map", "--json").expect(OK).json["result"]["folders"]
    assert [(row["version"]["remote"], row["version"]["number"], row["exact"]) for row in found if row["path"] == TRIAL] == [
        ("archive", 3, True),
        ("more", 1, False),
    ]


def test_web_services_and_the_samples_have_a_map(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    rows = _folders(repository)
    assert all(row["exact"] for row in rows.values())
    (service,) = (row["version"] for path, row in rows.items() if path.startswith("webservices/"))
    assert service["kind"] == "definition"
    assert _held(repository, service["commit"])["branches"] == ["main"]


def test_the_corpus_has_a_map(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    assert all(row["exact"] for row in _folders(repository).values())
    for commit in _commits(repository)[1:]:
        assert all(row["exact"] for row in _folders(repository, commit).values())
    assert aml(repository, "map", "Topics").expect(OK).out.split(": ", 1)[1] == "Topics is draft 3 (2017-01-11, InDraft)\n"


def test_map_changes_nothing(repository: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.3"', '"0.75"')
    before = sorted((path, path.stat().st_mtime_ns) for path in repository.rglob("*") if path.is_file())
    for arguments in ((), ("HEAD",), ("Trial@2",), ("--all",)):
        aml(repository, "map", *arguments).expect(OK)
    assert sorted((path, path.stat().st_mtime_ns) for path in repository.rglob("*") if path.is_file()) == before
