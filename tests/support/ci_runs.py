"""The templates of `ci/` as their hosts run them: expressions filled in, conditions decided, each script in a bash of its own.

Steps that name somebody else's action or task are noted with what they were given; the step that installs amlgit is replaced by this one.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.commands import environment, git, git_run, on_path
from tests.support.hosts import NUMBER, REPOSITORY, TOKEN, Azure, Github, Host

ROOT = Path(__file__).resolve().parents[2]
ACTION, WORKFLOW = ROOT / "ci/github/action.yml", ROOT / "ci/github/amlgit-review.yml"
STEPS, PIPELINE = ROOT / "ci/azure-pipelines/amlgit-review.yml", ROOT / "ci/azure-pipelines/azure-pipelines.yml"

Yaml = Any  # what a file holds
REVIEW, COMMENT, VERDICT, INSTALL = "Review and check", "Comment on the pull request", "Say how it went", "Install amlgit"


@dataclass
class Result:
    """What a run of a template came to."""

    code: int = 0
    said: dict[str, str] = field(default_factory=dict)
    """Step → both its streams."""
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    """Action or task → what it was given."""
    out: Path = Path()
    """The folder with review, page and findings."""

    @property
    def log(self) -> str:
        return "".join(self.said.values())

    @property
    def sarif(self) -> Yaml:
        return json.loads((self.out / "sarif" / "amlgit.sarif").read_text())


def load(path: Path) -> Yaml:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def scripts(path: Path) -> Iterator[tuple[str, str]]:
    """Name and text of every script of a template."""
    for step in _flat((load(path).get("runs") or load(path))["steps"], lambda _: True):
        text = step.get("run") or step.get("bash")
        if text:
            yield step.get("name") or step["displayName"], text


def _flat(steps: Yaml, decide: Any) -> Iterator[Yaml]:
    for step in steps:
        key = next(iter(step))
        if not key.startswith("${{ if "):
            yield step
        elif decide(key.removeprefix("${{ if ").removesuffix(" }}")):
            yield from step[key]


# --- expressions


def _eval(expression: str, words: Mapping[str, str], lookup: Any) -> Any:
    """An expression as Python has it: operators and functions by another name, every dotted name looked up."""

    def word(match: re.Match[str]) -> str:
        text = match[0]
        if text.startswith("'"):
            return repr(text[1:-1].replace("''", "'"))
        return words.get(text, f"lookup({text!r})")

    source = re.sub(r"'(?:[^']|'')*'|[A-Za-z_][\w.-]*|&&|\|\||!(?!=)", word, expression)
    functions = {"same": lambda one, other: str(one).lower() == str(other).lower(), "every": lambda *given: all(given)}
    return eval(source, {"lookup": lookup, **functions})  # noqa: S307 # the templates' own


_GITHUB = {"&&": " and ", "||": " or ", "!": " not "}
_AZURE = {"and": "every", "eq": "same", "succeeded": "True or ", "true": "True", "variables": "lookup('variables')"}


# --- runs


def github(host: Github, checkout: Path, temp: Path, event: Yaml, **inputs: str) -> Result:
    """The action in a job for an event: a pull request's, or a push's where it has none."""
    action = load(ACTION)
    temp.mkdir(parents=True, exist_ok=True)
    (temp / "event.json").write_text(json.dumps(event))
    is_request = "pull_request" in event
    context: Yaml = {
        "runner": {"temp": str(temp)},
        "github": {"event": event, "event_name": "pull_request" if is_request else "push", "repository": REPOSITORY, "token": TOKEN},
        "steps": {"page": {"outputs": {}}},
    }

    def lookup(name: str) -> Any:
        found: Any = context
        for part in name.split("."):
            found = found.get(part, "") if isinstance(found, Mapping) else ""
        return found

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: str(_eval(match[1], _GITHUB, lookup)), text)

    given = {name: filled(declared.get("default", "")) for name, declared in action["inputs"].items()}
    assert inputs.keys() <= given.keys()
    context["inputs"] = {**given, **inputs}
    variables = host.environment(str(temp / "event.json"))
    variables |= {"GITHUB_STEP_SUMMARY": str(temp / "summary.md"), "GITHUB_ACTION_PATH": str(ACTION.parent), "RUNNER_TEMP": str(temp)}
    if not is_request:
        variables["GITHUB_REF"] = "refs/heads/main"
    result = Result(out=Path(filled("${{ runner.temp }}/amlgit-${{ inputs.name }}")))
    for step in action["runs"]["steps"]:
        if "if" in step and not _eval(step["if"], _GITHUB, lookup):
            continue
        if "uses" in step:
            result.used[step["uses"].partition("@")[0]] = {name: filled(str(value)) for name, value in step.get("with", {}).items()}
            if step.get("id") == "page" and any(Path(filled(step["with"]["path"])).iterdir()):
                context["steps"]["page"]["outputs"]["artifact-url"] = f"{host.url}/page"
            continue
        own = {name: filled(str(value)) for name, value in step["env"].items()}
        if not _step(result, step["name"], step["run"], ("-eo", "pipefail"), checkout, {**variables, **own}):
            break
    return result


def azure(host: Azure, checkout: Path, temp: Path, commit: str | None, **given: str | bool) -> Result:
    """The steps in a job for a pull request whose newest commit that is, or for a push where it is None."""
    template = load(STEPS)
    declared = {each["name"]: each.get("default", "") for each in template["parameters"]}
    typed = {each["name"]: each["type"] for each in template["parameters"]}
    assert given.keys() <= declared.keys()
    parameters = {name: str(value).lower() == "true" if typed[name] == "boolean" else value for name, value in {**declared, **given}.items()}
    variables = {**host.environment(), "AGENT_TEMPDIRECTORY": str(temp), "BUILD_REASON": "IndividualCI"}
    if commit is None:
        variables = {name: value for name, value in variables.items() if "PULLREQUEST" not in name} | {"BUILD_SOURCEBRANCH": "refs/heads/main"}
    else:
        variables |= {"BUILD_REASON": "PullRequest", "SYSTEM_PULLREQUEST_SOURCECOMMITID": commit}
        variables["SYSTEM_PULLREQUEST_TARGETBRANCH"] = f"refs/heads/{git(checkout, 'config', 'test.target')}"
    secret = {"SYSTEM_ACCESSTOKEN": TOKEN}

    def lookup(name: str) -> Any:
        if name == "variables":
            return {"Build.Reason": variables["BUILD_REASON"]}
        return parameters[name.removeprefix("parameters.")]

    def filled(text: str) -> str:
        text = re.sub(r"\$\{\{ (.*?) \}\}", lambda match: str(_eval(match[1], _AZURE, lookup)), text)
        known = {**variables, **secret}
        return re.sub(r"\$\(([\w.]+)\)", lambda match: known.get(match[1].replace(".", "_").upper(), match[0]), text)

    result = Result(out=Path(filled("$(Agent.TempDirectory)/amlgit-${{ parameters.name }}")))
    temp.mkdir(parents=True, exist_ok=True)
    for step in _flat(template["steps"], lambda text: _eval(text, _AZURE, lookup)):
        if "condition" in step and not _eval(step["condition"].replace("succeeded()", "true"), _AZURE, lookup):
            continue
        if "task" in step:
            inputs = {name: filled(str(value)) for name, value in step["inputs"].items()}
            result.used[f"{step['task']} {inputs.get('ArtifactName', '')}".strip()] = inputs
            continue
        own = {name: filled(str(value)) for name, value in step["env"].items()}
        if not _step(result, step["displayName"], step["bash"], (), checkout, {**variables, **own}):
            break
    return result


def _step(result: Result, name: str, text: str, options: tuple[str, ...], checkout: Path, variables: Mapping[str, str]) -> bool:
    """Run a script, or put this amlgit where it would have been installed; whether the job goes on."""
    if name == INSTALL:
        on_path(Path(variables["AMLGIT_VENV"]) / "bin")
        return True
    script = result.out.parent / "step.sh"
    script.write_text(text)
    command = ["bash", "--noprofile", "--norc", *options, str(script)]
    done = subprocess.run(command, cwd=checkout, env=environment(**variables), capture_output=True, text=True, check=False, timeout=120)
    result.said[name] = done.stdout + done.stderr
    result.code = done.returncode
    return done.returncode == 0


# --- pull requests


@dataclass
class Team:
    """A hosted repository with a branch and a pull request to it, and somebody who pushes."""

    origin: Path
    author: Path
    base: str

    def push(self, message: str) -> str:
        """Commit what the author has changed and push it; the host merges it for the run, as both do. Gives the commit."""
        git(self.author, "add", "--all")
        git(self.author, "commit", "--quiet", "--allow-empty", "-m", message)
        head = git(self.author, "rev-parse", "HEAD")
        git(self.author, "checkout", "--quiet", "--detach", self.base)
        git(self.author, "merge", "--quiet", "--no-ff", "-m", f"Merge {head}", head)
        git(self.author, "push", "--quiet", "--force", "origin", f"{head}:refs/heads/topic", f"HEAD:refs/pull/{NUMBER}/merge", self.base)
        git(self.author, "checkout", "--quiet", "-B", "topic", head)
        return head

    def checkout(self, folder: Path, ref: str = f"refs/pull/{NUMBER}/merge", *, is_shallow: bool = False) -> Path:
        """What the host's own step gives a job."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet")
        git(folder, "remote", "add", "origin", self.origin.as_uri())
        git(folder, "config", "test.target", self.base)
        refs = (
            ("--depth=1", f"+{ref}:refs/remotes/pull/merge")
            if is_shallow
            else ("+refs/heads/*:refs/remotes/origin/*", f"+{ref}:refs/remotes/pull/merge")
        )
        git(folder, "fetch", "--quiet", "--no-tags", "origin", *refs)
        git(folder, "checkout", "--quiet", "--detach", "refs/remotes/pull/merge")
        return folder

    def event(self, head: str, fork: str = REPOSITORY) -> Yaml:
        """What GitHub tells a run about the pull request; titles and branches are whatever its author likes."""
        names = {"ref": '"; touch pwned; $(touch pwned) `touch pwned`', "sha": head, "repo": {"full_name": fork}}
        return {"pull_request": {"number": NUMBER, "title": "$(touch pwned)\n::error::x", "head": names, "base": {"ref": self.base}}}


def team(clone: Path, folder: Path, base: str = "main") -> Team:
    """A team around a copy of a clone."""
    author, origin = folder / "author", folder / "origin.git"
    shutil.copytree(clone, author, symlinks=True)
    git(folder, "init", "--quiet", "--bare", origin)
    git(author, "remote", "add", "origin", origin.as_uri())
    git(author, "branch", "--quiet", "-M", base)
    git(author, "push", "--quiet", "origin", base)
    git(author, "checkout", "--quiet", "-b", "topic")
    return Team(origin=origin, author=author, base=base)


def run(host: Host, team: Team, folder: Path, head: str, *, is_shallow: bool = False, fork: str = REPOSITORY, **given: str) -> Result:
    """One run for the pull request as it stands, on either host; `given` is spelled as the action spells it, with '_'."""
    checkout = team.checkout(folder / "checkout", is_shallow=is_shallow)
    temp = folder / "temp"
    shutil.rmtree(temp, ignore_errors=True)
    if isinstance(host, Github):
        inputs = {name.replace("_", "-"): value for name, value in given.items()}
        result = github(host, checkout, temp, team.event(head, fork), **inputs)
    else:
        assert isinstance(host, Azure)
        camel = {re.sub("_(.)", lambda match: match[1].upper(), name): value for name, value in given.items()}
        result = azure(host, checkout, temp, head, **camel)
    assert TOKEN not in result.log
    assert not list(folder.rglob("pwned"))
    assert git_run(checkout, "status", "--porcelain").out == ""
    return result
