"""What `install` sets up does its work in real git: merges with and without a working amlgit, hunk headings, difftool; and it goes again."""

from pathlib import Path

import pytest

from tests.support.commands import OK, aml, clone_samples, git, git_run, on_path, script, without_amlgit
from tests.support.repositories import commit_all, dirty, replace_in
from tests.support.samples import TRAINING

TREES = f"{TRAINING}/nodes/Two-Class Boosted Decision Tree 160-bb60.json"
RATE, SEED = '"The learning rate", "Value": "0.1"', '"Random number seed", "Value": "7"'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the samples; there is no amlgit on the PATH."""
    monkeypatch.setenv("PATH", without_amlgit())
    return clone_samples(tmp_path / "repository")


def _branches(repository: Path, ours: tuple[str, str], theirs: tuple[str, str], path: str = TREES) -> None:
    """Two branches that edit one file; ours is checked out."""
    git(repository, "checkout", "--quiet", "-b", "theirs")
    replace_in(repository / path, *theirs)
    commit_all(repository, "theirs")
    git(repository, "checkout", "--quiet", "main")
    replace_in(repository / path, *ours)
    commit_all(repository, "ours")


CLASH = ((RATE, RATE.replace("0.1", "0.3")), (RATE, RATE.replace("0.1", "0.4")))
APART = ((RATE, RATE.replace("0.1", "0.3")), ('"CommentCollapsed": false', '"CommentCollapsed": true'))

BROKEN = {
    "a Python that is gone": "#!/nowhere/python\n",
    "an import that fails": '#!/bin/sh\necho "ModuleNotFoundError: No module named amlgit" >&2\nexit 1\n',
    "a bug": "#!/bin/sh\nexit 70\n",
    "a kill": "#!/bin/sh\nkill -9 $$\n",
    "a verb that an older amlgit lacks": "#!/bin/sh\nexit 2\n",
}


@pytest.mark.parametrize("why", ["it is not there", *BROKEN])
def test_where_amlgit_can_not_merge_a_clash_is_an_honest_conflict(repository: Path, tmp_path: Path, why: str) -> None:
    if why in BROKEN:
        script(tmp_path / "bin" / "amlgit", BROKEN[why])
    _branches(repository, *CLASH)
    run = git_run(repository, "merge", "theirs", PATH=f"{tmp_path / 'bin'}:{without_amlgit()}")
    assert run.code == 1
    assert f"amlgit could not merge {TREES}" in run.err
    text = (repository / TREES).read_text()
    assert text.count("<<<<<<< ours\n") == text.count("=======\n") == text.count(">>>>>>> theirs\n") == 1
    assert '"Value": "0.3"' in text
    assert '"Value": "0.4"' in text
    assert dirty(repository) == [f'UU "{TREES}"']
    git(repository, "merge", "--abort")
    assert dirty(repository) == []


@pytest.mark.parametrize("why", ["it is not there", *BROKEN])
def test_where_amlgit_can_not_merge_edits_of_different_lines_are_merged_as_text(repository: Path, tmp_path: Path, why: str) -> None:
    if why in BROKEN:
        script(tmp_path / "bin" / "amlgit", BROKEN[why])
    _branches(repository, *APART)
    git_run(repository, "merge", "--no-edit", "theirs", PATH=f"{tmp_path / 'bin'}:{without_amlgit()}").expect(OK)
    assert '"CommentCollapsed": true' in (repository / TREES).read_text()
    assert '"Value": "0.3"' in (repository / TREES).read_text()


@pytest.mark.parametrize("command", [["rebase", "theirs"], ["cherry-pick", "theirs"], ["revert", "--no-edit", "HEAD~1"], ["stash", "pop"]])
def test_the_same_holds_wherever_git_merges(repository: Path, command: list[str]) -> None:
    _branches(repository, *CLASH)
    if command[0] == "stash":
        git(repository, "reset", "--quiet", "--hard", "HEAD~1")
        replace_in(repository / TREES, *CLASH[0])
        git(repository, "stash", "--quiet")
        git(repository, "merge", "--quiet", "theirs")
    elif command[0] == "revert":
        replace_in(repository / TREES, '"Value": "0.3"', '"Value": "0.5"')
        commit_all(repository)
    run = git_run(repository, *command)
    assert run.code != OK
    assert "amlgit could not merge" in run.err
    assert "<<<<<<< " in (repository / TREES).read_text()


def test_the_driver_is_given_the_three_sides_and_the_path_as_it_is(repository: Path, tmp_path: Path) -> None:
    odd = "experiments/Über 'x' $(y) \"z\" - 1/nodes/Split Data 1-aaaa.json"
    (repository / odd).parent.mkdir(parents=True)
    (repository / odd).write_text("base\n")
    commit_all(repository)
    said = tmp_path / "said"
    script(
        tmp_path / "bin" / "amlgit",
        f'#!/bin/sh\nfor each in "$@"; do printf "%s\\n" "$each"; done > {said}\ncat "$2" "$3" "$4" >> {said}\necho merged > "$3"\n',
    )
    _branches(repository, ("base", "ours"), ("base", "theirs"), odd)
    git_run(repository, "merge", "--no-edit", "theirs", PATH=f"{tmp_path / 'bin'}:{without_amlgit()}").expect(OK)
    words = said.read_text().splitlines()
    assert (words[0], words[4], words[5]) == ("merge-driver", "7", odd)
    assert words[-3:] == ["base", "ours", "theirs"]
    assert (repository / odd).read_text() == "merged\n"


def test_a_conflict_that_the_driver_has_written_stays_as_it_is(repository: Path, tmp_path: Path) -> None:
    written = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> theirs\n"
    script(tmp_path / "bin" / "amlgit", f"#!/bin/sh\nprintf '{written}' > \"$3\"\nexit 1\n".replace("\n=", "\\n=").replace("\na", "\\na"))
    _branches(repository, *CLASH)
    run = git_run(repository, "merge", "theirs", PATH=f"{tmp_path / 'bin'}:{without_amlgit()}")
    assert run.code == 1
    assert "could not merge" not in run.err
    assert (repository / TREES).read_text() == written


def test_other_files_are_merged_without_the_driver(repository: Path, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "amlgit", f"#!/bin/sh\necho called >> {tmp_path / 'called'}\n")
    (repository / "package.json").write_text("base\n")
    commit_all(repository)
    _branches(repository, ("base", "ours"), ("base", "theirs"), "package.json")
    assert git_run(repository, "merge", "theirs", PATH=f"{tmp_path / 'bin'}:{without_amlgit()}").code == 1
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("name", ["sync.json", "assets.json", "layout.json", "experiment.json"])
def test_every_page_of_an_experiment_goes_through_the_driver(repository: Path, name: str) -> None:
    assert git(repository, "check-attr", "merge", "--", f"{TRAINING}/{name}").endswith(": merge: amlgit")
    assert git(repository, "check-attr", "merge", "--", f"{TRAINING}/nodes/x.py").endswith(": merge: unspecified")


# --- headings


def _headings(repository: Path, *options: str) -> list[str]:
    """What git shows behind the second `@@` of each hunk."""
    return [line.split("@@", 2)[2].strip() for line in git(repository, "diff", *options).splitlines() if line.startswith("@@")]


def test_a_hunk_of_a_node_has_the_last_parameter_before_it_or_the_node_as_its_heading(repository: Path) -> None:
    replace_in(repository / TREES, SEED, SEED.replace("7", "8"))
    assert _headings(repository) == ["Maximum number of leaves per tree"]
    assert _headings(repository, "-U0") == ["Total number of trees constructed"]
    git(repository, "checkout", "--quiet", ".")
    replace_in(repository / TREES, '"Create trainer mode", "Value": "SingleParameter"', '"Create trainer mode", "Value": "ParameterRange"')
    assert _headings(repository) == ["bb60c20a-54d3-4833-ac2b-6e112f31808e-160"]


def test_a_hunk_of_a_definition_has_the_node_and_one_of_an_experiment_the_section(repository: Path) -> None:
    (definition,) = repository.glob("webservices/*/definition.json")
    lines = definition.read_text().split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith('        "node4": {'))
    lines[start + 3] = lines[start + 3].replace('"', '"x', 1)
    definition.write_text("\n".join(lines))
    assert _headings(repository, "-U1") == ["node4"]
    git(repository, "checkout", "--quiet", ".")
    (page,) = repository.glob("experiments/Customer churn - scoring*/experiment.json")
    replace_in(page, '"Name": "Score column names"', '"Name": "Names of scores"')
    assert _headings(repository, "-U1") == ["Parameters"]


def test_a_hunk_of_a_script_has_the_function_as_its_heading(repository: Path) -> None:
    for path, text, heading in (
        (f"{TRAINING}/nodes/x.py", "def first(frame):\n" + "    pass\n" * 9 + "    return 1\n", "def first(frame):"),
        (f"{TRAINING}/nodes/x.R", "first <- function(frame) {\n" + "  frame\n" * 9 + "  return 1\n}\n", "first <- function(frame) {"),
    ):
        (repository / path).write_text(text)
        git(repository, "add", path)
        (repository / path).write_text(text.replace("return 1", "return 2"))
        assert _headings(repository, "--", path) == [heading]


# --- difftool


def _stand_in(tmp_path: Path) -> Path:
    """An amlgit that notes how git calls it, and what it is given."""
    note = 'for each in "$3" "$4"; do if [ -d "$each" ]; then (cd "$each" && find . -type f -o -type l); else cat "$each"; fi; echo --; done'
    return script(tmp_path / "bin" / "amlgit", f'#!/bin/sh\n{{ echo "$1 $2 $#"; {note}; }} >> {tmp_path / "said"}\n').parent


def test_difftool_has_amlgit_compare_the_two_sides_of_each_file(repository: Path, tmp_path: Path) -> None:
    folder = _stand_in(tmp_path)
    old = (repository / TREES).read_text()
    replace_in(repository / TREES, SEED, SEED.replace("7", "8"))
    git_run(repository, "difftool", "-t", "amlgit", "-y", "HEAD", PATH=f"{folder}:{without_amlgit()}").expect(OK)
    assert (tmp_path / "said").read_text() == f"diff --no-index 4\n{old}--\n{(repository / TREES).read_text()}--\n"


def test_difftool_of_folders_has_amlgit_compare_them_whole(repository: Path, tmp_path: Path) -> None:
    folder = _stand_in(tmp_path)
    replace_in(repository / TREES, SEED, SEED.replace("7", "8"))
    git_run(repository, "difftool", "-t", "amlgit", "--dir-diff", "HEAD", PATH=f"{folder}:{without_amlgit()}").expect(OK)
    assert (tmp_path / "said").read_text() == f"diff --no-index 4\n./{TREES}\n--\n./{TREES}\n--\n"


# --- taking it out


@pytest.mark.parametrize("attributes", [None, b"", b"*.png binary", b"*.png binary\n", b"*.png binary\r\n\r\n", b"\n"])
@pytest.mark.parametrize("is_committed", [False, True])
def test_uninstall_gives_back_the_very_repository_that_install_found(tmp_path: Path, attributes: bytes | None, is_committed: bool) -> None:
    git(tmp_path, "init", "--quiet", "r")
    repository = tmp_path / "r"
    git(repository, "remote", "add", "origin", "nowhere")
    git(repository, "config", "merge.amlgit.recursive", "binary")
    (repository / ".git" / "info" / "exclude").write_bytes(b"*.mine")
    if attributes is not None:
        (repository / ".gitattributes").write_bytes(attributes)
    if is_committed:
        (repository / "x").touch()
        commit_all(repository)
    files = [repository / ".git" / "config", repository / ".git" / "info" / "exclude", repository / ".gitattributes", repository / ".amlgit"]
    before = [path.read_bytes() if path.exists() else None for path in files], dirty(repository), git(repository, "ls-files", "--stage")
    aml(repository, "install", "--hooks").expect(OK)
    assert git(repository, "config", "merge.amlgit.driver")
    for _ in range(2):
        aml(repository, "uninstall").expect(OK)
        after = [path.read_bytes() if path.exists() else None for path in files], dirty(repository), git(repository, "ls-files", "--stage")
        if attributes == b"" and not is_committed:
            assert after[0][2] is None  # an empty file that nobody committed goes with our lines
        elif attributes is not None and not is_committed:
            assert after[0] == before[0]  # install has staged it, and the user's lines stay so
            assert after[1] == ["A  .gitattributes"]
        else:
            assert after == before


def test_what_is_committed_is_the_teams_and_stays(repository: Path) -> None:
    before = git(repository, "ls-files", "--stage")
    run = aml(repository, "uninstall").expect(OK)
    assert ".gitattributes" not in run.out
    assert git(repository, "ls-files", "--stage") == before
    assert dirty(repository) == []
    assert git(repository, "config", "--list", "--local").count("amlgit") == 0
    assert aml(repository, "uninstall").expect(OK).out == "Nothing was set.\n"


def test_without_the_settings_the_committed_attributes_change_nothing_for_a_member(repository: Path) -> None:
    aml(repository, "uninstall").expect(OK)
    _branches(repository, *CLASH)
    assert git_run(repository, "merge", "theirs").code == 1
    assert "<<<<<<< HEAD" in (repository / TREES).read_text()


def test_a_working_amlgit_is_asked(repository: Path, tmp_path: Path) -> None:
    _branches(repository, *APART)
    git_run(repository, "merge", "--no-edit", "theirs", PATH=on_path(tmp_path / "bin")).expect(OK)
    assert '"Value": "0.3"' in (repository / TREES).read_text()
