"""What every test stands on: no home, no configuration and no git environment but its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.emulated import Client, Server, serving
from tests.support.isolation import isolate

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile("default", max_examples=60, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "ci",
    parent=settings.get_profile("default"),
    derandomize=True,
    database=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate],  # a failure there is made smaller here, not at CI's cost
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("AMLGIT_HYPOTHESIS") or ("ci" if os.environ.get("CI") else "default"))


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, with an identity for git; nothing of the machine's."""
    home = tmp_path_factory.mktemp("home", numbered=True)
    isolate(monkeypatch, home)
    return home


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An embedded Studio whose runs take no time to speak of."""
    with serving("--data", tmp_path_factory.mktemp("studio"), "--node-seconds", "0.01") as server:
        yield server


@pytest.fixture
def client(server: Server) -> Client:
    """A client of a new workspace there."""
    return server.new_workspace()


@pytest.fixture
def corpus() -> Path:
    """The folder of real files; a test that needs it is skipped where there is none."""
    folder = os.environ.get("AMLGIT_CORPUS")
    if not folder:
        pytest.skip("AMLGIT_CORPUS is not set: no real files to test against")
    return Path(folder)
