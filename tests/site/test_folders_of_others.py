"""`amlgit site` into folders that are not its own: nothing of anybody else's is followed, overwritten or removed."""

from pathlib import Path

from tests.support.commands import OK, REFUSED, USAGE, aml, clone, git
from tests.support.exports import DAY, FAMILY, T0, experiment, save
from tests.support.repositories import commit_all
from tests.support.sites import built, state, two_experiments


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
