"""Values on their way between two processes of ours."""

from typing import TypeVar

import msgspec

Value = TypeVar("Value")


def pack(value: object) -> bytes:
    """A record, with what it is made of, as bytes; raises ValueError for text that is no Unicode."""
    return msgspec.msgpack.encode(value)


def unpack(data: bytes, kind: type[Value]) -> Value:
    """The inverse of `pack`."""
    return msgspec.msgpack.decode(data, type=kind)
