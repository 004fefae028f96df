#!/usr/bin/env python3
"""Set up and run: `python3 dev.py demo` shows amlgit on its samples, `python3 dev.py test` runs every check and test.

Needs Python 3.11 or later and git; everything else is installed into `.venv` in this folder.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
DEMO = HERE / "demo"


def main() -> int:
    """Run the step that the command line names."""
    steps = {"demo": demo, "test": test}
    if len(sys.argv) < 2 or sys.argv[1] not in steps:
        print(f"usage: {Path(sys.argv[0]).name} demo | test [pytest options]", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):
        print(f"amlgit needs Python 3.11 or later, and this is {sys.version.split()[0]}: run it with a newer python3", file=sys.stderr)
        return 2
    if shutil.which("git") is None:
        print("amlgit needs git: install it and run this again", file=sys.stderr)
        return 2
    return steps[sys.argv[1]](sys.argv[2:])


def install(what: str) -> bool:
    """Install this folder into its own virtual environment, once for each state of pyproject.toml."""
    stamp = ENVIRONMENT / f"installed-{'dev' if 'dev' in what else 'plain'}"
    wanted = (HERE / "pyproject.toml").read_text() + sys.version
    if stamp.exists() and stamp.read_text() == wanted:
        return True
    print(f"Setting up {ENVIRONMENT.name} ...", flush=True)
    if not (BIN / "pip").exists() and subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=False).returncode != 0:
        print("Python's venv module is not complete here; on Debian and Ubuntu: sudo apt-get install python3-venv", file=sys.stderr)
        return False
    done = subprocess.run([str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", what], check=False)
    if done.returncode == 0:
        stamp.write_text(wanted)
    return done.returncode == 0


def show(*command: str, where: Path, ok: tuple[int, ...] = (0,)) -> None:
    """Run a command as the reader would, and show it."""
    print(f"\n$ {' '.join(part if part and ' ' not in part else repr(part) for part in command)}", flush=True)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "GIT_PAGER": "cat"}
    code = subprocess.run(command, cwd=where, env=environment, check=False).returncode
    if code not in ok:
        raise SystemExit(code)


def demo(_: list[str]) -> int:
    """Build a repository from the samples, show its log and what one version changed, and leave it there."""
    if not install(str(HERE)):
        return 1
    shutil.rmtree(DEMO, ignore_errors=True)
    show("amlgit", "clone", "--archive", "amlgit/samples/archive", "demo", where=HERE)
    show("git", "log", "--format=%h %ad %<(12,trunc)%an %s", "--date=short", where=DEMO)
    show("amlgit", "log", "Customer churn - training", where=DEMO)
    version = subprocess.run(
        ["git", "log", "--format=%H", "--grep=training: run 4 ", "-1"], cwd=DEMO, capture_output=True, text=True, check=True
    ).stdout.strip()
    show("git", "show", "--format=%an, %ad%n%n    %s%n", "--date=short", version, "--", ":(glob)experiments/*/nodes/*", where=DEMO)
    show("amlgit", "check", where=DEMO)
    print("\nThe repository is in ./demo; amlgit is in ./.venv/bin. Try:\n  cd demo && ../.venv/bin/amlgit --help")
    return 0


def test(options: list[str]) -> int:
    """Lint, format, types and tests: everything that has to hold."""
    if not install(f"{HERE}[dev]"):
        return 1
    for command in (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("pytest", "-n", "auto", *options),
    ):
        print(f"$ {' '.join(command)}", flush=True)
        code = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=HERE, check=False).returncode
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
