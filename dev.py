#!/usr/bin/env python3
"""Set up and run: `python3 dev.py demo` shows amlgit on an embedded Studio with samples, `python3 dev.py test` runs every check and test.

Needs Python 3.11 or later and git; everything else is installed into `.venv` in this folder.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

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
    stamp = ENVIRONMENT / f"installed-{'dev' if 'dev' in what else 'demo'}"
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


def variables(**more: str) -> dict[str, str]:
    """The environment of a reader who has amlgit on the path and no pager."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "GIT_PAGER": "cat", **more}


def show(*command: str, where: Path, ok: tuple[int, ...] = (0,), **more: str) -> None:
    """Run a command as the reader would, and show it."""
    print(f"\n$ {' '.join(part if part and ' ' not in part else repr(part) for part in command)}", flush=True)
    code = subprocess.run(command, cwd=where, env=variables(**more), check=False).returncode
    if code not in ok:
        raise SystemExit(code)


def demo(_: list[str]) -> int:
    """Clone a workspace of an embedded Studio, edit, push and run, meet a colleague's change; all of it stays to be played with."""
    if not install(f"{HERE}[emulator]"):
        return 1
    if DEMO.exists():  # somebody may have gone on working in it
        before = next(place for number in range(1, 1000) if not (place := HERE / f"demo-before-{number}").exists())
        DEMO.rename(before)
        print(f"The demo of before is in {before.name} now.", flush=True)
    show("amlgit", "emulator", "seed", "--data", "demo/studio", where=HERE)
    print("\n$ amlgit emulator serve --data demo/studio &", flush=True)
    serve = [str(BIN / "amlgit"), "emulator", "serve", "--data", str(DEMO / "studio"), "--node-seconds", "0.1"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as studio:
        try:
            assert studio.stdout is not None
            line = studio.stdout.readline()
            if not line:
                return studio.wait() or 1
            ready = json.loads(line)
            print(f"An embedded Studio is at {ready['studio']}, its workspace is {ready['workspace']}.")
            story(ready)
        finally:
            studio.terminate()
    port = ready["studio"].rpartition(":")[2]
    print(
        f"\nThe repository is in demo/repository, amlgit in .venv/bin. The Studio behind it starts again with"
        f"\n  .venv/bin/amlgit emulator serve --data demo/studio --port {port}"
        f"\nand prints its token, which amlgit takes from AMLGIT_TOKEN. Or look around without it:"
        f"\n  cd demo/repository && ../../.venv/bin/amlgit --help"
    )
    return 0


def story(ready: dict[str, str]) -> None:
    """What a day with amlgit looks like."""
    token = {"AMLGIT_TOKEN": ready["token"]}
    show("amlgit", "clone", "--workspace", ready["workspace"], "--url", ready["studio"], "demo/repository", where=HERE, **token)
    here = DEMO / "repository"
    for name, value in (("user.name", "A Reader"), ("user.email", "reader@example.org")):
        if subprocess.run(["git", "config", name], cwd=here, capture_output=True, check=False).returncode != 0:
            subprocess.run(["git", "config", name, value], cwd=here, check=True)  # a new machine knows nobody yet
    show("git", "log", "--format=%h %ad %<(12,trunc)%an %s", "--date=short", where=here)
    show("amlgit", "log", TRAINING, where=here)
    version = subprocess.run(["git", "log", "--format=%H", "--grep=training: run 3 ", "-1"], cwd=here, capture_output=True, text=True, check=True)
    show("git", "show", "--format=%an, %ad%n%n    %s%n", "--date=short", version.stdout.strip(), "--", ":(glob)experiments/*/nodes/*", where=here)

    print("\n# The learning rate is a line in the file of its node: 0.1 becomes 0.05.")
    edit(here, '"The learning rate", "Value": "0.1"', '"The learning rate", "Value": "0.05"')
    show("amlgit", "diff", where=here)
    show("git", "commit", "--quiet", "--all", "--message", "Learn more slowly", where=here)
    show("amlgit", "push", TRAINING, "--run", where=here, **token)
    show("amlgit", "map", "HEAD", where=here)

    print("\n# Meanwhile a colleague changes the split in the workspace, and here the trees get more leaves.")
    colleague(ready)
    edit(here, '"Maximum number of leaves per tree", "Value": "20"', '"Maximum number of leaves per tree", "Value": "31"')
    show("git", "commit", "--quiet", "--all", "--message", "More leaves", where=here)
    show("amlgit", "push", TRAINING, where=here, ok=(3,), **token)
    show("amlgit", "pull", where=here, **token)
    show("git", "log", "-4", "--format=%h %ad %<(12,trunc)%an %s", "--date=short", where=here)
    show("amlgit", "push", TRAINING, where=here, **token)


TRAINING = "Customer churn - training"


def edit(repository: Path, old: str, new: str) -> None:
    """Replace a text in the one file of the work tree that has it."""
    for path in sorted((repository / "experiments").glob("*training*/nodes/*.json")):
        text = path.read_text(encoding="utf-8")
        if old in text:
            path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def colleague(ready: dict[str, str]) -> None:
    """Somebody edits the experiment in the workspace, over the service's own protocol."""
    experiments = f"{ready['studio']}/api/workspaces/{ready['workspace']}/experiments"
    headers = {"Authorization": f"Bearer {ready['token']}", "Content-Type": "application/json"}

    def call(url: str, body: object = None) -> Any:  # Any: JSON of the service
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310  # of the Studio that was just started
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    found = next(entry for entry in call(experiments) if entry["Description"] == TRAINING)
    whole = call(f"{experiments}/{found['ExperimentId']}")
    for node in whole["Graph"]["ModuleNodes"]:
        for parameter in node["ModuleParameters"]:
            if parameter["Name"] == "Fraction of rows in the first output dataset":
                parameter["Value"] = "0.8"
    kept = {name: whole[name] for name in ("Description", "Summary", "ParentExperimentId", "Category", "WebService")}
    call(f"{experiments}/{found['ExperimentId']}", {**kept, "IsDraft": True, "ExperimentGraph": whole["Graph"]})


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
