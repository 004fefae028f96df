"""What the list of a workspace said when everything in it had been taken in: whatever says the same again needs no look.

A cache in `.git/amlgit`: deleting it loses nothing, and costs the next fetch a few more requests.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlgit import config
from amlgit.config import Remote
from amlgit.store import chains, drafts, trailers
from amlgit.store.repository import Repository

if TYPE_CHECKING:  # HTTP costs start-up, and a pull of an archive needs none of it
    from amlgit.remotes.studio import ExperimentInfo

DELETED, HIDDEN, KEPT = "deleted", "hidden", "kept"
"""What became of an experiment that is not listed any more: it is gone, the workspace still has it, or its folder stays in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An experiment that is recorded and not listed any more."""

    family: str
    title: str
    experiment: str
    snapshot: str | None
    """The newest run that is recorded."""
    is_foreign: bool
    """Whether it is of another workspace, which this remote was before."""


class States:
    """The settled experiments of one remote, and those that are gone."""

    def __init__(self, repository: Repository, remote: Remote) -> None:
        self._repository = repository
        self._remote = remote
        self._file = repository.private_dir / f"studio-{remote.name}.json"
        self._noted = self._read(str(remote.workspace))
        self._gone = {family: str(entry[0]) for family, entry in self._read(f"gone {remote.workspace}").items()}
        self._tips = self._read_tips()

    def _read(self, section: str) -> Mapping[str, list[str | None]]:
        try:
            noted = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        known = noted.get(section) if isinstance(noted, dict) else None
        return {family: entry for family, entry in known.items() if isinstance(entry, list) and entry} if isinstance(known, dict) else {}

    def _read_tips(self) -> Mapping[str, str]:
        return self._repository.refs(f"{chains.PREFIX}{self._remote.name}/", f"{drafts.PREFIX}{self._remote.name}/")

    def _entry(self, info: "ExperimentInfo") -> list[str | None]:
        tips = [self._tips.get(f"{prefix}{self._remote.name}/{info.family}") for prefix in (chains.PREFIX, drafts.PREFIX)]
        return [info.title, info.id, info.etag, info.status, info.run, info.parent, *tips]

    def is_settled(self, info: "ExperimentInfo") -> bool:
        """Whether nothing changed, there or here, since everything of an experiment was taken in."""
        return self._noted.get(info.family) == self._entry(info)

    @property
    def deleted(self) -> Sequence[str]:
        """The families of experiments that were deleted there."""
        return [family for family, answer in self._gone.items() if answer == DELETED]

    def missing(self, present: Iterable[str]) -> Sequence[Missing]:
        """What is recorded of this workspace, not listed, and not yet known to be gone."""
        known = {*present, *self._remote.skip, *self._gone}
        tips: dict[str, str] = {}
        for prefix in (chains.PREFIX, drafts.PREFIX):  # a draft's title is newer
            tips |= {family: tip for ref, tip in self._tips.items() if ref.startswith(prefix) and (family := ref.rpartition("/")[2]) not in known}
        return [found for family, tip in sorted(tips.items()) if (found := self._missing(family, tip)) is not None]

    def _missing(self, family: str, tip: str) -> Missing | None:
        newest = next(chains.newest_first(self._repository, tip), None)
        if newest is None:
            return None
        experiment = trailers.value(newest.message, trailers.EXPERIMENT) or ""
        is_foreign = not experiment.lower().startswith(f"{self._remote.workspace}.".lower())
        chain = self._tips.get(chains.ref(self._remote.name, family))
        run = next(chains.newest_first(self._repository, chain), None) if chain else None
        return Missing(
            family=family,
            title=newest.subject.rpartition(": ")[0],
            experiment=experiment,
            snapshot=run.snapshot if run else None,
            is_foreign=is_foreign,
        )

    def keep(self, settled: Iterable["ExperimentInfo"], present: Iterable[str], gone: Mapping[str, str]) -> None:
        """Note what is settled now, and what became of the missing."""
        self._tips = self._read_tips()
        listed = set(present)
        left = {family: answer for family, answer in {**self._gone, **gone}.items() if family not in listed}
        noted = {info.family: self._entry(info) for info in settled}
        if noted != self._noted or left != self._gone:
            self._write(noted, left)

    def keep_folder(self, family: str) -> None:
        """Note that an experiment was deleted from here, and its folder is to stay."""
        self._write(self._noted, {**self._gone, family: KEPT})

    def _write(self, noted: Mapping[str, list[str | None]], gone: Mapping[str, str]) -> None:
        sections = {
            str(self._remote.workspace): noted,
            **({f"gone {self._remote.workspace}": {name: [answer] for name, answer in gone.items()}} if gone else {}),
        }
        config.write_atomically(self._file, json.dumps(sections).encode())
