"""emulator serve, seed, reset, faults."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amlgit.cli import output
from amlgit.errors import Refused, UsageError

if TYPE_CHECKING:
    from amlgit.emulator.state.database import Store

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def emulator() -> None:
    """Run an Azure ML Studio (classic) on this machine, for trying things out and for tests."""


@emulator.command(short_help="Serve until stopped.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="The port; 0 takes a free one.")
@click.option("--data", type=_FOLDER, help="Where its state is kept; without it, a temporary folder.")
@click.option("--tls", is_flag=True, help="Serve HTTPS with a certificate made here; the authority's file is printed.")
@click.option("--allow-remote", is_flag=True, help="Let HOST be an address that other machines can reach.")
@click.option("--node-seconds", type=click.FloatRange(0, 3600), default=0.4, show_default=True, help="How long each node of a run takes.")
@click.option("--link-seconds", type=click.FloatRange(0), default=86400.0, show_default=True, help="How long signed links are good for.")
def serve(host: str, port: int, data: Path | None, tls: bool, allow_remote: bool, node_seconds: float, link_seconds: float) -> None:
    """Serve until stopped; one line of JSON says where, with which workspace and which token."""
    _check_installed()
    from amlgit.emulator import serve as server
    from amlgit.emulator.settings import Settings

    settings = Settings(node_seconds=node_seconds, schema_seconds=min(0.2, node_seconds), link_seconds=link_seconds)
    try:
        server.run(host=host, port=port, folder=data, with_tls=tls, remote=allow_remote, settings=settings)
    except server.NotLoopback as error:
        raise Refused(f"{host} can be reached by other machines", hint="Add --allow-remote if that is what you want.") from error
    except server.AlreadyServed as error:
        raise Refused(f"another emulator serves {error}", hint="Use that one, or another folder.") from error


@emulator.command(short_help="Fill it with the samples, or from an archive.")
@click.option("--data", type=_FOLDER, required=True, help="The emulator's folder; it may be running.")
@click.option("--archive", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Fill it from a folder of exports.")
@click.option("--workspace", metavar="ID", help="Take everything into this workspace, with its id in place of others.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, with the workspaces' tokens.")
def seed(data: Path, archive: Path | None, workspace: str | None, as_json: bool) -> int:
    """Fill the emulator with the shipped samples, or from an archive; an archive's workspaces keep their ids."""
    from amlgit.emulator.seed import seed as fill
    from amlgit.emulator.state import workspaces

    store = _store(data)
    if workspace and workspaces.find(store, workspace) is None:
        raise UsageError(f"the emulator has no workspace {workspace}", hint="Its start line lists those it has.")
    report = fill(store, archive, workspace)
    partly = output.OK if archive is None or report.experiments or not report.skipped else output.PARTLY
    if as_json:
        rows = [workspaces.find(store, name) for name in report.workspaces]
        tokens = [{"workspace": row["id"], "token": row["primary_token"]} for row in rows if row]
        result = {"workspaces": tokens, "experiments": report.experiments, "snapshots": report.snapshots, "assets": report.assets}
        output.envelope("emulator seed", partly, result, [{"severity": "info", "message": f"{path}: {why}"} for path, why in report.skipped.items()])
        return partly
    click.echo(f"{report.experiments} experiments, {report.snapshots} runs and {report.assets} assets in {', '.join(report.workspaces)}")
    for path, why in report.skipped.items() if archive else ():
        click.echo(f"left out: {path}: {why}", err=True)
    return partly


@emulator.command(short_help="Empty every workspace, and take all faults back.")
@click.option("--data", type=_FOLDER, required=True, help="The emulator's folder; it may be running.")
def reset(data: Path) -> None:
    """Empty every workspace and take all faults back; workspaces and tokens stay."""
    from amlgit.emulator.state.reset import reset as start_over

    start_over(_store(data))
    click.echo("Empty again.")


@emulator.command(short_help="Set faults, list them, or take them back.")
@click.option("--data", type=_FOLDER, required=True, help="The emulator's folder; it may be running.")
@click.option("--set", "file", type=click.File(encoding="utf-8"), help="A JSON file with one fault or an array of them; - is standard input.")
@click.option("--kind", help="Set one fault: latency, status, cut, truncate, garbage, slow or module.")
@click.option("--method", default="*", help="The method it strikes.")
@click.option("--route", default="*", help="The path it strikes, with * for anything.")
@click.option("--status", type=int, default=500, help="The status of kind 'status'.")
@click.option("--retry-after", type=float, help="The seconds its Retry-After says.")
@click.option("--seconds", type=float, default=0.0, help="How long kinds 'latency' and 'slow' take.")
@click.option("--times", type=int, default=1, help="How many requests it strikes; 0 strikes all.")
@click.option("--skip", type=int, default=0, help="How many are let pass first.")
@click.option("--after", is_flag=True, help="Serve the request, then spoil its reply.")
@click.option("--module", default="", help="The module that fails (kind 'module'): name, family or id, or a node's id.")
@click.option("--clear", is_flag=True, help="Take all faults back.")
def faults(data: Path, file: Any, kind: str | None, clear: bool, **given: Any) -> int:  # click's own file object, and its options by name
    """Set faults, take them back, or list those that are still to strike: one JSON object per line, with what was set."""
    from amlgit.emulator import faults as known
    from amlgit.emulator.api.admin import faults_of
    from amlgit.emulator.wire import ApiError

    store = _store(data)
    if clear:
        known.remove(store, None)
    try:
        if file is not None:
            known.add(store, faults_of(json.loads(file.read())))
        if kind is not None:
            known.add(store, faults_of(_fault(kind, given)))
    except (ApiError, ValueError) as error:
        raise UsageError(str(error)) from error
    for told in filter(None, map(known.briefly, known.found_all(store))):
        click.echo(json.dumps(told))
    return output.OK


def _fault(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:  # click's options by name
    return {"kind": kind, **given, "times": given["times"] or None}


def _store(folder: Path) -> "Store":
    from amlgit.emulator.state.reset import open_store

    try:
        return open_store(folder)
    except ValueError as error:
        raise Refused(str(error), hint="Use another folder.") from error


def _check_installed() -> None:
    from importlib.util import find_spec

    lacking = [name for name in ("starlette", "uvicorn", "httptools", "trustme") if find_spec(name) is None]
    if lacking:
        raise UsageError(f"the emulator needs {', '.join(lacking)}", hint="pip install 'amlgit[emulator]'")


COMMANDS = {"emulator": emulator}
