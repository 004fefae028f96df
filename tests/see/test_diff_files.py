"""`amlgit diff --no-index`: files and folders anywhere, the folders of `git difftool`, what is no file of ours, and secrets."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonpatch
import pytest

from tests.support.commands import FINDINGS, OK, PARTLY, REFUSED, USAGE, Run, aml, clone, environment, git
from tests.support.diffs import values
from tests.support.exports import DAY, EXPORT_DATA, PYTHON, SPLIT, T0, Document, experiment, parameter, save
from tests.support.repositories import commit_all, folder, node_file, replace_in


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An export."""
    return save(tmp_path, "old.json", experiment(created=T0, fraction="0.1", nodes=(PYTHON, SPLIT, EXPORT_DATA)))


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Another version of it, with every list the other way round and one parameter changed."""
    document = experiment(created=T0 + DAY, run=3, fraction="0.2", nodes=(PYTHON, SPLIT, EXPORT_DATA))
    document["Graph"]["ModuleNodes"].reverse()
    document["Graph"]["EdgesInternal"].reverse()
    return save(tmp_path, "new.json", document)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Trial in two versions, with amlgit installed."""
    exports = tmp_path / "exports"
    save(exports, "1.json", experiment(created=T0, fraction="0.1"))
    save(exports, "2.json", experiment(created=T0 + DAY, fraction="0.2"))
    found = clone(exports, tmp_path / "r")
    aml(found, "install").expect(OK)
    return found


def compare(old: Path, new: Path, *options: str, code: int = OK) -> Run:
    """`diff --no-index` of two files, in a folder that is no repository."""
    return aml(Path("/"), "diff", "--no-index", *options, old, new).expect(code)


def changes(old: Path, new: Path) -> list[Document]:
    """What `diff --no-index --json` lists."""
    found = compare(old, new, "--json").json["result"]["changes"]
    assert isinstance(found, list)
    return found


# --- exports and definitions


def test_two_exports_differ_in_what_was_edited_and_not_in_order_or_in_service_facts(old: Path, new: Path) -> None:
    assert values(changes(old, new)) == [("0.1", "0.2")]
    compare(old, new, "--exit-code", code=FINDINGS)
    compare(old, old, "--exit-code")


def test_two_exports_can_stand_behind_two_dashes(old: Path, new: Path) -> None:
    assert "0.1 → 0.2" in aml(old.parent, "diff", "--no-index", "--", "old.json", "new.json").expect(OK).out


@pytest.mark.parametrize("swapped", [False, True])
def test_nothing_stands_on_the_side_of_dev_null(old: Path, *, swapped: bool) -> None:
    sides = (old, Path(os.devnull)) if swapped else (Path(os.devnull), old)
    run = compare(*sides)
    assert run.out.startswith(f"{old} ({'removed' if swapped else 'new'}): 3 nodes\n")
    assert run.out.count("\n") == 4


def test_the_patch_turns_the_old_file_into_exactly_the_new_one_order_included(old: Path, new: Path) -> None:
    for one, other in ((old, new), (new, old), (old, old)):
        operations = json.loads(compare(one, other, "--json-patch").out)
        assert jsonpatch.apply_patch(json.loads(one.read_bytes()), operations) == json.loads(other.read_bytes())


def test_the_patch_between_all_files_of_the_corpus_gives_exactly_the_new_one(corpus: Path) -> None:
    topics = [corpus / "archive" / path for path in ("2016-12-09/Topics.json", "2017-01-11/Topics.json", "2017-03-22/TopicsExperiment.json")]
    definitions = [corpus / "wsd" / f"EntityWebService.2017-01-{day}.json" for day in ("09", "12")]
    for one, other in [(topics[0], topics[1]), (topics[1], topics[2]), (topics[2], topics[0]), tuple(definitions)]:
        operations = json.loads(compare(one, other, "--json-patch").out)
        patched = jsonpatch.apply_patch(json.loads(one.read_text("utf-8-sig")), operations)
        assert without_secrets(patched) == without_secrets(json.loads(other.read_text("utf-8-sig")))


def without_secrets(value: Any, name: str = "") -> Any:
    """A document without its passwords, which no patch holds."""
    if isinstance(value, dict):
        named = value.get("Name") if isinstance(value.get("Name"), str) else ""
        return {member: without_secrets(inner, f"{member} {named}") for member, inner in value.items()}
    if isinstance(value, list):
        return [without_secrets(entry, name) for entry in value]
    return "secret" if "Password" in name and (isinstance(value, str)) else value


def test_definitions_are_compared_by_node_and_class(corpus: Path) -> None:
    found = changes(*(corpus / "wsd" / f"EntityWebService.2017-01-{day}.json" for day in ("09", "12")))
    assert {(change["class"], change["node"]["name"]) for change in found} == {
        ("script", "Import Data (node5)"),
        ("parameter", "Import Data (node5)"),
        ("parameter", "Export Data (node6)"),
        ("parameter", "Export Data (node7)"),
    }
    assert "another secret" in "".join(change["text"] for change in found)


def test_a_definition_and_an_export_have_nothing_to_compare(corpus: Path, old: Path) -> None:
    compare(old, corpus / "wsd/EntityWebService.2017-01-09.json", code=USAGE)


# --- parts of a repository


def test_two_folders_of_experiments_are_compared_whole(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", tmp_path / "before", "HEAD~1")
    assert values(changes(folder(tmp_path / "before", "Trial"), folder(repository, "Trial"))) == [("0.1", "0.2")]
    assert values(changes(tmp_path / "before", repository)) == [("0.1", "0.2")]


def test_two_pages_of_one_node_are_compared_by_what_they_say(repository: Path, tmp_path: Path) -> None:
    page = node_file(folder(repository, "Trial"), "Split Data")
    before = save(tmp_path, page.name, page.read_bytes())
    replace_in(page, '"0.2"', '"0.9"')
    replace_in(page, '"Source": "Execute Python Script 1-0001:Result Dataset"', '"DataSourceId": "x"')
    out = compare(before, page).out
    assert out.startswith(f"{page}: 1 wiring, 1 parameter\n")
    assert "0.2 → 0.9" in out
    assert "Dataset1: fed by Execute Python Script 1-0001:Result Dataset → x" in out


def test_two_scripts_are_compared_line_by_line(tmp_path: Path) -> None:
    one = save(tmp_path, "a/score.py", "import os\nrate = 0.1\n")
    other = save(tmp_path, "b/score.py", "import os\nrate = 0.2\n")
    lines = [line.strip() for line in compare(one, other).out.splitlines()]
    assert lines[0] == f"{other}: +1 −1 lines"  # noqa: RUF001  # a minus
    assert lines[-2:] == ["- rate = 0.1", "+ rate = 0.2"]
    assert compare(one, one).out == f"{one}: no changes\n"


def difftool(repository: Path, *arguments: str) -> str:
    """What amlgit prints under a real `git difftool`."""
    binaries = repository.parent / "bin"
    binaries.mkdir(exist_ok=True)
    script = binaries / "amlgit"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m amlgit "$@"\n')
    script.chmod(0o755)
    completed = subprocess.run(
        ["git", "difftool", "-t", "amlgit", "-y", *arguments],
        cwd=repository,
        env=environment(PATH=f"{binaries}:{os.environ['PATH']}"),
        capture_output=True,
        check=True,
    )
    assert b"Traceback" not in completed.stderr
    assert b"error" not in completed.stderr, completed.stderr
    return completed.stdout.decode()


def test_difftool_shows_each_file(repository: Path) -> None:
    out = difftool(repository, "HEAD~1", "HEAD")
    assert "Split Data 2-0002.json: 1 parameter\n" in out
    assert "0.1 → 0.2" in out
    assert "git-blob" not in out.splitlines()[0].partition(" → ")[2]


def test_difftool_of_folders_shows_each_experiment(repository: Path) -> None:
    trial = folder(repository, "Trial")
    replace_in(node_file(trial, "Execute Python", "py"), "return frame", "return frame.dropna()")
    split = node_file(trial, "Split Data")
    text = split.read_text().replace("0002c0de-0000-4000-8000-000000000000-2", "0003c0de-0000-4000-8000-000000000000-3")
    (split.parent / "Split Data 3-0003.json").write_text(text)
    replace_in(trial / "experiment.json", '"A trial."', '"A second trial."')
    replace_in(trial / "layout.json", "100,200,200,60", "100,250,200,60")
    (repository / "README.md").write_text("Mine\n")
    commit_all(repository)
    assert difftool(repository, "--dir-diff", "HEAD~1").splitlines() == [
        "README.md (new): +1 −0 lines",  # noqa: RUF001  # a minus
        "      @@ -0,0 +1 @@",
        "      + Mine",
        "",
        "experiments/Trial-aaaaaa: 1 wiring, 1 script, 1 metadata",
        "  ~ summary: A trial. → A second trial.",
        "  Split Data 3-0003",
        "    + added",
        "        Dataset1: fed by Execute Python Script 1-0001:Result Dataset",
        "  Execute Python Script 1-0001",
        "    ~ script: +1 −1 lines",  # noqa: RUF001  # a minus
        "        @@ -1,2 +1,2 @@",
        "          def azureml_main(frame):",
        "        -     return frame,",
        "        +     return frame.dropna(),",
        "  · layout: 1 box moved",
    ]


def test_difftool_of_folders_sees_an_experiment_come_and_go(repository: Path) -> None:
    git(repository, "mv", "experiments/Trial-aaaaaa", "experiments/Mine")
    commit_all(repository)
    out = difftool(repository, "--dir-diff", "HEAD~1")
    assert "experiments/Mine (new): 2 nodes\n" in out
    assert "experiments/Trial-aaaaaa (removed): 2 nodes\n" in out


# --- what can't be compared


def test_what_is_missing_or_of_two_kinds_is_refused(old: Path, tmp_path: Path) -> None:
    assert "there is no" in compare(old, tmp_path / "nobody.json", code=USAGE).err
    assert "one is a folder" in compare(old, tmp_path, code=USAGE).err
    aml(tmp_path, "diff", "--no-index", old).expect(USAGE)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b'{"Graph": {"ModuleNodes": [', "line 1 column 28: the text ends here, in the middle of the document"),
        (b"\xff\xfe{", "not UTF-8"),
        (b'{"Graph": ' + b"[" * 300 + b"]" * 300 + b"}", "nested deeper"),
        (b'{"Graph": {"ModuleNodes": [], "ModuleNodes": []}}', "stands twice"),
        (b'{"Graph": {"ModuleNodes": [{"Id": "x"}, {"Id": "x"}]}}', "stands twice"),
        (b'{"Graph": {"ModuleNodes": [1]}}', "every node must be an object"),
        (b'{"Graph": {"ModuleNodes": []}, "N": NaN}', "NaN"),
    ],
)
def test_a_damaged_file_is_named(old: Path, tmp_path: Path, content: bytes, told: str) -> None:
    path = save(tmp_path, "bad.json", content)
    for sides in ((old, path), (path, old)):
        run = compare(*sides, code=REFUSED)
        assert told in run.err
        assert "bad.json" in run.err


def test_a_file_that_is_too_large_is_refused_unread(old: Path, tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(65 << 20)
    assert "larger than 64 MiB" in compare(old, path, code=REFUSED).err


def test_files_that_are_no_documents_are_compared_as_texts_and_binary_ones_by_size(tmp_path: Path) -> None:
    one, other = save(tmp_path, "a/m.ilearner", b"\0\1"), save(tmp_path, "b/m.ilearner", b"\0\2\3")
    assert "m.ilearner: binary, 2 bytes → binary, 3 bytes" in compare(one, other).out
    one, other = save(tmp_path, "a/n.json", "[1, 2]"), save(tmp_path, "b/n.json", "[1, 3]")
    assert "+ [1, 3]" in compare(one, other).out


def test_a_link_is_the_file_it_leads_to_and_a_broken_one_is_none(old: Path, new: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(new)
    assert values(changes(old, link)) == [("0.1", "0.2")]
    new.unlink()
    assert "there is no" in compare(old, link, code=USAGE).err


def test_of_many_files_one_that_is_damaged_is_named_and_the_others_are_shown(tmp_path: Path) -> None:
    for side, rate in (("a", "0.1"), ("b", "0.2")):
        save(tmp_path / side, "ok.json", experiment(fraction=rate))
        save(tmp_path / side, "bad.json", f"{{{rate}")
    run = compare(tmp_path / "a", tmp_path / "b", code=PARTLY)
    assert "0.1 → 0.2" in run.out
    assert "bad.json can't be compared" in run.err


# --- secrets


def test_what_changed_only_in_its_secret_says_so(tmp_path: Path) -> None:
    old, new = (save(tmp_path, f"{number}.json", experiment(nodes=(EXPORT_DATA,), password=f"Tr0ub4dor&{number}")) for number in (1, 2))
    assert "Server User Account Password: another secret" in compare(old, new).out
    (change,) = changes(old, new)
    assert change["old"] == change["new"] == "${secret:Server User Account Password}"


def test_a_patch_holds_no_secret_and_says_so_where_one_changed(tmp_path: Path) -> None:
    old, new = (save(tmp_path, f"{number}.json", experiment(nodes=(EXPORT_DATA,), password=f"Tr0ub4dor&{number}")) for number in (1, 2))
    run = compare(old, new, "--json-patch")
    assert "1 secret differs" in run.err
    assert "Tr0ub4dor" not in run.out


def test_a_secret_of_json_that_is_no_export_stays_hidden(tmp_path: Path) -> None:
    old, new = (save(tmp_path, f"{number}.json", json.dumps({"PrimaryKey": f"hidden{number}", "n": number})) for number in (1, 2))
    assert "hidden" not in compare(old, new).out


def test_a_parameter_that_becomes_a_script_is_no_trouble(old: Path, tmp_path: Path) -> None:
    document = experiment(created=T0, fraction="0.1", nodes=(PYTHON, SPLIT, EXPORT_DATA))
    parameter(document, "R Script")["Value"] = None
    assert "R Script" in compare(old, save(tmp_path, "none.json", document)).out
