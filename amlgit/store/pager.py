"""The pager that git would use."""

import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

OWN = "AMLGIT_PAGER"

_USUAL: Mapping[str, str] = {"LESS": "FRX", "LV": "-c"}
"""What git sets for its pager where the user did not: `less` ends at once where everything fits, and leaves colours alone."""

_NOT_FOUND = frozenset({126, 127})
"""Exit codes of a shell that can't run a command."""


def pager(folder: Path, environment: Mapping[str, str]) -> str:
    """The command line of the pager: AMLGIT_PAGER, else GIT_PAGER, core.pager, PAGER and git's own default; empty for none."""
    command = environment.get(OWN)
    if command is None:
        try:
            completed = subprocess.run(["git", "var", "GIT_PAGER"], cwd=folder, capture_output=True, env=dict(environment), check=False)
        except OSError:
            return ""
        command = completed.stdout.decode(errors="replace").strip() if completed.returncode == 0 else ""
    return "" if command.strip() == "cat" else command.strip()


def show(command: str, text: bytes, environment: Mapping[str, str]) -> bool:
    """Show a text in the pager until the user leaves it; False where there is no such pager."""
    process = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, env={**_USUAL, **environment})  # noqa: S602  # as git runs it
    try:
        process.communicate(text)
    except KeyboardInterrupt:
        _wait(process)
    return process.returncode not in _NOT_FOUND


def stream(command: str, lines: Iterable[str], environment: Mapping[str, str]) -> Iterable[str]:
    """Show lines in the pager as they come, until it is left; gives those that are still to be shown: all where there is no such pager."""
    # a small pipe, so that not much more is made than is looked at
    process = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, env={**_USUAL, **environment}, pipesize=4096)  # noqa: S602  # as git runs it
    assert process.stdin is not None
    lines = iter(lines)
    taken: list[str] = []
    try:
        with suppress(BrokenPipeError, KeyboardInterrupt):
            for line in lines:
                taken.append(line)
                process.stdin.write(f"{line}\n".encode(errors="replace"))
                process.stdin.flush()
    finally:
        _wait(process)
    return chain(taken, lines) if process.returncode in _NOT_FOUND else ()


def _wait(process: "subprocess.Popen[bytes]") -> None:
    """The pager got the interrupt too, and goes on with what it has; the terminal is its own until it ends."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    while process.poll() is None:
        with suppress(KeyboardInterrupt):
            process.wait()
