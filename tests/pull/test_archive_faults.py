"""Archives with faults: what is bad is named, the rest is taken."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amlgit.model.jsontext import MAX_BYTES, MAX_DEPTH
from tests.support.commands import OK, PARTLY, REFUSED, USAGE, aml, clone, powerless
from tests.support.differences import read_export
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, Document, experiment, save, trials
from tests.support.repositories import count, dirty, fsck, subjects


def _snapshot(folder: Path) -> list[tuple[str, bytes, int]]:
    return [(str(path), path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()]


def test_a_read_only_archive_is_enough_and_is_left_as_it_is(tmp_path: Path) -> None:
    exports = trials(tmp_path / "exports", 1, 2)
    for path in exports.iterdir():
        path.chmod(0o444)
    exports.chmod(0o555)
    before = _snapshot(exports)
    try:
        repository = clone(exports, tmp_path / "r")
        aml(repository, "pull").expect(OK)
    finally:
        exports.chmod(0o755)
    assert _snapshot(exports) == before


def test_a_link_out_of_the_archive_is_named_and_not_followed(tmp_path: Path) -> None:
    exports = trials(tmp_path / "exports", 1)
    save(tmp_path, "outside.json", experiment("Outside", family=OTHER_FAMILY))
    (exports / "link.json").symlink_to(tmp_path / "outside.json")
    (exports / "folder").symlink_to(tmp_path)
    run = aml(tmp_path, "clone", "--archive", exports, "r").expect(PARTLY)
    assert "not taken in: link.json" in run.err
    assert "not taken in: folder" in run.err
    assert subjects(tmp_path / "r")[1:] == ["Trial: draft 1"]


def _zip(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in entries.items():
            opened.writestr(name, data)
    return path


def test_what_may_not_be_read_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    exports = trials(tmp_path / "exports", 1, 2)
    (exports / "2.json").chmod(0)
    closed = exports / "closed"
    closed.mkdir(mode=0)
    try:
        run = powerless(tmp_path, "clone", "--archive", "exports", "r").expect(PARTLY)
    finally:
        closed.chmod(0o700)
    assert "not taken in: closed: Permission denied" in run.err
    assert "not taken in: 2.json: can't be read: Permission denied" in run.err
    assert count(tmp_path / "r") == 2, "what clone sets up, and the draft that may be read"


def test_a_zip_with_a_path_outside_and_a_bomb_gives_the_rest(tmp_path: Path) -> None:
    good = (trials(tmp_path / "exports", 1) / "1.json").read_bytes()
    bomb = b'{"ExperimentId": "' + b" " * (10 << 20) + b'"}'
    source = _zip(tmp_path / "z.zip", **{"../../escape.json": good, "bomb.json": bomb, "good.json": good})
    run = aml(tmp_path, "clone", "--archive", source, "r").expect(PARTLY)
    assert "leaves the archive" in run.err
    assert "bomb.json" in run.err
    assert count(tmp_path / "r") == 2
    assert not list(tmp_path.parent.glob("escape.json"))


@pytest.mark.parametrize("damage", ["truncated", "directory", "empty", "text", "middle"])
def test_a_damaged_zip_is_a_clear_error(tmp_path: Path, damage: str) -> None:
    data = _zip(tmp_path / "z.zip", **{"a.json": (trials(tmp_path / "exports", 1) / "1.json").read_bytes()}).read_bytes()
    middle = len(data) // 3
    damaged = {
        "truncated": data[: len(data) // 2],
        "directory": data.replace(b"PK\x01\x02", b"PK\x07\x07"),
        "empty": b"",
        "text": b"hello",
        "middle": data[:middle] + bytes(40) + data[middle + 40 :],
    }
    (tmp_path / "z.zip").write_bytes(damaged[damage])
    run = aml(tmp_path, "clone", "--archive", "z.zip", "r")
    assert run.code in (USAGE, REFUSED, PARTLY), run.err
    assert "z.zip" in run.err or "a.json" in run.err


def test_a_huge_file_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    exports = trials(tmp_path / "exports", 1)
    with (exports / "huge.json").open("wb") as opened:
        opened.truncate(MAX_BYTES + 1)
    assert "huge.json: larger than" in aml(tmp_path, "clone", "--archive", exports, "r").expect(PARTLY).err
    assert count(tmp_path / "r") == 2


_DEEP = MAX_DEPTH + 10

_BAD_TEXTS = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "blank": lambda _: " \n\t",
    "deep": lambda text: text[:-1] + ', "Deep": ' + "[" * _DEEP + "]" * _DEEP + "}",
    "very deep": lambda text: text[:-1] + ', "Deep": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "doubled member": lambda text: text[:-1] + ', "Etag": 1}',
    "nan": lambda text: text[:-1] + ', "N": NaN}',
    "infinity": lambda text: text[:-1] + ', "N": -Infinity}',
    "1e400": lambda text: text[:-1] + ', "N": 1e400}',
    "surrogate": lambda text: text[:-1] + ', "N": "\\ud800"}',
    "two documents": lambda text: text + text,
    "xml bomb": lambda text: text.replace("<?xml version='1.0' encoding='utf-16'?>", "<!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]>"),
    "not xml": lambda text: text.replace("<DataV1", "<Data V1<"),
    "no id": lambda text: text.replace(f".f-id.{FAMILY}", ".f-id.xyz"),
    "path in id": lambda text: text.replace(f".f-id.{FAMILY}", ".f-id.../../../x"),
    "no graph": lambda text: text.replace('"Graph": {', '"Graph": [], "Was": {'),
    "doubled node": lambda text: text.replace("0002c0de", "0001c0de").replace("000000000000-2", "000000000000-1"),
    "node without id": lambda text: text.replace('"Id": "0002', '"Idd": "0002'),
    "node id with a path": lambda text: text.replace("0002c0de-0000-4000-8000-000000000000-2", "../../x:y"),
    "nodes are no list": lambda text: text.replace('"ModuleNodes": [', '"ModuleNodes": 5, "Was": ['),
    "status is no object": lambda text: text.replace('"Status": {', '"Status": 7, "Was": {'),
}


@pytest.mark.parametrize("kind", _BAD_TEXTS)
def test_a_bad_file_is_named_with_a_reason_and_the_rest_is_taken(tmp_path: Path, kind: str) -> None:
    exports = trials(tmp_path / "exports", 1)
    change: Callable[[str], str] = _BAD_TEXTS[kind]
    bad = change(json.dumps(experiment(created=T0 + 5 * DAY, fraction="0.5")))
    save(exports, "bad.json", bad)
    run = aml(tmp_path, "clone", "--archive", exports, "r")
    assert run.code in (OK, PARTLY), run.err
    assert "bad.json: " in run.err
    assert count(tmp_path / "r") == 2
    assert dirty(tmp_path / "r") == []
    fsck(tmp_path / "r")


def test_large_integers_and_long_decimals_are_no_fault(tmp_path: Path) -> None:
    text = json.dumps(experiment())[:-1] + f', "N": [{"9" * 5000}, 1.{"0" * 500}1, -0.0, 18446744073709551616]}}'
    save(tmp_path / "exports", "1.json", text)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert read_export(aml(repository, "export", "Trial@1").expect(OK).out.encode())["N"] == read_export(text.encode())["N"]


def _changed(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += _changed(inner, (*path, key))
    return found


def test_the_wrong_type_in_any_member_is_taken_or_named_and_never_a_bug(tmp_path: Path) -> None:
    template = experiment(run=1, Tags=["a"], NodeStatuses=[{"NodeId": "n", "Status": {"StatusCode": "x"}}])
    template["WebService"]["Inputs"] = [{"Id": "i", "PortId": "p:q", "Name": "in"}]
    template["WebService"]["Parameters"] = [{"Name": "p", "Value": "v", "ParameterDefinition": {"Name": "p"}}]
    wrongs: tuple[Any, ...] = (None, 7, [], {}, "", [None], {"x": 1}, True)
    for number, path in enumerate(place for place in _changed(template) for _ in range(2)):
        document: Document = json.loads(json.dumps(template))
        parent: Any = document
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = wrongs[(number + number // len(wrongs)) % len(wrongs)]
        if document.get("ExperimentId") == template["ExperimentId"]:
            document["ExperimentId"] = document["ExperimentId"].replace(FAMILY, f"{number:032x}")
        save(tmp_path / "exports", f"{number}.json", document)
    run = aml(tmp_path, "clone", "--archive", "exports", "r", "--json").expect(PARTLY)
    assert len(run.json["result"]["fetched"]["chains"]) > 100
    repository = tmp_path / "r"
    assert dirty(repository) == []
    fsck(repository)
    aml(repository, "status", "--json").expect(OK)
    aml(repository, "log", "--json").expect(OK)
