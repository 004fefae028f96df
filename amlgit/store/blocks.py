"""A block of lines of ours in a file of the user's: found by its first and last line, everything around it left byte for byte."""

from amlgit.errors import InvalidDocument

_BEGIN, _END = b"# amlgit: begin", b"# amlgit: end"


def block(lines: str, why: str) -> bytes:
    """The lines between our marks; `why` tells a reader of the file what they are."""
    return _BEGIN + f" ({why})\n{lines}".encode() + _END + b"\n"


def around(data: bytes, name: str) -> tuple[bytes, bytes] | None:
    """What stands before and behind our block; None where there is none. Raises InvalidDocument, naming the file, for half a block."""
    before, begin, rest = data.partition(_BEGIN)
    if not begin:
        return None
    _, end, after = rest.partition(_END)
    if not end:
        raise InvalidDocument(f"{name}: '{_BEGIN.decode()}' without '{_END.decode()}'", hint="Remove that block; it is written anew.")
    return before, after.removeprefix(b"\n")


def with_block(data: bytes, lines: bytes, name: str) -> bytes:
    """The file with our block: where it stands already, else behind an empty line at the end."""
    found = around(data, name)
    if found is not None:
        return found[0] + lines + found[1]
    # one line end and no more, whatever stands there: `without_block` takes it out and so gives back the very file
    return data + (b"\n" if data else b"") + lines


def without_block(data: bytes, name: str) -> bytes:
    """The inverse of `with_block`."""
    found = around(data, name)
    if found is None:
        return data
    before, after = found
    is_our_line_end = before.endswith(b"\n") and (not after or before.endswith(b"\n\n"))
    return (before[:-1] if is_our_line_end else before) + after
