"""The same export another way: its members, sets and boxes in another order, its text with other white space and escapes."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from amlgit.model.jsontext import Json, Object, dumps
from tests.support.wire import Members

Value = TypeVar("Value")

SETS = frozenset(
    {
        ("Graph", "ModuleNodes"),
        ("Graph", "EdgesInternal"),
        ("NodeStatuses",),
        ("Tags",),
        ("WebService", "Inputs"),
        ("WebService", "Outputs"),
        ("WebService", "Parameters"),
    }
)
LAYOUTS = frozenset({("Graph", "SerializedClientData"), ("WebService", "SerializedClientData")})
_BOX = re.compile(r"<NodePosition Node='[^'<>&\"\r\n\t]*' Position='[^'<>&\"\r\n\t]*'/>")
_BOXES = re.compile(rf"(.*?<NodePositions>)((?:{_BOX.pattern})*)(</NodePositions>(?!.*</NodePositions>).*)", re.DOTALL)


def shuffled(document: Object, seed: int) -> Members:
    """`document` with its members, its sets and its boxes in another order."""
    chance = random.Random(seed)  # an order, no secret
    mixed = _shuffled(document, (), chance)
    assert isinstance(mixed, dict)
    return mixed


def _shuffled(value: Json, path: tuple[str, ...], chance: random.Random) -> Json:
    if isinstance(value, Mapping):
        return {name: _shuffled(member, (*path, name), chance) for name, member in _mixed(list(value.items()), chance)}
    if isinstance(value, list):
        entries = [_shuffled(entry, (*path, "*"), chance) for entry in value]
        return _mixed(entries, chance) if path in SETS else entries
    if isinstance(value, str) and path in LAYOUTS:
        head, boxes, tail = boxes_of(value)
        return head + "".join(_mixed(boxes, chance)) + tail
    return value


def _mixed(entries: list[Value], chance: random.Random) -> list[Value]:
    return chance.sample(entries, len(entries))


def boxes_of(layout: str) -> tuple[str, list[str], str]:
    match = _BOXES.fullmatch(layout)
    return (match[1], _BOX.findall(match[2]), match[3]) if match else (layout, [], "")


def respelled(value: Json, seed: int) -> bytes:
    """The JSON text of a value with other white space and other escapes."""
    return "".join(_spelled(value, random.Random(seed))).encode()  # an order, no secret


def _spelled(value: Json, chance: random.Random) -> list[str]:
    def gap() -> str:
        return chance.choice(("", "", " ", "\n\t", "\r\n  "))

    if isinstance(value, Mapping):
        inner = [[gap(), *_string(name, chance), gap(), ":", gap(), *_spelled(member, chance), gap()] for name, member in value.items()]
        return ["{", *_joined(inner), "}"]
    if isinstance(value, list):
        return ["[", *_joined([[gap(), *_spelled(entry, chance), gap()] for entry in value]), "]"]
    return _string(value, chance) if isinstance(value, str) else [dumps(value).decode()]


def _joined(entries: Sequence[Sequence[str]]) -> list[str]:
    return [piece for number, entry in enumerate(entries) for piece in ([","] if number else []) + list(entry)]


def _string(text: str, chance: random.Random) -> list[str]:
    pieces = []
    for character in text:
        if character in '"\\' or character < " " or chance.random() < 0.05:
            units = character.encode("utf-16-be")
            pieces.append("".join(f"\\u{units[at]:02x}{units[at + 1]:02X}" for at in range(0, len(units), 2)))
        else:
            pieces.append("\\/" if character == "/" and chance.random() < 0.5 else character)
    return ['"', *pieces, '"']
