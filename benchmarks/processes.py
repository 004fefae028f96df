"""Whole processes, timed: wall clock, processor time and peak memory of each, and what machine they ran on."""

import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SAMPLED_EVERY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process from start to end; `memory` (bytes) is the largest of it and of the processes it waited for."""

    seconds: float
    processor_seconds: float
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A process to time; `prepare` is called before it and not timed."""

    arguments: Sequence[str]
    folder: Path = ROOT
    stdin: Path | None = None
    prepare: Callable[[], None] | None = None


@dataclass(slots=True)
class Peaks:
    """Peak memory, in bytes, of the children of a process by program name, and of the process itself under ''."""

    bytes_of: dict[str, int] = field(default_factory=dict)


def environment(home: Path) -> dict[str, str]:
    """An environment without the user's configuration, in which `python -m amlgit` finds this project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON", "XDG_"))}
    identity = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "benchmark"), ("EMAIL", "b@localhost"))}
    return {**kept, **identity, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


def amlgit_module() -> list[str]:
    """Amlgit as a module of this interpreter."""
    return [sys.executable, "-m", "amlgit"]


def amlgit_script() -> list[str]:
    """Amlgit as its users start it, where it is installed beside this interpreter; as a module elsewhere."""
    script = Path(sys.executable).with_name("amlgit")
    return [str(script)] if script.exists() else amlgit_module()


def run(command: Command, variables: Mapping[str, str], peaks: Peaks | None = None) -> Run:
    """Run a command to its end; raises CalledProcessError, with what it said, where it fails."""
    if command.prepare is not None:
        command.prepare()
    source = command.stdin.open("rb") if command.stdin else None
    try:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=dict(variables),
            stdin=source or subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        said: list[bytes] = []
        assert process.stderr is not None
        reader = threading.Thread(target=lambda stream: said.append(stream.read()), args=(process.stderr,))
        reader.start()
        done = threading.Event()
        sampler = threading.Thread(target=_sample, args=(process.pid, peaks, done))
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        sampler.join()
        reader.join()
        process.stderr.close()
    finally:
        if source:
            source.close()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command.arguments, stderr=b"".join(said).decode(errors="replace"))
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds=seconds, processor_seconds=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss * unit)


def interleaved(commands: Mapping[str, Command], rounds: int, variables: Mapping[str, str]) -> dict[str, list[Run]]:
    """Each command `rounds` times, A B A B, so that a busy moment of the machine meets them all."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command, variables))
    return runs


def seconds(runs: Iterable[Run]) -> float:
    """The median wall clock time."""
    return statistics.median(run.seconds for run in runs)


def _sample(process: int, peaks: Peaks | None, done: threading.Event) -> None:
    """Follow the memory of a process and its children through /proc (Linux); elsewhere nothing is seen."""
    while peaks is not None and not done.wait(_SAMPLED_EVERY):
        for name, number in [("", process), *_children(process)]:
            peak = _peak(number)
            peaks.bytes_of[name] = max(peaks.bytes_of.get(name, 0), peak)


def _children(process: int) -> list[tuple[str, int]]:
    try:
        numbers = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [(Path(f"/proc/{number}/comm").read_text().strip(), int(number)) for number in numbers]
    except OSError:
        return []


def _peak(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def machine() -> dict[str, str]:
    """What the figures were taken on; nothing that names the machine."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    libraries = {name: metadata.version(name) for name in ("click", "msgspec", "orjson", "GitPython", "deepdiff")}
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "git": git.removeprefix("git version "),
        **libraries,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
