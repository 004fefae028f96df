"""`review`: what changed between two states, what of it deserves a second look, and the page that shows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlgit.compare.changes import ChangeClass, Kind, What
from amlgit.config import Config
from amlgit.config import Risk as Configured
from amlgit.errors import UsageError
from amlgit.form import scripts
from amlgit.form.secrets import Decisions
from amlgit.review import risks
from amlgit.review.names import Names
from amlgit.review.risk_case import Case, Script
from amlgit.review.risks import OwnRule, Risk
from amlgit.store import states
from amlgit.store.repository import Repository
from amlgit.store.states import State
from amlgit.workflows.comparison.comparing import FILE, Compared, DiffReport, Problem
from amlgit.workflows.comparison.secrets import without_secrets
from amlgit.workflows.diff import diff


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One experiment or service: its changes without secrets, and what of them deserves a second look."""

    entry: Compared
    names: Names
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewReport:
    """What was compared with what, and what is to be said of it."""

    old: str
    new: str
    reviewed: tuple[Reviewed, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def risks(self) -> int:
        """How many things deserve a second look."""
        return sum(len(entry.risks) for entry in self.reviewed)


def review(repository: Repository, config: Config, operands: Sequence[str], experiments: Sequence[str] = ()) -> ReviewReport:
    """The review of what `diff` finds; raises what it raises, and UsageError for a rule in `.amlgit` that can't be one."""
    own, off = _rules(config)
    report = diff(repository, operands, experiments)
    found: tuple[Script, ...] = ()
    if report.newest is not None and any(change.what is What.SCRIPT for entry in report.compared for change in entry.diff.changes):
        found = tuple(_scripts(repository, report.newest))
    return _reviewed(report, found, own, off, Decisions(allowed=config.allow, replaced=config.replace))


def review_files(old: Path, new: Path) -> ReviewReport:
    """The review of two exports or folders anywhere."""
    from amlgit.workflows.comparison.no_index import diff_no_index

    return _reviewed(diff_no_index(old, new), None, (), (), Decisions())


def _reviewed(report: DiffReport, found: Sequence[Script] | None, own: Sequence[OwnRule], off: Sequence[str], decisions: Decisions) -> ReviewReport:
    return ReviewReport(
        old=report.old,
        new=report.new,
        reviewed=tuple(_entry(entry, found, own, off, decisions) for entry in report.compared),
        problems=report.problems,
    )


def _entry(entry: Compared, found: Sequence[Script] | None, own: Sequence[OwnRule], off: Sequence[str], decisions: Decisions) -> Reviewed:
    names = Names(entry.old or {}, entry.new or {}, entry.assets, entry.diff.recreated)
    if entry.kind == FILE:
        return Reviewed(entry=entry, names=names, risks=())  # its text has no secrets any more
    protected = without_secrets(entry) if found is not None else entry  # files are compared without theirs
    case = Case(
        diff=protected.diff,
        unprotected=entry.diff,
        old=entry.old or {},
        new=entry.new or {},
        names=names,
        # of two files the graph itself may hold another copy
        scripts=found if found is not None else tuple(risks.scripts_of(entry.new or {}, names.node)),
        assets=entry.listed,
        decisions=decisions,
    )
    return Reviewed(entry=protected, names=names, risks=tuple(risks.risks(case, own, off)))


_EXTENSIONS = tuple(f".{extension}" for extension in set(scripts.EXTENSIONS.values()))


def _scripts(repository: Repository, state: State) -> Iterator[Script]:
    """Every script of a state, by the folder and the node it is of."""
    for path, folder in sorted(states.read(repository, state, states.bindings(repository, state)).items()):
        for name, data in sorted(folder.files.items()):
            if name.startswith("nodes/") and name.endswith(_EXTENSIONS):
                try:
                    text = data.decode()
                except UnicodeDecodeError:
                    continue  # `check` names it
                yield Script(f"{path.partition('/')[2]}: {name.removeprefix('nodes/')}", text)


# --- rules of one's own


def _rules(config: Config) -> tuple[list[OwnRule], list[str]]:
    """The rules that `.amlgit` adds, and the names of those it switches off."""
    return [_own(rule) for rule in config.risks if not rule.is_off], [rule.name for rule in config.risks if rule.is_off and _is_known(rule)]


def _is_known(rule: Configured) -> bool:
    if rule.name not in risks.NAMES and not rule.said:
        raise UsageError(f"{rule.origin}: risks.{rule.name}: there is no such rule to switch off", hint=f"Known: {', '.join(risks.NAMES)}.")
    return True


_CHOICES: Mapping[str, Sequence[str]] = {"class": [str(one) for one in ChangeClass], "kind": [str(one) for one in Kind]}


def _own(rule: Configured) -> OwnRule:
    where = f"{rule.origin}: risks.{rule.name}"
    if rule.name in risks.NAMES:
        raise UsageError(f"{where}: a rule of this name is there already", hint="Give yours another name; 'off = true' switches that one off.")
    if not rule.said.get("why", "").strip():
        raise UsageError(f"{where} has no 'why'", hint="Say in a sentence why such a change deserves a second look.")
    if len(rule.said) == 1:
        raise UsageError(f"{where} matches every change", hint="Give a class, kind, module, parameter or value.")
    for key, known in _CHOICES.items():
        if rule.said.get(key, known[0]) not in known:
            raise UsageError(f"{where}.{key} = {rule.said[key]!r} is none", hint=f"Known: {', '.join(known)}.")
    return OwnRule(
        name=rule.name,
        why=rule.said["why"],
        change_class=rule.said.get("class"),
        kind=rule.said.get("kind"),
        module=rule.said.get("module"),
        parameter=rule.said.get("parameter"),
        value=rule.said.get("value"),
    )
