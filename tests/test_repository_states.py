"""Odd repositories, odd archives, odd exports: the right thing or a clear error, never a traceback, nothing half-written (point 12)."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amlgit.model.jsontext import MAX_BYTES, MAX_DEPTH
from tests.helpers import (
    BUG,
    DAY,
    FAMILY,
    NEVER,
    OK,
    OTHER_FAMILY,
    PARTLY,
    REFUSED,
    SPLIT,
    USAGE,
    Document,
    aml,
    chains,
    clone,
    commit_all,
    count,
    dirty,
    environment,
    experiment,
    folder,
    fsck,
    git,
    node_file,
    process,
    read_export,
    replace_in,
    save,
    subjects,
)

T0 = 1_450_000_000


def _exports(archive: Path, *numbers: int) -> Path:
    for number in numbers:
        save(archive, f"{number}.json", experiment(created=T0 + number * DAY, fraction=f"0.{number}"))
    return archive


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return clone(_exports(tmp_path / "exports", 1), tmp_path / "r")


# --- repositories


def _merge(repository: Path) -> None:
    for branch, text in (("one", "1"), ("two", "2")):
        git(repository, "checkout", "--quiet", "-b", branch, "main")
        (repository / "x.txt").write_text(text)
        commit_all(repository)


@pytest.mark.parametrize("operation", ["merge", "cherry-pick", "revert", "rebase"])
def test_an_operation_that_is_not_finished_is_named_and_stops_pull_and_import(repository: Path, tmp_path: Path, operation: str) -> None:
    _merge(repository)
    commands = {
        "merge": ["merge", "one"],
        "cherry-pick": ["cherry-pick", "one"],
        "rebase": ["rebase", "one"],
        "revert": ["revert", "--no-edit", "one"],
    }
    aml(repository, "status").expect(OK)
    with pytest.raises(AssertionError):
        git(repository, *commands[operation])
    before = git(repository, "for-each-ref")
    _exports(tmp_path / "exports", 2)
    for verb in (["pull"], ["import", "../exports/2.json"]):
        run = aml(repository, *verb).expect(REFUSED)
        assert f"a {operation} is not finished yet" in run.err
        assert f"git {operation} --abort" in run.err
    assert git(repository, "for-each-ref") == before
    git(repository, operation, "--abort")
    aml(repository, "pull").expect(OK)
    fsck(repository)


def test_on_a_detached_head_pull_moves_head_alone(repository: Path, tmp_path: Path) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "--detach")
    _exports(tmp_path / "exports", 2)
    aml(repository, "pull").expect(OK)
    assert git(repository, "rev-parse", "main") == main
    assert subjects(repository)[-1] == "Trial: draft 2"
    assert dirty(repository) == []
    fsck(repository)


def test_a_bare_repository_has_a_record_to_look_at_and_no_work_tree_to_pull_into(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--mirror", "r", "bare.git")
    bare = tmp_path / "bare.git"
    assert len(aml(bare, "log").expect(OK).out.splitlines()) == 1
    assert json.loads(aml(bare, "export", "Trial@1").expect(OK).out)["Description"] == "Trial"
    for verb in (["pull"], ["fetch"], ["import", "../exports/1.json"], ["install"], ["init"], ["config"], ["rm", "Trial"], ["export", "Trial"]):
        assert "bare repository" in aml(bare, *verb).expect(USAGE).err
    aml(bare, "status").expect(OK)
    assert repository.exists()


def test_a_linked_worktree_is_a_work_tree_like_any_other(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "side", "../linked")
    linked = tmp_path / "linked"
    main = git(repository, "rev-parse", "main")
    _exports(tmp_path / "exports", 2)
    aml(linked, "pull").expect(OK)
    assert subjects(linked)[-1] == "Trial: draft 2"
    assert git(repository, "rev-parse", "main") == main
    assert dirty(linked) == []
    assert dirty(repository) == []
    aml(repository, "pull").expect(OK)
    assert git(repository, "rev-parse", "main") == git(linked, "rev-parse", "side")
    fsck(repository)


def test_a_linked_worktree_shares_the_record_and_its_path_to_the_archive_holds_from_its_own_place(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "side", tmp_path / "deep" / "er")
    run = aml(tmp_path / "deep" / "er", "pull").expect(USAGE)
    assert "there is no archive" in run.err
    assert len(aml(tmp_path / "deep" / "er", "log").expect(OK).out.splitlines()) == 1


def test_a_sha_256_repository_takes_versions_that_add_and_remove_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    repository = clone(_exports(tmp_path / "exports", 1), tmp_path / "r")
    assert len(git(repository, "rev-parse", "HEAD")) == 64
    save(tmp_path / "exports", "2.json", experiment(created=T0 + 2 * DAY, nodes=(SPLIT,)))
    aml(repository, "pull").expect(OK)
    assert dirty(repository) == []
    _exports(tmp_path / "exports", 3)
    aml(repository, "pull").expect(OK)
    assert count(repository) == 4
    assert dirty(repository) == []
    assert json.loads(aml(repository, "export", "Trial@2").expect(OK).out)["Description"] == "Trial"
    fsck(repository)


@pytest.mark.parametrize("name", ["a b 'c\" é $(x)", "-rf", "a\nb"])
def test_odd_characters_in_the_way_to_the_repository_do_no_harm(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    place.mkdir()
    repository = clone(_exports(place / "ex ports", 1), place / "r r")
    _exports(place / "ex ports", 2)
    aml(repository, "pull").expect(OK)
    assert count(repository) == 3
    assert dirty(repository) == []


def test_a_repository_reached_by_a_link_and_from_a_subfolder_is_the_same(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    _exports(tmp_path / "exports", 2)
    aml(tmp_path / "link" / "experiments", "pull").expect(OK)
    assert count(repository) == 3
    assert dirty(repository) == []


def test_outside_any_repository_every_verb_says_so(tmp_path: Path) -> None:
    for verb in (
        ["pull"],
        ["fetch"],
        ["log"],
        ["status"],
        ["config"],
        ["secret", "list"],
        ["export", "x"],
        ["rm", "x"],
        ["remote", "list"],
        ["install"],
    ):
        run = aml(tmp_path, *verb).expect(USAGE)
        assert "is in no git repository" in run.err
        assert "amlgit init" in run.err


def test_the_variables_that_git_gives_its_hooks_mislead_nobody(repository: Path, tmp_path: Path) -> None:
    _exports(tmp_path / "exports", 2)
    hook = repository / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\n"$AML_PYTHON" -m amlgit status --json > ../said.json\n"$AML_PYTHON" -m amlgit clone --archive ../exports ../other >/dev/null\n'
    )
    hook.chmod(0o755)
    (repository / "x.txt").write_text("x")
    git(repository, "add", "x.txt")
    subprocess.run(["git", "commit", "--quiet", "-m", "x"], cwd=repository, env=environment(AML_PYTHON=sys.executable), check=True, timeout=60)
    report = json.loads((tmp_path / "said.json").read_text())
    assert [row["path"] for row in report["result"]["folders"]] == ["experiments/Trial-aaaaaa"]
    assert count(tmp_path / "other") == 3
    assert dirty(tmp_path / "other") == []
    assert count(repository) == 3


def test_git_dir_names_the_repository_as_it_does_for_git(repository: Path, tmp_path: Path) -> None:
    variables = {"GIT_DIR": str(repository / ".git"), "GIT_WORK_TREE": str(repository)}
    _exports(tmp_path / "exports", 2)
    process(tmp_path, "pull", **variables).expect(OK)
    assert count(repository) == 3
    assert dirty(repository) == []


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG_COUNT"],
)
def test_a_clone_is_not_misled_by_variables_of_git(repository: Path, tmp_path: Path, name: str) -> None:
    before = (git(repository, "for-each-ref"), dirty(repository))
    values = {"GIT_DIR": str(repository / ".git"), "GIT_WORK_TREE": str(repository), "GIT_INDEX_FILE": str(repository / ".git" / "index")}
    variables = {name: values.get(name, str(tmp_path / "nowhere") if "DIRECTOR" in name else "0")}
    process(tmp_path, "clone", "--archive", "exports", "new", **variables).expect(OK)
    assert chains(tmp_path / "new") == chains(repository)
    assert dirty(tmp_path / "new") == []
    assert (git(repository, "for-each-ref"), dirty(repository)) == before


def test_in_a_repository_of_another_owner_git_is_heard(tmp_path: Path) -> None:
    (tmp_path / "r" / ".git").mkdir(parents=True)
    run = aml(tmp_path / "r", "log").expect(USAGE)
    assert "is in no git repository" in run.err


def test_a_damaged_record_is_an_error_with_gits_words(repository: Path) -> None:
    shutil.rmtree(repository / ".git" / "objects" / "pack")
    for verb in (["log"], ["export", "Trial@1"], ["pull"], ["status"], ["secret", "list"]):
        run = aml(repository, *verb)
        assert run.code not in (BUG, OK), f"{verb}: {run.out}{run.err}"


def test_a_sparse_checkout_is_not_overwritten(repository: Path, tmp_path: Path) -> None:
    git(repository, "sparse-checkout", "set", "nothing")
    _exports(tmp_path / "exports", 2)
    run = aml(repository, "pull")
    assert run.code in (OK, REFUSED), run.err
    fsck(repository)


# --- archives


def _snapshot(folder: Path) -> list[tuple[str, bytes, int]]:
    return [(str(path), path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()]


def test_a_read_only_archive_is_enough_and_is_left_as_it_is(tmp_path: Path) -> None:
    exports = _exports(tmp_path / "exports", 1, 2)
    for path in exports.iterdir():
        path.chmod(0o444)
    exports.chmod(0o555)
    before = _snapshot(exports)
    try:
        repository = clone(exports, tmp_path / "r")
        aml(repository, "pull").expect(OK)
    finally:
        exports.chmod(0o755)
    assert _snapshot(exports) == before


def test_a_link_out_of_the_archive_is_named_and_not_followed(tmp_path: Path) -> None:
    exports = _exports(tmp_path / "exports", 1)
    save(tmp_path, "outside.json", experiment("Outside", family=OTHER_FAMILY))
    (exports / "link.json").symlink_to(tmp_path / "outside.json")
    (exports / "folder").symlink_to(tmp_path)
    run = aml(tmp_path, "clone", "--archive", exports, "r").expect(PARTLY)
    assert "not taken in: link.json" in run.err
    assert "not taken in: folder" in run.err
    assert subjects(tmp_path / "r")[1:] == ["Trial: draft 1"]


def _zip(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in entries.items():
            opened.writestr(name, data)
    return path


def test_a_zip_with_a_path_outside_and_a_bomb_gives_the_rest(tmp_path: Path) -> None:
    good = (_exports(tmp_path / "exports", 1) / "1.json").read_bytes()
    bomb = b'{"ExperimentId": "' + b" " * (10 << 20) + b'"}'
    source = _zip(tmp_path / "z.zip", **{"../../escape.json": good, "bomb.json": bomb, "good.json": good})
    run = aml(tmp_path, "clone", "--archive", source, "r").expect(PARTLY)
    assert "leaves the archive" in run.err
    assert "bomb.json" in run.err
    assert count(tmp_path / "r") == 2
    assert not list(tmp_path.parent.glob("escape.json"))


@pytest.mark.parametrize("damage", ["truncated", "directory", "empty", "text", "middle"])
def test_a_damaged_zip_is_a_clear_error(tmp_path: Path, damage: str) -> None:
    data = _zip(tmp_path / "z.zip", **{"a.json": (_exports(tmp_path / "exports", 1) / "1.json").read_bytes()}).read_bytes()
    middle = len(data) // 3
    damaged = {
        "truncated": data[: len(data) // 2],
        "directory": data.replace(b"PK\x01\x02", b"PK\x07\x07"),
        "empty": b"",
        "text": b"hello",
        "middle": data[:middle] + bytes(40) + data[middle + 40 :],
    }
    (tmp_path / "z.zip").write_bytes(damaged[damage])
    run = aml(tmp_path, "clone", "--archive", "z.zip", "r")
    assert run.code in (USAGE, REFUSED, PARTLY), run.err
    assert "z.zip" in run.err or "a.json" in run.err


def test_a_huge_file_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    exports = _exports(tmp_path / "exports", 1)
    with (exports / "huge.json").open("wb") as opened:
        opened.truncate(MAX_BYTES + 1)
    assert "huge.json: larger than" in aml(tmp_path, "clone", "--archive", exports, "r").expect(PARTLY).err
    assert count(tmp_path / "r") == 2


_DEEP = MAX_DEPTH + 10
_BAD_TEXTS = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "blank": lambda _: " \n\t",
    "deep": lambda text: text[:-1] + ', "Deep": ' + "[" * _DEEP + "]" * _DEEP + "}",
    "very deep": lambda text: text[:-1] + ', "Deep": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "doubled member": lambda text: text[:-1] + ', "Etag": 1}',
    "nan": lambda text: text[:-1] + ', "N": NaN}',
    "infinity": lambda text: text[:-1] + ', "N": -Infinity}',
    "1e400": lambda text: text[:-1] + ', "N": 1e400}',
    "surrogate": lambda text: text[:-1] + ', "N": "\\ud800"}',
    "two documents": lambda text: text + text,
    "xml bomb": lambda text: text.replace("<?xml version='1.0' encoding='utf-16'?>", "<!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]>"),
    "not xml": lambda text: text.replace("<DataV1", "<Data V1<"),
    "no id": lambda text: text.replace(f".f-id.{FAMILY}", ".f-id.xyz"),
    "path in id": lambda text: text.replace(f".f-id.{FAMILY}", ".f-id.../../../x"),
    "no graph": lambda text: text.replace('"Graph": {', '"Graph": [], "Was": {'),
    "doubled node": lambda text: text.replace("0002c0de", "0001c0de").replace("000000000000-2", "000000000000-1"),
    "node without id": lambda text: text.replace('"Id": "0002', '"Idd": "0002'),
    "node id with a path": lambda text: text.replace("0002c0de-0000-4000-8000-000000000000-2", "../../x:y"),
    "nodes are no list": lambda text: text.replace('"ModuleNodes": [', '"ModuleNodes": 5, "Was": ['),
    "status is no object": lambda text: text.replace('"Status": {', '"Status": 7, "Was": {'),
}


@pytest.mark.parametrize("kind", _BAD_TEXTS)
def test_a_bad_file_is_named_with_a_reason_and_the_rest_is_taken(tmp_path: Path, kind: str) -> None:
    exports = _exports(tmp_path / "exports", 1)
    change: Callable[[str], str] = _BAD_TEXTS[kind]
    bad = change(json.dumps(experiment(created=T0 + 5 * DAY, fraction="0.5")))
    save(exports, "bad.json", bad)
    run = aml(tmp_path, "clone", "--archive", exports, "r")
    assert run.code in (OK, PARTLY), run.err
    assert "bad.json: " in run.err
    assert count(tmp_path / "r") == 2
    assert dirty(tmp_path / "r") == []
    fsck(tmp_path / "r")


def test_large_integers_and_long_decimals_are_no_fault(tmp_path: Path) -> None:
    text = json.dumps(experiment())[:-1] + f', "N": [{"9" * 5000}, 1.{"0" * 500}1, -0.0, 18446744073709551616]}}'
    save(tmp_path / "exports", "1.json", text)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert read_export(aml(repository, "export", "Trial@1").expect(OK).out.encode())["N"] == read_export(text.encode())["N"]


def _changed(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += _changed(inner, (*path, key))
    return found


def test_the_wrong_type_in_any_member_is_taken_or_named_and_never_a_bug(tmp_path: Path) -> None:
    template = experiment(run=1, Tags=["a"], NodeStatuses=[{"NodeId": "n", "Status": {"StatusCode": "x"}}])
    template["WebService"]["Inputs"] = [{"Id": "i", "PortId": "p:q", "Name": "in"}]
    template["WebService"]["Parameters"] = [{"Name": "p", "Value": "v", "ParameterDefinition": {"Name": "p"}}]
    wrongs: tuple[Any, ...] = (None, 7, [], {}, "", [None], {"x": 1}, True)
    for number, path in enumerate(place for place in _changed(template) for _ in range(2)):
        document: Document = json.loads(json.dumps(template))
        parent: Any = document
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = wrongs[(number + number // len(wrongs)) % len(wrongs)]
        if document.get("ExperimentId") == template["ExperimentId"]:
            document["ExperimentId"] = document["ExperimentId"].replace(FAMILY, f"{number:032x}")
        save(tmp_path / "exports", f"{number}.json", document)
    run = aml(tmp_path, "clone", "--archive", "exports", "r", "--json").expect(PARTLY)
    assert len(run.json["result"]["fetched"]["chains"]) > 100
    repository = tmp_path / "r"
    assert dirty(repository) == []
    fsck(repository)
    aml(repository, "status", "--json").expect(OK)
    aml(repository, "log", "--json").expect(OK)


# --- titles, people, dates

_TITLES = (
    "../../x",
    "/etc/passwd",
    "CON",
    "nul.txt",
    "com1",
    "a" * 300,
    "é" * 300,
    "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}\N{PILE OF POO}",
    "",
    " ",
    ".",
    "..",
    ".git",
    ".hidden",
    "-rf",
    "a\nb\r\nc",
    "a\tb\x00c\x7f",
    'a"b\\c',
    "a:b*c?d<e>f|g",
    "[a]{b}",
    ":(glob)x",
    "trailing. ",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "e\N{COMBINING ACUTE ACCENT}",
    "git~1",
    "%2e%2e%2f",
    "$(touch x)",
    "`x`",
    "\N{LINE SEPARATOR}x",
    "x: run 3 Finished",
    "\nAml-Snapshot: x",
)


def test_every_title_makes_a_folder_inside_the_repository_and_survives(tmp_path: Path) -> None:
    for number, title in enumerate(_TITLES):
        document = experiment(title, family=f"{number:06x}" + FAMILY[6:], summary=title, created=T0 + number)
        save(tmp_path / "exports", f"{number}.json", document)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert count(repository) == 1 + len(_TITLES)
    assert dirty(repository) == []
    fsck(repository)
    names = [path.name for path in (repository / "experiments").iterdir()]
    assert len(names) == len({name.casefold() for name in names}) == len(_TITLES)
    for name in names:
        assert len(name.encode()) <= 100
        assert not name.startswith((".", "-", " "))
        assert not set(name) & set('<>:"/\\|?*\n\t\x00')
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports", "r"]
    for number, title in enumerate(_TITLES):
        exported = json.loads(aml(repository, "export", f"{number:06x}{FAMILY[6:]}").expect(OK).out)
        assert (exported["Description"], exported["Summary"]) == (title, title)
    for number, title in enumerate(_TITLES):
        save(
            tmp_path / "exports", f"{number}b.json", experiment(title, family=f"{number:06x}" + FAMILY[6:], fraction="0.9", created=T0 + DAY + number)
        )
    aml(repository, "pull").expect(OK)
    assert count(repository) == 1 + 2 * len(_TITLES)
    assert dirty(repository) == []


def test_two_titles_that_differ_in_case_and_share_digits_have_folders_of_their_own(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment("Topics", family="abcdef" + "0" * 26))
    save(tmp_path / "exports", "2.json", experiment("TOPICS", family="abcdef" + "1" * 26))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert len({path.name.casefold() for path in (repository / "experiments").iterdir()}) == 2


_CREATORS = (
    "<",
    "a <b@c>",
    "a\nb",
    "",
    None,
    " ",
    ".",
    "\x00",
    "é漢 ü",
    "a" * 500,
    '"quoted"',
    "a@b.c",
    "\N{ZERO WIDTH SPACE}",
    "a\\",
    "<>",
    "author x 0 +0000\n",
)


def test_every_creator_makes_a_commit_that_git_finds_no_fault_with(tmp_path: Path) -> None:
    for number, creator in enumerate(_CREATORS):
        save(tmp_path / "exports", f"{number}.json", experiment(creator=creator, created=T0 + number, fraction=f"0.{number + 1}"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    fsck(repository)
    assert count(repository) == 1 + len(_CREATORS)
    for name in git(repository, "log", "--format=%an|%ae|%cn", "HEAD~16..").splitlines():
        assert all(name.split("|"))
    for number, creator in enumerate(_CREATORS, 1):
        assert json.loads(aml(repository, "export", f"Trial@{number}").expect(OK).out)["Creator"] == creator


_TIMES = (NEVER, -1, 0, 1, 253402300799999, 253402300800000, 10**17, -(10**17), 10**30)


def test_every_date_makes_a_commit_that_git_finds_no_fault_with(tmp_path: Path) -> None:
    for number, time in enumerate(_TIMES):
        document = experiment(family=f"{number:06x}" + FAMILY[6:])
        document["Status"]["CreationTime"] = f"/Date({time})/"
        save(tmp_path / "exports", f"{number}.json", document)
        run = experiment(family=f"{number:06x}" + FAMILY[6:], run=1, fraction="0.9")
        run["Status"]["EndTime"] = run["Status"]["CreationTime"] = f"/Date({time})/"
        save(tmp_path / "exports", f"{number} run.json", run)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    fsck(repository)
    assert count(repository) == 1 + 2 * len(_TIMES)
    assert all(len(line) == 10 for line in git(repository, "log", "--format=%as").splitlines())
    aml(repository, "log", "--json").expect(OK)
    for number in range(len(_TIMES)):
        source = read_export((tmp_path / "exports" / f"{number}.json").read_bytes())
        versions = [read_export(aml(repository, "export", f"{number:06x}{FAMILY[6:]}@{version}").out.encode()) for version in (1, 2)]
        assert source["Status"] in [version["Status"] for version in versions]


@pytest.mark.parametrize(
    "status", [None, {}, {"StatusCode": None}, {"StatusCode": 5}, {"CreationTime": "yesterday"}, {"CreationTime": "2016-01-01T00:00:00Z"}]
)
def test_a_status_that_says_little_is_no_fault(tmp_path: Path, status: Document | None) -> None:
    save(tmp_path / "exports", "1.json", experiment(Status=status))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert count(repository) == 2
    fsck(repository)


# --- work trees


def test_a_file_that_is_executable_or_ends_in_crlf_is_a_persons_edit_and_stays(repository: Path, tmp_path: Path) -> None:
    script = node_file(folder(repository, "Trial"), "Execute", "py")
    script.write_bytes(script.read_bytes().replace(b"\n", b"\r\n"))
    assert len(dirty(repository)) == 1
    commit_all(repository)
    _exports(tmp_path / "exports", 2)
    assert "merged with the edits made here" in aml(repository, "pull").expect(OK).out
    assert '"Newline": "CRLF"' in node_file(folder(repository, "Trial"), "Execute").read_text()
    fsck(repository)


def test_a_link_in_the_work_tree_is_not_exported(repository: Path, tmp_path: Path) -> None:
    script = node_file(folder(repository, "Trial"), "Execute", "py")
    script.unlink()
    save(tmp_path, "secret.txt", "top secret")
    script.symlink_to(tmp_path / "secret.txt")
    run = aml(repository, "export", "Trial").expect(REFUSED)
    assert script.name in run.err
    assert "top secret" not in run.out


def test_a_script_file_named_from_outside_the_folder_is_not_read(repository: Path, tmp_path: Path) -> None:
    save(tmp_path, "secret.txt", "top secret")
    node = node_file(folder(repository, "Trial"), "Execute")
    replace_in(node, '"Execute Python Script 1-0001.py"', '"../../../../secret.txt"')
    assert "top secret" not in aml(repository, "export", "Trial").expect(REFUSED).out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_work_tree_that_may_not_be_written_is_an_error_and_the_next_run_finishes(repository: Path, tmp_path: Path) -> None:
    nodes = folder(repository, "Trial") / "nodes"
    nodes.chmod(0o555)
    _exports(tmp_path / "exports", 2)
    try:
        run = aml(repository, "pull")
        assert run.code not in (OK, BUG)
    finally:
        nodes.chmod(0o755)
    aml(repository, "pull").expect(OK)
    assert dirty(repository) == []
