"""The two files beside an experiment's content: `sync.json` (what the folder is known to contain) and `assets.json` (what it refers to)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amlgit.errors import InvalidDocument
from amlgit.form import modules
from amlgit.form.pages import line, object_, objects, page, text
from amlgit.model import ids
from amlgit.model.assets import MODULE, Asset
from amlgit.model.jsontext import Json, loads

SYNC, ASSETS = "sync.json", "assets.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The newest state of a remote that a folder is known to contain."""

    experiment: str
    """The experiment's id at the remote; of a web service its family."""
    run: str | None
    content: str
    """The content id of that state."""
    time: int | None = None
    """Its time in seconds since 1970: a draft may come back to a content it had before."""
    after: "Binding | None" = None
    """The state whose merge base it was brought over, where that is not the one that stood here: without it the folder does not contain this."""


def write_sync(bindings: Mapping[str, Binding]) -> bytes:
    """The text of sync.json: a line for each remote."""
    return page({remote: _binding_line(bindings[remote]) for remote in sorted(bindings)})


def _binding_line(binding: Binding) -> bytes:
    members: dict[str, Json] = {"Experiment": binding.experiment, **_state(binding)}
    if binding.after is not None:
        members["After"] = _state(binding.after)
    return line(members, "Experiment")


def _state(binding: Binding) -> dict[str, Json]:
    state: dict[str, Json] = {"Content": binding.content, "Run": binding.run}
    return state if binding.time is None else {**state, "Time": binding.time}


def read_sync(data: bytes, where: str) -> dict[str, Binding]:
    """The inverse of `write_sync`; raises InvalidDocument naming `where`."""
    bindings: dict[str, Binding] = {}
    for remote, value in object_(loads(data), where).items():
        entry = object_(value, f"{where}: {remote}")
        experiment = text(entry.get("Experiment"), f"{where}: Experiment")
        after = object_(entry["After"], f"{where}: After") if "After" in entry else None
        bindings[remote] = _binding(experiment, entry, where, _binding(experiment, after, f"{where}: After", None) if after is not None else None)
    return bindings


def _binding(experiment: str, entry: Mapping[str, Json], where: str, after: Binding | None) -> Binding:
    run = entry.get("Run")
    return Binding(
        experiment=experiment,
        run=None if run is None else text(run, f"{where}: Run"),
        content=text(entry.get("Content"), f"{where}: Content"),
        time=time if isinstance(time := entry.get("Time"), int) else None,
        after=after,
    )


def write_assets(assets: Iterable[Asset]) -> bytes:
    """The text of assets.json: a line for each asset, with family, version and name where they are known."""
    return page({"Assets": [line(_described(asset), "Kind") for asset in sorted(set(assets))]})


def _described(asset: Asset) -> Mapping[str, Json]:
    described: dict[str, Json] = {"Kind": asset.kind, "Id": asset.id}
    resource = ids.resource_id(asset.id)
    if resource is not None:
        described |= {"Family": resource.family, "Version": resource.instance}
        if asset.kind == MODULE and resource.workspace == ids.GLOBAL_WORKSPACE and resource.family in modules.BUILT_IN:
            described["Name"] = modules.BUILT_IN[resource.family]
    return described


def read_assets(data: bytes, where: str) -> list[Asset]:
    """The assets of an assets.json; raises InvalidDocument naming `where`."""
    entries = objects(object_(loads(data), where).get("Assets"), f"{where}: Assets")
    return [Asset(text(entry.get("Kind"), f"{where}: Kind"), text(entry.get("Id"), f"{where}: Id")) for entry in entries]


def read_names(data: bytes, where: str) -> dict[str, str]:
    """The names in an assets.json, by asset id and, for other versions of an asset, by `<workspace>.<family>`."""
    names: dict[str, str] = {}
    for entry in objects(object_(loads(data), where).get("Assets"), f"{where}: Assets"):
        asset_id, name = entry.get("Id"), entry.get("Name")
        if isinstance(asset_id, str) and isinstance(name, str) and name:
            resource = ids.resource_id(asset_id)
            names[asset_id] = name
            if resource is not None:
                names.setdefault(f"{resource.workspace}.{resource.family}", name)
    return names


def is_written_by_hand(data: bytes, where: str) -> bool:
    """Whether an assets.json holds what `write_assets` never writes of those assets, such as a name that somebody gave one, or can't be read.

    What is missing is no work of anybody: another amlgit knew fewer names.
    """
    try:
        document = object_(loads(data), where)
        for entry, asset in zip(objects(document.get("Assets"), f"{where}: Assets"), read_assets(data, where), strict=True):
            described = _described(asset)
            if any(name not in described or value != described[name] for name, value in entry.items()):
                return True
    except InvalidDocument:
        return True
    return document.keys() != {"Assets"}
