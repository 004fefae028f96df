"""A certificate of the emulator's own: its authority is kept beside the state, so that clients go on trusting it."""

import os
from pathlib import Path

import trustme

_NAMES = (
    *("localhost", "127.0.0.1", "::1"),
    *("studio.azureml.net", "studioapi.azureml.net", "*.studioapi.azureml.net", "management.azureml.net", "*.management.azureml.net"),
    *("*.services.azureml.net", "studioapi.azureml.de", "*.studioapi.azureml.de", "*.studioapi.azureml.cn", "management.azure.com"),
)
"""Loopback, and the service's names for clients that are pointed here by a hosts file (protocol, section 14)."""


def authority(folder: Path) -> tuple[trustme.CA, Path]:
    """The authority and the file of its certificate."""
    certificate, key = folder / "ca.pem", folder / "ca.key"
    if certificate.exists() and key.exists():
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes()), certificate
    made = trustme.CA(organization_name="amlgit emulator")
    _write(key, made.private_key_pem.bytes())
    _write(certificate, made.cert_pem.bytes())
    return made, certificate


def server_files(folder: Path, host: str) -> tuple[Path, Path, Path]:
    """The files of the authority's certificate, of the server's chain and of its key; the last two are new at each start."""
    made, certificate = authority(folder)
    names = (*_NAMES, host) if host not in {*_NAMES, "0.0.0.0", "::"} else _NAMES  # noqa: S104 # names to leave out, nothing is bound
    leaf = made.issue_cert(*names)
    chain, key = folder / "server.pem", folder / "server.key"
    _write(key, leaf.private_key_pem.bytes())
    _write(chain, b"".join(each.bytes() for each in leaf.cert_chain_pems))
    return certificate, chain, key


def _write(file: Path, text: bytes) -> None:
    aside = file.with_name(file.name + ".new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(text)
    aside.replace(file)
