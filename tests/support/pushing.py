"""What the tests of push share: a workspace with an experiment, a clone of it, and what the emulator was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.commands import OK, Run, aml
from tests.support.emulated import Client, Json, Server, chain
from tests.support.repositories import commit_all, node_file, replace_in

TITLE = "Shapes"


def clone_of(client: Client, target: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> Path:
    """A clone of a workspace, whose token the environment has."""
    if monkeypatch is not None:
        monkeypatch.setenv("AMLGIT_TOKEN", client.token)
    aml(target.parent, "clone", "--workspace", client.id, "--url", client.url, target).expect(OK)
    return target


def start(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, title: str = TITLE, graph: Json = None) -> tuple[Path, str]:
    """A workspace with one experiment that ran once, cloned; the repository and the experiment's id."""
    identity = client.save_as(title, graph or chain())["ExperimentId"]
    client.run(identity)
    return clone_of(client, tmp_path / "repository", monkeypatch), identity


def folder(repository: Path, title: str = TITLE) -> Path:
    """The folder of the one experiment of that title."""
    (found,) = (repository / "experiments").glob(f"{title}-??????")
    return found


def edit(repository: Path, old: str = '"Value": "x"', new: str = '"Value": "y"', *, title: str = TITLE, node: str = "11-") -> None:
    """Edit a parameter of a node in the work tree, and commit it."""
    replace_in(node_file(folder(repository, title), f"*{node}"), old, new)
    commit_all(repository, f"{old} becomes {new}")


def value(client: Client, identity: str, place: int = 0) -> str:
    """The parameter of a node as the workspace has it."""
    found = client.experiment(identity)["Graph"]["ModuleNodes"][place]["ModuleParameters"][0]["Value"]
    assert isinstance(found, str)
    return found


def edit_there(client: Client, identity: str, text: str = "theirs", place: int = 2) -> None:
    """Somebody edits a parameter in the browser."""
    document = client.experiment(identity)
    document["Graph"]["ModuleNodes"][place]["ModuleParameters"][0]["Value"] = text
    client.save(document)


def writes(server: Server) -> list[str]:
    """The requests so far that are no questions, as the emulator counts them."""
    return [each["Path"] for each in server.admin("GET", "requests").json()["Latest"] if each["Method"] != "GET"]


@contextmanager
def nothing_written(server: Server) -> Iterator[None]:
    """No request that changes anything is sent in this block."""
    before = writes(server)
    yield
    assert writes(server) == before


def push(repository: Path, *arguments: str, code: int = OK) -> Run:
    """`amlgit push`, which must end with `code`."""
    return aml(repository, "push", *arguments).expect(code)
