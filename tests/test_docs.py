"""The documentation: it builds without a warning, tells every command and key, asks nothing of any network, and its commands do what it says."""

import html
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from filelock import FileLock

from amlgit.cli.main import VERBS, amlgit
from amlgit.keys import KEYS
from docs import examples, generated
from docs.build import build
from tests.support.browser import NO_PLAYWRIGHT, PHONE, Watched, chromium, needs_chromium

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation, built as it is, once for all who test beside one another."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "docs-html"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            assert build(folder) == []
    return folder


def _text(page: Path) -> str:
    """What a reader sees of a page, as one line."""
    seen = re.sub(r"<(script|style)\b.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    seen = re.sub(r"</?(?:a|code|em|span|strong)\b[^>]*>", "", seen)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", seen)).split())


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def _commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(amlgit, **amlgit.context_settings)
    for verb in VERBS:
        command = amlgit.get_command(context, verb)
        assert command is not None
        yield (verb,), command
        if isinstance(command, click.Group):
            yield from (((verb, name), inner) for name, inner in command.commands.items())


# --- what the code has is told


def test_every_command_and_every_option_is_told_with_its_words(site: Path) -> None:
    listed = _text(site / "reference" / "commands.html")
    for words, command in _commands():
        assert command.help, words
        told = _text(site / "reference" / "commands" / f"{words[0]}.html")
        first = _plain(command.help.split("\n\n")[0])
        assert f"amlgit {' '.join(words)}" in told
        assert first in told, words
        assert len(words) > 1 or f"{words[0]} {first}" in listed
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, (words, option.name)
                assert _plain(option.help) in told, (words, option.name)
                for name in (*option.opts, *option.secondary_opts):
                    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told), (words, name)
    for option in amlgit.params:
        assert isinstance(option, click.Option)
        assert all(name in listed for name in option.opts)
    assert generated.ENDS.keys() <= VERBS.keys()


def test_every_key_of_the_configuration_is_told(site: Path) -> None:
    told = _text(site / "reference" / "configuration.html")
    for key in KEYS:
        assert f"{key.name.replace('*', 'NAME')} ({key.type_name})" in told
        assert _plain(key.says) in told
        assert f"{key.name.rpartition('.')[2]} = {key.in_toml(key.example)}" in told


# --- mistakes are errors


def test_whatever_leads_nowhere_stops_the_build_and_leaves_what_was_there(tmp_path: Path) -> None:
    pages, folder = tmp_path / "docs", tmp_path / "html"
    pages.mkdir()
    folder.mkdir()
    (folder / "index.html").write_text("of before")
    (pages / "other.md").write_text("# Other\n\n## A part\n")
    (pages / "alone.md").write_text("# Alone\n")
    (pages / "index.md").write_text(
        "# Top\n\n[a](nowhere.md) [b](other.md#no-such-part) [c](../outside.md) ![d](none.png) [e](other.md#a-part)\n\n"
        "<!-- generated: nothing -->\n\n"
        "```\n[f](not-a-link.md)\n```\n\n```{toctree}\nother\nmissing\n```\n"
    )
    problems = "\n".join(build(folder, pages))
    for named in ("nowhere.md", "no-such-part", "outside.md", "none.png", "'nothing'", "missing", "alone.md"):
        assert named in problems, named
    assert "a-part'" not in problems
    assert "not-a-link" not in problems
    assert (folder / "index.html").read_text() == "of before"


def test_files_and_folders_of_the_repository_that_a_page_links_to_come_along(tmp_path: Path) -> None:
    pages, folder = tmp_path / "docs", tmp_path / "html"
    pages.mkdir()
    (tmp_path / "ci").mkdir()
    for name in ("one.yml", "two.yml"):
        (tmp_path / "ci" / name).write_text(name)
    (pages / "index.md").write_text("# Top\n\n[one](../ci/one.yml), [both](../ci)\n")
    assert build(folder, pages) == []
    assert {file.read_text() for file in (folder / "_downloads").rglob("*.yml")} == {"one.yml", "two.yml"}
    assert "two.yml" in _text(folder / "files" / "ci" / "index.html")


def test_every_page_of_the_repository_is_linked_with_files_that_are_there() -> None:
    """A reader who has the files alone, or sees them on a host, finds what they link to."""
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES.rglob("*.md")):
        text = re.sub(r"^(```+).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s#]+)", text):
            assert re.match(r"https?:", target) or (page.parent / target).exists(), f"{page}: {target}"


# --- it asks nothing of any network


def test_nothing_in_it_is_loaded_from_elsewhere(site: Path) -> None:
    loads = re.compile(
        r"""(?:<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|data)=|<link\b[^>]*?\bhref=|@import\s+|url\()["']?(?:https?:)?//"""
    )
    for page in site.rglob("*"):
        if page.suffix in (".html", ".css", ".svg"):
            assert not (found := loads.search(page.read_text(encoding="utf-8"))), f"{page}: {found}"


@needs_chromium
def test_a_browser_opens_it_from_the_disk_and_finds_words_and_asks_for_nothing_else(site: Path) -> None:
    pytest.importorskip("playwright.sync_api", reason=NO_PLAYWRIGHT)
    with chromium() as browser:
        watched = Watched(browser.new_page(viewport=PHONE))
        page = watched.page
        for name in ("index", "tutorial/archive", "reference/commands/diff", "reference/configuration", "merging", "howto/review"):
            page.goto((site / f"{name}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], f"{name} is wider than a phone"
        assert not watched.wrong
        page.goto(f"{(site / 'search.html').as_uri()}?q=cherry-pick")  # (what it would show of the pages found, a browser reads from no disk)
        page.get_by_role("link", name="Merging", exact=True).first.wait_for()
    assert [url for url in watched.asked if not url.startswith(("file:", "data:"))] == []


# --- what it says to type


@pytest.mark.parametrize("page", examples.run_pages(), ids=lambda page: str(page.relative_to(PAGES)))
def test_the_commands_of_a_page_print_what_it_says(page: Path, tmp_path: Path) -> None:
    assert examples.check(page, tmp_path) > 0


_FROM_THE_SAMPLES = re.compile(r"amlgit (show|diff '|log|export|pull)|git (show|log)")


def test_the_tour_of_the_readme_prints_what_it_says(tmp_path: Path) -> None:
    """What it shows of the samples as they are; the rest of the tour comes after edits that its sentences tell."""
    steps = [
        step
        for block in examples.blocks((ROOT / "README.md").read_text(encoding="utf-8").split("\n"))
        if block.lines[0].startswith("$ ")
        for step in examples.steps(block)
    ]
    shutil.copytree(examples.SAMPLES, tmp_path / "amlgit" / "samples" / "archive")
    with examples.Shell(tmp_path) as shell:
        for step in steps:
            if step.command.startswith("amlgit clone --archive"):
                examples.compared(step, shell.run(step), write=False)
        shell.run(examples.Step(command="cd history", prints=()))
        tour = [step for step in steps if _FROM_THE_SAMPLES.match(step.command)]
        for step in tour:
            examples.compared(step, shell.run(step), write=False)
    assert len(tour) > 8


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```console\n$ echo one\ntwo\n```", "prints:\none\nand not:\ntwo"),
        ("```console\n$ echo one; echo two\none\n```", "prints:\none\ntwo"),
        ("```console\n$ echo\n$ echo one\n```", "prints:\none"),
        ("```console\n$ echo one; false\none\n```", "ended with 1, not 0"),
        ("<!-- exits: 1 -->\n```console\n$ echo one\none\n```", "ended with 0, not 1"),
        ("<!-- edit: exports/none -->\n```diff\n-a\n+b\n```", "does not fit"),
        ("```console\none\n```", "no command"),
        ("<!-- second terminal -->\n```console\n$ true\n```", "ended at once"),
    ],
)
def test_a_page_that_says_what_is_not_so_is_found_out(block: str, said: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"<!-- run: empty -->\n\n{block}\n")
    (tmp_path / "run").mkdir()
    with pytest.raises(examples.WrongError, match=re.escape(said)):
        examples.check(page, tmp_path / "run")


def test_what_is_printed_is_written_into_a_page_and_left_out_lines_and_ids_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = (
        "<!-- run: empty -->\n\n```console\n$ echo one\n$ seq 3\n1\n...\n$ echo 0123abc 2026-01-02\n0000000 2025-12-31\n```\n\n"
        "````console\n$ echo '```'\n````\n"
    )
    page.write_text(text)
    (tmp_path / "run").mkdir()
    assert examples.check(page, tmp_path / "run", write=True) == 4
    assert page.read_text() == text.replace("echo one\n", "echo one\none\n").replace("'```'\n", "'```'\n```\n")


def test_every_command_line_in_a_block_is_one_that_amlgit_knows() -> None:
    """Of the pages whose commands are not run, too: the verb, what is in a group, and each option."""
    known = dict(_commands())
    lines = 0
    for page in (ROOT / "README.md", *PAGES.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(r"^(?:\$ |[ -]*(?:run|script|entry): )?(?:amlgit|git aml) +(.+)$", text, re.MULTILINE):
            try:
                words = shlex.split(found[1].replace("…", ""), comments=True)
            except ValueError:  # a sentence with an apostrophe
                continue
            if words[0] not in VERBS and not found[0].startswith("$"):
                continue  # a sentence that begins with the name
            lines += 1
            command = known[words[0],]
            if isinstance(command, click.Group):
                command = known[words[0], words[1]]
            options = {name for one in command.params if isinstance(one, click.Option) for name in (*one.opts, *one.secondary_opts)}
            said = [word.partition("=")[0] for word in words if word.startswith("-") and not re.match(r"-\d*$", word)]
            said = said[: said.index("--")] if "--" in said else said
            assert options.issuperset(said), f"{page}: {found[0]}"
    assert lines > 100
