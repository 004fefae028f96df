"""`diff` of versions in the record: with each other, with a commit, with what no commit holds yet."""

from collections.abc import Mapping, Sequence

from amlgit.errors import InvalidDocument, UsageError
from amlgit.form.companions import SYNC, read_sync
from amlgit.store import states
from amlgit.store.repository import Repository
from amlgit.store.states import State
from amlgit.workflows.comparison.comparing import DiffReport, compared, joined, state_name
from amlgit.workflows.comparison.states import commits
from amlgit.workflows.versions.choose import Choice, choose
from amlgit.workflows.versions.documents import Joined, asset_names, of_version


def diff_versions(repository: Repository, operands: Sequence[str], newest: State) -> DiffReport:
    """What changed between two sides of which at least one is a version; the second is `newest` where only one is named."""
    sides = [side for operand in operands for side in _sides(repository, operand)]
    if len(sides) > 2:
        raise UsageError("a diff has two sides, and more are named")
    version = next(side for side in sides if isinstance(side, Choice))
    (old_name, old), (new_name, new) = (_joined(repository, side, version) for side in (sides if len(sides) == 2 else [*sides, newest]))
    names = _names(repository, [side for side in sides if isinstance(side, Choice)])
    return DiffReport(old=old_name, new=new_name, compared=(compared(old, new, old_name, new_name, names),), newest=newest)


def _names(repository: Repository, versions: Sequence[Choice]) -> Mapping[str, str]:
    """The names of assets, as far as the folders of the experiments know them now."""
    names: dict[str, str] = {}
    for version in versions:
        try:
            names.update(asset_names(repository, version.subject.folder))
        except InvalidDocument:
            continue  # `check` names what is wrong with it; a diff does without names
    return names


def _sides(repository: Repository, operand: str) -> Sequence[State | Choice]:
    found = commits(repository, operand)
    if found:
        return found
    choice = choose(repository, operand)
    if choice.version is None:
        raise UsageError(f"{operand!r} is no version", hint="Name one: EXPERIMENT@N.")
    return [choice]


def _joined(repository: Repository, side: State | Choice, version: Choice) -> tuple[str, Joined]:
    """What a side is called, and its document."""
    if not isinstance(side, Choice):
        return _of_state(repository, side, version)
    assert side.version is not None
    return f"{side.subject.title}@{side.version.number}", of_version(repository, side.version.commit)


def _of_state(repository: Repository, state: State, version: Choice) -> tuple[str, Joined]:
    """The experiment of a version as a state has it."""
    found = [path for path, data in states.bindings(repository, state).items() if not _families(data).isdisjoint(version.subject.families)]
    files = states.read(repository, state, found)
    if len(found) != 1 or not files:
        raise UsageError(f"{state_name(state)} has no folder of {version.subject.title!r}", hint="Name a second version: EXPERIMENT@N.")
    return found[0], joined(files[found[0]])


def _families(sync: bytes) -> set[str]:
    try:
        return {binding.experiment.rpartition(".")[2] for binding in read_sync(sync, SYNC).values()}
    except InvalidDocument:
        return set()  # of another folder, perhaps; `check` names it
