"""Runs the commands of the pages and compares what they print: `python docs/examples.py [--write] PAGE...`.

A page that is run has a line `<!-- run: SETUP -->`; `SETUPS` has the places where its commands start. In each block of language `console` a
line `$ COMMAND` is run in one shell, and the lines below it are what it prints. A line `...` stands for any lines. Ids of git and of
requests and dates of today differ from run to run and are not compared. Marks, each in a line before a block:

- `<!-- exits: N -->`: the last command of the block ends with N, not with 0.
- `<!-- edit: FILE -->`: the block, of language `diff`, is an edit that the reader makes in an editor; FILE may have `*`.
- `<!-- second terminal -->`: the command goes on running; what it prints is not compared.
- `<!-- not run -->`: the block needs what is not there (a host, say).
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SAMPLES = ROOT / "amlgit" / "samples" / "archive"
PORT = "5000"
"""The port that pages name; a free one takes its place."""

_SETUP = re.compile(r"^<!-- run: ([a-z-]+) -->$", re.MULTILINE)
_MARK = re.compile(r"^<!-- (exits|edit|second terminal|not run)(?:: (.*))? -->$")
_END = "end-of-a-command"
_GIT_CONFIG = """\
[user]
\tname = Ada Reader
\temail = ada@example.org
[init]
\tdefaultBranch = main
[core]
\teditor = true
[advice]
\tdefaultBranchName = false
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a page that is run."""

    first: int
    """The index of its first line, and of the line behind its last one."""
    last: int
    language: str
    lines: Sequence[str]
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command, and what it prints: as the page says, or as it really does."""

    command: str
    prints: Sequence[str]
    code: int = 0


class WrongError(Exception):
    """A page says what is not so."""


def main() -> int:
    """Run the pages of the command line; with --write put into them what was really printed."""
    parser = argparse.ArgumentParser(description="Run the commands of pages and compare what they print.")
    parser.add_argument("--write", action="store_true", help="put what is printed into the page, where it is something else")
    parser.add_argument("pages", nargs="*", type=Path, help="default: every page that says that it is run")
    asked = parser.parse_args()
    failed = False
    for page in asked.pages or run_pages():
        try:
            with tempfile.TemporaryDirectory() as folder:
                found = check(page, Path(folder).resolve(), write=asked.write)
            print(f"{page}: {found} commands")
        except WrongError as error:
            failed = True
            print(f"{page}: {error}", file=sys.stderr)
    return int(failed)


def run_pages() -> list[Path]:
    """The pages whose commands are run."""
    return [page for page in sorted(HERE.rglob("*.md")) if _SETUP.search(page.read_text(encoding="utf-8"))]


def check(page: Path, folder: Path, *, write: bool = False) -> int:
    """Run a page's commands below an empty folder; gives how many. Raises WrongError for the first that is not as the page says."""
    text = page.read_text(encoding="utf-8")
    setup = _SETUP.search(text)
    if setup is None:
        raise WrongError("no line '<!-- run: SETUP -->'")
    lines = text.split("\n")
    written: list[tuple[Block, list[str]]] = []
    count = 0
    with Shell(folder) as shell:
        SETUPS[setup[1]](folder, shell)
        for block in blocks(lines):
            if "not run" in block.marks:
                continue
            if "edit" in block.marks:
                edit(shell.place(), block)
            elif block.language == "console":
                really = [
                    compared(step, shell.start(step) if "second terminal" in block.marks else shell.run(step), write=write) for step in steps(block)
                ]
                count += len(really)
                written.append((block, [line for step in really for line in (*f"$ {step.command}".split("\n"), *step.prints)]))
    if write:
        for block, now in reversed(written):
            lines[block.first : block.last] = now
        page.write_text("\n".join(lines), encoding="utf-8")
    return count


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """The fenced blocks of a page, with the marks before them."""
    marks: dict[str, str] = {}
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if mark := _MARK.match(line):
            marks[mark[1]] = mark[2] or ""
        elif line.startswith("```"):
            first, language = index, line.lstrip("`")
            while lines[index] != line.removesuffix(language):
                index += 1
            yield Block(first=first, last=index, language=language, lines=lines[first:index], marks=marks)
            marks = {}
            index += 1


def steps(block: Block) -> Iterator[Step]:
    """The commands of a block; a line that ends with a backslash goes on."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.lines:
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands and not commands[-1][1] and commands[-1][0].endswith("\\"):
            commands[-1] = (f"{commands[-1][0]}\n{line}", [])
        elif commands:
            commands[-1][1].append(line)
        else:
            raise WrongError(f"line {block.first + 1}: no command before {line!r}")
    for index, (command, prints) in enumerate(commands):
        yield Step(command=command, prints=prints, code=int(block.marks.get("exits", "0")) if index == len(commands) - 1 else 0)


def compared(told: Step, really: Step, *, write: bool) -> Step:
    """What to write of a step; raises WrongError where it is not as told and not to be written."""
    if told.code != really.code:
        raise WrongError(f"$ {told.command}\nended with {really.code}, not {told.code}:\n" + "\n".join(really.prints))
    if _matches(told.prints, really.prints):
        return told
    if write:
        return replace(really, command=told.command)
    raise WrongError(f"$ {told.command}\nprints:\n" + "\n".join(really.prints) + "\nand not:\n" + "\n".join(told.prints))


def _matches(told: Sequence[str], really: Sequence[str]) -> bool:
    parts = [".*" if line == "..." else re.escape(_plain(line)) + "\n" for line in told]
    return re.fullmatch("".join(parts), "".join(_plain(line) + "\n" for line in really), re.DOTALL) is not None


def _plain(line: str) -> str:
    """A line without what differs from run to run: ids of git and of requests, and dates and times since 2020."""
    line = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<request>", line.rstrip())
    line = re.sub(r"\b[0-9a-f]{7,40}\b", "<id>", line)
    line = re.sub(r"\b99[0-9]{2}-[0-9]{2}-[0-9]{2}t[0-9.]+", "<stamp>", line)
    return re.sub(r"\b20[2-9][0-9]-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?", "<date>", line)


def edit(place: Path, block: Block) -> None:
    """Make the edit of a block: its lines with `-` become those with `+`."""
    pattern = block.marks["edit"]
    files = sorted(place.glob(pattern))
    old, new = ("\n".join(line[1:] for line in block.lines if line[:1] in kept and line[:2] != "@@") for kept in ("- ", "+ "))
    if len(files) != 1 or (text := files[0].read_text(encoding="utf-8")).count(old) != 1:
        raise WrongError(f"line {block.first}: the edit does not fit one place of one file ({len(files)} files of that name)")
    files[0].write_text(text.replace(old, new), encoding="utf-8")


class Shell:
    """One shell with a home of its own, and what was started beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        home = folder / ".home"
        (home / "bin").mkdir(parents=True)
        (home / ".gitconfig").write_text(_GIT_CONFIG, encoding="utf-8")
        for name, arguments in (("amlgit", "-m amlgit "), ("python3", "")):
            (home / "bin" / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments}"$@"\n', encoding="utf-8")
            (home / "bin" / name).chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "AMLGIT_", "XDG_"))}
        self._environment |= {"HOME": str(home), "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "TZ": "UTC"}
        self._environment |= {"LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "GIT_PAGER": "cat", "PAGER": "cat", "COLUMNS": "100"}
        self._others: list[subprocess.Popen[str]] = []
        self._bash = self._popen("bash", "--noprofile", "--norc", cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._bash, *self._others):
            os.killpg(process.pid, signal.SIGTERM if process is not self._bash else signal.SIGKILL)
            process.communicate(timeout=60)

    def _popen(self, *command: str, cwd: Path, stdin: int = subprocess.DEVNULL, stderr: int | None = None) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command, cwd=cwd, env=self._environment, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, text=True, start_new_session=True
        )

    def place(self) -> Path:
        """The folder that the shell is in."""
        return Path(self._printed("pwd")[0].strip())

    def run(self, step: Step) -> Step:
        """What a step really prints."""
        printed, code = self._printed(step.command.replace(PORT, self._port))
        text = printed.replace(self._port, PORT).replace(str(self._folder), "~").rstrip("\n")
        return replace(step, prints=text.split("\n") if text else [], code=code)

    def _printed(self, command: str) -> tuple[str, int]:
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '\\n{_END} %s\\n' $?\n")
        self._bash.stdin.flush()
        printed: list[str] = []
        for line in self._bash.stdout:
            if line.startswith(f"{_END} "):
                return "".join(printed).removesuffix("\n"), int(line.split()[1])
            printed.append(line)
        raise WrongError(f"the shell ended in $ {command}")

    def start(self, step: Step) -> Step:
        """A step that goes on running; when this returns it has printed its first line."""
        other = self._popen("bash", "-c", step.command.replace(PORT, self._port), cwd=self.place())
        self._others.append(other)
        assert other.stdout is not None
        if not other.stdout.readline():
            raise WrongError(f"$ {step.command}\nended at once")
        return step


def _empty(folder: Path, _: Shell) -> None:
    """An empty folder, in which `exports` is the samples' archive."""
    shutil.copytree(SAMPLES, folder / "exports")


def _history(folder: Path, shell: Shell) -> None:
    """The top of a repository made of that archive."""
    _empty(folder, shell)
    _quietly(shell, "amlgit clone --archive exports churn", "cd churn")


def _shared(folder: Path, shell: Shell) -> None:
    """The same, with an empty repository as its `origin`."""
    _history(folder, shell)
    _quietly(shell, "git init --quiet --bare ../origin.git", "git remote add origin ../origin.git")


def _branches(folder: Path, shell: Shell) -> None:
    """The same, on `main`, which another branch `trees` can't be merged into without a question."""
    _history(folder, shell)
    rate, trees = ("The learning rate", "0.1"), ("Total number of trees constructed", "100")
    _quietly(shell, "git switch --quiet -c trees")
    _set(shell, rate, "0.2")
    _set(shell, trees, "600")
    _quietly(shell, "git commit --quiet --all --message 'More trees'", "git switch --quiet main")
    _set(shell, rate, "0.05")
    _quietly(shell, "git commit --quiet --all --message 'Learn more slowly'")


def _suspicious(folder: Path, shell: Shell) -> None:
    """The archive, with a password in a script."""
    _empty(folder, shell)
    for file in (folder / "exports").glob("*/Customer churn - training.json"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('"import pandas', '"password = \\"correct-horse-7\\"\\r\\nimport pandas'), encoding="utf-8", newline="")


def _studio(folder: Path, shell: Shell) -> None:
    """A repository made of the samples' workspace in an emulator, whose token is in the environment."""
    _quietly(shell, "amlgit emulator seed --data studio --json > seed.json")
    (workspace,) = json.loads((folder / "seed.json").read_text(encoding="utf-8"))["result"]["workspaces"]
    shell.start(Step(command=f"amlgit emulator serve --data studio --port {PORT} --node-seconds 0", prints=()))
    _quietly(shell, f"export AMLGIT_TOKEN={shlex.quote(workspace['token'])}")
    _quietly(shell, f"amlgit clone --workspace {workspace['workspace']} --url http://127.0.0.1:{PORT} churn", "cd churn")


def _quietly(shell: Shell, *commands: str) -> None:
    for command in commands:
        done = shell.run(Step(command=command, prints=()))
        if done.code != 0:
            raise WrongError(f"$ {command}\nended with {done.code} in the set-up:\n" + "\n".join(done.prints))


def _set(shell: Shell, parameter: tuple[str, str], value: str) -> None:
    """Set the one parameter of the work tree that has that name and value."""
    old, new = (f'"{parameter[0]}", "Value": "{one}"' for one in (parameter[1], value))
    for file in shell.place().glob("experiments/*training*/nodes/*.json"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(old, new), encoding="utf-8")


SETUPS: Mapping[str, Callable[[Path, Shell], None]] = {
    "branches": _branches,
    "empty": _empty,
    "history": _history,
    "shared": _shared,
    "studio": _studio,
    "suspicious": _suspicious,
}
"""Name of a setup → what makes it, and says where the commands start."""


if __name__ == "__main__":
    sys.exit(main())
