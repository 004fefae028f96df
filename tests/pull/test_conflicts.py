"""`pull` where edits made here clash with new versions: a conflict of git's own, settled, put off or taken back as git does it."""

from pathlib import Path

import pytest

from tests.support.branches import SCRIPT_NODE, remove
from tests.support.commands import FINDINGS, OK, REFUSED, aml, clone, git, git_run
from tests.support.exports import EXPORT_DATA, FAMILY, FRACTION, OTHER_FAMILY, PYTHON, SPLIT, Document, parameter, save
from tests.support.pulling import Here, pull, saved, settled, state
from tests.support.repositories import commit_all, count, dirty, leftovers, node_file, replace_in, subjects

pytestmark = pytest.mark.usefixtures("driver")

THIRD_FAMILY = "ab" * 16


def _clash(archive: Path, here: Here) -> None:
    """An edit here, and another of the same parameter there, with one beside it that does not clash."""
    here.edit('"0.5"', '"0.9"')
    saved(archive, 2, fraction="0.6", summary="Of theirs.")


def _go_on(repository: Path) -> None:
    git(repository, "-c", "core.editor=true", "cherry-pick", "--continue")


def test_a_conflict_is_continued_into_one_commit_of_the_versions_author_date_and_message(archive: Path, here: Here) -> None:
    _clash(archive, here)
    before = count(here.repository)
    said = pull(here.repository, REFUSED)
    assert "conflicts, and 1 new version there" in said.err
    assert "cherry-pick --continue" in said.err
    text = node_file(here.folder, "Split").read_text()
    assert all(value in text for value in ("<<<<<<<", '"0.9"', '"0.6"'))
    assert git_run(here.repository, "commit", "-m", "too early").code != OK
    replace_in(node_file(here.folder, "Split"), text, _without_markers(text, '"0.6"'))
    git(here.repository, "add", "--all")
    _go_on(here.repository)
    assert count(here.repository) == before + 1
    assert (here.value(FRACTION), here.value("Summary")) == ("0.9", "Of theirs.")
    form = "--format=%an <%ae> %at%n%B"
    assert git(here.repository, "log", "-1", form) == git(here.repository, "log", "-1", form, f"refs/amlgit/archive/{FAMILY}")
    settled(here.repository)
    assert git(here.repository, "for-each-ref", "refs/worktree") == "", "what was picked is not kept any longer"


def _without_markers(text: str, dropped: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")) and dropped not in line]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("way", ["--abort", "--skip"])
def test_what_was_put_off_is_as_it_was_and_is_offered_again(archive: Path, here: Here, way: str) -> None:
    _clash(archive, here)
    head = git(here.repository, "rev-parse", "HEAD")
    for _ in range(2):
        pull(here.repository, REFUSED)
        git(here.repository, "cherry-pick", way)
        assert git(here.repository, "rev-parse", "HEAD") == head
        assert (dirty(here.repository), here.value(FRACTION), here.value("Summary")) == ([], "0.9", "A trial.")
    saved(archive, 3, fraction="0.7", summary="Of theirs.")
    assert "conflicts, and 2 new versions there" in pull(here.repository, REFUSED).err
    assert '"0.7"' in node_file(here.folder, "Split").read_text()
    aml(here.repository, "resolve", "--theirs").expect(OK)
    git(here.repository, "commit", "--quiet", "--no-edit")
    assert (here.value(FRACTION), here.value("Summary")) == ("0.7", "Of theirs.")
    settled(here.repository)


def test_several_experiments_clash_one_after_the_other_while_the_others_are_brought(archive: Path, tmp_path: Path) -> None:
    for title, family in (("Other", OTHER_FAMILY), ("Third", THIRD_FAMILY)):
        saved(archive, 1, title=title, family=family)
    repository = clone(archive, tmp_path / "r")
    one, other, third = (Here(repository), Here(repository, "Other", OTHER_FAMILY), Here(repository, "Third", THIRD_FAMILY))
    for each in (one, other):
        each.edit('"0.5"', '"0.9"')
    third.edit('"Split Rows"', '"Recommender Split"')
    for number, (title, family) in enumerate((("Trial", FAMILY), ("Other", OTHER_FAMILY), ("Third", THIRD_FAMILY)), 2):
        saved(archive, number, title=title, family=family, fraction="0.6")
    report = aml(repository, "pull", "--json").expect(REFUSED).json["result"]
    assert {entry["title"]: entry["state"] for entry in report["folders"]} == {"Trial": "conflicts", "Other": "conflicts", "Third": "merged"}
    assert (third.value(FRACTION), third.value("Splitting mode")) == ("0.6", "Recommender Split")
    aml(repository, "resolve", "--ours").expect(OK)
    assert git_run(repository, "-c", "core.editor=true", "cherry-pick", "--continue").code != OK, "the next one clashes too"
    assert "a cherry-pick is not finished yet" in pull(repository, REFUSED).err
    aml(repository, "resolve", "--theirs").expect(OK)
    git(repository, "commit", "--quiet", "--no-edit")
    assert (one.value(FRACTION), other.value(FRACTION)) == ("0.9", "0.6")
    settled(repository)
    assert subjects(repository)[-3:] == ["Third: draft 2", "Trial: draft 2", "Other: draft 2"]


def test_aborted_after_the_first_of_two_both_are_offered_again(archive: Path, tmp_path: Path) -> None:
    saved(archive, 1, title="Other", family=OTHER_FAMILY)
    repository = clone(archive, tmp_path / "r")
    one, other = Here(repository), Here(repository, "Other", OTHER_FAMILY)
    for each in (one, other):
        each.edit('"0.5"', '"0.9"')
    head = git(repository, "rev-parse", "HEAD")
    saved(archive, 2, fraction="0.6")
    saved(archive, 3, title="Other", family=OTHER_FAMILY, fraction="0.7")
    pull(repository, REFUSED)
    aml(repository, "resolve", "--theirs").expect(OK)
    assert git_run(repository, "-c", "core.editor=true", "cherry-pick", "--continue").code != OK
    git(repository, "cherry-pick", "--abort")
    assert git(repository, "rev-parse", "HEAD") == head
    report = aml(repository, "pull", "--json").expect(REFUSED).json["result"]
    assert [entry["state"] for entry in report["folders"]] == ["conflicts", "conflicts"]
    assert "<<<<<<<" in node_file(one.folder, "Split").read_text()
    assert other.value(FRACTION) == "0.9"


# --- nodes that are there on one side only


@pytest.mark.parametrize(("side", "is_there"), [("--ours", True), ("--theirs", False)])
def test_a_node_deleted_there_and_edited_here_is_for_a_person_to_decide(archive: Path, here: Here, side: str, is_there: bool) -> None:
    here.edit('"0.5"', '"0.9"')
    saved(archive, 2, nodes=(PYTHON,))
    pull(here.repository, REFUSED)
    assert "ours edited the node" in aml(here.repository, "resolve").expect(FINDINGS).out
    aml(here.repository, "resolve", side)
    _go_on(here.repository)
    assert [node["ModuleId"] for node in here.export()["Graph"]["ModuleNodes"]] == [PYTHON, *([SPLIT] if is_there else [])]
    aml(here.repository, "check", "--fix")
    if dirty(here.repository):
        commit_all(here.repository, "what check mended")
    settled(here.repository)


def test_an_edit_here_of_a_node_deleted_there_never_goes_into_a_like_new_one(tmp_path: Path) -> None:
    """Git's rename detection takes the new node for the old one under a new name."""
    archive = saved(tmp_path / "exports", 1, nodes=(PYTHON, SPLIT, EXPORT_DATA))
    here = Here(clone(archive, tmp_path / "r"))
    here.edit('"Split Rows"', '"Recommender Split"')
    document = _with_another_split(state(2, nodes=(PYTHON, SPLIT, EXPORT_DATA)))
    save(archive, "2.json", document)
    pull(here.repository, REFUSED)
    (new,) = here.folder.glob("nodes/Split Data 7-0007.json")
    assert '"Split Rows"' in new.read_text(), "the edit was not of this node"
    (old,) = here.folder.glob("nodes/Split Data 2-0002.json")
    assert '"Recommender Split"' in old.read_text()
    assert [line[:2] for line in dirty(here.repository) if "Split Data" in line] == ["UD", "A "]


def _with_another_split(document: Document) -> Document:
    """The same with the split removed and a like one in another place of the graph: fed by nothing, feeding nothing."""
    graph = document["Graph"]
    split = next(node for node in graph["ModuleNodes"] if node["ModuleId"] == SPLIT)
    old, new = split["Id"], split["Id"].replace("0002c0de", "0007c0de").replace("-2", "-7")
    graph["EdgesInternal"] = []
    graph["SerializedClientData"] = graph["SerializedClientData"].replace(old, new)
    split["Id"] = new
    for port in (*split["InputPortsInternal"], *split["OutputPortsInternal"]):
        port["NodeId"] = new
    split["Comment"] = "another one"
    parameter(document, FRACTION)["Value"] = "0.2"
    return document


def test_a_node_edited_there_and_removed_here_comes_with_a_question(archive: Path, here: Here) -> None:
    node_file(here.folder, "Split").unlink()
    lines = [line for line in (here.folder / "layout.json").read_text().splitlines() if "Split Data" not in line]
    (here.folder / "layout.json").write_text("\n".join(lines).replace("},\n    ]", "}\n    ]") + "\n")
    commit_all(here.repository, "no split")
    saved(archive, 2, fraction="0.6")
    pull(here.repository, REFUSED)
    assert [line[:2] for line in dirty(here.repository) if "Split Data" in line] == ["DU"]
    git(here.repository, "cherry-pick", "--abort")
    assert dirty(here.repository) == []


def test_what_git_picks_without_a_conflict_and_is_no_sound_graph_is_told(tmp_path: Path) -> None:
    """Here a node was removed, there another one was led to it: no file shows that."""
    archive = saved(tmp_path / "exports", 1, nodes=(PYTHON, SPLIT, EXPORT_DATA))
    here = Here(clone(archive, tmp_path / "r"))
    remove(here.repository, SCRIPT_NODE)
    commit_all(here.repository, "no script")
    aml(here.repository, "check").expect(OK)
    document = state(2, nodes=(PYTHON, SPLIT, EXPORT_DATA))
    edge = document["Graph"]["EdgesInternal"][1]
    edge["SourceOutputPortId"] = document["Graph"]["EdgesInternal"][0]["SourceOutputPortId"]
    save(archive, "2.json", document)
    said = pull(here.repository, FINDINGS)
    assert "not sound after the merge: experiments/Trial-aaaaaa/nodes/Export Data 3-0003.json" in said.err
    assert "dangling-source" in said.err
    assert "amlgit check" in said.err
    assert dirty(here.repository) == []
    assert [finding["rule"] for finding in aml(here.repository, "check", "--json").expect(FINDINGS).json["result"]["findings"]] == ["dangling-source"]


# --- what a pick would stop at, looked at before anything moves


@pytest.mark.parametrize("kind", ["no identity", "signing without a key", "staged elsewhere", "dirty here", "untracked here", "ignored here"])
def test_a_pull_that_git_could_not_pick_is_refused_before_anything_moves(archive: Path, here: Here, isolated: Path, kind: str) -> None:
    saved(archive, 1, title="Other", family=OTHER_FAMILY)
    pull(here.repository)
    _clash(archive, here)
    saved(archive, 2, title="Other", family=OTHER_FAMILY, fraction="0.6")
    repository = here.repository
    made = repository / "mine.txt"
    match kind:
        case "no identity":
            (isolated / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
        case "signing without a key":
            git(repository, "config", "commit.gpgSign", "true")
            git(repository, "config", "gpg.program", "false")
        case "staged elsewhere":
            made.write_text("mine")
            git(repository, "add", "mine.txt")
        case "dirty here":
            made = here.folder / "experiment.json"
            replace_in(made, "A trial.", "Not committed.")
        case _:
            made = here.folder / "nodes" / "mine.json"
            made.write_text("mine")
            (repository / ".git" / "info" / "exclude").write_text("mine.json\n" if kind == "ignored here" else "")
    before = _state(repository)
    said = pull(repository, REFUSED)
    assert "hint" not in said.out
    assert _state(repository) == before
    assert leftovers(repository) == []
    if made.exists():
        git(repository, "checkout", "--", made) if kind == "dirty here" else made.unlink()
        git(repository, "reset", "--quiet")
    (isolated / "gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.org\n")
    git(repository, "config", "commit.gpgSign", "false")
    assert "<<<<<<<" not in node_file(here.folder, "Split").read_text()
    pull(repository, REFUSED)
    assert "<<<<<<<" in node_file(here.folder, "Split").read_text(), "with that mended it is done as far as it goes"
    assert Here(repository, "Other", OTHER_FAMILY).folder.is_dir()


def _state(repository: Path) -> tuple[str, str, str]:
    return git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain", "--ignored"), git(repository, "diff", "HEAD")


def test_a_dirty_file_elsewhere_and_a_file_of_a_persons_own_are_left_alone(archive: Path, here: Here) -> None:
    for name in ("README", "experiments/notes.md"):
        (here.repository / name).write_text("committed\n")
    commit_all(here.repository, "files of mine")
    _clash(archive, here)
    for path in (here.repository / "README", here.repository / "experiments" / "notes.md", here.folder / "notes.md"):
        path.write_text("mine\n")
    pull(here.repository, REFUSED)
    aml(here.repository, "resolve", "--ours").expect(OK)
    _go_on(here.repository)
    assert (here.value(FRACTION), here.value("Summary")) == ("0.9", "Of theirs.")
    for path in (here.repository / "README", here.repository / "experiments" / "notes.md", here.folder / "notes.md"):
        assert path.read_text() == "mine\n"
    assert sorted(line[:2] for line in dirty(here.repository)) == [" M", " M", "??"]


def test_an_export_without_the_driver_installed_is_merged_with_it_all_the_same(archive: Path, here: Here) -> None:
    """Two edits that clash and, in the line beside, one that does not: by lines that would be one conflict."""
    aml(here.repository, "uninstall").expect(OK)
    git(here.repository, "checkout", "--", ".gitattributes")
    here.edit('"0.5"', '"0.9"')
    saved(archive, 2, fraction="0.6", mode="Recommender Split")
    pull(here.repository, REFUSED)
    text = node_file(here.folder, "Split").read_text()
    before, _, rest = text.partition("<<<<<<<")
    assert '"Recommender Split"' in before + rest.partition(">>>>>>>")[2]
    assert '"Split Rows"' not in text
