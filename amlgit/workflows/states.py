"""What the list of a workspace said when everything in it had been taken in: whatever says the same again needs no look.

A cache in `.git/amlgit`: deleting it loses nothing, and costs the next fetch a few more requests.
"""

import json
from collections.abc import Iterable, Mapping

from amlgit import config
from amlgit.config import Remote
from amlgit.remotes.studio import ExperimentInfo
from amlgit.store import chains, drafts
from amlgit.store.repository import Repository


class States:
    """The settled experiments of one remote."""

    def __init__(self, repository: Repository, remote: Remote) -> None:
        self._repository = repository
        self._remote = remote
        self._file = repository.private_dir / f"studio-{remote.name}.json"
        self._noted = self._read()
        self._tips = self._read_tips()

    def _read(self) -> Mapping[str, list[str | None]]:
        try:
            noted = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        known = noted.get(self._remote.workspace) if isinstance(noted, dict) else None
        return {family: entry for family, entry in known.items() if isinstance(entry, list) and entry} if isinstance(known, dict) else {}

    def _read_tips(self) -> Mapping[str, str]:
        return self._repository.refs(f"{chains.PREFIX}{self._remote.name}/", f"{drafts.PREFIX}{self._remote.name}/")

    def _entry(self, info: ExperimentInfo) -> list[str | None]:
        tips = [self._tips.get(f"{prefix}{self._remote.name}/{info.family}") for prefix in (chains.PREFIX, drafts.PREFIX)]
        return [info.title, info.id, info.etag, info.status, info.run, info.parent, *tips]

    def is_settled(self, info: ExperimentInfo) -> bool:
        """Whether nothing changed, there or here, since everything of an experiment was taken in."""
        return self._noted.get(info.family) == self._entry(info)

    def missing(self, present: Iterable[str]) -> list[str]:
        """The titles of those that were there the last time and are not any more; told once, because `keep` forgets them."""
        left = self._noted.keys() - set(present) - set(self._remote.skip)
        return sorted(str(self._noted[family][0]) for family in left)

    def keep(self, settled: Iterable[ExperimentInfo]) -> None:
        """Note what is settled now."""
        self._tips = self._read_tips()
        noted = {info.family: self._entry(info) for info in settled}
        if noted != self._noted:
            config.write_atomically(self._file, json.dumps({self._remote.workspace: noted}).encode())
