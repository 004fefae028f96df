"""A machine of a test's own."""

import os
from pathlib import Path

import pytest

_GIT_CONFIG = """\
[user]
\tname = A Tester
\temail = tester@example.org
[init]
\tdefaultBranch = main
[core]
\teditor = false
"""


def isolate(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Make `home` the home, with an identity for git; nothing of the machine's is left."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "AMLGIT_")) and name != "AMLGIT_CORPUS":
            patch.delenv(name)
    git_config = home / "gitconfig"
    git_config.write_text(_GIT_CONFIG, encoding="utf-8")
    patch.setenv("HOME", str(home))
    patch.setenv("USERPROFILE", str(home))
    patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    patch.setenv("GIT_CONFIG_GLOBAL", str(git_config))
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
