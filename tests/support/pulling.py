"""What the tests of pulls into edited branches share: versions that colleagues save, edits made here, and members with a common origin."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.commands import OK, Run, aml, clone, git
from tests.support.exports import DAY, FAMILY, PYTHON, SPLIT, T0, Document, experiment, parameter, save
from tests.support.repositories import commit_all, count, dirty, folder, fsck, leftovers, node_file, replace_in

SCRIPT = "def azureml_main(frame):\n    one = 1\n\n\n    two = 2\n\n\n    return frame,\n"


def state(
    number: int,
    *,
    title: str = "Trial",
    family: str = FAMILY,
    fraction: str = "0.5",
    summary: str = "A trial.",
    script: str = SCRIPT,
    mode: str = "Split Rows",
    nodes: tuple[str, ...] = (PYTHON, SPLIT),
    run: bool = False,
) -> Document:
    """A version that a colleague saved on that day."""
    document = experiment(
        title,
        family=family,
        created=T0 + number * DAY,
        fraction=fraction,
        summary=summary,
        script=script,
        nodes=nodes,
        run=number if run else None,
    )
    if SPLIT in nodes and nodes.count(SPLIT) == 1:
        parameter(document, "Splitting mode")["Value"] = mode
    return document


def saved(archive: Path, number: int, **values: object) -> Path:
    """Save a version into the archive; gives the archive."""
    document = state(number, **values)  # type: ignore[arg-type]  # the keywords of `state`, told once
    save(archive, f"{document['ExperimentId'][-8:]}-{number}.json", document)
    return archive


@dataclass(frozen=True, slots=True)
class Here:
    """An experiment's folder in a repository, edited as a person would."""

    repository: Path
    title: str = "Trial"
    family: str = FAMILY

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return folder(self.repository, self.title, self.family)

    def edit(self, old: str, new: str, file: str = "Split") -> None:
        """Put a value in place of another and commit."""
        path = self.folder / file if "." in file else node_file(self.folder, file)
        replace_in(path, old, new)
        commit_all(self.repository, f"{old} becomes {new}")

    def value(self, name: str) -> str:
        """The text of a parameter, title or summary, as an export would have it now."""
        document = self.export()
        if name in document:
            return str(document[name])
        return str(parameter(document, name)["Value"])

    def export(self) -> Document:
        """The export of what the work tree holds."""
        return aml(self.repository, "export", self.folder.name).expect(OK).json

    def sync(self) -> str:
        """The text of sync.json."""
        return (self.folder / "sync.json").read_text()


def pull(repository: Path, code: int = OK) -> Run:
    """A pull that must end so."""
    return aml(repository, "pull").expect(code)


def settled(repository: Path) -> None:
    """Nothing is uncommitted, broken, lost, or left over, and a further pull does nothing."""
    assert dirty(repository) == []
    aml(repository, "check").expect(OK)
    before = count(repository)
    assert pull(repository).out.endswith(("Already up to date.\n", "The branch has all of it already.\n"))  # what others pulled came by git
    assert count(repository) == before
    fsck(repository)
    assert leftovers(repository) == []


def team(archive: Path, place: Path, *names: str) -> list[Path]:
    """Members of a team: the first made the clone of the archive and pushed it to a bare origin, the others cloned that."""
    first = clone(archive, place / names[0])
    git(place, "clone", "--quiet", "--bare", first, "origin.git")
    git(first, "remote", "add", "origin", place / "origin.git")
    git(first, "fetch", "--quiet", "origin")
    git(first, "branch", "--quiet", "--set-upstream-to=origin/main")
    members = [first]
    for name in names[1:]:
        git(place, "clone", "--quiet", "origin.git", name)
        members.append(place / name)
    for member in members:
        aml(member, "install").expect(OK)
        git(member, "config", "user.name", member.name)
    return members
