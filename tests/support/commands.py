"""The command line and git, run, and what they said."""

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from amlgit import samples
from amlgit.cli.main import run
from tests.support.exports import Document

OK, FINDINGS, USAGE, REFUSED, UNREACHABLE, PARTLY, BUG = 0, 1, 2, 3, 4, 5, 70


@dataclass(frozen=True, slots=True)
class Run:
    """What a command line said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Document:
        """Standard output as the one JSON document it must be."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    def expect(self, code: int) -> "Run":
        """The same, when it ended with that code and without a word of Python's."""
        assert self.code == code, f"exit code {self.code}, not {code}\n{self.out}\n{self.err}"
        assert "Traceback" not in self.err
        return self


def aml(folder: Path, *arguments: str | Path) -> Run:
    """One command line, in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        code = run(["-C", str(folder), *map(str, arguments)])
    finally:
        sys.stdout, sys.stderr = before
    return Run(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def process(folder: Path, *arguments: str | Path, **variables: str) -> Run:
    """One command line in a process of its own, with environment variables of its own."""
    completed = subprocess.run(
        [sys.executable, "-m", "amlgit", *map(str, arguments)],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Run(completed.returncode, completed.stdout.decode(errors="replace"), completed.stderr.decode(errors="replace"))


def powerless(folder: Path, *arguments: str) -> Run:
    """`process` to which permissions apply even if root runs it."""
    if os.geteuid() != 0:
        return process(folder, *arguments)
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to give that up")
    program = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner", "--", sys.executable, "-m", "amlgit", *arguments]
    ran = subprocess.run(program, cwd=folder, env=environment(), capture_output=True, check=False)
    if b"setpriv:" in ran.stderr:
        pytest.skip("root may write everywhere, and can't give that up here")
    return Run(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


def environment(**variables: str) -> dict[str, str]:
    """The environment for a process of its own, which finds amlgit wherever it starts."""
    root = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH")))), **variables}


def clone(archive: Path, folder: Path, *options: str, code: int = OK) -> Path:
    """`amlgit clone` of an archive, which must end with `code`; gives the new repository."""
    aml(folder.parent, "clone", *options, "--archive", archive, folder).expect(code)
    return folder


def clone_samples(folder: Path) -> Path:
    """`amlgit clone` of the samples; some of them may be held back."""
    run = aml(folder.parent, "clone", "--archive", samples.archive(), folder)
    assert run.code in (OK, PARTLY), run.err
    return folder


def git(folder: Path, *arguments: str | Path, stdin: bytes = b"") -> str:
    """What git prints, without the last line end; git must succeed."""
    return git_bytes(folder, *arguments, stdin=stdin).decode(errors="surrogateescape").removesuffix("\n")


def git_bytes(folder: Path, *arguments: str | Path, stdin: bytes = b"") -> bytes:
    """What git prints; git must succeed."""
    completed = subprocess.run(["git", *map(str, arguments)], cwd=folder, input=stdin, capture_output=True, check=False)
    assert completed.returncode == 0, f"git {arguments}: {completed.stderr.decode(errors='replace')}"
    return completed.stdout


def on_path(folder: Path) -> str:
    """A PATH on which `amlgit` is this one: for what git itself starts. Every other tool is where it was."""
    folder.mkdir(parents=True, exist_ok=True)
    launcher = folder / "amlgit"
    root = Path(__file__).resolve().parents[2]
    launcher.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(root))}:"$PYTHONPATH" exec {shlex.quote(sys.executable)} -m amlgit "$@"\n')
    launcher.chmod(0o755)
    return f"{folder}{os.pathsep}{without_amlgit()}"


def without_amlgit() -> str:
    """The PATH without any folder that has an `amlgit`."""
    return os.pathsep.join(place for place in os.environ["PATH"].split(os.pathsep) if not os.path.exists(os.path.join(place, "amlgit")))


def script(path: Path, text: str) -> Path:
    """A program of the user's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def git_run(folder: Path, *arguments: str | Path, **variables: str) -> Run:
    """What git says and how it ends, with environment variables of its own."""
    environ = {**os.environ, **variables}
    done = subprocess.run(["git", *map(str, arguments)], cwd=folder, env=environ, capture_output=True, check=False, timeout=120)
    return Run(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
