"""The command line: exit codes, what goes to which stream, JSON that is always JSON, colour, pipes, completion."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from amlgit import __version__
from amlgit.cli.main import VERBS, amlgit
from amlgit.cli.overview import GROUPS
from tests.support.commands import BUG, OK, PARTLY, REFUSED, UNREACHABLE, USAGE, aml, clone, environment, process
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save
from tests.support.repositories import commit_all


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for number in (1, 2):
        save(tmp_path / "exports", f"{number}.json", experiment(created=T0 + number * DAY, fraction=f"0.{number}"))
    return clone(tmp_path / "exports", tmp_path / "r")


def test_version_help_and_every_verb_have_words(tmp_path: Path) -> None:
    assert aml(tmp_path, "--version").expect(OK).out == f"amlgit {__version__} (form 1)\n"
    help_text = aml(tmp_path, "--help").expect(OK).out
    for verb in ("clone", "pull", "push", "log", "status", "secret", "remote", "rm"):
        assert f"  {verb} " in help_text
        assert "Usage: " in aml(tmp_path, verb, "--help").expect(OK).out
        assert "Usage: " in aml(tmp_path, verb, "-h").expect(OK).out


def test_the_help_lists_every_verb_for_people_once_in_words_that_fit(tmp_path: Path) -> None:
    told = [(verb, what) for verbs in GROUPS.values() for verb, what in verbs.items()]
    context = click.Context(amlgit, info_name="amlgit")
    hidden = {name for name in VERBS if (command := amlgit.get_command(context, name)) is None or command.hidden}
    assert sorted(verb for verb, _ in told) == sorted(VERBS.keys() - hidden)
    lines = aml(tmp_path, "--help").expect(OK).out.splitlines()
    assert [f"  {verb:<10}  {what}" for verb, what in told if f"  {verb:<10}  {what}" not in lines] == []
    for group in ("secret", "remote", "emulator"):
        assert "..." not in aml(tmp_path, group, "--help").expect(OK).out.partition("Commands:")[2]


def test_no_help_shows_the_marks_it_is_written_with() -> None:
    def walk(name: str, command: click.Command, parent: click.Context | None) -> Iterator[tuple[str, str]]:
        ctx = click.Context(command, info_name=name, parent=parent)
        yield ctx.command_path, command.get_help(ctx)
        if isinstance(command, click.Group):
            for each in command.list_commands(ctx):
                found = command.get_command(ctx, each)
                assert found is not None
                yield from walk(each, found, ctx)

    told = dict(walk("amlgit", amlgit, None))
    assert {"amlgit site", "amlgit remote add"} <= told.keys()
    assert [name for name, text in told.items() if "\\b" in text or "\b" in text] == []
    assert "\n  amlgit site ../site -n " in told["amlgit site"]


@pytest.mark.parametrize(("typed", "nearest"), [("pul", "pull"), ("comit", None), ("statsu", "status"), ("exprt", "export"), ("lgo", "log")])
def test_a_verb_that_does_not_exist_is_named_with_the_nearest_one(tmp_path: Path, typed: str, nearest: str | None) -> None:
    said = aml(tmp_path, typed).expect(USAGE).err
    assert f"'{typed}'" in said
    assert nearest is None or f"Did you mean '{nearest}'?" in said


def test_no_verb_shows_the_help_and_is_a_usage_error_as_in_git(tmp_path: Path) -> None:
    run = process(tmp_path)
    assert "Usage: " in run.out + run.err
    assert run.code in (OK, FINDINGS_OF_GIT, USAGE)


FINDINGS_OF_GIT = 1


@pytest.mark.parametrize(
    "arguments", [["pull", "a", "b"], ["log", "--nonsense"], ["clone"], ["export"], ["--color", "sometimes", "log"], ["secret", "nonsense"]]
)
def test_a_wrong_command_line_is_a_usage_error_on_standard_error(repository: Path, arguments: list[str]) -> None:
    run = aml(repository, *arguments).expect(USAGE)
    assert run.out == ""
    assert "Usage: " in run.err


def test_errors_go_to_standard_error_with_a_hint_and_nothing_to_standard_output(repository: Path) -> None:
    for arguments, code in ((["export", "Nothing"], USAGE), (["pull", "nobody"], USAGE)):
        run = aml(repository, *arguments).expect(code)
        assert run.out == ""
        assert run.err.startswith("error: ")
        assert "\nhint: " in run.err


def test_quiet_leaves_results_and_errors_and_drops_hints(repository: Path, tmp_path: Path) -> None:
    save(tmp_path / "exports", "other.json", "[]")
    assert "left alone" in aml(repository, "pull").expect(OK).err
    run = aml(repository, "-q", "pull").expect(OK)
    assert run.err == ""
    assert run.out == "Already up to date.\n"
    assert "error: " in aml(repository, "-q", "export", "Nothing").expect(USAGE).err


# --- JSON


_JSON_VERBS: dict[str, list[str]] = {
    "review": ["review"],
    "fetch": ["fetch"],
    "pull": ["pull"],
    "import": ["import", "../exports/1.json"],
    "log": ["log"],
    "status": ["status"],
    "config": ["config"],
    "remote list": ["remote", "list"],
    "secret list": ["secret", "list"],
}


@pytest.mark.parametrize("command", _JSON_VERBS)
def test_json_is_one_envelope_on_standard_output(repository: Path, command: str) -> None:
    document = aml(repository, *_JSON_VERBS[command], "--json").expect(OK).json
    assert set(document) == {"format_version", "command", "status", "result", "diagnostics"}
    assert (document["format_version"], document["command"], document["status"]) == ("1.0", command, "ok")


@pytest.mark.parametrize("command", _JSON_VERBS)
def test_json_is_one_envelope_on_an_error_too(tmp_path: Path, command: str) -> None:
    run = aml(tmp_path, *_JSON_VERBS[command], "--json").expect(USAGE)
    assert run.json["command"] == command
    assert run.json["status"] == "usage"
    assert run.json["result"] is None
    (diagnostic,) = run.json["diagnostics"]
    assert diagnostic["severity"] == "error"
    assert diagnostic["message"] in run.err
    assert diagnostic["hint"]


def test_json_of_a_clone_and_its_errors(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment())
    assert aml(tmp_path, "clone", "--archive", "exports", "r", "--json").expect(OK).json["command"] == "clone"
    assert aml(tmp_path, "clone", "--archive", "exports", "r", "--json").expect(USAGE).json["status"] == "usage"
    assert aml(tmp_path, "clone", "--archive", "nowhere", "x", "--json").expect(USAGE).json["status"] == "usage"


@pytest.mark.parametrize(
    "arguments", [["log", "--json", "--nonsense"], ["pull", "--json", "a", "b"], ["clone", "--json"], ["pul", "--json"], ["secret", "--json", "nope"]]
)
def test_json_is_one_envelope_when_the_command_line_itself_is_wrong(repository: Path, arguments: list[str]) -> None:
    run = aml(repository, *arguments).expect(USAGE)
    assert run.json["status"] == "usage"
    assert run.json["diagnostics"][0]["message"]


def test_json_is_one_envelope_when_the_folder_of_minus_c_is_not_there(tmp_path: Path) -> None:
    run = process(tmp_path, "-C", "nowhere", "status", "--json").expect(USAGE)
    assert run.json["command"] == "status"


def test_an_experiment_named_like_the_option_is_no_option(repository: Path) -> None:
    run = aml(repository, "log", "--", "--json").expect(USAGE)
    assert run.out == ""


def test_json_names_what_is_partly_done_and_what_is_refused(repository: Path, tmp_path: Path) -> None:
    save(tmp_path / "exports", "broken.json", "{")
    assert aml(repository, "pull", "--json").expect(PARTLY).json["status"] == "partly"
    (repository / ".git" / "MERGE_HEAD").write_text("0" * 40)
    assert aml(repository, "pull", "--json").expect(REFUSED).json["status"] == "refused"


# --- colour and terminals


def test_there_is_no_colour_where_there_is_no_terminal(repository: Path) -> None:
    for arguments in (["log"], ["status"], ["export", "Nothing"], ["pul"]):
        run = process(repository, *arguments)
        assert "\x1b" not in run.out + run.err


def _on_a_terminal(repository: Path, *arguments: str, **variables: str) -> str:
    ours, theirs = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "amlgit", *arguments],
            cwd=repository,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(TERM="xterm", **variables),
            check=False,
            timeout=60,
        )
        return os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_colour_follows_terminal_flag_and_no_color(repository: Path) -> None:
    assert "\x1b[33m" in _on_a_terminal(repository, "log")
    assert "\x1b" not in _on_a_terminal(repository, "log", NO_COLOR="1")
    assert "\x1b" not in _on_a_terminal(repository, "--color", "never", "log")
    assert "\x1b[33m" in _on_a_terminal(repository, "--color", "always", "log", NO_COLOR="1")
    assert "\x1b[33m" in process(repository, "--color", "always", "log").out
    assert "\x1b" not in _on_a_terminal(repository, "export", "Nothing", NO_COLOR="1")
    assert "\x1b" not in _on_a_terminal(repository, "--color", "never", "export", "Nothing")


def test_control_characters_in_a_title_do_not_reach_the_terminal(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment("a\x1b[31mred\x07", creator="b\x1b[0m", summary="\x1b[2J"))
    save(tmp_path / "exports", "bad\x1b[31m.json", "{")
    run = aml(tmp_path, "clone", "--archive", "exports", "r").expect(PARTLY)
    repository = tmp_path / "r"
    for said in (run, aml(repository, "log"), aml(repository, "status"), aml(repository, "export", "Nothing")):
        assert "\x1b" not in said.out + said.err
        assert "\x07" not in said.out + said.err


# --- pipes, folders, names


@pytest.mark.parametrize("arguments", [["log"], ["log", "--json"], ["export", "--pretty", "Trial"], ["status"], ["config"]])
def test_a_closed_pipe_is_no_reason_to_complain(repository: Path, arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        completed = subprocess.run(
            [sys.executable, "-m", "amlgit", *arguments],
            cwd=repository,
            stdout=writer,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
            timeout=60,
        )
    finally:
        os.close(writer)
    assert completed.stderr == b""
    assert completed.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
def test_a_full_disk_under_standard_output_is_an_error_with_words(repository: Path) -> None:
    for arguments in (["log"], ["log", "--json"], ["--version"]):
        with Path("/dev/full").open("wb") as full:
            command = [sys.executable, "-m", "amlgit", *arguments]
            completed = subprocess.run(command, cwd=repository, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
        assert (completed.returncode, b"Traceback" in completed.stderr) == (UNREACHABLE, False)
        assert b"No space left" in completed.stderr


def test_a_closed_standard_output_is_no_bug(repository: Path) -> None:
    for arguments in ("map", "--version"):
        command = ["sh", "-c", f"exec '{sys.executable}' -m amlgit {arguments} >&-"]
        completed = subprocess.run(command, cwd=repository, env=environment(), stderr=subprocess.PIPE, check=False)
        assert (completed.returncode, completed.stderr) == (OK, b"")


def test_minus_c_runs_there_and_paths_start_there(repository: Path, tmp_path: Path) -> None:
    run = process(tmp_path, "-C", "r", "export", "Trial", "-o", "out.json").expect(OK)
    assert run.out == ""
    assert (repository / "out.json").exists()
    assert "there is no such folder" in process(tmp_path, "-C", "nowhere", "log").expect(USAGE).err


def test_a_folder_that_was_deleted_meanwhile_is_an_error(tmp_path: Path) -> None:
    completed = subprocess.run(
        ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$0" -m amlgit log', sys.executable],
        cwd=tmp_path,
        capture_output=True,
        env=environment(),
        check=False,
        timeout=60,
    )
    assert completed.returncode == USAGE
    assert b"does not exist any more" in completed.stderr


def test_without_git_on_the_path_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    save(tmp_path / "exports", "1.json", experiment())
    for arguments in (["log"], ["init", "r"], ["clone", "--archive", "exports", "x"]):
        run = process(tmp_path, *arguments, PATH=str(tmp_path / "bin")).expect(USAGE)
        assert "there is no 'git'" in run.err


def test_git_aml_is_amlgit_under_its_own_name(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "git-aml"
    program.write_text(f"#!{sys.executable}\nfrom amlgit.cli.main import main\nmain()\n")
    program.chmod(0o755)
    variables = environment(PATH=f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    def said(*arguments: str) -> str:
        completed = subprocess.run(
            ["git", "aml", *arguments], cwd=repository / "experiments", env=variables, capture_output=True, check=False, timeout=60
        )
        return (completed.stdout + completed.stderr).decode()

    assert len(said("log").splitlines()) == 2
    assert "Usage: git aml pull" in said("pull", "-h")
    assert "Usage: git aml" in said("pul")


def test_a_title_that_the_terminal_can_not_show_is_no_bug(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment("\N{GRINNING FACE} 漢字"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    for arguments in (["log"], ["status"], ["export", "Nothing"], ["log", "--json"]):
        run = process(repository, *arguments, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
        assert run.code in (OK, USAGE), run.err


def test_a_locale_that_can_not_name_the_files_is_an_error_with_words(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment("漢字"))
    run = process(tmp_path, "clone", "--archive", "exports", "r", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert run.code != BUG, run.err


def test_python_warns_of_nothing(repository: Path) -> None:
    run = process(repository, "pull", PYTHONWARNINGS="error", PYTHONDEVMODE="1").expect(OK)
    assert "Warning" not in run.err


def _imported(repository: Path, *arguments: str) -> set[str]:
    run = process(repository, *arguments, PYTHONPROFILEIMPORTTIME="1").expect(OK)
    return {line.rpartition("|")[2].strip() for line in run.err.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("verb", ["log", "status", "diff", "show", "map", "check"])
def test_looking_needs_no_third_party_that_is_slow_to_import(repository: Path, verb: str) -> None:
    named = [FAMILY] if verb == "show" else []
    assert not _imported(repository, verb, *named) & {"git", "tomlkit", "defusedxml", "requests", "deepdiff", "rich", "hypothesis"}


def test_an_archive_is_pulled_without_a_library_for_http(repository: Path) -> None:
    assert not _imported(repository, "pull") & {"requests", "urllib3", "ssl"}


# --- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(tmp_path: Path, shell: str) -> None:
    assert "_AMLGIT_COMPLETE" in process(tmp_path, "completion", shell).expect(OK).out
    assert "'tcsh'" in aml(tmp_path, "completion", "tcsh").expect(USAGE).err


def test_completion_completes_verbs_and_options(tmp_path: Path) -> None:
    def completed(words: str, word: int) -> str:
        return process(tmp_path, _AMLGIT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(word)).out

    assert "plain,status" in completed("amlgit st", 1)
    assert "plain,--archive" in completed("amlgit clone --ar", 2)


# --- codes


def test_every_code_of_the_page_has_its_case(repository: Path, tmp_path: Path) -> None:
    aml(repository, "status", "--exit-code").expect(OK)
    commit_all(repository, "nothing") if (repository / "x").write_text("x") else None
    save(tmp_path / "exports", "3.json", experiment("New", family=OTHER_FAMILY))
    aml(repository, "fetch").expect(OK)
    save(tmp_path / "exports", "4.json", "{")
    aml(repository, "pull").expect(PARTLY)
    aml(repository, "pull", "nobody").expect(USAGE)
    (repository / ".git" / "MERGE_HEAD").write_text("0" * 40)
    aml(repository, "pull").expect(REFUSED)


def test_an_interrupt_ends_with_130_and_no_traceback(repository: Path) -> None:
    script = (
        "import os, signal, sys\nfrom amlgit.cli import main\nimport click\n"
        "@click.command()\ndef wait(): os.kill(os.getpid(), signal.SIGINT)\n"
        "main.amlgit.add_command(wait, 'wait')\nmain._Verbs.get_command = lambda self, ctx, name: wait\n"
        "sys.exit(main.run(['wait']))\n"
    )
    completed = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, env=environment(), check=False, timeout=60)
    assert completed.returncode == 130
    assert b"Traceback" not in completed.stderr


def test_a_bug_is_said_to_be_one_with_a_log_that_holds_no_values(repository: Path) -> None:
    script = (
        "import sys\nfrom amlgit.cli import main\nimport click\n"
        "@click.command()\ndef broken():\n    raise RuntimeError('hunter2')\n"
        "main._Verbs.get_command = lambda self, ctx, name: broken\n"
        "sys.exit(main.run(['broken', '--json'][:1]))\n"
    )
    completed = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, env=environment(), check=False, timeout=60)
    assert completed.returncode == BUG
    said = completed.stderr.decode()
    assert "Traceback" not in said
    assert "hunter2" not in said
    log = Path(said.split("the log in ")[1].split()[0])
    assert "hunter2" not in log.read_text()
    log.unlink()


def test_json_text_of_an_export_is_valid_whatever_the_streams_encoding(repository: Path) -> None:
    run = process(repository, "export", "Trial", PYTHONIOENCODING="ascii", PYTHONUTF8="0").expect(OK)
    assert json.loads(run.out)["Description"] == "Trial"
