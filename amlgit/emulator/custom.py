"""Custom modules: a zip with an XML description of the ports and arguments and the R sources (protocol, section 10)."""

import io
import zipfile
import zlib
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from amlgit.emulator import catalogue
from amlgit.emulator.wire import Object

MAX_ZIP = 64 << 20
_MAX_FILES = 1000
_MAX_UNPACKED = 256 << 20
_MAX_RATIO = 200
_MAX_XML = 1 << 20
_TYPES = {"bool": "Boolean", "int": "Int", "double": "Double", "string": "String", "columnpicker": "ColumnPicker", "dropdown": "Enumerated"}
_PORTS = {"datatable": "Dataset", "zip": "Zip"}


class BadModule(Exception):
    """A zip that no module can be made of; the message is for its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A custom module's name and what is kept of it."""

    name: str
    doc: Object


def read(data: bytes) -> Described:
    """The module a zip describes. Only its XML is ever unpacked, to memory, and never more of it than allowed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = archive.infolist()
            _check_size(files, len(data))
            described = [each for each in files if each.filename.lower().endswith(".xml")]
            if len(described) != 1:
                raise BadModule("The zip must hold exactly one XML file, the module's description.")
            with archive.open(described[0]) as file:
                text = file.read(_MAX_XML + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise BadModule("The upload is not a zip that can be read.") from error
    if len(text) > _MAX_XML:
        raise BadModule("The module's description is too large.")
    try:
        return _module(fromstring(text, forbid_dtd=True))
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise BadModule("The module's description is not valid XML.") from error


def _check_size(files: list[zipfile.ZipInfo], packed: int) -> None:
    """Refuse a zip bomb by what it claims; what it unpacks to is bounded as well, for a claim may lie."""
    unpacked = sum(each.file_size for each in files)
    if len(files) > _MAX_FILES or unpacked > _MAX_UNPACKED or unpacked > _MAX_RATIO * max(packed, 1):
        raise BadModule("The zip would unpack to far more than it is: refused.")


def _module(root: Element) -> Described:
    name = (root.get("name") or "").strip()
    if root.tag != "Module" or not name:
        raise BadModule("The description's root must be <Module name=…>.")
    language = root.find("Language")
    interface = {
        "InputPorts": [
            _port(each) | {"IsOptional": each.get("isOptional") == "true", "Types": [_type(each)]} for each in root.iterfind("Ports/Input")
        ],
        "OutputPorts": [_port(each) | {"Type": _type(each)} for each in root.iterfind("Ports/Output")],
        "Parameters": [_argument(each) for each in root.iterfind("Arguments/Arg")],
        "InterfaceString": "",
    }
    return Described(
        name=name,
        doc={
            "Interface": interface,
            "Description": (root.findtext("Description") or "").strip(),
            "Owner": (root.findtext("Owner") or "").strip(),
            "Language": {"Language": language.get("name", "R") if language is not None else "R", "Version": "3.1.0"},
            "IsDeterministic": root.get("isDeterministic", "true") != "false",
        },
    )


def _port(port: Element) -> Object:
    return {"Name": port.get("name", port.get("id", "")), "FriendlyName": port.get("name", ""), "MarkupType": "Port"}


def _type(port: Element) -> str:
    return _PORTS.get((port.get("type") or "").lower(), "Dataset")


def _argument(argument: Element) -> Object:
    properties = argument.find("Properties")
    default = properties.get("default", "") if properties is not None else ""
    kind = _TYPES.get((argument.get("type") or "").lower(), "String")
    name = argument.get("name", argument.get("id", ""))
    return catalogue.parameter_object(name, name, kind, default) | {"ScriptName": None}
