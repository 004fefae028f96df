"""File and folder names that are safe on every system and say what they hold."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from amlgit.form import modules
from amlgit.model import ids

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)")
_LONGEST_TITLE = 80
"""UTF-8 bytes; with suffix and longest file name a path inside the folder stays well below 260 characters."""


def stems(nodes: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Node id → file stem `<module> <number>-<4 hex of the guid>`, for (node id, module id) pairs.

    A node's name depends on no other node, but for the one case in which two would get the same: then both carry their whole guid.
    """
    names = {node_id: _stem(node_id, module_id) for node_id, module_id in nodes}
    taken = Counter(stem.casefold() for stem in names.values())
    if len(taken) == len(names):
        return names
    return {node_id: stem if taken[stem.casefold()] == 1 else f"{stem} {_digest(node_id)}" for node_id, stem in names.items()}


def _stem(node_id: str, module_id: str) -> str:
    digits = ids.node_digits(node_id)
    return f"{modules.name(module_id)} {f'{digits[0]}-{digits[1]}' if digits else _digest(node_id)}"


def _digest(text: str) -> str:
    import hashlib  # loads OpenSSL, and a hook runs at every commit

    return hashlib.sha256(text.encode()).hexdigest()[:12]


def script_file(stem: str, parameter: str, extension: str, *, alone: bool) -> str:
    """The file of a script: the parameter's name is part of it only where the node has several."""
    return f"{stem}.{extension}" if alone else f"{stem} {safe(parameter)}.{extension}"


def folder(title: str, family: str, taken: Iterable[str] = ()) -> str:
    """The folder given once to an experiment or service: its title made safe and six digits of its family, or all of them if need be."""
    names = {name.casefold() for name in taken}
    for digits in (6, 12, len(family)):
        name = f"{safe(title)}-{family[:digits]}"
        if name.casefold() not in names:
            return name
    return name


def safe(title: str) -> str:
    """`title` fit for a file name: letters of all scripts kept (NFC); separators, control and invisible characters, reserved names replaced."""
    text = unicodedata.normalize("NFC", title)
    text = "".join(character for character in text if unicodedata.category(character) not in ("Cf", "Cs", "Cn", "Co"))
    text = "".join(" " if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Zs") else character for character in text)
    text = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text))
    text = re.sub(r" +", " ", text).strip(" ")
    text = re.sub(r"^[.\-~]+", "_", text)
    text = text.encode()[:_LONGEST_TITLE].decode(errors="ignore").rstrip(" .")
    if _RESERVED.match(text):
        text = f"_{text}"
    return text or "untitled"
