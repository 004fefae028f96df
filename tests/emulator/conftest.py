"""An embedded Studio, and clients of its workspaces; a module that needs another one has its own `studio`."""

from collections.abc import Iterator

import pytest

from tests.support.emulated import Client, Server, serving


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One with nothing in it but what it begins with."""
    with serving("--data", tmp_path_factory.mktemp("studio"), "--node-seconds", "0.02") as server:
        yield server


@pytest.fixture
def client(studio: Server) -> Client:
    """A client of a new workspace."""
    return studio.new_workspace()


@pytest.fixture
def sample(studio: Server) -> Client:
    """A client of the workspace that was there first."""
    return studio.workspace()
