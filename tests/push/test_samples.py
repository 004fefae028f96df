"""The story of the README on the shipped samples: edit, push, run, map; a colleague's change, the refused push, the pull that merges."""

from pathlib import Path

import pytest

from tests.support.commands import PARTLY, aml
from tests.support.emulated import run, serving
from tests.support.exports import parameter
from tests.support.pushing import clone_of, folder, push
from tests.support.repositories import commit_all, dirty, node_file, replace_in

TRAINING = "Customer churn - training"
RATE, LEAVES = '"Name": "The learning rate", "Value": ', '"Name": "Maximum number of leaves per tree", "Value": '


def test_the_samples_go_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("seed", "--data", tmp_path / "studio")
    with serving("--data", tmp_path / "studio", "--node-seconds", "0.01") as server:
        client = server.workspace()
        repository = clone_of(client, tmp_path / "repository", monkeypatch)
        tree = node_file(folder(repository, TRAINING), "Two-Class")

        # what is there is a run of the service's own, with statuses full of signed links
        replace_in(tree, f'{RATE}"0.1"', f'{RATE}"0.05"')
        commit_all(repository, "Learn more slowly")
        assert "pushed: 1 parameter" in push(repository, TRAINING, "--run").out
        assert "is run 8 " in aml(repository, "map", "HEAD").out

        identity = next(entry["ExperimentId"] for entry in client.get("experiments") if entry["Description"] == TRAINING)
        document = client.experiment(identity)
        parameter(document, "Fraction of rows in the first output dataset")["Value"] = "0.8"
        client.save(document)
        replace_in(tree, f'{LEAVES}"20"', f'{LEAVES}"31"')
        commit_all(repository, "More leaves")
        refused = push(repository, code=PARTLY)
        assert "Fraction of rows in the first output dataset: 0.7 → 0.8" in refused.out

        assert "merged with the edits made here" in aml(repository, "pull").out
        assert "pushed: 1 parameter" in push(repository).out
        document = client.experiment(identity)
        values = [parameter(document, name)["Value"] for name in ("The learning rate", "Maximum number of leaves per tree")]
        assert [*values, parameter(document, "Fraction of rows in the first output dataset")["Value"]] == ["0.05", "31", "0.8"]
        assert "Already up to date." in aml(repository, "pull").out
        assert dirty(repository) == []
