"""What every test stands on: no home, no configuration and no git environment but its own."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

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

_GIT_CONFIG = """\
[user]
\tname = A Tester
\temail = tester@example.org
[init]
\tdefaultBranch = main
[core]
\teditor = false
"""


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, with an identity for git; nothing of the machine's."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "AMLGIT_")) and name != "AMLGIT_CORPUS":
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home", numbered=True)
    git_config = home / "gitconfig"
    git_config.write_text(_GIT_CONFIG, encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(git_config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


@pytest.fixture
def corpus() -> Path:
    """The folder of real files; a test that needs it is skipped where there is none."""
    folder = os.environ.get("AMLGIT_CORPUS")
    if not folder:
        pytest.skip("AMLGIT_CORPUS is not set: no real files to test against")
    return Path(folder)
