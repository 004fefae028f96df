"""Secrets in web service definitions: replaced where they are certain, held back where they are suspected."""

import pytest

from amlgit.form.secrets import Decisions
from amlgit.form.webservices import DEFINITION, join, split_protected
from amlgit.model.jsontext import Json
from tests.support.checking import KEY
from tests.support.definitions import FAMILY, NO_DECISIONS, PLANTED, a_definition, a_value, form_of, nodes_of, round_trips, text_of

HEX = "0123456789abcdef0fedcba987654321"


@pytest.mark.parametrize(
    ("path", "value", "stands_for"),
    [
        ("properties/keys", {"primary": PLANTED}, "keys.primary"),
        ("properties/keys", {"Secondary": PLANTED}, "keys.secondary"),
        ("properties/storageAccount", {"name": "s", "KEY": PLANTED}, "storageAccount.key"),
        ("properties/assets/code/locationInfo/credentials", PLANTED, "locationInfo.credentials"),
        ("properties/payloadsLocation", {"uri": "https://x.y/z", "Credentials": PLANTED}, "payloadsLocation.credentials"),
        ("properties/package/nodes/node2/parameters/Account Key", PLANTED, "Account Key"),
        ("properties/package/nodes/node2/parameters/account key", a_value(PLANTED), "account key"),
        ("properties/package/nodes/node2/parameters/Password", {"Value": PLANTED}, "Password"),
        ("properties/package/nodes/node2/parameters/Password", {"Value": PLANTED, "CertificateThumbprint": None}, "Password"),
        ("properties/package/nodes/node2/parameters/Password", a_value({"inner": PLANTED}), "Password"),
        ("properties/package/nodes/node2/parameters/Password", a_value(PLANTED, " "), "Password"),
        ("properties/package/nodes/node2/parameters/Password", [PLANTED], "Password"),
        ("properties/parameters/server user account password", a_value(PLANTED), "server user account password"),
        ("properties/package/graphParameters/Password", {"defaultValue": PLANTED}, "Password"),
        ("properties/exampleRequest/globalParameters/Server User Account Password", PLANTED, "Server User Account Password"),
        ("properties/assets/code/locationInfo/uri", f"https://s.blob.core.windows.net/m.ilearner?sv=2015&sig={PLANTED * 2}%3D", "signature"),
        ("properties/description", f"AccountName=x;AccountKey={PLANTED};EndpointSuffix=y", "account key"),
        ("properties/package/nodes/node1/parameters/Version", f"Server=s;Database=d;Password={PLANTED};", "password"),
        ("properties/package/nodes/node1/parameters/Version", a_value(f"Server=s;Password={PLANTED};", "AB12"), "password"),
        ("properties/exampleRequest/inputs/people", [[f"https://u:{PLANTED.replace('/', '')}@host/"]], "password"),
        ("tags/conn", f"SharedAccessKey={PLANTED}", "account key"),
        ("name", f"AccountKey={PLANTED}", "account key"),
    ],
)
def test_no_planted_secret_is_written(path: str, value: Json, stands_for: str) -> None:
    document = a_definition()
    *parents, last = path.split("/")
    parent = document
    for name in parents:
        parent = parent[name]
    parent[last] = value
    form = form_of(document)
    assert PLANTED.replace("/", "").encode() not in text_of(form)
    assert PLANTED.encode() not in text_of(form)
    assert f"${{secret:{stands_for}}}".encode() in text_of(form)
    assert split_protected(join(form.content, form.run), FAMILY, NO_DECISIONS) == form


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("nodes/node2/parameters/storage_key", HEX),
        ("nodes/node2/parameters/storage_key", a_value(HEX)),
        ("graphParameters/storage_key", {"type": "String", "value": HEX}),
    ],
)
def test_the_value_of_what_is_named_a_key_holds_the_version_back(path: str, value: Json) -> None:
    document = a_definition()
    *parents, last = path.split("/")
    parent = document["properties"]["package"]
    for name in parents:
        parent = parent[name]
    parent[last] = value
    (suspicion,) = form_of(document).suspicions
    assert suspicion.place.endswith("/storage_key")
    allowed = form_of(document, Decisions(allowed=frozenset({suspicion.hash})))
    assert not allowed.suspicions
    assert HEX.encode() in text_of(allowed)
    replaced = form_of(document, Decisions(replaced=frozenset({suspicion.place})))
    assert not replaced.suspicions
    assert HEX.encode() not in text_of(replaced)


def test_a_service_parameter_linked_to_a_credential_is_a_secret_everywhere() -> None:
    document = a_definition()
    link = {"nodeId": "node2", "parameterKey": "Server User Account Password"}
    document["properties"]["package"]["graphParameters"]["Way in"] = {"type": "String", "links": [link]}
    document["properties"]["parameters"]["way in"] = a_value(PLANTED)
    document["properties"]["exampleRequest"]["globalParameters"]["Way in"] = PLANTED
    written = text_of(form_of(document))
    assert PLANTED.encode() not in written
    assert written.count(b"${secret:") == 2


def test_a_secret_in_a_set_does_not_change_its_order_again() -> None:
    document = a_definition()
    links = document["properties"]["package"]["graphParameters"]["Server name"]["links"]
    links += [{"nodeId": f"AccountKey={'A' * 20}"}, {"nodeId": "AccountKey=$"}]
    form = form_of(document)
    assert split_protected(join(form.content, form.run), FAMILY, NO_DECISIONS) == form


def test_a_ciphertext_with_its_thumbprint_is_kept() -> None:
    document = a_definition()
    nodes_of(document)["node2"]["parameters"] |= {name: a_value("MIIB+c1phertext/w==", "D1E2") for name in ("Account Key", "storage_key")}
    form = form_of(document)
    for name in (b"Account Key", b"storage_key"):
        assert b'"%b": {"value": "MIIB+c1phertext/w==", "certificateThumbprint": "D1E2"}' % name in form.content[DEFINITION]
    assert not form.suspicions
    assert round_trips(document)


def test_a_ciphertext_is_no_script() -> None:
    document = a_definition()
    nodes_of(document)["node1"]["parameters"]["R Script"] = a_value("MIIB+ciphertext/w==", "D1E2")
    assert "node1.py" not in form_of(document).content
    assert round_trips(document)


def test_an_empty_credential_stays_empty() -> None:
    document = a_definition()
    nodes_of(document)["node2"]["parameters"]["Account Key"] = a_value("")
    assert b"${secret:" not in text_of(form_of(document))
    assert round_trips(document)


def test_a_secret_in_a_script_holds_the_version_back_until_decided() -> None:
    document = a_definition()
    script = f'key = 1\nconnect("AccountKey={PLANTED};")\n'
    nodes_of(document)["node1"]["parameters"]["R Script"] = a_value(script)
    form = form_of(document)
    (suspicion,) = form.suspicions
    assert (suspicion.place, suspicion.line) == (f"{FAMILY}/node1/R Script", 2)
    assert form.content["node1.py"].decode() == script
    assert not form_of(document, Decisions(allowed=frozenset({suspicion.hash}))).suspicions
    replaced = form_of(document, Decisions(replaced=frozenset({suspicion.place})))
    assert not replaced.suspicions
    assert PLANTED.encode() not in text_of(replaced)


def test_a_key_of_64_bytes_anywhere_is_suspected() -> None:
    document = a_definition()
    document["properties"]["description"] = KEY
    assert len(form_of(document).suspicions) == 1


def test_what_only_looks_like_a_placeholder_comes_back() -> None:
    document = a_definition()
    document["properties"]["title"] = "${secret:Password} $${secret:x}"
    nodes_of(document)["node1"]["parameters"]["R Script"] = "print('${secret:y}')"
    assert round_trips(document)
