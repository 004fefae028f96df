"""An export or a definition without anything of its owners: what it is made of and what it says about Studio's own things stays.

What is in no table of members is replaced as an unknown text, and so is its name. Numbers, truth values and null stay where they are.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from amlgit.form import columns, layout, scripts
from amlgit.form.anonymised_members import DEFINITION, EXPERIMENT, SELECTION, Each, Either, Kind, Schema
from amlgit.form.memo import Memo
from amlgit.form.pseudonymous_texts import Texts
from amlgit.form.secrets import unescape
from amlgit.form.vocabulary import PARAMETERS, PORTS, VALUES
from amlgit.model.jsontext import Json, Number, Object, dumps, loads
from amlgit.model.webservices import member, module_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What its owners want to show as it is."""

    titles: bool = False
    texts: bool = False
    scripts: bool = False
    columns: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose value is looked at: the module of the node, and the parameter; of a definition, asset → module."""

    module: str = ""
    parameter: str = ""
    assets: Mapping[str, str] | None = None


class Anonymiser:
    """Replaces what people own in documents in which placeholders stand for secrets, as in what `join` gives back."""

    def __init__(self, texts: Texts, kept: Kept) -> None:
        self._texts = texts
        self._kept = kept
        self._known: Memo[str] = Memo(_REMEMBERED)
        self._by_kind: Mapping[Kind, Callable[[str], str]] = {
            Kind.VALUE: texts.value,
            Kind.TECHNICAL: texts.technical,
            Kind.TITLE: self.title,
            Kind.PROSE: self.prose,
            Kind.PERSON: texts.pseudonyms.person,
            Kind.NODE: texts.node,
            Kind.PORT: self._port,
            Kind.PORT_OF_NODE: self._port_of_node,
            Kind.PARAMETER: self._parameter,
            Kind.COLUMN: self._column,
            Kind.LAYOUT: self._layout,
            Kind.DATA: texts.data,
            Kind.SERVICE: self.service,
            Kind.RESOURCE: self._resource,
        }

    def experiment(self, document: Object) -> Object:
        """An export without anything of its owners, fit to be written out."""
        return self._sendable(document, EXPERIMENT, _Place())

    def definition(self, document: Object) -> Object:
        """A web service definition without anything of its owners, fit to be written out."""
        assets = member(member(document, "properties"), "assets")
        modules = {key: module_id(asset) or "" for key, asset in assets.items()} if isinstance(assets, Mapping) else {}
        return self._sendable(document, DEFINITION, _Place(assets=modules))

    def title(self, text: str) -> str:
        """A title, as it stands in a document."""
        if not text.strip():
            return text
        return self._texts.masked(text) if self._kept.titles else self._texts.pseudonyms.label("experiment", text)

    def technical(self, text: str) -> str:
        """An id, a path, a name of storage."""
        return self._texts.technical(text)

    def service(self, name: str) -> str:
        """The name of a web service."""
        return name if self._kept.titles else self._texts.service(name)

    def prose(self, text: str) -> str:
        """What somebody wrote for people."""
        return self._texts.masked(text) if self._kept.texts else self._texts.prose(text)

    def _sendable(self, document: Object, schema: Schema, place: _Place) -> Object:
        whole = unescape(self._value(document, schema, place))
        assert isinstance(whole, Mapping)
        return whole

    def _value(self, value: Json, schema: Schema | None, place: _Place) -> Json:
        if isinstance(value, str):
            return self._text(value, _text_of(schema), place)
        if isinstance(value, list):
            return [self._value(entry, schema, place) for entry in value]
        if isinstance(value, Mapping):
            return self._object(value, schema.members if isinstance(schema, Either) else schema, place)
        return self._number(value) if _text_of(schema) is Kind.DATA and not isinstance(value, bool) else value

    def _number(self, value: Json) -> Json:
        if not isinstance(value, int | float | Number):
            return value
        text = dumps(value).decode()
        sign = text[: text.startswith("-")]
        mantissa, mark, exponent = text[len(sign) :].partition("e" if "e" in text else "E")
        return loads(f"{sign}{self._texts.pseudonyms.number(mantissa)}{mark}{exponent}".encode())

    def _object(self, members: Object, schema: Schema | None, place: _Place) -> Json:
        if isinstance(schema, Mapping):
            place = self._within(members, place)
        found: dict[str, Json] = {}
        for name, value in members.items():
            if isinstance(schema, Each):
                new, inner = self._text(name, schema.name, place), schema.value
                here = replace(place, parameter=name)
            else:
                known = schema.get(name.casefold()) if isinstance(schema, Mapping) else None
                new, here = (name if known is not None else self._texts.pseudonyms.name("member", name)), place
                inner = known if known is not None else schema if isinstance(schema, Kind) else Kind.TECHNICAL
            if new in found:  # names that differ in case alone
                new = f"{new} {self._texts.pseudonyms.digest(name, 6)}"
            found[new] = self._value(value, inner, here)
        return found

    def _within(self, members: Object, place: _Place) -> _Place:
        """The place of what a node or a parameter holds."""
        module, name, asset = members.get("ModuleId"), members.get("Name"), member(members, "assetId")
        if isinstance(module, str):
            place = replace(place, module=module)
        if place.assets is not None and isinstance(asset, str):
            place = replace(place, module=place.assets.get(asset, ""))
        return replace(place, parameter=name) if isinstance(name, str) and "Value" in members else place

    def _text(self, text: str, kind: Schema | None, place: _Place) -> str:
        schema = kind if isinstance(kind, Kind) else Kind.TECHNICAL
        if not text:
            return text
        if (field := self._texts.field(text)) is not None:
            return field
        key = (schema, text, place.module, place.parameter) if schema is Kind.SETTING else (schema, text)
        known = self._known.get(key)
        if known is None:
            known = self._known.put(key, self._changed(text, schema, place))
        return known

    def _changed(self, text: str, kind: Kind, place: _Place) -> str:
        return self._setting(text, place) if kind is Kind.SETTING else self._by_kind[kind](text)

    def _port_of_node(self, text: str) -> str:
        node, colon, port = text.partition(":")
        return self._texts.node(node) + colon + (self._port(port) if port else "")

    def _port(self, text: str) -> str:
        return text if text in PORTS or _NUMBERED_PORT.fullmatch(text) else self._texts.pseudonyms.name("port", text)

    def _parameter(self, text: str) -> str:
        return text if text in PARAMETERS or text.casefold() in _PARAMETERS else self._texts.pseudonyms.name("parameter", text)

    def _column(self, text: str) -> str:
        return self._texts.masked(text) if self._kept.columns else self._texts.technical(text)

    def _setting(self, text: str, place: _Place) -> str:
        extension = scripts.extension(place.module, place.parameter)
        if extension == "txt":
            return self._texts.data(text)
        if extension is not None:
            return self._texts.masked(text) if self._kept.scripts else self._texts.code(text, extension)
        selection = columns.decode(text)
        if selection is not None:
            return columns.encode(selection._replace(selection=self._value(selection.selection, SELECTION, _Place())))
        return text if text in VALUES else self._texts.technical(text)

    def _layout(self, text: str) -> str:
        """The boxes where they were; of a frame that is not the usual one nothing but that it is another."""
        canvas = layout.taken_apart(text)
        if canvas is None:
            written = "".join(f'<NodePosition Node="{node}" Position="{at}" />' for node, at in map(self._box, boxes(text)))
            return layout.put_together(self._head(text), (), "") + written + layout.USUAL_TAIL
        is_usual = (canvas.head, canvas.tail) == (layout.USUAL_HEAD, layout.USUAL_TAIL)
        head = layout.USUAL_HEAD if is_usual else self._head(canvas.head + canvas.tail)
        return layout.put_together(head, map(self._box, canvas.boxes), layout.USUAL_TAIL)

    def _head(self, of: str) -> str:
        return layout.USUAL_HEAD.replace("<Meta />", f"<Meta>{self._texts.pseudonyms.word(of)}</Meta>")

    def _box(self, box: tuple[str, str]) -> tuple[str, str]:
        node, position = box
        return self._texts.node(node), position if _POSITION.fullmatch(position) else self._texts.pseudonyms.word(position)

    def _resource(self, text: str) -> str:
        bare = text.strip("/ ")
        head, slash, name = bare.rpartition("/")
        start = text.index(bare) if bare else 0
        new = self._texts.technical(head) + slash + (self.service(name) if name else "")
        return text[:start] + new + text[start + len(bare) :]


def boxes(text: str) -> Iterator[tuple[str, str]]:
    """Node and position of what looks like a box, in a layout of an unknown form."""
    for tag in _TAG.findall(text):
        node = _NODE.search(tag)
        at = _AT.search(tag, node.end()) if node else None
        if node and at:
            yield node["value"], at["value"]


def _text_of(schema: Schema | None) -> Schema | None:
    return schema.text if isinstance(schema, Either) else schema


_REMEMBERED = 1 << 16
"""Texts whose replacement is remembered: most of a version is the version before."""

_PARAMETERS = frozenset(name.casefold() for name in PARAMETERS)
_NUMBERED_PORT = re.compile(r"(?:input|output)[0-9]{1,4}", re.IGNORECASE)
_POSITION = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,12})?(?:,-?[0-9]{1,9}(?:\.[0-9]{1,12})?)*")
_TAG = re.compile("<[^<>]*")
_NODE, _AT = (re.compile(rf"\b{name}\s*=\s*(?P<quote>['\"])(?P<value>[^'\"<>]*)(?P=quote)") for name in ("Node", "Position"))
