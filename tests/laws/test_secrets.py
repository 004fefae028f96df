"""Secrets end to end: none reaches an object, a message or a page; what may be one waits for the user; look-alikes are left alone (law 4)."""

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import OK, PARTLY, USAGE, Run, aml, clone, git
from tests.support.differences import differences, read_export
from tests.support.exports import DAY, EXPORT_DATA, FAMILY, IMPORT_DATA, OTHER_FAMILY, PYTHON, SPLIT, T0, Document, experiment, save
from tests.support.repositories import chains, commit_all, count, dirty, folder, fsck, node_file, objects, subjects

KEY = base64.b64encode(random.Random(1).randbytes(64)).decode()
SIGNATURE = base64.b64encode(random.Random(2).randbytes(32)).decode()
TOKEN = "Zx8Qw3rTy6Ui9OpAs2Df5Gh8Jk1L"
PASSWORD = "Gr33nT0mato-2016"

CERTAIN = {
    "connection string": (f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={KEY};EndpointSuffix=core.windows.net", KEY),
    "service bus": (f"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={SIGNATURE}", SIGNATURE),
    "shared access signature": (f"https://x.blob.core.windows.net/c/b.csv?sv=2015-02-21&sr=b&sig={SIGNATURE}&sp=r", SIGNATURE),
    "quoted signature": ("?uri=https%3A%2F%2Fx%2Fb%3Fsv%3D1%26sig%3D" + SIGNATURE.replace("+", "%2B").replace("/", "%2F"), SIGNATURE[:20]),
    "sql": (f"Server=tcp:x.database.windows.net;Database=d;User ID=u;Password={PASSWORD};Encrypt=True", PASSWORD),
    "bearer": (f"Authorization: Bearer {TOKEN}", TOKEN),
    "url": (f"postgres://user:{PASSWORD}@host/db", PASSWORD),
}
SUSPICIOUS = {
    "a key alone": f"x = '{KEY}'",
    "a password": f"password = '{PASSWORD}'",
    "a connection string": f"conn <- '{CERTAIN['connection string'][0]}'",
    "a bearer": f"headers = {{'Authorization': 'Bearer {TOKEN}'}}",
}


def _absent(secret: str, repository: Path, *runs: Run) -> None:
    """Fail where a secret stands in an object, in a file of the repository, or in what was said."""
    data = objects(repository)
    assert secret.encode() not in data
    assert json.dumps(secret)[1:-1].encode() not in data
    for path in repository.rglob("*"):
        if path.is_file() and path.suffix not in (".pack", ".idx"):
            assert secret.encode() not in path.read_bytes(), path
    for run in runs:
        assert secret not in run.out + run.err


def _held(repository: Path) -> list[Document]:
    held = aml(repository, "secret", "list", "--json").expect(OK).json["result"]["held"]
    assert isinstance(held, list)
    return held


def _scripts(*scripts: str, archive: Path) -> Path:
    for number, script in enumerate(scripts, 1):
        save(archive, f"{number}.json", experiment(created=T0 + number * DAY, script=script, fraction=f"0.{number}"))
    return archive


# --- certain ones


@pytest.mark.parametrize("kind", CERTAIN)
def test_a_certain_secret_anywhere_but_in_a_script_is_replaced_and_listed(tmp_path: Path, kind: str) -> None:
    text, secret = CERTAIN[kind]
    document = experiment(nodes=(PYTHON, SPLIT), fraction=text, summary=text, Other={"deep": [text]})
    path = save(tmp_path / "exports", "1.json", document)
    run = aml(tmp_path, "clone", "--archive", "exports", "r").expect(OK)
    repository = tmp_path / "r"
    assert "secret replaced: experiments/Trial-aaaaaa/nodes/Split Data 2-0002.json" in run.out
    assert "secret replaced: experiments/Trial-aaaaaa/experiment.json" in run.out
    exported = aml(repository, "export", "Trial@1").expect(OK)
    _absent(secret, repository, run, exported, aml(repository, "log", "--json"), aml(repository, "secret", "list"))
    found = differences(read_export(path.read_bytes()), read_export(exported.out.encode()))
    assert {entry[0] for entry in found} == {"/Summary", "/Other/deep/0", "/Graph/ModuleNodes/1/ModuleParameters/1/Value"}
    for _, before, after in found:
        start, placeholder, end = after.partition("${secret:")
        assert placeholder
        assert before.startswith(start)
        assert before.endswith(end.partition("}")[2])
    fsck(repository)


def test_a_credential_parameter_is_replaced_by_a_placeholder_that_names_it(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment(nodes=(PYTHON, EXPORT_DATA), password=PASSWORD))
    run = aml(tmp_path, "clone", "--archive", "exports", "r").expect(OK)
    repository = tmp_path / "r"
    page = node_file(folder(repository, "Trial"), "Export").read_text()
    assert '"${secret:Server User Account Password}"' in page
    line = next(number for number, text in enumerate(page.splitlines(), 1) if "${secret:" in text)
    assert f"Export Data 2-0002.json line {line}: Server User Account Password" in run.out
    listed = aml(repository, "secret", "list").expect(OK)
    assert f"Export Data 2-0002.json:{line}: Server User Account Password" in listed.out
    _absent(PASSWORD, repository, run, listed)


def test_access_credentials_of_outputs_are_replaced(tmp_path: Path) -> None:
    endpoint = {"BaseUri": "https://x/", "AccessCredential": f"?signature={SIGNATURE}", "Location": "api"}
    statuses = [{"NodeId": "n", "Status": {"StatusCode": "Finished"}, "OutputEndpoints": [endpoint], "StandardOutEndpoint": endpoint}]
    save(tmp_path / "exports", "1.json", experiment(run=1, NodeStatuses=statuses))
    _absent(SIGNATURE, clone(tmp_path / "exports", tmp_path / "r"))


def test_the_corpus_keeps_none_of_its_access_credentials(corpus: Path, tmp_path: Path) -> None:
    data = objects(clone(corpus, tmp_path / "r", code=PARTLY))
    for credential in (b"signature=REDACTED", b"sharedAccessUri=", b"databasepasswordtoreplace"):
        assert credential not in data


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every string of an export."""
    if isinstance(value, str):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(inner, (*path, key))


def _plant(document: Document, path: tuple[str | int, ...], text: str) -> None:
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = text


def _leaks(secret: str, repository: Path, chain: str) -> bool:
    tip = chains(repository).get(chain)
    return tip is not None and secret in git(repository, "log", "-1", "-p", "--format=raw", tip)


def test_a_secret_in_any_string_of_an_export_reaches_no_object_and_no_message(tmp_path: Path) -> None:
    """One string at a time: every member of an export that holds one, those of the service and of the layout included."""
    status = {"NodeId": "n", "Status": {"StatusCode": "Finished", "Metadata": {"a": [{"Name": "b", "Value": "c"}]}}, "OutputEndpoints": []}
    text, secret = CERTAIN["connection string"]
    template = experiment(run=1, nodes=(PYTHON, SPLIT, EXPORT_DATA), password="x", Tags=["tag"], NodeStatuses=[status])
    template["WebService"]["Inputs"] = [{"Id": "i", "PortId": "p:q", "Name": "in"}]
    template["WebService"]["Parameters"] = [
        {"Name": "p", "Value": "v", "ParameterDefinition": {"Name": "p", "ParameterType": "String", "DefaultValue": "d"}}
    ]
    places = list(_places(template))
    for index, place in enumerate(places):
        document: Document = json.loads(json.dumps(template))
        document["ExperimentId"] = document["ExperimentId"].replace(FAMILY, f"{index:032x}")
        if place == ("Graph", "SerializedClientData"):
            planted = document["Graph"]["SerializedClientData"].replace("<Meta />", f"<Meta>{text}</Meta>")
        elif place == ("WebService", "SerializedClientData"):
            planted = f"<?xml version='1.0'?><DataV1><Meta>{text}</Meta></DataV1>"
        else:
            planted = text
        _plant(document, place, planted)
        save(tmp_path / "exports", f"{index}.json", document)
    run = aml(tmp_path, "clone", "--archive", "exports", "r").expect(PARTLY)
    repository = tmp_path / "r"
    leaks = [place for index, place in enumerate(places) if _leaks(secret, repository, f"archive/{index:032x}")]
    assert leaks == []
    _absent(secret, repository, run, aml(repository, "log", "--json"), aml(repository, "status", "--json"), aml(repository, "secret", "list"))


def test_a_secret_in_any_string_of_a_definition_reaches_no_object_and_no_message(tmp_path: Path) -> None:
    text, secret = CERTAIN["connection string"]
    template: Document = {
        "id": "/subscriptions/1/x",
        "name": "service",
        "type": "Microsoft.MachineLearning/webServices",
        "location": "West Europe",
        "tags": {"a": "b"},
        "properties": {
            "packageType": "Graph",
            "title": "title",
            "description": "words",
            "createdOn": "2017-01-01",
            "machineLearningWorkspace": {"id": "/x"},
            "diagnostics": {"level": "Error"},
            "input": {"title": "", "type": "object", "properties": {"in": {"type": "object", "properties": {"a": {"type": "Integer"}}}}},
            "output": {"title": "", "type": "object", "properties": {"out": {"type": "object", "properties": {"a": {"type": "Integer"}}}}},
            "exampleRequest": {"inputs": {"in": [["a"]]}, "globalParameters": {"p": "q"}},
            "assets": {"asset1": {"name": "m", "type": "Module", "locationInfo": {"uri": f"aml://module/{PYTHON}", "credentials": ""}}},
            "package": {
                "nodes": {"node1": {"assetId": "asset1", "parameters": {"Python Version": {"value": "3"}}}, "node2": {"inputId": "in"}},
                "edges": [{"sourceNodeId": "node2", "targetNodeId": "node1", "targetPortId": "Dataset1"}],
                "graphParameters": {"p": {"description": "d", "type": "String", "links": [{"nodeId": "node1", "parameterKey": "Python Version"}]}},
            },
        },
    }
    places = list(_places(template))
    for index, place in enumerate(places):
        document: Document = json.loads(json.dumps(template))
        if place != ("name",):
            document["name"] = f"service{index}"
        _plant(document, place, text)
        save(tmp_path / "exports", f"file{index}.json", document)
    run = aml(tmp_path, "clone", "--archive", "exports", "r")
    assert run.code in (OK, PARTLY), run.err
    repository = tmp_path / "r"
    titles = {git(repository, "log", "-1", "--format=%s", tip).partition(":")[0]: name for name, tip in chains(repository).items()}
    leaks = [place for index, place in enumerate(places) if _leaks(secret, repository, titles.get(f"service{index}", ""))]
    assert leaks == []
    _absent(secret, repository, run, aml(repository, "log", "--json"), aml(repository, "status", "--json"))


def test_no_file_of_the_work_tree_is_named_after_a_secret(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment(f"AccountKey={KEY}"))
    save(tmp_path / "exports", "2.json", experiment("x", family=OTHER_FAMILY, creator=f"pwd AccountKey={KEY}"))
    clone(tmp_path / "exports", tmp_path / "r", code=OK)
    names = [path.name for path in (tmp_path / "r").rglob("*")]
    assert not [name for name in names if KEY[:12] in name]
    assert KEY not in git(tmp_path / "r", "log", "--all", "--format=%an %ae %cn %ce %B")


# --- held back


@pytest.mark.parametrize("kind", SUSPICIOUS)
def test_what_may_be_a_secret_in_a_script_holds_that_version_and_the_later_ones_back(tmp_path: Path, kind: str) -> None:
    exports = _scripts("# one\n", f"# two\n{SUSPICIOUS[kind]}\n", "# three\n", "# four\n", archive=tmp_path / "exports")
    run = aml(tmp_path, "clone", "--archive", exports, "r").expect(PARTLY)
    repository = tmp_path / "r"
    assert subjects(repository)[1:] == ["Trial: draft 1"]
    assert "held back: 2.json (Trial)" in run.err
    assert ", line 2: " in run.err
    assert "2 later versions of it wait with it" in run.err
    assert dirty(repository) == []
    assert "held back: 2.json" in aml(repository, "status").expect(OK).out
    for secret in (KEY, PASSWORD, TOKEN):
        _absent(secret, repository, run, aml(repository, "secret", "list", "--json"), aml(repository, "status", "--json"))
    aml(repository, "pull").expect(PARTLY)
    assert count(repository) == 2


def test_other_experiments_do_not_wait(tmp_path: Path) -> None:
    exports = _scripts(SUSPICIOUS["a password"], archive=tmp_path / "exports")
    save(exports, "other.json", experiment("Other", family=OTHER_FAMILY, created=T0 + 9 * DAY))
    assert subjects(clone(exports, tmp_path / "r", code=PARTLY))[1:] == ["Other: draft 1"]


def test_allow_takes_it_in_as_it_is_and_amlgit_keeps_the_decision(tmp_path: Path) -> None:
    script = f"# two\r\n{SUSPICIOUS['a password']}\r\n"
    exports = _scripts("# one\n", script, "# three\n", script, archive=tmp_path / "exports")
    repository = clone(exports, tmp_path / "r", code=PARTLY)
    (pending,) = _held(repository)
    assert (pending["document"], pending["line"], pending["remote"]) == ("2.json", 2, "archive")
    run = aml(repository, "secret", "allow", pending["id"]).expect(OK)
    assert "allow: " in run.out
    assert pending["hash"] in (repository / ".amlgit").read_text(encoding="utf-8")
    assert PASSWORD not in (repository / ".amlgit").read_text(encoding="utf-8")
    commit_all(repository, "decide")
    aml(repository, "pull").expect(OK)
    assert subjects(repository)[-3:] == ["Trial: draft 2", "Trial: draft 3", "Trial: draft 4"]
    assert PASSWORD in node_file(folder(repository, "Trial"), "Execute", "py").read_text()
    assert _held(repository) == []
    assert aml(repository, "secret", "list").expect(OK).out == "None.\n"
    for number in (2, 4):
        exported = read_export(aml(repository, "export", f"Trial@{number}").expect(OK).out.encode())
        assert differences(read_export((exports / f"{number}.json").read_bytes()), exported) == []


def test_replace_puts_a_placeholder_there_now_and_in_later_versions(tmp_path: Path) -> None:
    later = SUSPICIOUS["a password"].replace(PASSWORD, "An0ther-One-2017")
    exports = _scripts("# one\n", f"a = 1\n{SUSPICIOUS['a password']}\nb = 2\n", "# three\n", f"{later}\n", archive=tmp_path / "exports")
    repository = clone(exports, tmp_path / "r", code=PARTLY)
    (pending,) = _held(repository)
    aml(repository, "secret", "replace", pending["id"]).expect(OK)
    commit_all(repository, "decide")
    run = aml(repository, "pull").expect(OK)
    assert count(repository, "HEAD") == 6
    script = git(repository, "show", f"{chains(repository)[f'archive/{FAMILY}']}~2:experiment/nodes/Execute Python Script 1-0001.py")
    assert script.splitlines()[0] == "a = 1"
    assert script.splitlines()[1].startswith("password = '${secret:")
    assert "secret replaced: experiments/Trial-aaaaaa/nodes/Execute Python Script 1-0001.py line 1" in run.out
    for secret in (PASSWORD, "An0ther-One-2017"):
        _absent(secret, repository, run, aml(repository, "export", "Trial@2"), aml(repository, "secret", "list"))
    fsck(repository)


def test_chains_are_the_same_whether_decided_before_or_after(tmp_path: Path) -> None:
    exports = _scripts("# one\n", SUSPICIOUS["a key alone"], "# three\n", archive=tmp_path / "exports")
    repository = clone(exports, tmp_path / "r", code=PARTLY)
    (pending,) = _held(repository)
    aml(repository, "secret", "allow", pending["id"]).expect(OK)
    aml(repository, "fetch").expect(OK)
    aml(tmp_path, "init", "fresh").expect(OK)
    decisions = (repository / ".amlgit").read_text(encoding="utf-8")
    (tmp_path / "fresh" / ".amlgit").write_text(decisions, encoding="utf-8")
    aml(tmp_path / "fresh", "fetch").expect(OK)
    assert chains(tmp_path / "fresh") == chains(repository)


def test_a_decision_needs_an_id_that_is_held_back(tmp_path: Path) -> None:
    repository = clone(_scripts(SUSPICIOUS["a password"], archive=tmp_path / "exports"), tmp_path / "r", code=PARTLY)
    (pending,) = _held(repository)
    for verb in ("allow", "replace"):
        said = aml(repository, "secret", verb, "00000000").expect(USAGE).err
        assert pending["id"] in said
    assert "secrets" not in (repository / ".amlgit").read_text(encoding="utf-8")


def test_an_import_is_held_back_too(tmp_path: Path) -> None:
    repository = clone(_scripts("# one\n", archive=tmp_path / "exports"), tmp_path / "r")
    path = save(tmp_path, "new.json", experiment(created=T0 + 5 * DAY, script=SUSPICIOUS["a password"]))
    assert "held back" in aml(repository, "import", path).expect(PARTLY).err
    assert count(repository) == 2
    (pending,) = _held(repository)
    aml(repository, "secret", "allow", pending["id"]).expect(OK)
    commit_all(repository)
    aml(repository, "import", path).expect(OK)
    assert subjects(repository)[-1] == "Trial: draft 2"
    assert _held(repository) == []


def test_a_hint_of_what_to_do_next_stands_beside_what_is_held_back(tmp_path: Path) -> None:
    run = aml(tmp_path, "clone", "--archive", _scripts(SUSPICIOUS["a password"], archive=tmp_path / "exports"), "r").expect(PARTLY)
    assert "amlgit secret allow" in run.err
    assert "amlgit secret replace" in run.err
    (pending,) = _held(tmp_path / "r")
    listed = aml(tmp_path / "r", "secret", "list").expect(OK)
    assert f"held back  {pending['id']}  1.json" in listed.out


# --- look-alikes

LOOKALIKES = (
    "0123456789abcdef" * 4,
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "f460728df7c84d209ec5e717aa181404.f-id.1b48ea2ac95e4da2bcd7308ac67e2caa",
    base64.b64encode(random.Random(3).randbytes(300)).decode(),
    base64.b64encode(random.Random(4).randbytes(30)).decode(),
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "c1ef3e66-1ae7-48b3-a79b-2828539fbfad-1258",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "password = input()",
    "token = tokens[0]",
    "The key is under the mat; the signature is missing.",
    "https://example.org/a?b=c&d=e#f",
    "AccountKey=$(key)",
    "Password=${PASSWORD}",
)


@pytest.mark.parametrize("text", LOOKALIKES)
def test_what_only_looks_like_a_secret_comes_back_unchanged(tmp_path: Path, text: str) -> None:
    document = experiment(script=f"# {text}\nx = '{text}'\n", fraction=text, summary=text, Tags=[text], nodes=(PYTHON, SPLIT))
    path = save(tmp_path / "exports", "1.json", document)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert differences(read_export(path.read_bytes()), read_export(aml(repository, "export", "Trial@1").out.encode())) == []


def test_an_empty_credential_is_no_secret(tmp_path: Path) -> None:
    path = save(tmp_path / "exports", "1.json", experiment(nodes=(IMPORT_DATA,), password=""))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert differences(read_export(path.read_bytes()), read_export(aml(repository, "export", "Trial@1").out.encode())) == []


def test_the_help_of_the_list_says_which_versions_it_is_about(tmp_path: Path) -> None:
    said = " ".join(aml(tmp_path, "secret", "list", "--help").expect(OK).out.split())
    assert "as HEAD has them" in said
    assert "older versions may have others" in said
