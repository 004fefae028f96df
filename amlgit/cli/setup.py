"""init, clone, install, uninstall, remote, config, completion."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlgit.cli import output
from amlgit.cli.context import Session, json_option, session, settings_of
from amlgit.cli.pulled import show_pull

if TYPE_CHECKING:
    from amlgit.workflows.setup import SetupReport


@click.command()
@click.argument("directory", default=".")
@click.pass_context
def init(ctx: click.Context, directory: str) -> int:
    """Make a repository ready for experiments: write .amlgit and .gitattributes, and stage them."""
    from amlgit.workflows import setup

    run = session(ctx)
    _, report = setup.init(run.path(directory), os.environ)
    _show_setup(run, report)
    if report.written:
        run.hint(f"Staged {' and '.join(report.written)}; commit them when you like.")
    run.hint("Next: amlgit remote add NAME --archive PATH, then amlgit pull NAME")
    return output.OK


def _show_setup(run: Session, report: "SetupReport") -> None:
    for name in report.written:
        click.echo(f"wrote {name}")
    for setting in report.configured:
        click.echo(f"set {setting}")
    for hook in report.hooks:
        click.echo(f"wrote {hook}")
    if not (report.written or report.configured or report.hooks):
        click.echo("Everything is set up already.")
    if report.are_hooks_shared:
        run.hint("core.hooksPath is in the work tree: commit these hooks for other members too, who then need amlgit, or leave them uncommitted.")
    if not report.is_found:
        run.hint("There is no amlgit on your PATH: git's merges do without it until there is, and hooks say so.")


def workspace_options(command: Callable[..., int]) -> Callable[..., int]:
    """The options that say where a workspace is."""
    for option in (
        click.option("--url", metavar="URL", help="Of a workspace: the service's scheme and host, where it is none of Microsoft's own."),
        click.option("--location", metavar="NAME", help="Of a workspace: its location; every free one is in 'South Central US'."),
        click.option("--workspace", metavar="ID", help="A workspace of Studio: 32 hexadecimal digits."),
    ):
        command = option(command)
    return command


def refuse_places(place: Mapping[str, str | None]) -> None:
    """Refuse what says where a workspace is beside an archive."""
    if place["location"] is not None or place["url"] is not None:
        raise click.UsageError("--location and --url are for --workspace.")


def refuse_file_times(file_times: bool) -> None:
    """Refuse what is about an archive's files beside a workspace."""
    if file_times:
        raise click.UsageError("--file-times is for --archive.")


@click.command()
@click.option("--archive", metavar="PATH", help="A folder, a zip file or a single file of exported JSON.")
@workspace_options
@click.option("--name", "remote", metavar="NAME", help="The remote's name (default: archive, or studio).")
@click.option("--file-times", is_flag=True, help="Of an archive: give drafts without a date in their path their file's time.")
@json_option
@click.argument("directory", required=False)
@click.pass_context
def clone(ctx: click.Context, /, archive: str | None, file_times: bool, as_json: bool, directory: str | None, **place: str | None) -> int:
    """Make a new git repository with one commit for each version that an archive or a workspace holds.

    \b
    amlgit clone --archive exports/ repository
    amlgit clone --workspace ID --location "South Central US" repository
    """  # noqa: D301
    from amlgit.workflows import setup

    run = session(ctx)
    if (archive is None) == (place["workspace"] is None):
        raise click.UsageError("Give one of --archive and --workspace.")
    if archive is not None:
        refuse_places(place)
        source = run.path(archive)
        folder = run.path(directory or Path(source.name).stem)
        report = setup.clone(source, folder, os.environ, run.progress(), remote=place["remote"] or "archive", file_times=file_times)
    else:
        refuse_file_times(file_times)
        workspace = str(place["workspace"])
        remote = setup.studio_remote(place["remote"] or "studio", workspace=workspace, location=place["location"], url=place["url"])
        folder = run.path(directory or workspace)
        report = setup.clone_studio(remote, folder, os.environ, run.progress())
    return show_pull(run, "clone", report, as_json=as_json, where=str(directory or folder.name))


@click.command()
@click.option("--hooks", "with_hooks", is_flag=True, help="Install hooks, too: pre-commit, pre-push and post-merge, behind those that are there.")
@click.pass_context
def install(ctx: click.Context, with_hooks: bool) -> int:
    """Set up this clone: git fetches the record, merges node by node, and names the node above each hunk. Safe to repeat."""
    from amlgit.workflows import setup

    run = session(ctx)
    report = setup.install(run.repository(), with_hooks=with_hooks)
    _show_setup(run, report)
    if any("fetch" in setting for setting in report.configured):
        run.hint("Next: git fetch, which now brings the record of versions too.")
    return output.OK


@click.command()
@click.pass_context
def uninstall(ctx: click.Context) -> int:
    """Take what 'install' put into this clone out of it; what is committed and the record stay."""
    from amlgit.workflows import setup

    report = setup.uninstall(session(ctx).repository())
    for name in (*report.written, *report.hooks):
        click.echo(f"took amlgit out of {name}")
    for setting in report.configured:
        click.echo(f"unset {setting}")
    if not (report.written or report.configured or report.hooks):
        click.echo("Nothing was set.")
    return output.OK


@click.group()
def remote() -> None:
    """Add, list and remove the remotes: archives and workspaces, where versions come from."""


@remote.command("add", short_help="Add an archive or a workspace of Studio.")
@click.argument("name")
@click.option("--archive", metavar="PATH", help="A folder, a zip file or a single file of exported JSON.")
@click.option("--file-times", is_flag=True, help="Of an archive: give drafts without a date in their path their file's time.")
@workspace_options
@click.pass_context
def remote_add(ctx: click.Context, /, name: str, archive: str | None, file_times: bool, **place: str | None) -> int:
    """Note an archive or a workspace of Studio as remote NAME in .amlgit.

    \b
    amlgit remote add exports --archive ../exports
    amlgit remote add studio --workspace ID --location "South Central US"
    """  # noqa: D301
    from amlgit import config
    from amlgit.workflows import setup

    run = session(ctx)
    repository = run.repository()
    if (archive is None) == (place["workspace"] is None):
        raise click.UsageError("Give one of --archive and --workspace.")
    if archive is not None:
        refuse_places(place)
        added = setup.add_remote(repository, name, run.path(archive), file_times=file_times)
    else:
        refuse_file_times(file_times)
        added = setup.studio_remote(name, workspace=str(place["workspace"]), location=place["location"], url=place["url"])
        config.add_remote(repository.require_work_tree(), added)
    click.echo(f"{added.name}\t{added.kind}\t{added.place}")
    login = f"amlgit login {added.name}, then " if added.kind == "studio" else ""
    run.hint(f"Next: {login}amlgit pull {added.name}; and commit .amlgit, which names the remote from now on.")
    return output.OK


@remote.command("remove")
@click.argument("name")
@click.pass_context
def remote_remove(ctx: click.Context, name: str) -> int:
    """Take remote NAME out of .amlgit; what was pulled from it stays."""
    from amlgit import config

    _, root = settings_of(session(ctx).repository())
    config.remove_remote(root, name)
    return output.OK


@remote.command("list")
@json_option
@click.pass_context
def remote_list(ctx: click.Context, as_json: bool) -> int:
    """List the remotes, one a line: name, kind, place."""
    settings, _ = settings_of(session(ctx).repository())
    found = [settings.remotes[name] for name in sorted(settings.remotes)]
    if as_json:
        output.envelope("remote list", output.OK, {"remotes": found})
    else:
        for entry in found:
            click.echo(f"{entry.name}\t{entry.kind}\t{entry.place}")
    return output.OK


@click.command()
@click.option("--keys", "known", is_flag=True, help="List every key there may be: type, default, and what it means; needs no repository.")
@json_option
@click.pass_context
def config(ctx: click.Context, known: bool, as_json: bool) -> int:
    """List every value of the configuration and the file it comes from."""
    if known:
        return _show_keys(as_json=as_json)
    settings, _ = settings_of(session(ctx).repository())
    if as_json:
        output.envelope("config", output.OK, {"values": settings.values})
        return output.OK
    width = max(len(value.origin) for value in settings.values)
    for value in settings.values:
        shown = str(value.value).lower() if isinstance(value.value, bool) else value.value
        click.echo(f"{value.origin:<{width}}  {value.key} = {shown}")
    return output.OK


def _show_keys(*, as_json: bool) -> int:
    from amlgit.keys import KEYS

    if as_json:
        known = ("name", "says", "example", "default", "choices")
        output.envelope("config", output.OK, {"keys": [{"type": key.type_name, **{name: getattr(key, name) for name in known}} for key in KEYS]})
        return output.OK
    for key in KEYS:
        default = "" if key.default is None else f", default {key.in_toml(key.default)}"
        click.echo(f"{click.style(key.name, bold=True)} ({key.type_name}{default})")
        click.echo(f"    {key.says}")
        if key.choices:
            click.echo(f"    One of: {', '.join(key.choices)}.")
    return output.OK


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> int:
    """Print a script that completes amlgit's verbs and options: eval "$(amlgit completion bash)"."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # the choices above are click's own
    click.echo(kind(ctx.find_root().command, {}, "amlgit", "_AMLGIT_COMPLETE").source())
    return output.OK


COMMANDS = {
    "clone": clone,
    "completion": completion,
    "config": config,
    "init": init,
    "install": install,
    "remote": remote,
    "uninstall": uninstall,
}
