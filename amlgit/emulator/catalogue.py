"""The modules that come with Studio: 107 families with their ports and parameters, in `catalogue.json`.

Facts from the public module reference, whose page ids are the family ids; ports and parameters are named as graphs name them.
"""

import json
import re
from functools import cache
from importlib.resources import files

from amlgit.emulator.state.workspaces import GLOBAL
from amlgit.emulator.wire import Json, Object, date, ticks

BATCH = 1751
"""The newest batch of the built-in modules; older ones stay usable, as graphs that were never opened again prove."""
_RELEASED = 1487116800.0
_ID = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})\.v1-default-(\d{1,6})")


@cache
def built_in() -> dict[str, Object]:
    """Family → module."""
    text = files("amlgit.emulator").joinpath("catalogue.json").read_text(encoding="utf-8")
    return {module["family"]: module for module in json.loads(text)}


def is_built_in(asset: str) -> bool:
    """Whether an id is a version of a built-in module."""
    found = _ID.fullmatch(asset.lower())
    return bool(found and found[1] == GLOBAL and found[2] in built_in() and 0 < int(found[3]) <= BATCH)


def names_of(module: str) -> set[str]:
    """What a module may be called by: its id, its family, its name; in lower case."""
    family = module.split(".")[1] if module.count(".") == 2 else ""
    known = built_in().get(family)
    return {module.lower(), family.lower()} | ({known["name"].lower()} if known else set())


def is_credential(module: str, parameter: str) -> bool:
    """Whether a module's parameter holds a credential."""
    known = built_in().get(module.split(".")[1] if module.count(".") == 2 else "")
    return known is not None and any(name == parameter and kind == "Credential" for name, _, kind, _, _ in known["parameters"])


@cache
def listing() -> tuple[Object, ...]:
    """The built-in modules as `GET modules` lists them."""
    return tuple(_module(each) for each in built_in().values())


def _module(module: Object) -> Object:
    identity = f"{GLOBAL}.{module['family']}.v1-default-{BATCH}"
    return module_object(
        identity,
        module["name"],
        created=_RELEASED,
        interface={
            "InputPorts": [_port(name, kind) | {"IsOptional": optional, "Types": [kind]} for name, kind, optional in module["inputs"]],
            "OutputPorts": [_port(name, kind) | {"Type": kind} for name, kind in module["outputs"]],
            "Parameters": [_parameter(each) for each in module["parameters"]],
            "InterfaceString": "",
        },
    ) | {"Description": module["description"], "Category": module["category"]}


def module_object(identity: str, name: str, created: float, interface: Object) -> Object:
    """A Module with every member clients know (protocol, section 6)."""
    return {
        "Id": identity,
        "Name": name,
        "Description": "",
        "Category": "",
        "FamilyId": identity.split(".")[1],
        "IsDeterministic": True,
        "IsBlocking": False,
        "ModuleType": "DotNet",
        "ReleaseState": "Release",
        "ModuleLanguage": {"Language": "DotNet", "Version": "4.5.0"},
        "ResourceUploadId": None,
        "Size": 0,
        "CreatedDate": date(created),
        "CreatedDateTicks": ticks(created),
        "Owner": "Microsoft Corporation",
        "IsLatest": True,
        "IsDeprecated": False,
        "SourceOrigin": "InvalidOrigin",
        "ClientVersion": None,
        "ServiceVersion": 0,
        "Batch": int(identity.rpartition("-")[2]) if identity.rpartition("-")[2].isdigit() else 0,
        "EscalationEmail": None,
        "InformationUrl": None,
        "CloudSystem": None,
        "InterfaceString": interface.get("InterfaceString", ""),
        "ModuleInterface": interface,
        "ScriptsDefaultContents": [],
    }


def _port(name: str, kind: str) -> Object:
    return {"Name": name, "FriendlyName": name, "MarkupType": "Port" if kind else None}


def _parameter(parameter: Json) -> Object:
    name, friendly, kind, default, values = parameter
    return parameter_object(name, friendly, kind, default) | {
        "HasRules": bool(values),
        "ParameterRules": [{"Min": None, "Max": None, "Values": values}] if values else [],
        "ModeValuesInfo": None,
        "CredentialDescriptor": {"CredentialType": "Secret", "CredentialKeyParts": []} if kind == "Credential" else None,
    }


def parameter_object(name: str, friendly: str, kind: str, default: str) -> Object:
    """A parameter descriptor with every member clients know (protocol, section 6)."""
    return {
        "Name": name,
        "FriendlyName": friendly,
        "ParameterType": kind,
        "DefaultValue": default,
        "HasDefaultValue": default != "",
        "IsOptional": default == "",
        "HasRules": False,
        "ParameterRules": [],
        "MarkupType": "Parameter",
        "ModeValuesInfo": None,
        "CredentialDescriptor": None,
        "ScriptName": None,
        "ColumnPickerFor": None,
        "SingleColumnSelection": False,
        "ColumnSelectionCategories": None,
        "IsInt": kind == "Int",
        "MinLimit": None,
        "MaxLimit": None,
        "SliderMin": None,
        "SliderMax": None,
        "IsLog": False,
    }
