"""What the end-to-end tests share: runs of the command line, git itself, made-up exports, and when two exports are equal."""

import io
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlgit import samples
from amlgit.cli.main import run

Document = dict[str, Any]  # Any: tests reach into exports as they came

OK, FINDINGS, USAGE, REFUSED, UNREACHABLE, PARTLY, BUG = 0, 1, 2, 3, 4, 5, 70

GLOBAL_WORKSPACE = "506153734175476c4f62416c57734963"
WORKSPACE = "0123456789abcdef0123456789abcdef"
FAMILY = "aaaaaabbbbbbccccccddddddeeeeee00"
OTHER_FAMILY = "ffffffbbbbbbccccccddddddeeeeee11"
PYTHON, SPLIT, EXPORT_DATA, IMPORT_DATA = (
    f"{GLOBAL_WORKSPACE}.{family}.v1-default-1735"
    for family in (
        "cdb56f957f4c404dbde75bb972e6f232",
        "70530644c97a4ab685f788bf30a8be5f",
        "7a391181b6a74ad4b82de419c0d6522c",
        "4e1b0fe6aded4b3fa36f39b8862b9004",
    )
)
NEVER = -62135596800000
"""Year 1 in milliseconds since 1970: what the service writes for a time that is not set."""
T0, DAY = 1_450_000_000, 86_400
"""The time from which made-up exports count, and what they count in: seconds since 1970."""

LAYOUT_HEAD = (
    "<?xml version='1.0' encoding='utf-16'?><DataV1 xmlns:xsd='http://www.w3.org/2001/XMLSchema' "
    "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><Meta /><NodePositions>"
)
LAYOUT_TAIL = "</NodePositions><NodeGroups /></DataV1>"


# --- running things


@dataclass(frozen=True, slots=True)
class Run:
    """What a command line said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Document:
        """Standard output as the one JSON document it must be."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    def expect(self, code: int) -> "Run":
        """The same, when it ended with that code and without a word of Python's."""
        assert self.code == code, f"exit code {self.code}, not {code}\n{self.out}\n{self.err}"
        assert "Traceback" not in self.err
        return self


def aml(folder: Path, *arguments: str | Path) -> Run:
    """One command line, in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        code = run(["-C", str(folder), *map(str, arguments)])
    finally:
        sys.stdout, sys.stderr = before
    return Run(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def process(folder: Path, *arguments: str | Path, **variables: str) -> Run:
    """One command line in a process of its own, with environment variables of its own."""
    completed = subprocess.run(
        [sys.executable, "-m", "amlgit", *map(str, arguments)],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Run(completed.returncode, completed.stdout.decode(errors="replace"), completed.stderr.decode(errors="replace"))


def environment(**variables: str) -> dict[str, str]:
    """The environment for a process of its own, which finds amlgit wherever it starts."""
    root = str(Path(__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH")))), **variables}


def clone(archive: Path, folder: Path, *options: str, code: int = OK) -> Path:
    """`amlgit clone` of an archive, which must end with `code`; gives the new repository."""
    aml(folder.parent, "clone", *options, "--archive", archive, folder).expect(code)
    return folder


def clone_samples(folder: Path) -> Path:
    """`amlgit clone` of the samples; some of them may be held back."""
    run = aml(folder.parent, "clone", "--archive", samples.archive(), folder)
    assert run.code in (OK, PARTLY), run.err
    return folder


def git(folder: Path, *arguments: str | Path, stdin: bytes = b"") -> str:
    """What git prints, without the last line end; git must succeed."""
    return git_bytes(folder, *arguments, stdin=stdin).decode(errors="surrogateescape").removesuffix("\n")


def git_bytes(folder: Path, *arguments: str | Path, stdin: bytes = b"") -> bytes:
    """What git prints; git must succeed."""
    completed = subprocess.run(["git", *map(str, arguments)], cwd=folder, input=stdin, capture_output=True, check=False)
    assert completed.returncode == 0, f"git {arguments}: {completed.stderr.decode(errors='replace')}"
    return completed.stdout


def on_path(folder: Path) -> str:
    """A PATH on which `amlgit` is this one: for what git itself starts. Every other tool is where it was."""
    folder.mkdir(parents=True, exist_ok=True)
    launcher = folder / "amlgit"
    root = Path(__file__).resolve().parents[1]
    launcher.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(root))}:"$PYTHONPATH" exec {shlex.quote(sys.executable)} -m amlgit "$@"\n')
    launcher.chmod(0o755)
    return f"{folder}{os.pathsep}{without_amlgit()}"


def without_amlgit() -> str:
    """The PATH without any folder that has an `amlgit`."""
    return os.pathsep.join(place for place in os.environ["PATH"].split(os.pathsep) if not os.path.exists(os.path.join(place, "amlgit")))


def script(path: Path, text: str) -> Path:
    """A program of the user's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def git_run(folder: Path, *arguments: str | Path, **variables: str) -> Run:
    """What git says and how it ends, with environment variables of its own."""
    environ = {**os.environ, **variables}
    done = subprocess.run(["git", *map(str, arguments)], cwd=folder, env=environ, capture_output=True, check=False, timeout=120)
    return Run(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


# --- looking at repositories


def count(repository: Path, rev: str = "HEAD") -> int:
    """How many commits a rev has behind it, itself included."""
    return int(git(repository, "rev-list", "--count", rev))


def chains(repository: Path, prefix: str = "refs/amlgit/") -> dict[str, str]:
    """Chain, without the prefix → the id of its newest commit."""
    lines = git(repository, "for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
    return {name.removeprefix(prefix): tip for name, _, tip in (line.partition(" ") for line in lines)}


def subjects(repository: Path, rev: str = "HEAD") -> list[str]:
    """The subjects of the commits behind a rev, oldest first."""
    return git(repository, "log", "--reverse", "--format=%s", rev).splitlines()


def dirty(repository: Path) -> list[str]:
    """What `git status` lists."""
    return git(repository, "status", "--porcelain", "--untracked-files=all").splitlines()


def fsck(repository: Path) -> None:
    """Fail where git finds fault with an object, and where something of ours lies about."""
    completed = subprocess.run(["git", "fsck", "--strict", "--full"], cwd=repository, capture_output=True, check=False)
    said = (completed.stdout + completed.stderr).decode(errors="replace")
    faults = [line for line in said.splitlines() if not line.startswith(("dangling", "notice:", "Checking"))]
    assert completed.returncode == 0, said
    assert not faults, said


def leftovers(repository: Path) -> list[str]:
    """Files that only a command under way may have: packs that are kept, a throw-away repository, half a file."""
    common = Path(git(repository, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    return [
        str(path)
        for path in (
            *common.rglob("*.keep"),
            *common.rglob("*.lock"),
            *common.glob("amlgit/incoming*"),
            *common.glob("amlgit/file"),
            *repository.rglob("*.amlgit-new"),
        )
        if path != common / "amlgit" / "lock"
    ]


def objects(repository: Path) -> bytes:
    """Every object of a repository, reachable or not, one after the other."""
    listed = git_bytes(repository, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
    return git_bytes(repository, "cat-file", "--batch", stdin=listed)


def folder(repository: Path, title: str, family: str = FAMILY) -> Path:
    """The folder an experiment of that title is given."""
    return repository / "experiments" / f"{title}-{family[:6]}"


def node_file(experiment_folder: Path, start: str, extension: str = "json") -> Path:
    """The one node file whose name starts so."""
    (found,) = experiment_folder.glob(f"nodes/{start}*.{extension}")
    return found


def commit_all(repository: Path, message: str = "edit") -> str:
    """Commit everything in the work tree; gives the commit."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", message)
    return git(repository, "rev-parse", "HEAD")


def replace_in(path: Path, old: str, new: str) -> None:
    """Edit a file as a person would; what is replaced must be there."""
    text = path.read_bytes().decode()
    assert old in text, f"{old!r} is not in {path}"
    path.write_bytes(text.replace(old, new).encode())


# --- made-up exports


def experiment(
    title: str = "Trial",
    *,
    family: str = FAMILY,
    created: int = T0,
    fraction: str = "0.5",
    script: str = "def azureml_main(frame):\r\n    return frame,\r\n",
    run: int | None = None,
    nodes: Sequence[str] = (PYTHON, SPLIT),
    workspace: str = WORKSPACE,
    creator: str | None = "jane.doe",
    summary: str = "A trial.",
    password: str | None = None,
    **members: Any,  # whatever a test wants at the top
) -> Document:
    """An export in the service's form: a draft created at `created`, or the run that ended then with `run` as its number."""
    placed = [_node(number, module, fraction, script, password) for number, module in enumerate(nodes, 1)]
    edges = [
        {
            "SourceOutputPortId": f"{source['Id']}:Result Dataset",
            "DestinationInputPortId": f"{target['Id']}:Dataset1",
            "DestinationInputPortIndex": None,
        }
        for source, target in itertools.pairwise(placed)
    ]
    boxes = "".join(f"<NodePosition Node='{node['Id']}' Position='{100 * number},{200 * number},200,60'/>" for number, node in enumerate(placed, 1))
    is_run = run is not None
    document: Document = {
        "ExperimentId": f"{workspace}.f-id.{family}",
        "RunId": snapshot_id(run, workspace, family) if run is not None else None,
        "ParentExperimentId": snapshot_id(run - 1, workspace, family) if run else None,
        "OriginalExperimentDocumentationLink": None,
        "Summary": summary,
        "Description": title,
        "Graph": {
            "ModuleNodes": placed,
            "SerializedClientData": f"{LAYOUT_HEAD}{boxes}{LAYOUT_TAIL}",
            "PublishInfo": None,
            "Parameters": None,
            "EdgesInternal": edges,
        },
        "Status": {
            "StatusCode": "Finished" if is_run else "InDraft",
            "StatusDetail": "None",
            "CreationTime": f"/Date({(created - (60 if is_run else 0)) * 1000})/",
            "StartTime": f"/Date({(created - 50) * 1000 if is_run else NEVER})/",
            "EndTime": f"/Date({created * 1000 if is_run else NEVER})/",
            "Metadata": None,
        },
        "Etag": f"W/\"datetime'{created}'\"",
        "NodeStatuses": [],
        "Creator": creator,
        "IsLeaf": True,
        "DisableNodesUpdate": None,
        "WebService": {
            "IsWebServiceExperiment": False,
            "Inputs": [],
            "Outputs": [],
            "Parameters": [],
            "WebServiceGroupId": None,
            "ModelPackageId": None,
            "RunId": None,
            "SerializedClientData": LAYOUT_HEAD + LAYOUT_TAIL,
            "ArmWebServiceId": None,
        },
        "Category": "user",
        "Tags": [],
        "IsPartialRun": False,
    }
    return {**document, **members}


def snapshot_id(number: int, workspace: str = WORKSPACE, family: str = FAMILY) -> str:
    """The id of the snapshot of a run; later ones sort first, as the service's do."""
    return f"{workspace}.s-id.{family}.9953-08-{28 - number:02}t05.48.40"


def _node(number: int, module: str, fraction: str, script: str, password: str | None) -> Document:
    node_id = f"{number:04x}c0de-0000-4000-8000-000000000000-{number}"
    by_module: dict[str, dict[str, str | None]] = {
        PYTHON: {"R Script": script, "Python Version": "Anaconda 4.0/Python 3.5"},
        SPLIT: {"Splitting mode": "Split Rows", "Fraction of rows in the first output dataset": fraction},
        EXPORT_DATA: {"Please specify data destination": "SqlAzure", "Server User Account Password": password},
        IMPORT_DATA: {"Database Query": script, "Server User Account Password": password},
    }
    port = {"DataSourceId": None, "TrainedModelId": None, "TransformModuleId": None, "Language": "DotNet", "Version": "4.5.0", "PortIndex": None}
    return {
        "Id": node_id,
        "ModuleId": module,
        "Comment": "",
        "CommentCollapsed": True,
        "Language": "DotNet",
        "Version": "4.5.0",
        "UsePreviousResults": True,
        "ModuleParameters": [
            {"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": name, "Value": value} for name, value in by_module[module].items()
        ],
        "IsPartOfPartialRun": False,
        "InputPortsInternal": [{"Name": "Dataset1", **port, "NodeId": node_id}],
        "OutputPortsInternal": [{"Name": "Result Dataset", "NodeId": node_id, "OutputType": None}],
    }


def wire(document: Document) -> bytes:
    """The service's own spelling: one line, dates with escaped slashes."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r'"/Date\((-?\d+)\)/"', r'"\\/Date(\1)\\/"', text).encode()


def save(archive: Path, name: str, document: Document | bytes | str) -> Path:
    """Put a file into an archive's folder."""
    path = archive / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = wire(document) if isinstance(document, dict) else document.encode() if isinstance(document, str) else document
    path.write_bytes(data)
    return path


def trials(archive: Path, *numbers: int) -> Path:
    """Drafts of one experiment in an archive, one a day, each with another fraction; gives the archive."""
    for number in numbers:
        save(archive, f"{number}.json", experiment(created=T0 + number * DAY, fraction=f"0.{number}"))
    return archive


def parameter(document: Document, name: str) -> Document:
    """The one parameter of that name in an export's graph."""
    (found,) = (entry for node in document["Graph"]["ModuleNodes"] for entry in node["ModuleParameters"] if entry["Name"] == name)
    assert isinstance(found, dict)
    return found


# --- when two exports are equal


@dataclass(frozen=True, slots=True)
class Number:
    """A number by its text, so that `1`, `1.0` and `1E0` differ."""

    text: str


def read_export(data: bytes) -> Document:
    """An export with its numbers as they are spelled."""
    document = json.loads(data.decode("utf-8-sig"), parse_int=Number, parse_float=Number)
    assert isinstance(document, dict)
    return document


def differences(one: Document, other: Document) -> list[tuple[str, Any, Any]]:
    """Where two exports differ, as (path, in the first, in the other); what Studio keeps no order of is compared as a set."""
    return list(_differences(_ordered(one), _ordered(other), ""))


def secrets_apart(found: Sequence[tuple[str, Any, Any]]) -> list[tuple[str, Any, Any]]:
    """The differences that are no placeholder of ours in place of a secret that was there."""
    return [entry for entry in found if not (isinstance(entry[1], str) and entry[1] and isinstance(entry[2], str) and "${secret:" in entry[2])]


_MISSING = "(missing)"


def _differences(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            yield from _differences(one.get(name, _MISSING), other.get(name, _MISSING), f"{path}/{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{path}/{index}")
    elif type(one) is not type(other) or one != other:
        yield path, one, other


def _ordered(document: Document) -> Document:
    document = deepcopy(document)
    graph, service = document.get("Graph"), document.get("WebService")
    if isinstance(graph, dict):
        _sort(graph, "ModuleNodes", "Id")
        _sort(graph, "EdgesInternal", "DestinationInputPortId", "SourceOutputPortId")
        _split_layout(graph)
    if isinstance(service, dict):
        for name in ("Inputs", "Outputs", "Parameters"):
            _sort(service, name, "Name", "Id")
        _split_layout(service)
    _sort_definition(document)
    _sort(document, "NodeStatuses", "NodeId")
    _sort(document, "Tags")
    return document


def _sort_definition(document: Document) -> None:
    """The edges and links of a web service definition, however its members are spelled."""
    folded = {name.lower(): value for name, value in document.items()}
    for step in ("properties", "package"):
        found = folded.get(step)
        folded = {name.lower(): value for name, value in found.items()} if isinstance(found, dict) else {}
    if isinstance(folded.get("edges"), list):
        folded["edges"].sort(key=repr)
    parameters = folded.get("graphparameters")
    for parameter in parameters.values() if isinstance(parameters, dict) else ():
        for links in parameter.values():
            if isinstance(links, list):
                links.sort(key=repr)


def _sort(parent: Document, name: str, *keys: str) -> None:
    entries = parent.get(name)
    if isinstance(entries, list):
        entries.sort(key=lambda entry: (*(str(entry.get(key)) for key in keys if isinstance(entry, dict)), repr(entry)))


def _split_layout(canvas: Document) -> None:
    data = canvas.get("SerializedClientData")
    if isinstance(data, str):
        boxes = re.findall(r"<NodePosition [^<>]*/>", data)
        canvas["SerializedClientData"] = {"boxes": sorted(boxes), "rest": re.sub(r"<NodePosition [^<>]*/>", "", data)}
