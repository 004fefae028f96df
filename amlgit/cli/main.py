"""The entry point: finds the verb, imports only what it needs, and turns every failure into words and an exit code."""

import contextlib
import gc
import importlib
import io
import os
import sys
from typing import Any, TextIO

import click

from amlgit import __version__

VERBS: dict[str, str] = {
    "anonymize": "anonymize",
    "bind": "acting",
    "blame": "blame",
    "check": "checking",
    "clone": "setup",
    "comment": "comment",
    "completion": "setup",
    "config": "setup",
    "copy": "acting",
    "diff": "compare",
    "emulator": "emulator",
    "export": "move",
    "fetch": "move",
    "hook": "hooks",
    "import": "move",
    "init": "setup",
    "install": "setup",
    "layout": "acting",
    "log": "log",
    "login": "login",
    "map": "mapping",
    "merge": "merging",
    "merge-driver": "merge_driver",
    "pull": "move",
    "push": "pushing",
    "remote": "setup",
    "resolve": "merging",
    "review": "review",
    "rm": "move",
    "run": "acting",
    "secret": "secret",
    "show": "show",
    "site": "site",
    "status": "see",
    "tag": "mapping",
    "uninstall": "setup",
}
"""Verb → the module of `amlgit.cli` that has it, imported when it is asked for: a hook runs at every commit."""


class _ClosedPipe(Exception):
    """Whoever read our output has gone. No OSError: click would make an exit code of its own of that, the one for an honest no."""


class _Verbs(click.Group):
    def invoke(self, ctx: click.Context) -> Any:  # click's own signature
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ClosedPipe from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"amlgit.cli.{VERBS[cmd_name]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from amlgit.cli.overview import GROUPS

        for heading, verbs in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{verb:<10}", what) for verb, what in verbs.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:  # click's own signature
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            nearest = difflib.get_close_matches(args[0], VERBS, n=1)
            if nearest:
                raise click.UsageError(f"{error.message.rstrip('.')}. Did you mean '{nearest[0]}'?", ctx=error.ctx) from error
            raise


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="amlgit %(version)s (form 1)")
@click.option("-C", "folder", metavar="DIR", help="Run as if started in DIR.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress and no hints.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colour.")
@click.option("--no-pager", is_flag=True, help="Use no pager for long output on a terminal.")
@click.pass_context
def amlgit(ctx: click.Context, folder: str | None, quiet: bool, color: str, no_pager: bool) -> None:
    """Azure Machine Learning Studio (classic) experiments under git.

    \b
    amlgit clone --archive exports/ repository    a repository with one commit per version
    cd repository && git log                      their story
    amlgit log EXPERIMENT                         its versions, and what each changed
    amlgit export EXPERIMENT@3                    version 3 as the JSON file it was

    EXPERIMENT is a folder's name or path ('.' is the one you are in), a title where only one has it, or an id; @3 is its third
    version, @-1 the newest. The record has every version for good, whatever becomes of the branch.
    """  # noqa: D301
    ctx.obj = {"folder": folder, "quiet": quiet, "color": color, "pager": not no_pager}


def main() -> None:
    """Run a command line and exit."""
    gc.disable()  # a run is short and its values make no cycles; looking for some costs a fifth of a clone
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a title may hold what this terminal can't show
    code = run(sys.argv[1:])
    with contextlib.suppress(OSError):
        _flush(sys.stderr)
    os._exit(code)  # taking ten thousand values apart one by one, to give back memory that goes anyway, costs more than writing them


def run(arguments: list[str]) -> int:
    """The exit code of a command line (the architecture page lists them)."""
    try:
        result = amlgit.main(args=arguments, prog_name=_program_name(), standalone_mode=False)
        _flush(sys.stdout)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort as error:  # of click's own: a prompt that was left, and what Ctrl-C comes to within a command
        go_on = " Run the same command again to go on." if isinstance(error.__cause__, KeyboardInterrupt) else ""
        click.echo(f"Interrupted.{go_on}", err=True)
        return 130
    except click.ClickException as error:
        from amlgit.cli.output import misused

        return misused(error, arguments)
    except KeyboardInterrupt:
        click.echo("Interrupted. Run the same command again to go on.", err=True)
        return 130
    except (BrokenPipeError, _ClosedPipe):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        from amlgit.cli.output import failed

        return failed(error, arguments)


def _flush(stream: TextIO | None) -> None:
    if stream is not None:  # started with it closed
        stream.flush()


def _program_name() -> str:
    name = os.path.basename(sys.argv[0])
    return "git aml" if name == "git-aml" else "amlgit"
