"""The templates for CI: what their hosts' schemas and linters say of them, and their scripts, run for real pull requests against a host."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ci_runs
from tests.support.ci_runs import ACTION, COMMENT, PIPELINE, REVIEW, STEPS, VERDICT, WORKFLOW, Team, load, run, scripts
from tests.support.commands import clone_samples, git
from tests.support.emulated import chain
from tests.support.emulated import serving as studio_serving
from tests.support.hosts import BOT, KINDS, STRANGER, TOKEN, Azure, Github, Host, serving
from tests.support.pushing import folder as studio_folder
from tests.support.pushing import start
from tests.support.repositories import node_file, replace_in
from tests.support.samples import TRAINING

TREE, SPLIT = (f"{TRAINING}/nodes/{name}.json" for name in ("Two-Class Boosted Decision Tree 160-bb60", "Split Data 153-bb60"))
SCHEMAS = [(ACTION, "github-actions"), (WORKFLOW, "github-workflows"), (STEPS, "azure-pipelines"), (PIPELINE, "azure-pipelines")]
SCRIPTS = [(path, name) for path in (ACTION, STEPS) for name, _ in scripts(path)]


# --- what their hosts' schemas and linters say


def _lint(*command: str | Path, stdin: str = "") -> None:
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def _tool(name: str) -> Path:
    return Path(sys.executable).parent / name


@pytest.mark.parametrize(("path", "schema"), SCHEMAS, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_a_template_is_what_its_hosts_schema_says(path: Path, schema: str) -> None:
    more = ("--data-transform", "azure-pipelines", "--regex-variant", "nonunicode") if schema == "azure-pipelines" else ()
    _lint(_tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *more, path)


def test_a_linter_of_workflows_that_looks_for_ways_in_finds_none(tmp_path: Path) -> None:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    shutil.copy(WORKFLOW, tmp_path / ".github/workflows")
    shutil.copytree(ACTION.parent, tmp_path / "ci")
    _lint(_tool("zizmor"), "--offline", tmp_path)


@pytest.mark.parametrize(("path", "name"), SCRIPTS, ids=[f"{path.parent.name}-{name}" for path, name in SCRIPTS])
def test_a_script_is_sound_and_holds_nothing_that_the_host_fills_in(path: Path, name: str) -> None:
    text = dict(scripts(path))[name]
    _lint(_tool("shellcheck"), "--shell=bash", "-", stdin=text)
    assert "${{" not in text
    assert not re.search(r"\$\([A-Za-z.]+\)", text), "a variable that Azure Pipelines would write into the script"


def test_actions_of_others_are_named_by_their_commit_and_only_the_two_templates_steps_print_freely() -> None:
    used = [step["uses"] for step in (*load(ACTION)["runs"]["steps"], *load(WORKFLOW)["jobs"]["review"]["steps"]) if "uses" in step]
    assert len(used) == 5
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each) for each in used)
    for step in ci_runs._flat(load(STEPS)["steps"], lambda _: True):
        if "amlgit review" in step.get("bash", "") or "amlgit comment" in step.get("bash", ""):
            assert step["target"] == {"commands": "restricted", "settableVariables": "none"}


# --- their scripts, run


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone_samples(tmp_path_factory.mktemp("samples") / "repository")


@pytest.fixture(params=KINDS, ids=["github", "azure"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    with serving(request.param()) as host:
        yield host


@pytest.fixture
def team(cloned: Path, tmp_path: Path) -> Team:
    return ci_runs.team(cloned, tmp_path)


def _rate(team: Team, old: str, new: str) -> None:
    replace_in(team.author / TREE, f'"The learning rate", "Value": "{old}"', f'"The learning rate", "Value": "{new}"')


def test_three_pushes_have_one_comment_that_says_the_newest(host: Host, team: Team, tmp_path: Path) -> None:
    theirs = host.say(STRANGER, "<!-- amlgit: review -->\n[//]: # (amlgit: review)\n\nmine!", "active").text
    for old, new in (("0.1", "0.3"), ("0.3", "0.4"), ("0.4", "0.5")):
        _rate(team, old, new)
        head = team.push(f"rate {new}")
        result = run(host, team, tmp_path, head)
        assert result.code == 0, result.log
        (note,) = host.of(BOT)
        assert f"0.1 → {new}".replace(".", ".") in note.text.replace("\\", "")
        assert head in note.text
    assert [each.text for each in host.of(STRANGER)] == [theirs]
    assert "The review as a page" in note.text
    assert ("```mermaid" in note.text) is isinstance(host, Github)  # Azure Repos would show its text
    assert "<html" in (result.out / "page" / "review.html").read_text()
    assert result.sarif["runs"][0]["results"] == []
    if isinstance(host, Github):
        assert result.used["github/codeql-action/upload-sarif"]["sarif_file"] == str(result.out / "sarif")
        assert result.used["actions/upload-artifact"]["path"] == str(result.out / "page")
        assert head in (tmp_path / "temp" / "summary.md").read_text()
    else:
        assert note.status == "closed"  # no rule found anything
        assert result.used["PublishBuildArtifacts@1 CodeAnalysisLogs"]["PathtoPublish"] == str(result.out / "sarif")
        assert result.used["PublishBuildArtifacts@1 amlgit-review"]["PathtoPublish"] == str(result.out / "page")
        assert f"##vso[task.uploadsummary]{result.out}/review.md\n" in result.said["Show the review on the run's page"]


def test_findings_fail_the_job_and_are_told_in_comment_log_and_sarif(host: Host, team: Team, tmp_path: Path) -> None:
    git(team.author, "rm", "--quiet", SPLIT)
    head = team.push("broken")
    result = run(host, team, tmp_path, head)
    assert result.code == 1
    assert "amlgit check found errors" in result.said[VERDICT]
    assert "[dangling-source]" in result.said[REVIEW]
    assert "could not compare everything" in result.said[VERDICT]
    assert "found errors" in host.of(BOT)[0].text
    assert "No changes" not in host.of(BOT)[0].text
    found = result.sarif["runs"][0]["results"]
    assert {"dangling-source"} <= {each["ruleId"] for each in found}
    for each in found:
        place = each["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].startswith(TRAINING.replace(" ", "%20"))
        assert place["region"]["startLine"] >= 1
    if isinstance(host, Azure):
        assert host.of(BOT)[0].status == "active"
    result = run(host, team, tmp_path, head, fail_on="never")
    assert result.code == 0
    assert "amlgit check found errors" in result.said[VERDICT]


def test_risks_fail_the_job_only_where_that_is_asked(host: Host, team: Team, tmp_path: Path) -> None:
    replace_in(team.author / SPLIT, '"Value": "0.7"', '"Value": "0.6"')
    head = team.push("another split")
    result = run(host, team, tmp_path, head)
    assert result.code == 0, result.log
    assert "deserves a second look" in result.said[VERDICT]
    assert "second look" in host.of(BOT)[0].text
    assert run(host, team, tmp_path, head, fail_on="risks").code == 1
    result = run(host, team, tmp_path, head, fail_on="risks", paths="\nSensor anomalies\n  experiments/Customer churn - scoring-3bb5ec  \n")
    assert result.code == 0, result.log  # of those two nothing changed


def test_a_fork_has_a_review_and_no_comment(host: Host, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host.is_read_only = True
    _rate(team, "0.1", "0.3")
    ours = host.environment
    monkeypatch.setattr(host, "environment", lambda event="": {**ours(event), "SYSTEM_PULLREQUEST_ISFORK": "True"})
    result = run(host, team, tmp_path, team.push("theirs"), fork="mallory/experiments", remote="studio")
    assert result.code == 0, result.log
    assert "gets no comment" in result.said[COMMENT]
    assert "There is no token for remote studio" in result.said[REVIEW]
    assert "github/codeql-action/upload-sarif" not in result.used
    assert "0.3" in (result.out / "review.md").read_text()
    assert host.notes == []


def test_a_workspace_is_asked_for_assets_where_that_is_wanted(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with studio_serving("--data", tmp_path / "studio") as studio:
        client = studio.new_workspace()
        points = client.dataset("Points")
        clone, _ = start(client, tmp_path, monkeypatch, graph=chain(points))
        monkeypatch.delenv("AMLGIT_TOKEN", raising=False)
        (tmp_path / "team").mkdir()
        team = ci_runs.team(clone, tmp_path / "team")
        result = run(host, team, tmp_path, team.push("nothing"), remote="studio", remote_token=client.token)
        assert result.code == 0, result.log
        replace_in(node_file(studio_folder(team.author), "*11-"), points, points.rpartition("-")[0] + "-999")
        result = run(host, team, tmp_path, team.push("another dataset"), remote="studio", remote_token=client.token)
        assert result.code == 1
        assert "The remote lacks assets" in result.said[VERDICT]
        assert "studio has no dataset" in result.said[REVIEW]
        assert client.token not in result.log + host.of(BOT)[0].text


def test_a_pull_request_without_experiments_has_no_comment_until_there_was_one(host: Host, team: Team, tmp_path: Path) -> None:
    (team.author / "notes.txt").write_text("nothing of Studio\n")
    assert run(host, team, tmp_path, team.push("notes")).code == 0
    assert host.notes == []
    _rate(team, "0.1", "0.3")
    assert run(host, team, tmp_path, team.push("rate")).code == 0
    _rate(team, "0.3", "0.1")
    result = run(host, team, tmp_path, team.push("back"))
    assert result.code == 0, result.log
    (note,) = host.notes
    assert "No changes." in note.text


def test_a_shallow_checkout_fetches_what_it_lacks_or_says_so(host: Host, cloned: Path, tmp_path: Path) -> None:
    team = ci_runs.team(cloned, tmp_path, base="release/$(touch${IFS}pwned)")
    _rate(team, "0.1", "0.3")
    head = team.push("rate")
    result = run(host, team, tmp_path, head, is_shallow=True)
    assert result.code == 0, result.log
    assert "they are fetched" in result.said[REVIEW]
    assert "**1 change** in 1 experiment" in host.of(BOT)[0].text
    checkout = team.checkout(tmp_path / "checkout", is_shallow=True)
    git(checkout, "remote", "set-url", "origin", (tmp_path / "gone.git").as_uri())
    if isinstance(host, Github):
        result = ci_runs.github(host, checkout, tmp_path / "temp", team.event(head))
    else:
        assert isinstance(host, Azure)
        result = ci_runs.azure(host, checkout, tmp_path / "temp", head)
    assert result.code == 2
    assert "can't be had: give" in result.said[REVIEW]


def test_a_push_is_checked_as_a_whole_and_comments_nowhere(host: Host, team: Team, tmp_path: Path) -> None:
    checkout = team.checkout(tmp_path / "checkout", "refs/heads/main")
    if isinstance(host, Github):
        result = ci_runs.github(host, checkout, tmp_path / "temp", {"before": "0" * 40})
        assert "github/codeql-action/upload-sarif" in result.used
    else:
        assert isinstance(host, Azure)
        result = ci_runs.azure(host, checkout, tmp_path / "temp", None)
        assert "PublishBuildArtifacts@1 CodeAnalysisLogs" in result.used
    assert result.code == 0, result.log
    assert COMMENT not in result.said
    assert host.asked == []


def test_on_github_nothing_that_a_pull_request_holds_is_taken_for_a_command(team: Team, tmp_path: Path) -> None:
    git(team.author, "rm", "--quiet", SPLIT)
    with serving(Github()) as host:
        assert isinstance(host, Github)
        result = run(host, team, tmp_path, team.push("broken"))
        lines = result.said[REVIEW].splitlines()
        stop = re.fullmatch(r"::stop-commands::([0-9a-f]{32})", lines[0])
        assert stop
        assert f"::{stop[1]}::" in lines
        result = run(host, team, tmp_path, team.push("again"), fail_on="sometimes")
        assert result.code == 2
        assert "fail-on takes" in result.said[REVIEW]


def test_what_is_not_wanted_is_not_done(host: Host, team: Team, tmp_path: Path) -> None:
    _rate(team, "0.1", "0.3")
    result = run(host, team, tmp_path, team.push("rate"), comment="false", page="false", sarif="false", name="training")
    assert result.code == 0, result.log
    assert host.notes == []
    assert [name for name in result.used if "ython" not in name] == []
    assert result.out.name == "amlgit-training"
    assert TOKEN not in (result.out / "review.md").read_text()
