"""A page read back, and an export with something to run in every string."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

from amlgit.review.page.layers import HEIGHT, WIDTH

EVIL = "</script></style></textarea>--><script>alert(1)</script><img src=x onerror=alert(1)>\"'`&lt;\u2028\u202e{{x}}"
VOID = {"meta", "input"}


class Page(HTMLParser):
    """What is in a page: elements with their attributes, what stands inside of style and script, boxes by status."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.inside: dict[str, list[str]] = {"style": [], "script": [], "json": []}
        self.open: list[str] = []
        self.words: list[str] = []
        self.policy = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        found = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in found.items()]
        if found.get("http-equiv") == "Content-Security-Policy":
            assert not self.tags["style"] + self.tags["script"], "the policy comes too late"
            self.policy = found["content"]
        if tag in ("style", "script"):
            self.inside["json" if found.get("type") == "application/json" else tag].append("")
            self.open.append("json" if found.get("type") == "application/json" else tag)
        elif tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]  # in a start tag there is one
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            opened = self.open.pop()
            assert {"json": "script"}.get(opened, opened) == tag, f"{tag} closes {opened}"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.inside:
            self.inside[self.open[-1]][-1] += data
        else:
            self.words.append(data)

    def boxes(self, status: str) -> dict[str, tuple[int, int]]:
        """The titles of the boxes of a status, and where their middles are."""
        pattern = (
            rf'class="n (?:data |service )?{status}(?: moved)?" transform="translate\((-?\d+) (-?\d+)\)">.*?'
            r'<text[^>]*>(.*?)</text>(?:<text class="s"[^>]*>(.*?)</text>)?'
        )
        return {f"{title}/{below}": (int(x) + WIDTH // 2, int(y) + HEIGHT // 2) for x, y, title, below in re.findall(pattern, self.text)}

    @property
    def data(self) -> list[Any]:
        return [json.loads(text) for text in self.inside["json"]]


def evil(value: Any, *, inside: str = "") -> Any:
    """A document with something to run in every string that is no id, position or kind."""
    if isinstance(value, dict):
        kept = {"Id", "ModuleId", "NodeId", "SerializedClientData", "SourceOutputPortId", "DestinationInputPortId", "ExperimentId", "ValueType"}
        return {
            name: member if name in kept or (name == "Name" and "Ports" in inside) else evil(member, inside=name) for name, member in value.items()
        }
    if isinstance(value, list):
        return [evil(entry, inside=inside) for entry in value]
    return f"{EVIL} {value}" if isinstance(value, str) else value
