"""A model of what nobody may lose: a workspace, two members, and values that are each written once.

Every edit gives its place (a parameter, a line of a script, the summary) a value that nobody wrote before. So a state tells by itself
whose edits it holds, and whether one is lost can be said without a look at how amlgit decides: a value is *kept* by a branch if it
stands there, if what stands there was written over it, or if somebody on that branch took it out knowing it (a revert, a removed node,
a decision in a conflict: each leaves its mark in the message of its commit, so that it counts where git brings that commit, and only there).
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from tests.support.commands import aml, git, git_run
from tests.support.exports import DAY, PYTHON, SPLIT, Document, experiment, save
from tests.support.repositories import folder

TITLE = "Trial"
PLACES = ("summary", "version", "above", "middle", "below", "fraction2", "mode2", "comment2", "fraction3", "mode3")
LAST_NODE = ("fraction3", "mode3")
"""The places in the node that can be removed."""
_VALUE = re.compile(rf"\b({'|'.join(PLACES)})_(\d+)\b")
_MARK = re.compile(r"\[(\d+)\]")
_T0 = 1_451_606_400

State = Mapping[str, str]
"""Place → value; what a removed node held is missing."""
GONE = "gone"


def document(state: State, number: int, *, is_run: bool) -> Document:
    """The export of a state."""
    script = f"# {state['above']}\n" + "#\n" * 8 + f"# {state['middle']}\n" + "#\n" * 8 + f"# {state['below']}\n"
    nodes = (PYTHON, SPLIT, SPLIT) if LAST_NODE[0] in state else (PYTHON, SPLIT)
    made = experiment(TITLE, created=_T0 + number * DAY, summary=state["summary"], script=script, nodes=nodes, run=number if is_run else None)
    python, second, *third = made["Graph"]["ModuleNodes"]
    _parameter(python, "Python Version")["Value"] = state["version"]
    second["Comment"] = state["comment2"]
    for digit, node in (("2", second), *(("3", node) for node in third)):
        _parameter(node, "Fraction of rows in the first output dataset")["Value"] = state[f"fraction{digit}"]
        _parameter(node, "Splitting mode")["Value"] = state[f"mode{digit}"]
    return made


def _parameter(node: Document, name: str) -> Document:
    (found,) = (entry for entry in node["ModuleParameters"] if entry["Name"] == name)
    assert isinstance(found, dict)
    return found


def values(text: str) -> dict[str, set[str]]:
    """Place → the values in a text."""
    found: dict[str, set[str]] = {}
    for match in _VALUE.finditer(text):
        found.setdefault(match[1], set()).add(match[0])
    return found


@dataclass
class World:
    """The workspace, and what is known of every value and every mark."""

    archive: Path
    chance: random.Random
    state: dict[str, str] = field(default_factory=lambda: {place: f"{place}_0" for place in PLACES})
    versions: int = 0
    counter: int = 0
    before: dict[str, frozenset[str]] = field(default_factory=dict)
    """Value → every value it was written over, one after the other."""
    known: dict[int, dict[str, frozenset[str]]] = field(default_factory=dict)
    """Mark → place → the values that were taken out there knowingly."""
    taken_there: dict[str, frozenset[str]] = field(default_factory=dict)
    """What a colleague removed with the node."""
    log: list[str] = field(default_factory=list)

    def line(self, *values: str | None) -> frozenset[str]:
        """Values and all that they were written over."""
        found = {value or GONE for value in values}
        return frozenset(found.union(*(self.before.get(value, frozenset()) for value in found)))

    def value(self, place: str, *over: str | None) -> str:
        """A value that nobody wrote before."""
        self.counter += 1
        made = f"{place}_{self.counter}"
        self.before[made] = self.line(*over)
        return made

    def mark(self, taken: Mapping[str, frozenset[str]]) -> int:
        """A number for the message of a commit that takes out values knowingly."""
        self.counter += 1
        self.known[self.counter] = dict(taken)
        return self.counter

    def save(self) -> None:
        """The workspace's state becomes a version: a run, or a draft."""
        self.versions += 1
        is_run = self.versions < 27 and self.chance.random() < 0.4
        made = document(self.state, self.versions, is_run=is_run)
        save(self.archive / f"{date.fromtimestamp(_T0) + timedelta(self.versions)}", "trial.json", made)

    def colleague_edits(self) -> None:
        """Somebody edits in the workspace."""
        places = self.chance.sample(sorted(self.state), self.chance.randint(1, 2))
        for place in places:
            self.state[place] = self.value(place, self.state[place])
        self.save()

    def colleague_removes(self) -> None:
        """Somebody removes the last node there."""
        if LAST_NODE[0] in self.state:
            self.taken_there = {place: self.line(self.state.pop(place)) for place in LAST_NODE}
            self.save()


@dataclass
class Member:
    """A member's clone."""

    world: World
    repository: Path

    @property
    def folder(self) -> Path:
        """The experiment's folder."""
        return folder(self.repository, TITLE)

    def git(self, *arguments: str) -> str:
        """Git, which must succeed."""
        return git(self.repository, *arguments)

    def tries(self, *arguments: str) -> bool:
        """Git, which may stop."""
        return git_run(self.repository, *arguments, GIT_EDITOR="true").code == 0

    def state(self, rev: str = "HEAD") -> dict[str, str]:
        """Place → value in a commit."""
        texts = git_run(self.repository, "grep", "-hI", "-e", "_[0-9]", rev, "--", str(self.folder)).out
        found = values(texts)
        assert all(len(several) == 1 for several in found.values()), f"a value stands beside another: {found}"
        return {place: value for place, (value,) in ((place, tuple(several)) for place, several in found.items())}

    def marks(self) -> set[int]:
        """The marks behind HEAD."""
        return {int(mark) for mark in _MARK.findall(self.git("log", "--format=%B"))}

    def kept(self, place: str) -> frozenset[str]:
        """Every value of a place that the branch keeps."""
        here = self.state().get(place)
        kept = self.world.line(here).union(*(self.world.known[mark].get(place, frozenset()) for mark in self.marks()))
        return kept if here else kept | self.world.taken_there.get(place, frozenset())

    def commit(self, message: str, taken: Mapping[str, frozenset[str]]) -> None:
        """Commit everything under a mark."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", f"{message} [{self.world.mark(taken)}]")

    # --- what a member does

    def edit(self) -> None:
        """Edit one place."""
        here = self.state()
        place = self.world.chance.choice(sorted(here))
        self._write(place, here[place], self.world.value(place, here[place]))
        self.commit(f"edit {place}", {place: self.world.line(here[place])})

    def _write(self, place: str, old: str, new: str) -> None:
        for file in [self.folder / "experiment.json", *self.folder.glob("nodes/*")]:
            text = file.read_text()
            file.write_text(re.sub(rf"\b{old}\b", new, text))
        assert place in new

    def remove(self) -> None:
        """Remove the last node, and its box."""
        here = self.state()
        if LAST_NODE[0] not in here:
            return
        (file,) = self.folder.glob("nodes/Split Data 3-*.json")
        layout = self.folder / "layout.json"
        kept = [line for line in layout.read_text().splitlines() if f'"{file.stem}"' not in line]
        text = "\n".join(kept) + "\n"
        layout.write_text(re.sub(r",(\s*\])", r"\1", text))
        file.unlink()
        self.commit("remove the last node", {place: self.world.line(here[place]) for place in LAST_NODE})

    def pull(self) -> None:
        """Pull from the workspace; a conflict is settled, or put off."""
        said = aml(self.repository, "pull")
        assert said.code in (0, 1, 3), said.err
        if self._operation() and not self._settle_or_abort("cherry-pick"):
            return
        assert self.has_seen_all(), "a pull that is done has brought everything"
        self.lost_there()

    def push(self) -> None:
        """What a push would do, where the rule allows it."""
        if self.state() != self.world.state and self.has_seen_all():
            self.lost_there()
            self.world.state = self.state()
            self.world.taken_there = {place: self.kept(place) for place in LAST_NODE if place not in self.world.state}
            self.world.save()

    def share(self) -> None:
        """Meet with the other member: by a merge or a rebase, then a push to the origin."""
        branch = self.git("symbolic-ref", "--short", "HEAD")
        how = self.world.chance.choice(("--no-rebase", "--rebase"))
        if not self.tries("pull", "--quiet", "--no-edit", how, "origin", branch):
            self._settle_or_abort("rebase" if how == "--rebase" else "merge")
        self.tries("push", "--quiet", "origin", branch)

    def switch(self) -> None:
        """Go on with the other branch."""
        self.git("checkout", "--quiet", self._other())

    def merge(self) -> None:
        """Merge the other branch, whole or squashed."""
        other = self._other()
        if self.world.chance.random() < 0.5:
            if not self.tries("merge", "--quiet", "--no-edit", other):
                self._settle_or_abort("merge")
            return
        messages = self.git("log", "--format=%B", f"HEAD..{other}")
        clean = self.tries("merge", "--squash", other)
        taken = {} if clean else self._take_sides()
        self.commit(f"squashed: {messages}", taken)

    def cherry_pick(self) -> None:
        """Take one commit of the other branch."""
        commits = self.git("rev-list", "--no-merges", "-n", "5", f"HEAD..{self._other()}").split()
        if commits and not self.tries("cherry-pick", self.world.chance.choice(commits)):
            self._settle_or_abort("cherry-pick")

    def revert(self) -> None:
        """Take back one of the last commits, knowing what was in it."""
        commit = self._recent()
        if commit is None:
            return
        before = self.state()
        ended = self.tries("revert", "--no-commit", commit)
        taken = {} if ended else self._take_sides()
        self.git("add", "--all")
        after = self._staged()
        for place in PLACES:
            if before.get(place) != after.get(place):
                taken[place] = taken.get(place, frozenset()) | self.world.line(before.get(place))
        self.commit("revert", taken)
        self.tries("revert", "--quit")

    def _staged(self) -> dict[str, str]:
        texts = git_run(self.repository, "grep", "--cached", "-hI", "-e", "_[0-9]", "--", str(self.folder)).out
        return {place: next(iter(found)) for place, found in values(texts).items()}

    def drop(self) -> None:
        """Drop one of the last commits in a rebase."""
        commit = self._recent()
        if commit is not None and not self.git("rev-list", "--merges", f"{commit}..HEAD"):
            editor = f"sed -i '/^pick {self.git('rev-parse', '--short', commit)}/d'"
            if not self.tries("-c", f"sequence.editor={editor}", "rebase", "--quiet", "-i", f"{commit}^"):
                self._settle_or_abort("rebase")

    def _recent(self) -> str | None:
        commits = [line.split() for line in self.git("rev-list", "--parents", "-n", "5", "start..HEAD", "--", str(self.folder)).splitlines()]
        commits = [ids for ids in commits if len(self.git("rev-list", "--parents", "-n", "1", ids[0]).split()) == 2]
        return self.world.chance.choice(commits)[0] if commits else None

    def _other(self) -> str:
        return "release" if self.git("symbolic-ref", "--short", "HEAD") == "main" else "main"

    # --- conflicts

    def _operation(self) -> bool:
        names = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "sequencer")
        return any((self.repository / ".git" / name).exists() for name in names)

    def _settle_or_abort(self, verb: str) -> bool:
        """Go on to the end, settling each conflict for a side; False where it was put off."""
        if not self._operation():
            return False  # git did not begin: there is nothing to rebase any more, say
        if self.world.chance.random() < 0.25:
            self.git(verb, "--abort")
            return False
        for _ in range(20):
            if not self._operation():
                return True
            if self.git("ls-files", "--unmerged"):
                mark = self.world.mark(self._take_sides())
                message = (self.repository / ".git" / "MERGE_MSG").read_text()
                self.git("commit", "--quiet", "--allow-empty", "--cleanup=strip", "-m", f"{message}\n[{mark}]")
                going_on = verb != "merge" and self._operation()
            else:
                going_on = True
            if going_on and not self.tries(verb, "--continue") and not self.git("ls-files", "--unmerged"):
                self.tries(verb, "--skip")
        raise AssertionError(f"a {verb} without an end")

    def _take_sides(self) -> dict[str, frozenset[str]]:
        """Settle every conflict for one of the sides, knowing both."""
        sides: dict[str, list[set[str]]] = {}
        paths = dict.fromkeys(entry.split("\t")[1] for entry in self.git("ls-files", "--unmerged", "-z").split("\0") if entry)
        for number, stage in enumerate(("2", "3")):
            for path in paths:
                text = git_run(self.repository, "show", f":{stage}:{path}").out
                for place, found in values(text).items():
                    sides.setdefault(place, [set(), set()])[number] |= found
        aml(self.repository, "resolve", self.world.chance.choice(("--ours", "--theirs"))).expect(0)
        self.git("add", "--all")
        assert not self.git("ls-files", "--unmerged")
        return {place: self.world.line(*ours, *theirs, *([] if ours and theirs else [None])) for place, (ours, theirs) in sides.items()}

    # --- the rule

    def has_seen_all(self) -> bool:
        """Whether the code says that the workspace holds nothing that the branch has not seen."""
        from amlgit.store import chains
        from amlgit.store.folders import folders
        from amlgit.store.repository import discover
        from amlgit.workflows.versions.seen import History

        aml(self.repository, "fetch").expect(0)
        repository = discover(self.repository, {})
        ((ref, tip),) = chains.tips(repository).items()
        (found,) = folders(repository, "HEAD")
        listed = chains.versions(repository, tip)
        assert len(listed) == self.world.versions, ref
        return History(repository, "HEAD").last_seen("archive", found, listed) == len(listed) - 1

    def lost_there(self) -> None:
        """Fail where a push would overwrite an edit of the workspace that the branch does not keep."""
        for place in PLACES:
            there = self.world.state.get(place, GONE)
            assert there in self.kept(place), f"a push would overwrite {there}, which this branch never had: {self.state().get(place)}"

    def lost_here(self) -> None:
        """Fail where an edit made on this branch is neither there nor taken out by somebody who knew it."""
        for mark in self.marks():
            for place, taken in self.world.known[mark].items():
                missing = {value for value in taken if value != GONE} - self.kept(place)
                assert not missing, f"{missing} vanished from {place}"
        for line in self.git("log", "--format=%B").splitlines():
            for place, number in re.findall(r"edit (\w+) \[(\d+)\]", line):
                value = f"{place}_{int(number) - 1}"
                assert value in self.kept(place), f"the edit {value} vanished: {self.state().get(place)}"
