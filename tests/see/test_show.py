"""`amlgit show`: outlines and pictures of the work tree, of versions and of files, and the pager they go through."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import NamedTuple

import pytest

from amlgit import samples
from tests.support.commands import OK, REFUSED, UNREACHABLE, USAGE, aml, clone, clone_samples, environment, git, process
from tests.support.exports import EXPORT_DATA, PYTHON, SPLIT, T0, experiment, save
from tests.support.repositories import commit_all, folder, node_file, replace_in

ANOMALIES = """\
Sensor anomalies
Finds hours in which a pump behaves unlike itself.

version   1 of 2 in archive, Finished, 2017-02-13 07:45 by jonas.brandt, ran 1 min 45 s
snapshot  cbbc82ad06ebbed283d29769f47d460b.s-id.76cdc7520860359d42ea57aa62c3ef53.9952-11-17t16.15.49

7 nodes in data-flow order

Import Data 205-8825
  Please Specify Data Source = AzureBlobStorage
  Please Specify Authentication Type = Account
  Account Name = pumpteststand
  Account Key = (secret: Account Key)
  Path to container or directory or blob = readings/2017-01/bearings.csv
  Blob File format = DelimitedText
  Column delimiter = Semicolon
  Encoding Format = utf_8
  File has Header Row = True
  Results dataset → Apply SQL Transformation 211-8825:Table1

Apply SQL Transformation 211-8825  Copied every night from the test stand in Lübeck with \
DefaultEndpointsProtocol=https;AccountName=pumpteststand;AccountKey=${secret:account key};EndpointSuffix=core.windows.net
  Table1 ← Import Data 205-8825:Results dataset
  SQL Query Script: 8 lines of SQL
  Results dataset → Normalize Data 219-8825:Dataset
  not connected: Table2, Table3

Normalize Data 219-8825
  Dataset ← Apply SQL Transformation 211-8825:Results dataset
  Transformation method = ZScore
  Columns to transform = columns: bearing_temperature, vibration_mm_s, flow_l_min
  Use 0 for constant columns when checked = True
  Transformed dataset → Split Data 224-8825:Dataset
  not used: Transformation function

PCA-Based Anomaly Detection 230-8825
  Training mode = SingleParameter
  Number of components to use in PCA = 2
  Oversampling parameter for randomized PCA = 2
  Enable input feature mean normalization = False
  Untrained model → Train Anomaly Detection Model 236-8825:Untrained model

Split Data 224-8825
  Dataset ← Normalize Data 219-8825:Transformed dataset
  Splitting mode = Split Rows
  Fraction of rows in the first output dataset = 0.8
  Randomized split = True
  Random seed = 11
  Stratified split = False
  Results dataset1 → Train Anomaly Detection Model 236-8825:Dataset
  Results dataset2 → Score Model 243-8825:Dataset

Train Anomaly Detection Model 236-8825
  Untrained model ← PCA-Based Anomaly Detection 230-8825:Untrained model
  Dataset ← Split Data 224-8825:Results dataset1
  Trained model → Score Model 243-8825:Trained model

Score Model 243-8825
  Trained model ← Train Anomaly Detection Model 236-8825:Trained model
  Dataset ← Split Data 224-8825:Results dataset2
  Append score columns to output = True
  not used: Scored dataset
"""


@pytest.fixture(scope="module")
def sample_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, cloned once; nobody changes them."""
    return clone_samples(tmp_path_factory.mktemp("samples") / "r")


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    """An experiment of two runs: a script, then a split."""
    for number in (1, 2):
        save(tmp_path / "exports", f"{number}.json", experiment(run=number, created=T0 + number, fraction=f"0.{number}"))
    return clone(tmp_path / "exports", tmp_path / "r")


# --- what is shown


def test_a_version_reads_as_an_outline(sample_repository: Path) -> None:
    shown = aml(sample_repository, "show", "Sensor anomalies@1").expect(OK).out
    assert re.sub(r" \([0-9a-f]{10}\)", "", shown) == ANOMALIES


def test_the_work_tree_is_shown_as_it_lies_there(trial: Path) -> None:
    replace_in(node_file(folder(trial, "Trial"), "Split Data"), '"0.2"', '"0.75"')
    shown = aml(trial, "show", "Trial").expect(OK).out
    assert "Fraction of rows in the first output dataset = 0.75\n" in shown
    assert "folder  experiments/Trial-aaaaaa\n" in shown
    assert "version" not in shown
    assert "= 0.2\n" in aml(trial, "show", "Trial@-1").expect(OK).out


def test_each_version_is_shown_with_its_own_facts(trial: Path) -> None:
    first, second = (aml(trial, "show", f"Trial@{number}", "--json").expect(OK).json["result"]["version"] for number in (1, 2))
    assert (first["number"], second["number"], second["count"], second["remote"]) == (1, 2, 2, "archive")
    assert (second["status"], second["creator"], second["date"], second["run_seconds"]) == ("Finished", "jane.doe", "2015-12-13T09:46:42Z", 50)
    assert second["commit"] == git(trial, "rev-parse", "refs/amlgit/archive/aaaaaabbbbbbccccccddddddeeeeee00")
    assert first["commit"] == git(trial, "rev-parse", f"{second['commit']}^")


def test_scripts_are_printed_when_asked(trial: Path) -> None:
    assert "azureml_main" not in aml(trial, "show", "Trial").expect(OK).out
    shown = aml(trial, "show", "Trial", "--scripts").expect(OK).out
    assert "  R Script: 2 lines of Python\n    def azureml_main(frame):\n        return frame,\n" in shown


def test_names_in_assets_json_are_used_for_the_work_tree_and_for_old_versions(trial: Path) -> None:
    replace_in(folder(trial, "Trial") / "assets.json", '"Name": "Split Data"', '"Name": "Our own split"')
    for name in ("Trial", "Trial@1"):
        assert "\nOur own split 2-0002\n" in aml(trial, "show", name).expect(OK).out


def test_a_web_service_is_shown_without_its_keys(sample_repository: Path) -> None:
    shown = aml(sample_repository, "show", "churn-scoring").expect(OK).out
    assert shown.startswith("Churn scoring service\nWhom to call before they leave\n")
    assert "input customers → Apply Transformation (node1):Dataset" in shown
    assert "storage account   harbourtelml" in shown
    assert "storageAccount.key" not in shown
    assert "Transformation ← transform Usage cleaning [transform]" in shown


def test_every_sample_and_its_every_version_can_be_shown(sample_repository: Path) -> None:
    counts = {"Churn scoring service": 4, "Customer churn - training": 8, "Sensor anomalies": 2, "churn-scoring": 2}
    for name in (f"{title}@{number}" for title, count in counts.items() for number in range(1, count + 1)):
        for options in ([], ["--scripts"], ["--dot"], ["--mermaid"], ["--json"]):
            assert aml(sample_repository, "show", name, *options).expect(OK).out


def test_the_corpus_can_be_shown(corpus: Path) -> None:
    files = [*corpus.glob("archive/2*/*.json"), *corpus.glob("wsd/*.json")]
    assert len(files) > 10
    for file in files:
        shown = aml(corpus, "show", "--no-index", file).expect(OK).out
        assert "problem: " not in shown
        graph = json.loads(file.read_text(encoding="utf-8-sig")).get("Graph", {})
        assert f"\n{len(graph['ModuleNodes'])} nodes in data-flow order\n" in shown if graph else "\nWeb service\n" in shown


# --- files anywhere


def test_a_file_is_shown_outside_any_repository_and_without_its_secrets(tmp_path: Path) -> None:
    save(tmp_path, "t.json", experiment(nodes=(SPLIT, EXPORT_DATA), password="Hunter2-Hunter2"))
    shown = aml(tmp_path, "show", "--no-index", "t.json").expect(OK).out
    assert "Server User Account Password = (secret: Server User Account Password)" in shown
    assert "InDraft, 2015-12-13 09:46 by jane.doe" in shown
    for options in ([], ["--json"], ["--dot"], ["--mermaid"], ["--scripts"]):
        assert "Hunter2" not in aml(tmp_path, "show", "--no-index", "t.json", *options).expect(OK).out


def test_what_may_be_a_secret_in_a_file_is_not_shown_because_nobody_was_asked(tmp_path: Path) -> None:
    document = experiment(nodes=(SPLIT, PYTHON), script='password = "Hunter2-Hunter2"\n')
    document["Graph"]["ModuleNodes"][0]["ModuleParameters"].append({"Name": "storage_key", "Value": "Hunter2-of-a-custom-module"})
    save(tmp_path, "t.json", document)
    for options in ([], ["--json"], ["--dot"], ["--mermaid"], ["--scripts"], ["--html", "t.html"]):
        run = aml(tmp_path, "show", "--no-index", "t.json", *options).expect(OK)
        assert "Hunter2" not in run.out + run.err
    assert "Hunter2" not in (tmp_path / "t.html").read_text(encoding="utf-8")
    assert "storage_key = (secret: storage_key)" in aml(tmp_path, "show", "--no-index", "t.json").out


@pytest.mark.parametrize(
    ("text", "said"), [("{", "line 1 column 2"), ("[1]", "neither an exported experiment nor a web service definition"), ("", "empty")]
)
def test_a_file_that_is_something_else_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    save(tmp_path, "odd.json", text)
    run = aml(tmp_path, "show", "--no-index", "odd.json").expect(REFUSED)
    assert "odd.json" in run.err
    assert said in run.err


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    assert "none.json" in aml(tmp_path, "show", "--no-index", "none.json").expect(UNREACHABLE).err


def test_the_name_of_a_file_brings_the_option_to_mind(trial: Path) -> None:
    save(trial, "t.json", experiment())
    run = aml(trial, "show", "t.json").expect(USAGE)
    assert "there is no experiment 't.json'" in run.err
    assert "hint: To show that file: amlgit show --no-index 't.json'" in run.err


# --- forms


def test_json_is_the_envelope_with_nodes_in_the_order_of_the_flow(trial: Path) -> None:
    document = aml(trial, "show", "Trial", "--json").expect(OK).json
    assert {name: document[name] for name in ("format_version", "command", "status", "diagnostics")} == {
        "format_version": "1.0",
        "command": "show",
        "status": "ok",
        "diagnostics": [],
    }
    result = document["result"]
    assert (result["kind"], result["title"], result["summary"], result["version"]) == ("experiment", "Trial", "A trial.", None)
    script, split = result["nodes"]
    assert (script["name"], script["module"], script["module_id"]) == ("Execute Python Script 1-0001", "Execute Python Script", PYTHON)
    assert script["scripts"] == [
        {"parameter": "R Script", "language": "py", "lines": 2, "text": "def azureml_main(frame):\n    return frame,\n"},
    ]
    assert split["inputs"] == [
        {"name": "Dataset1", "ends": [{"kind": "node", "name": script["name"], "port": "Result Dataset", "id": script["id"]}]},
    ]
    assert {"name": "Splitting mode", "kind": "value", "value": "Split Rows", "words": "Split Rows", "linked_to": None} in split["parameters"]


def test_pictures_are_whole_documents(trial: Path) -> None:
    assert aml(trial, "show", "Trial@1", "--mermaid").expect(OK).out == (
        'flowchart TD\n  n1["Execute Python Script 1-0001"]\n  n2["Split Data 2-0002"]\n  n1 --> n2\n'
    )
    dot = aml(trial, "show", "Trial", "--dot").expect(OK).out
    assert dot.startswith("digraph experiment {\n")
    assert "  n1 -> n2;\n}\n" in dot


@pytest.mark.parametrize("form", ["--dot", "--mermaid"])
def test_two_forms_at_once_are_a_wrong_use(trial: Path, form: str) -> None:
    assert "two forms" in aml(trial, "show", "Trial", "--json", form).expect(USAGE).err


# --- states of a repository


def test_a_folder_that_a_merge_left_with_a_dangling_edge_is_shown_with_what_is_wrong(trial: Path) -> None:
    node_file(folder(trial, "Trial"), "Execute Python Script").unlink()
    shown = aml(trial, "show", "Trial").expect(OK).out
    assert "Dataset1 ← Execute Python Script 1-0001 (which is not there)\n" in shown
    assert "problem: The edge Execute Python Script 1-0001:Result Dataset → Split Data 2-0002:Dataset1 comes from node" in shown


def test_a_folder_that_can_not_be_read_is_refused_by_file(trial: Path) -> None:
    node_file(folder(trial, "Trial"), "Split Data").write_text("<<<<<<< ours\n", encoding="utf-8")
    assert "nodes/Split Data 2-0002.json" in aml(trial, "show", "Trial").expect(REFUSED).err


def test_an_experiment_without_a_folder_is_shown_from_the_record(trial: Path) -> None:
    git(trial, "rm", "-r", "--quiet", "experiments")
    commit_all(trial)
    assert "EXPERIMENT@N" in aml(trial, "show", "Trial").expect(USAGE).err
    assert aml(trial, "show", "Trial@1").expect(OK).out.startswith("Trial\n")


def test_a_bare_repository_shows_versions(trial: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--mirror", str(trial), "bare.git")
    assert aml(tmp_path / "bare.git", "show", "Trial@1").expect(OK).out.startswith("Trial\n")


def test_long_and_wide_titles_and_comments_do_no_harm(tmp_path: Path) -> None:
    title = "漢字 👩\u200d👩\u200d👧 \x1b[2J" + "long " * 2000
    document = experiment(title)
    document["Graph"]["ModuleNodes"][0]["Comment"] = "אבג \u202e" + "x" * 5000
    save(tmp_path, "t.json", document)
    shown = aml(tmp_path, "show", "--no-index", "t.json").expect(OK).out
    assert shown.startswith("漢字 👩\u200d👩\u200d👧 \ufffd[2Jlong long")
    assert "\x1b" not in shown
    assert "\u202e" not in shown


# --- on a terminal


class Terminal(NamedTuple):
    code: int
    shown: str


def on_a_terminal(repository: Path, *arguments: str, size: tuple[int, int] = (8, 80), **variables: str) -> Terminal:
    """A command line on a pseudo-terminal of so many rows and columns; everything that reached the screen."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    shell = {"COLUMNS": "", "LINES": ""}  # a shell's own would go before the terminal's
    child = subprocess.Popen(
        [sys.executable, "-m", "amlgit", *arguments],
        cwd=repository,
        env=environment(TERM="xterm", **shell, **variables),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 1 << 16):
            shown += piece
    except OSError:
        pass  # Linux's end of file, once the child has closed its side
    os.close(ours)
    return Terminal(child.wait(timeout=60), shown.decode().replace("\r\n", "\n"))


MARKING = "sed 's/^/PAGED /'"


def test_long_output_goes_through_the_pager_with_its_colours(trial: Path) -> None:
    run = on_a_terminal(trial, "show", "Trial", AMLGIT_PAGER=MARKING)
    assert run.code == OK
    assert run.shown.startswith("PAGED \x1b[1mTrial\x1b[0m\n")
    assert run.shown.count("PAGED ") == run.shown.count("\n")


def test_short_output_needs_no_pager(trial: Path) -> None:
    assert "PAGED" not in on_a_terminal(trial, "show", "Trial", size=(60, 80), AMLGIT_PAGER=MARKING).shown


def test_the_pager_is_used_on_a_terminal_only_and_not_where_it_is_not_wanted(trial: Path) -> None:
    assert "PAGED" not in process(trial, "show", "Trial", AMLGIT_PAGER=MARKING).out
    assert "PAGED" not in on_a_terminal(trial, "--no-pager", "show", "Trial", AMLGIT_PAGER=MARKING).shown
    assert "PAGED" not in on_a_terminal(trial, "show", "Trial", "--json", AMLGIT_PAGER=MARKING).shown
    for none in ("", "cat"):
        assert on_a_terminal(trial, "show", "Trial", AMLGIT_PAGER=none, GIT_PAGER=MARKING).shown.startswith("\x1b[1mTrial")


def test_the_pager_is_amlgit_s_own_then_the_one_that_git_would_use(trial: Path) -> None:
    one, two, three, four = (f"sed 's/^/{number} /'" for number in range(1, 5))
    assert on_a_terminal(trial, "show", "Trial", PAGER=four).shown.startswith("4 ")
    git(trial, "config", "core.pager", three)
    assert on_a_terminal(trial, "show", "Trial", PAGER=four).shown.startswith("3 ")
    assert on_a_terminal(trial, "show", "Trial", PAGER=four, GIT_PAGER=two).shown.startswith("2 ")
    assert on_a_terminal(trial, "show", "Trial", PAGER=four, GIT_PAGER=two, AMLGIT_PAGER=one).shown.startswith("1 ")


def test_a_pager_that_is_not_there_keeps_nothing_back(trial: Path) -> None:
    run = on_a_terminal(trial, "show", "Trial", AMLGIT_PAGER="no-such-pager-anywhere")
    assert run.code == OK
    assert "\x1b[1mTrial\x1b[0m\n" in run.shown
    assert "not found" in run.shown


def test_leaving_the_pager_early_is_no_failure(trial: Path) -> None:
    assert on_a_terminal(trial, "show", "Trial", AMLGIT_PAGER="head -1") == (OK, "\x1b[1mTrial\x1b[0m\n")


def test_an_interrupt_is_left_to_the_pager(trial: Path) -> None:
    waiting = "trap 'echo STILL HERE' INT; cat > /dev/null; kill -INT $PPID; sleep 0.2; echo LAST"
    run = on_a_terminal(trial, "show", "Trial", AMLGIT_PAGER=waiting)
    assert run == (OK, "LAST\n")


def test_no_color_and_the_flag_hold_in_the_pager_too(trial: Path) -> None:
    for arguments, no_color in ((("show", "Trial"), "1"), (("--color", "never", "show", "Trial"), "")):
        run = on_a_terminal(trial, *arguments, AMLGIT_PAGER=MARKING, NO_COLOR=no_color)
        assert run.shown.startswith("PAGED Trial\n")
        assert "\x1b" not in run.shown


def test_lines_are_wrapped_to_the_width_of_the_terminal(sample_repository: Path) -> None:
    for columns in (40, 100):
        run = on_a_terminal(sample_repository, "show", "Customer churn - training", size=(8, columns), AMLGIT_PAGER="cat")
        lines = re.sub(r"\x1b\[[0-9;]*m", "", run.shown).split("\n")
        assert all(len(line) <= columns or " " not in line.strip() for line in lines)
        assert any(len(line) > columns * 0.8 for line in lines)


def test_output_that_is_redirected_is_not_wrapped(sample_repository: Path) -> None:
    assert max(map(len, process(sample_repository, "show", "Sensor anomalies@1").out.split("\n"))) > 150


def test_the_envelope_is_one_document_on_a_terminal_too(trial: Path) -> None:
    assert json.loads(on_a_terminal(trial, "show", "Trial", "--json").shown)["command"] == "show"


def test_the_samples_are_shown_from_their_files_as_from_the_record(sample_repository: Path) -> None:
    files = sorted(samples.archive().glob("*/Sensor anomalies.json"))
    of_file = aml(sample_repository, "show", "--no-index", files[0], "--json").expect(OK).json["result"]
    of_record = aml(sample_repository, "show", "Sensor anomalies@1", "--json").expect(OK).json["result"]
    assert of_file["nodes"] == of_record["nodes"]
