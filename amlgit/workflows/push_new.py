"""`push --new`: an experiment is saved as a new one, once, however often a run of it is cut off.

The service keeps no mark of who asked for an experiment, so a note in this clone does (`made`): written before the request goes out, with
what the workspace had then; again with the answer; and kept after all is done, because a kill may come before anybody heard of it. The
same request is the same folder or version, title and content. What came of a request without an answer is looked for in the workspace:
it was not there before, and has that title and that graph, save for the versions of its assets, which the service moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from amlgit.errors import Refused
from amlgit.form.remapping import remapped
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import ids
from amlgit.model.jsontext import Object, printable
from amlgit.model.references import references
from amlgit.remotes.failures import Doubtful, NoAnswer, NotFound
from amlgit.remotes.studio import Saved
from amlgit.store import chains
from amlgit.store.lock import exclusive
from amlgit.workflows.push_targets import Target
from amlgit.workflows.workspaces import made
from amlgit.workflows.workspaces.made import Making
from amlgit.workflows.workspaces.workspace import WRITABLE, Held, content_id

if TYPE_CHECKING:
    from amlgit.workflows.push import Plan, Pusher

_TRIES = 3
"""How often a save is sent of which it turned out, by looking, that nothing came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new experiment as the workspace holds it, and what it was meant to be; `is_again` where an earlier push had finished it."""

    plan: "Plan"
    held: Held | None
    """None where nothing was to be made really."""
    is_again: bool = False


def make(pusher: "Pusher", target: Target, title: str | None, *, dry_run: bool) -> Made:
    """Make it, or find what an earlier run made; raises Refused where somebody changed that since."""
    return _Maker(pusher, target, title).make(dry_run=dry_run)


class _Maker:
    def __init__(self, pusher: "Pusher", target: Target, title: str | None) -> None:
        self._pusher, self._target, self._given = pusher, target, title
        self._plan = pusher.plan(target, None, title)
        self._title = str(self._plan.document.get("Description"))
        self._key = f"{target.name}\n{self._title}"
        folder = target.folder
        is_to_be_bound = not target.is_version and folder is not None and pusher.remote.name not in folder.bindings
        self._folder = folder.path if folder is not None and is_to_be_bound else ""

    def make(self, *, dry_run: bool) -> Made:
        if dry_run:
            return self._finished_before() or Made(plan=self._plan, held=None)
        with exclusive(self._pusher.repository):
            before = self._finished_before()
            return before if before is not None else self._finish(self._made())

    def _finished_before(self) -> Made | None:
        """What an earlier push of the same made, if it is still there."""
        noted = self._noted()
        if noted is None or not noted.held or noted.content != self._plan.content:
            return None
        held = self._there(noted.experiment)
        if held is None:
            return None
        plan = self._pusher.plan(self._target, held, self._given)
        if held.content not in {noted.held, plan.content}:
            raise self._changed(noted.experiment)
        return Made(plan=plan, held=held, is_again=True)

    def _noted(self) -> Making | None:
        return made.making(self._pusher.repository, self._pusher.remote.name, self._key)

    def _there(self, experiment: str) -> Held | None:
        try:
            return self._pusher.read_there(self._target, experiment)
        except NotFound:
            return None

    def _made(self) -> Making:
        """The new experiment: what a run that was cut off made, or what is made now."""
        noted = self._noted()
        if noted is not None and not noted.held:
            if noted.experiment and self._there(noted.experiment) is not None:
                return noted
            found = None if noted.experiment else self._made_meanwhile(noted)
            if found is not None:
                return self._answered(noted, found)
        return self._save_as()

    def _save_as(self) -> Making:
        present = self._own()
        # the note stays whatever is answered: between us and the service others may answer for it
        making = Making(title=self._title, content=self._plan.content, folder=self._folder, known=frozenset(present))
        made.begin(self._pusher.repository, self._pusher.remote.name, self._key, making, present)
        for last in (*[False] * (_TRIES - 1), True):
            try:
                saved = self._pusher.studio.save_as(self._plan.submission(None))
            except Doubtful:
                found = self._made_meanwhile(making)
                if found is not None:
                    return self._answered(making, found)
                if last:
                    raise
            else:
                self._require_new(saved.experiment, making)
                return self._answered(making, saved)
        raise AssertionError("the last try returns or raises")

    def _answered(self, making: Making, saved: Saved) -> Making:
        found = replace(making, experiment=saved.experiment, etag=saved.etag, folder=self._folder)
        made.answered(self._pusher.repository, self._pusher.remote.name, self._key, found)
        return found

    def _require_new(self, experiment: str, making: Making) -> None:
        """Raise NoAnswer for an id that can't be that of a new experiment: whatever is done to it would be done to another."""
        parts = ids.experiment_id(experiment)
        if parts is None or parts.is_snapshot or parts.workspace != self._pusher.studio.workspace:
            why = "which is none of this workspace's experiments"
        elif any(known.lower() == experiment.lower() for known in making.known) or self._is_recorded(parts.family):
            why = "which was there before"
        else:
            return
        raise NoAnswer(
            f"save of {printable(self._title)!r}: the service answered with experiment {printable(experiment, 120)}, {why}",
            hint="Nothing more was done. Look at the workspace; the same command goes on with the new experiment if there is one.",
        )

    def _is_recorded(self, family: str) -> bool:
        return bool(self._pusher.repository.refs(chains.ref(self._pusher.remote.name, family)))

    def _finish(self, making: Making) -> Made:
        """See to it that the new experiment is what was meant: the service moves its assets to their newest versions."""
        held = self._pusher.read(self._target, making.experiment)
        plan = self._pusher.plan(self._target, held, self._given)
        if held.content != plan.content and held.facts.snapshot is None:
            if not (making.etag and held.etag == making.etag) and not self._is_alike(held.document, plan.document):
                raise self._changed(making.experiment)
            held = self._pusher.save(plan, held)
        if not making.folder:
            done = replace(making, content=self._plan.content, held=held.content, known=frozenset())
            made.answered(self._pusher.repository, self._pusher.remote.name, self._key, done)
        return Made(plan=plan, held=held)

    def _own(self) -> dict[str, str]:
        """Experiment → title of all that the workspace lists as its own."""
        studio = self._pusher.studio
        return {info.id: info.title for info in studio.experiments() if info.workspace == studio.workspace and not info.is_snapshot}

    def _made_meanwhile(self, making: Making) -> Saved | None:
        """What was not there before and has that title and graph; raises Refused where somebody has changed it since, as it seems."""
        changed = ""
        for experiment, title in sorted(self._own().items()):
            if experiment not in making.known and title == making.title:
                held = self._there(experiment)
                if held is not None and self._is_alike(held.document, self._plan.document):
                    return Saved(experiment=experiment, etag=held.etag)
                if held is not None and _nodes(held.document) & _nodes(self._plan.document):
                    changed = experiment
        if changed:
            raise self._changed(changed)
        return None

    def _is_alike(self, one: Object, other: Object) -> bool:
        """Whether what a save writes of two experiments differs in the versions of their assets at most."""
        first: dict[str, str] = {}
        mapping: dict[str, str] = {}
        for reference in (*references(one), *references(other)):
            parts = ids.resource_id(reference.asset)
            mapping[reference.asset] = first.setdefault(parts.family, reference.asset) if parts is not None else reference.asset
        written = [{name: each[name] for name in WRITABLE if each.get(name)} for each in (one, other)]
        written = [{name: each[name] for name in each if all(name in other for other in written)} for each in written]
        contents = (Splitter(Decisions()).split_protected(remapped(each, mapping), "").content for each in written)
        return len({content_id(content, self._pusher.repository) for content in contents}) == 1

    def _changed(self, experiment: str) -> Refused:
        remote = self._pusher.remote.name
        bound = f"'amlgit bind \"{self._target.name}\" {experiment} --remote {remote}' joins the two; " if self._folder else ""
        return Refused(
            f"{self._target.name}: {remote} has an experiment {printable(self._title)!r} that an earlier push of this made, as it seems,"
            f" and that was changed since: {experiment}",
            hint=f"{bound}'--new \"ANOTHER TITLE\"' makes one more.",
        )


def _nodes(document: Object) -> frozenset[str]:
    """The nodes of a graph."""
    found = document.get("Graph")
    nodes = found.get("ModuleNodes") if isinstance(found, Mapping) else None
    return frozenset(str(node.get("Id")) for node in nodes if isinstance(node, Mapping)) if isinstance(nodes, list) else frozenset()
