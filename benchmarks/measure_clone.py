"""The main job: `amlgit clone --archive` of one experiment with many versions, against the least that any tool would have to do."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import floor_stream
from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.processes import Command, Peaks, Run, amlgit_module, interleaved, run, seconds

_HERE = Path(__file__).resolve().parent
_MEGABYTE = 1_000_000
_SETTLED = 1_000
"""Versions after which what amlgit remembers of earlier ones grows no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The raw import: where it goes, and what it must come to."""

    repository: Path
    stream: Path
    tips: dict[str, str]

    def command(self) -> Command:
        arguments = (
            "git",
            f"--git-dir={self.repository}",
            "-c",
            "fastimport.unpackLimit=0",
            "fast-import",
            "--quiet",
            "--done",
            "--active-branches=10000",
        )
        return Command(arguments=arguments, stdin=self.stream, prepare=self._empty)

    def _empty(self) -> None:
        shutil.rmtree(self.repository, ignore_errors=True)
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.repository)], check=True)

    def check(self) -> None:
        """Raise where the import came to other commits than amlgit's."""
        command = ["git", f"--git-dir={self.repository}", "for-each-ref", "--format=%(objectname) %(refname)"]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = {ref: tip for tip, _, ref in (line.partition(" ") for line in listing.splitlines())}
        if found != self.tips:
            message = "the raw import came to other commits than amlgit's"
            raise AssertionError(message)


def clone_command(archive: Path, target: Path) -> Command:
    """`amlgit clone` into a folder that is not there."""
    arguments = (*amlgit_module(), "--quiet", "clone", "--archive", str(archive), str(target))
    return Command(arguments=arguments, prepare=lambda: shutil.rmtree(target, ignore_errors=True))


def measure(data: Data) -> Iterator[Figure]:
    """Time, memory and size of a clone."""
    archive, target = data.archive(20, data.many), data.folder / "clone"
    clone = clone_command(archive, target)
    peaks, fewer_peaks = Peaks(), Peaks()
    fewer = run(clone_command(data.archive(20, data.few), data.folder / "fewer"), data.variables, fewer_peaks)
    once = run(clone, data.variables, peaks)
    raw = Raw(repository=data.folder / "raw.git", stream=data.folder / "stream", tips=floor_stream.write(target, data.folder / "stream"))
    commands = {"clone": clone, "import": raw.command(), **{library: parse(library, archive) for library in ("orjson", "msgspec")}}
    runs = interleaved(commands, data.rounds, data.variables)
    raw.check()
    yield from _times(data, runs)
    yield from _memory(data, fewer, once, fewer_peaks, peaks)
    ours, theirs = _pack_size(target / ".git"), _pack_size(raw.repository)
    note = f"{ours / _MEGABYTE:.1f} MB against {theirs / _MEGABYTE:.1f} MB"
    yield Figure(name="clone: size of the packs", value=ours / theirs, unit="times the raw import's", at_most=1.3, note=note)
    yield from _gitpython(data, target, seconds(runs["clone"]) / data.many)


def parse(library: str, archive: Path) -> Command:
    """A parse of every file of an archive."""
    return Command(arguments=(sys.executable, str(_HERE / "floor_parse.py"), library, str(archive)))


def _times(data: Data, runs: dict[str, list[Run]]) -> Iterator[Figure]:
    library = min(("orjson", "msgspec"), key=lambda name: seconds(runs[name]))
    clone, imported, parsed = (seconds(runs[name]) for name in ("clone", "import", library))
    note = f"{clone:.2f} s against {imported:.2f} s raw fast-import + {parsed:.2f} s parse by {library}"
    yield Figure(name=f"clone of {data.many:,} snapshots", value=clone / (imported + parsed), unit="times the floor", at_most=1.6, note=note)
    processor = {name: sorted(one.processor_seconds for one in runs[name])[len(runs[name]) // 2] for name in ("clone", "import", library)}
    ratio = processor["clone"] / (processor["import"] + processor[library])
    yield Figure(name="clone: processor time", value=ratio, unit="times the floor", note=f"{processor['clone']:.2f} s, all processes")


def _memory(data: Data, fewer: Run, once: Run, fewer_peaks: Peaks, peaks: Peaks) -> Iterator[Figure]:
    few, many = f"{data.few:,}", f"{data.many:,}"
    yield Figure(name=f"clone: peak memory at {many}", value=once.memory / _MEGABYTE, unit="MB", at_most=150, note="the largest process")
    note = f"{fewer.memory / _MEGABYTE:.0f} MB at {few}"
    flat = 1.2 if data.few >= _SETTLED else None
    yield Figure(name=f"clone: peak memory, {few} to {many}", value=once.memory / fewer.memory, unit="times", at_most=flat, note=note)
    for name in ("", "git"):
        if name in peaks.bytes_of:
            note = f"{fewer_peaks.bytes_of.get(name, 0) / _MEGABYTE:.0f} MB at {few}"
            yield Figure(name=f"clone: peak memory of {name or 'amlgit'} alone", value=peaks.bytes_of[name] / _MEGABYTE, unit="MB", note=note)


def _gitpython(data: Data, repository: Path, per_version: float) -> Iterator[Figure]:
    versions, target = data.folder / "versions", data.folder / "gitpython"
    for folder in (versions, target):
        shutil.rmtree(folder, ignore_errors=True)
    # the first one brings all files and is not counted
    floor_stream.unpack(repository, versions, data.loop + 1)
    command = [sys.executable, str(_HERE / "floor_gitpython.py"), str(versions), str(target)]
    completed = subprocess.run(command, capture_output=True, text=True, env=dict(data.variables), check=True)
    loop = float(completed.stdout) / data.loop
    note = f"{per_version * 1000:.2f} ms a version against {loop * 1000:.1f} ms over {data.loop}"
    yield Figure(name="clone against a GitPython loop", value=loop / per_version, unit="times as fast", at_least=15, note=note)


def _pack_size(git_dir: Path) -> int:
    return sum(pack.stat().st_size for pack in git_dir.glob("objects/pack/*.pack"))
