"""Workspaces of the emulator: what is in them, and remotes for them."""

from pathlib import Path

import pytest

from tests.support.commands import OK, aml
from tests.support.emulated import Client, Server
from tests.support.repositories import commit_all


def own(client: Client) -> dict[str, str]:
    """Title → id of the workspace's own experiments."""
    return {each["Description"]: each["ExperimentId"] for each in client.get("experiments") if each["ExperimentId"].startswith(client.id)}


def titles(client: Client, server: Server | None = None) -> list[str]:
    """The titles of the workspace's own experiments; with a server after the end of its faults."""
    if server is not None:
        server.admin("DELETE", "faults")
    return sorted(each["Description"] for each in client.get("experiments") if each["ExperimentId"].startswith(client.id))


def hits(server: Server, number: int) -> int:
    """How often a fault struck."""
    (found,) = (int(each["hits"]) for each in server.admin("GET", "faults").json() if each["number"] == number)
    return found


def add_remote(repository: Path, client: Client, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aml(repository, "remote", "add", name, "--workspace", client.id, "--url", client.url).expect(OK)
    commit_all(repository, f"remote {name}")
    monkeypatch.setenv(f"AMLGIT_TOKEN_{name.upper()}", client.token)
