"""A clone from a workspace of the emulator, with and without latency, against plain threads of `requests` that fetch the same bodies."""

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import floor_stream
from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.measure_clone import Raw, parse
from benchmarks.processes import Command, Peaks, amlgit_module, interleaved, run, seconds

_HERE = Path(__file__).resolve().parent
_MEGABYTE = 1_000_000
_NODES = 15
"""An export of that many nodes has about 60 KB."""
_LATENCY = 0.02
_THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    """A running emulator that holds one experiment with a long history."""

    url: str
    workspace: str
    token: str
    admin_url: str
    admin_token: str
    ids: Path

    def variables(self, data: Data) -> dict[str, str]:
        return {**data.variables, "AMLGIT_TOKEN": self.token}

    def clone(self, target: Path) -> Command:
        arguments = (*amlgit_module(), "--quiet", "clone", "--workspace", self.workspace, "--url", self.url, str(target))
        return Command(arguments=arguments, prepare=lambda: shutil.rmtree(target, ignore_errors=True))

    def floor(self, threads: int) -> Command:
        experiments = f"{self.url}/api/workspaces/{self.workspace}/experiments"
        return Command(arguments=(sys.executable, str(_HERE / "floor_requests.py"), experiments, str(self.ids), str(threads)))

    def admin(self, method: str, path: str, document: Mapping[str, object] | None = None) -> dict[str, list[object]]:
        body = json.dumps(document).encode() if document is not None else None
        request = urllib.request.Request(f"{self.admin_url}/{path}", body, {"Authorization": f"Bearer {self.admin_token}"}, method=method)  # noqa: S310 # our own emulator
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 # our own emulator
            found = json.loads(answer.read())
        return found if isinstance(found, dict) else {}


@contextmanager
def _serving(data: Data, snapshots: int) -> Iterator[_Service]:
    """An emulator with the generated runs of one experiment."""
    archive, state = data.archive(_NODES, snapshots), data.folder / f"studio-{snapshots}"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    emulator = [*amlgit_module(), "emulator"]
    command = [*emulator, "seed", "--data", str(state), "--archive", str(archive), "--json"]
    seeded = subprocess.run(command, capture_output=True, env=dict(data.variables), check=True)
    (workspace,) = json.loads(seeded.stdout)["result"]["workspaces"]
    ids = data.folder / f"ids-{snapshots}"
    documents = (json.loads(path.read_bytes()) for path in sorted(archive.glob("*/*.json")))
    ids.write_text("\n".join(document["RunId"] for document in documents), encoding="utf-8")
    process = subprocess.Popen([*emulator, "serve", "--data", str(state)], stdout=subprocess.PIPE, env=dict(data.variables))
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield _Service(
            url=ready["studio"],
            workspace=workspace["workspace"],
            token=workspace["token"],
            admin_url=ready["admin"]["url"],
            admin_token=ready["admin"]["token"],
            ids=ids,
        )
    finally:
        process.terminate()
        process.communicate()


def measure(data: Data) -> Iterator[Figure]:
    """Time and memory of a clone from a workspace, and what a fetch of nothing new asks."""
    snapshots, target = data.few, data.folder / "studio-clone"
    with _serving(data, snapshots) as service:
        variables, clone = service.variables(data), service.clone(target)
        once = run(clone, variables, peaks := Peaks())
        raw = Raw(
            repository=data.folder / "studio-raw.git",
            stream=data.folder / "studio-stream",
            tips=floor_stream.write(target, data.folder / "studio-stream"),
        )
        archive = data.archive(_NODES, snapshots)
        runs = interleaved(
            {"clone": clone, "loop": service.floor(1), "import": raw.command(), "parse": parse("orjson", archive)}, data.rounds, variables
        )
        raw.check()
        cloned, loop, imported, parsed = (seconds(runs[name]) for name in ("clone", "loop", "import", "parse"))
        note = f"{cloned:.2f} s against {loop:.2f} s in a bare loop + {imported:.2f} s raw fast-import + {parsed:.2f} s parse"
        yield _figure(f"studio: clone of {snapshots:,}, no latency", cloned / (loop + imported + parsed), 1.5, note)
        yield Figure(
            name="studio: peak memory",
            value=once.memory / _MEGABYTE,
            unit="MB",
            at_most=150,
            note=f"of amlgit {peaks.bytes_of.get('', 0) / _MEGABYTE:.0f} MB",
        )
        service.admin("POST", "faults", {"kind": "latency", "seconds": _LATENCY, "times": None})
        runs = interleaved({"clone": clone, "threads": service.floor(_THREADS)}, data.rounds, variables)
        cloned, threads = seconds(runs["clone"]), seconds(runs["threads"])
        note = f"{cloned:.2f} s against {threads:.2f} s in {_THREADS} threads"
        yield _figure(f"studio: clone of {snapshots:,}, {_LATENCY * 1000:.0f} ms", cloned / threads, 1.3, note)
        service.admin("DELETE", "requests")
        run(Command(arguments=(*amlgit_module(), "--quiet", "-C", str(target), "fetch")), variables)
        asked = sum(service.workspace in str(each) for each in service.admin("GET", "requests")["Latest"])
        yield Figure(name="studio: requests where nothing is new", value=asked, unit="", at_most=1)


def _figure(name: str, value: float, at_most: float, note: str) -> Figure:
    return Figure(name=name, value=value, unit="times the floor", at_most=at_most, note=note)
