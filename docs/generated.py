"""What pages take from the code when the documentation is built: the commands, the keys of the configuration, the exit codes.

A page asks for a part with a line `<!-- generated: NAME -->`; `PARTS` has the names.
"""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping

import click

from amlgit.cli.main import VERBS, amlgit
from amlgit.cli.output import STATUSES
from amlgit.keys import KEYS, TABLES, Key

ENDS: Mapping[str, Mapping[int, str]] = {
    "check": {1: "it found an error (warnings alone are none)"},
    "clone": {5: "something was not taken in: held back, or unreadable"},
    "diff": {1: "with `--exit-code`: something differs", 5: "something can't be compared"},
    "emulator": {5: "`seed`: of an archive, nothing could be taken in"},
    "fetch": {5: "something was not taken in: held back, or unreadable"},
    "hook": {1: "it found an error, and so git stops"},
    "import": {1: "what was merged is no sound graph", 5: "something was not taken in: held back, or unreadable"},
    "map": {1: "what was asked for maps to nothing"},
    "merge": {1: "there is something to settle before the merge can be committed"},
    "merge-driver": {1: "there are conflicts in the file"},
    "pull": {
        1: "what was merged is no sound graph",
        3: "a conflict, or something uncommitted that is not to be overwritten",
        5: "something was not taken in: held back, or unreadable",
    },
    "push": {
        1: "with `--run`: a run failed",
        3: "the branch has not seen what is there, or an asset or a secret is missing",
        5: "some were pushed and some not, or the service holds something otherwise than it was sent",
    },
    "resolve": {1: "there are conflicts left"},
    "review": {1: "with `--exit-code`: a rule found something", 5: "something can't be compared"},
    "run": {1: "the run failed"},
    "status": {1: "with `--exit-code`: something is edited, uncommitted, new at a remote or held back"},
}
"""Verb → what an exit code means there, where it says more than everywhere."""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its words (`secret list`), groups before what is in them."""
    top = click.Context(amlgit, info_name="amlgit", **amlgit.context_settings)
    for verb in sorted(VERBS):
        command = amlgit.get_command(top, verb)
        assert command is not None  # it is one of VERBS
        yield verb, command
        if isinstance(command, click.Group):
            for name, inner in sorted(command.commands.items()):
                yield f"{verb} {name}", inner


def command_pages() -> Mapping[str, str]:
    """Verb → the text of its page."""
    pages: dict[str, str] = {}
    for words, command in commands():
        verb, _, inner = words.partition(" ")
        pages[verb] = pages.get(verb, "") + "\n".join(_command(words, command, level=2 if inner else 1)) + "\n"
    return {verb: text + "\n".join(_ends(verb)) for verb, text in pages.items()}


def _ends(verb: str) -> Iterator[str]:
    yield "## Exit codes\n"
    yield from (f"{code}\n: {meaning[0].upper()}{meaning[1:]}.\n" for code, meaning in ENDS.get(verb, {}).items())
    yield f"{'The others are' if verb in ENDS else 'They are'} [those of every command](../exit-codes.md).\n"


def _command(words: str, command: click.Command, *, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=f"amlgit {words}", **amlgit.context_settings)
    yield f"{'#' * level} amlgit {words}\n"
    usage = " ".join(command.collect_usage_pieces(context))
    paragraphs = _paragraphs(command.help or "")
    yield f"{paragraphs[0]}\n"
    if not isinstance(command, click.Group):
        yield f"```text\namlgit {words} {usage}\n```\n"
    yield from (f"{paragraph}\n" for paragraph in paragraphs[1:])
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    if options:
        yield f"{'#' * (level + 1)} Options of {words}\n" if level > 1 else "## Options\n"
        yield from (_option(option, context) for option in options)


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len))
    if option.secondary_opts:
        names += " / " + ", ".join(f"`{name}`" for name in option.secondary_opts)
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    if not (option.is_flag or option.count):
        name = option.metavar or ("CHOICE" if choices else option.make_metavar(context))
        names = re.sub(r"`$", f" {name}`", names)
    said = [marked(option.help or "")]
    if names.endswith("`--json`"):
        said.append("[What is in it](../json.md).")
    if choices:
        said.append(f"One of {', '.join(f'`{choice}`' for choice in choices)}.")
    if option.required:
        said.append("Required.")
    if option.default not in (None, False, "", ()) and not option.is_flag and not option.multiple and "Sentinel" not in repr(option.default):
        said.append(f"Default: `{option.default}`.")
    return f"{names}\n: {' '.join(said)}\n"


def _paragraphs(text: str) -> list[str]:
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.rstrip() for line in paragraph.strip("\n").split("\n")]
        if lines[0].strip() == "\b":
            found.append("```text\n" + textwrap.dedent("\n".join(lines[1:])) + "\n```")
        else:
            found.append(marked(" ".join(line.strip() for line in lines)))
    return found


def marked(text: str) -> str:
    """A plain sentence as Markdown; what stands in backticks is code already."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([\\*_<>\[\]|#])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def _verbs() -> Iterator[str]:
    yield "| command | what it does |\n|---|---|"
    for words, command in commands():
        if " " not in words:
            yield f"| [{words}](commands/{words}.md) | {_paragraphs(command.help or '')[0]} |"
    yield "\n```{toctree}\n:hidden:\n"
    yield from (f"commands/{verb}" for verb in sorted(VERBS))
    yield "```"


def _everywhere() -> Iterator[str]:
    context = click.Context(amlgit, info_name="amlgit", **amlgit.context_settings)
    yield from (_option(option, context) for option in amlgit.get_params(context) if isinstance(option, click.Option))


def _keys() -> Iterator[str]:
    for table, says in TABLES.items():
        yield f"## {f'`[{_named(table)}]`' if table else 'At the top'}\n\n{says}\n"
        yield from (_key(key) for key in KEYS if key.table == table)


def _named(name: str) -> str:
    return name.replace("*", "NAME")


def _key(key: Key) -> str:
    said = [key.says]
    if key.choices:
        said.append(f"One of {', '.join(f'`{choice}`' for choice in key.choices)}.")
    if key.default is not None:
        said.append(f"Default: `{key.in_toml(key.default)}`.")
    leaf = key.name.rpartition(".")[2]
    return f"`{_named(key.name)}` ({key.type_name})\n: {' '.join(said)}\n\n  ```toml\n  {leaf} = {key.in_toml(key.example)}\n  ```\n"


def _statuses() -> Iterator[str]:
    yield "| exit code | `status` |\n|---|---|"
    yield from (f"| {code} | `{status}` |" for code, status in STATUSES.items())


def _all_ends() -> Iterator[str]:
    yield "| command | code | meaning |\n|---|---|---|"
    for verb, ends in ENDS.items():
        yield from (f"| [{verb}](commands/{verb}.md) | {code} | {meaning} |" for code, meaning in ends.items())


PARTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "ends": _all_ends,
    "everywhere": _everywhere,
    "keys": _keys,
    "statuses": _statuses,
    "verbs": _verbs,
}
"""Name of a part → what makes its lines."""
