"""A git repository: where it is, and git commands run in it with nothing inherited but the user's own configuration."""

import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from amlgit.errors import StorageFailed, UsageError

_LOCAL_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
"""What git exports to hooks and aliases; inherited, it would point our git at another repository or index."""

_PATIENCE = 10.0
"""Seconds that a lock of another git is waited for."""

_BUFFER = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who commits: name and mail address as git has them."""

    name: str
    email: str


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for git in a repository named on its command line."""
    cleaned = {name: value for name, value in environment.items() if name not in _LOCAL_VARIABLES}
    cleaned.update(LC_ALL="C", LANGUAGE="C", GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0", GIT_NO_REPLACE_OBJECTS="1")
    cleaned["GIT_FLUSH"] = "0"  # into a pipe, git would write every commit of a log by itself
    return cleaned


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository found once; every git command names it, so that no variable or current folder can mislead one."""

    git_dir: Path
    """The work tree's own git folder (HEAD, index)."""
    common_dir: Path
    """What all work trees share (objects, refs, configuration)."""
    work_tree: Path | None
    """None in a bare repository."""
    object_format: str
    """'sha1' or 'sha256'."""
    index_file: Path
    environment: Mapping[str, str]
    prefix: str = ""
    """The folder amlgit was started in, from the top of the work tree, with a `/` behind it; empty at the top."""

    @property
    def private_dir(self) -> Path:
        """Where amlgit keeps what is no object and no ref: its lock, what is held back, what is under way."""
        return self.common_dir / "amlgit"

    def require_work_tree(self) -> Path:
        """The work tree's folder; raises UsageError in a bare repository."""
        if self.work_tree is None:
            raise UsageError(f"{self.git_dir} is a bare repository, which has no work tree", hint="Run this in a clone of it.")
        return self.work_tree

    def command(self, *arguments: str) -> list[str]:
        """The command line of a git command in this repository."""
        place = [f"--git-dir={self.git_dir}"]
        if self.work_tree is not None:
            place.append(f"--work-tree={self.work_tree}")
        return ["git", *place, *arguments]

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        return {**clean_environment(self.environment), "GIT_INDEX_FILE": str(self.index_file), **extra}

    def run(self, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        """What a git command prints; raises StorageFailed with git's words where it fails."""
        completed = self.attempt(*arguments, stdin=stdin, extra=extra)
        if completed.returncode != 0:
            said = completed.stderr.decode(errors="replace").strip()
            raise StorageFailed(f"git {arguments[0]} failed: {said or f'exit code {completed.returncode}'}")
        return completed.stdout

    def attempt(self, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """A git command whose failure is an answer."""
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            env=self._environment(extra or {}),
            check=False,
            cwd=self.cwd,
            start_new_session=True,  # a kill of our process group must not cut git off over its own lock files
        )

    def finish(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """`attempt` for a command that changes the work tree: it gets to its end whatever becomes of us.

        What it says goes into files. Into a pipe that nobody reads any more a merge would end half-way, its files written and its index not.
        """
        import tempfile

        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command, environment = self.command(*arguments), self._environment({})
            completed = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, check=False, cwd=self.cwd, start_new_session=True
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, completed.returncode, out.read(), err.read())

    def start(self, *arguments: str, stdin: int | IO[bytes] | None = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """A git command under way, whose output the caller reads while it works; what it complains of is lost."""
        return subprocess.Popen(
            self.command(*arguments),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a pipe that nobody reads would stop git; who sees it fail can ask again
            env=self._environment({}),
            cwd=self.cwd,
            start_new_session=True,
            bufsize=_BUFFER,
        )

    @property
    def cwd(self) -> Path:
        """Where git is started."""
        return self.work_tree or self.git_dir

    def text(self, *arguments: str) -> str:
        """What a git command prints, as text without the last line end."""
        return self.run(*arguments).decode(errors="surrogateescape").removesuffix("\n")

    def lines(self, *arguments: str) -> list[str]:
        """The lines that a git command prints; a name may hold what Unicode takes for the end of a line."""
        text = self.text(*arguments)
        return text.split("\n") if text else []

    def resolve(self, rev: str) -> str | None:
        """The commit a rev names, or None."""
        completed = self.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
        return completed.stdout.decode().strip() or None if completed.returncode == 0 else None

    def head(self) -> str | None:
        """The commit HEAD names, or None on an unborn branch."""
        completed = self.attempt("rev-parse", "--verify", "--quiet", "HEAD")
        return completed.stdout.decode().strip() or None if completed.returncode == 0 else None

    def refs(self, *prefixes: str) -> dict[str, str]:
        """Ref name → object id, for the refs below the prefixes."""
        listing = self.lines("for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
        return {name: object_id for object_id, _, name in (line.partition(" ") for line in listing)}

    def update_refs(self, changes: Sequence[tuple[str, str, str | None]]) -> None:
        """Move (ref, new, old) all together or not at all; an old of None means that the ref must not exist yet."""
        zeros = "0" * (40 if self.object_format == "sha1" else 64)
        lines = [f"update {ref}\0{new}\0{old or zeros}\0" for ref, new, old in changes]
        self.run("update-ref", "-m", "amlgit", "-z", "--stdin", stdin="".join(lines).encode())

    def config(self, name: str) -> str | None:
        """A configuration value, or None where it is not set."""
        completed = self.attempt("config", "--get", name)
        return completed.stdout.decode().removesuffix("\n") if completed.returncode == 0 else None

    def identity(self) -> Identity | None:
        """The user's identity as git would commit with, or None where none is configured."""
        completed = self.attempt("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
        if completed.returncode != 0:
            return None
        name, _, rest = completed.stdout.decode(errors="replace").partition(" <")
        return Identity(name=name, email=rest.partition(">")[0])

    def blobs(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        """Object id (or `<rev>:<path>`) → content, read by one process; names that do not exist are left out."""
        asked = list(dict.fromkeys(object_ids))
        broken = {name: self._object_id(name) for name in asked if "\n" in name}  # `cat-file --batch` takes a name a line
        contents = {name: found[object_id] for name, object_id in broken.items() if object_id in (found := self.blobs([object_id]))}
        names = [name for name in asked if name not in broken]
        if not names:
            return contents
        output = self.run("cat-file", "--batch", "--buffer", stdin=os.fsencode("".join(f"{name}\n" for name in names)))
        start = 0
        for name in names:
            end = output.index(b"\n", start)
            header = output[start:end].rsplit(b" ", 2)
            start = end + 1
            if header[-1] == b"missing" or len(header) != 3 or not header[2].isdigit():
                continue
            size = int(header[2])
            contents[name] = output[start : start + size]
            start += size + 1
        return contents

    def _object_id(self, name: str) -> str:
        return os.fsdecode(self.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", name).stdout).strip()

    def tree(self, treeish: str, path: str = "") -> dict[str, tuple[str, str]]:
        """Path → (mode, object id) of all files below `path` of a tree, paths relative to it."""
        completed = self.attempt("ls-tree", "-r", "-z", "--full-tree", f"{treeish}:{path}" if path else treeish)
        if completed.returncode != 0:
            said = completed.stderr.decode(errors="replace").strip()
            if path and self.attempt("cat-file", "-e", f"{treeish}^{{tree}}").returncode == 0:
                return {}
            raise StorageFailed(f"git ls-tree failed: {said}", hint="'git fsck' tells what is damaged.")
        return dict(_tree_entry(entry) for entry in completed.stdout.split(b"\0") if entry)

    def operation_in_progress(self) -> str | None:
        """The merge, rebase, cherry-pick or revert that is not finished yet, in git's word for it."""
        for name, word in (
            ("MERGE_HEAD", "merge"),
            ("rebase-merge", "rebase"),
            ("rebase-apply", "rebase"),
            ("CHERRY_PICK_HEAD", "cherry-pick"),
            ("REVERT_HEAD", "revert"),
        ):
            if (self.git_dir / name).exists():
                return word
        try:
            # of several picks the rest waits, though the one that stopped was committed without '--continue'
            return "revert" if (self.git_dir / "sequencer" / "todo").read_bytes().startswith(b"revert") else "cherry-pick"
        except FileNotFoundError:
            return None


def _tree_entry(entry: bytes) -> tuple[str, tuple[str, str]]:
    head, _, path = entry.partition(b"\t")
    mode, _, object_id = head.decode().split(" ")
    return os.fsdecode(path), (mode, object_id)


def discover(start: Path, environment: Mapping[str, str]) -> Repository:
    """The repository around `start`, as git itself finds it (`GIT_DIR` and the index of a running hook included)."""
    questions = (
        ("--absolute-git-dir",),
        ("--git-common-dir",),
        ("--is-bare-repository",),
        ("--show-object-format",),
        ("--git-path", "index"),
        ("--show-prefix",),
        ("--show-toplevel",),
    )
    completed = _rev_parse(start, environment, *(word for question in questions for word in question))
    answers = os.fsdecode(completed.stdout).removesuffix("\n").split("\n")
    if completed.returncode != 0 and len(answers) < len(questions) - 1:
        said = completed.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise UsageError(f"{start} is in no git repository ({said})", hint="Run 'amlgit init' or 'amlgit clone' first.")
    if len(answers) > len(questions):  # a path holds a line break: one question at a time
        answers = [os.fsdecode(_rev_parse(start, environment, *question).stdout).removesuffix("\n") for question in questions]
    git_dir, common_dir, bare, object_format, index, prefix, *top = answers  # a bare repository has no top folder to show
    if _is_of_another((start / index).resolve(), Path(git_dir)):
        return discover(start, {name: value for name, value in environment.items() if name != "GIT_INDEX_FILE"})
    return Repository(
        git_dir=Path(git_dir),
        common_dir=(start / common_dir).resolve(),
        work_tree=Path(top[0]) if top and bare != "true" else None,
        object_format=object_format,
        index_file=(start / index).resolve(),
        environment=environment,
        prefix=prefix,
    )


def _is_of_another(index: Path, git_dir: Path) -> bool:
    """Whether an index lies in another repository: a hook was given its own repository's, and went elsewhere."""
    return index.parent != git_dir.resolve() and (index.parent / "HEAD").is_file()


def _rev_parse(start: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "rev-parse", *arguments], cwd=start, capture_output=True, env={**environment, "LC_ALL": "C"}, check=False)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(_no_git(start), hint="Install git and run this again.") from error


def _no_git(start: Path) -> str:
    return "there is no 'git' on this machine's PATH" if start.is_dir() else f"{start} is no folder"


def create(folder: Path, environment: Mapping[str, str]) -> Repository:
    """`git init` in `folder` (harmless where there is a repository already)."""
    initialise(environment, str(folder))
    return discover(folder, clean_environment(environment))


def initialise(environment: Mapping[str, str], *arguments: str) -> None:
    """`git init` with these arguments; one that a killed run of ours began may still be at it, and is waited for."""
    command = ["git", "init", "--quiet", *arguments]
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            completed = subprocess.run(command, capture_output=True, env=clean_environment(environment), check=False, start_new_session=True)
        except FileNotFoundError as error:
            raise UsageError(_no_git(Path(arguments[-1]).parent), hint="Install git and run this again.") from error
        if completed.returncode == 0:
            return
        if b"could not lock" not in completed.stderr or time.monotonic() > deadline:
            raise StorageFailed(f"git init failed: {completed.stderr.decode(errors='replace').strip()}")
        time.sleep(0.05)


def current_folder() -> Path:
    """The folder amlgit was started in; raises UsageError where it was deleted meanwhile."""
    try:
        return Path(os.getcwd())
    except FileNotFoundError as error:
        raise UsageError("the current folder does not exist any more") from error
