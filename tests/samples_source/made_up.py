"""Ids, signatures and keys that look like the service's, made from labels so that they never change."""

import hashlib
import uuid
from base64 import b64encode


def digest(*labels: str) -> bytes:
    """64 bytes that stand for the labels."""
    return hashlib.sha512("\n".join(labels).encode()).digest()


def hex32(*labels: str) -> str:
    """32 hex digits: a workspace, a family or an instance."""
    return digest(*labels)[:16].hex()


def guid(*labels: str) -> str:
    """A random-looking GUID."""
    return str(uuid.UUID(bytes=digest("guid", *labels)[:16], version=4))


def signature(*labels: str) -> str:
    """A signature of 44 base64 characters, as shared access URIs carry it."""
    return b64encode(digest(*labels)[:32]).decode()


def storage_key(*labels: str) -> str:
    """A storage account's key of 88 base64 characters."""
    return b64encode(digest(*labels)).decode()


def size(*labels: str) -> int:
    """A number of bytes between 1 KB and 1 MB."""
    return 1024 + int.from_bytes(digest(*labels)[:4], "big") % 1_047_552
