"""Builds the documentation: `python docs/build.py [FOLDER]` writes it to FOLDER (build/docs). A warning is an error.

The pages are copied to a folder of their own first. There the parts that come from the code are put in (`generated.py`), and links to files
of the repository that are pages too (the changelog, say) lead to these pages.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from docs.generated import PARTS, command_pages  # noqa: E402  # started as a script, this is what finds the package

ALSO: Mapping[str, str] = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "benchmarks/README.md": "project/benchmarks.md",
    ".amlgit.example": "reference/amlgit.example",
}
"""File of the repository outside of this folder → its place in the documentation."""

_FENCE = re.compile(r"^ *(```+|~~~+)")
_LINK = re.compile(r"(!?\[(?:[^\]\\]|\\.)*\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_PART = re.compile(r"^<!-- generated: ([a-z]+) -->$", re.MULTILINE)


def main() -> int:
    """Build what the command line says, and tell where it is."""
    parser = argparse.ArgumentParser(description="Build the documentation; a warning is an error.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "docs", help="where it goes (default: build/docs)")
    folder = parser.parse_args().folder.resolve()
    problems = build(folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{len(problems)} to mend; nothing was written to {folder}", file=sys.stderr)
        return 1
    print(folder / "index.html")
    return 0


def build(folder: Path, pages: Path = HERE) -> list[str]:
    """Make `folder` the documentation of `pages`; gives what is wrong with them, and then leaves `folder` as it was."""
    aside = folder.with_name(f".{folder.name}-new")
    shutil.rmtree(aside, ignore_errors=True)
    source, made = aside / "source", aside / "html"
    problems = list(stage(pages, source))
    command = [sys.executable, "-m", "sphinx", "-q", "--color" if sys.stderr.isatty() else "--no-color"]
    command += ["-W", "--keep-going", "-b", "html", "-c", str(HERE), "-d", str(aside / "state"), str(source), str(made)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    problems += [line.replace(f"{source}{os.sep}", "") for line in done.stderr.splitlines() if line.strip()]
    if done.returncode != 0 and not problems:
        problems.append(f"Sphinx ended with {done.returncode}: {done.stdout}")
    if not problems:
        (made / ".buildinfo").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    shutil.rmtree(aside)
    return problems


def stage(pages: Path, source: Path) -> Iterator[str]:
    """Lay the pages out as Sphinx is to read them; gives each link to what is no page and each part that nothing makes."""
    shutil.copytree(pages, source, ignore=shutil.ignore_patterns("*.py", "_static", "__pycache__"))
    places = {pages / path.relative_to(source): path for path in sorted(source.rglob("*")) if path.is_file()}
    for name, where in ALSO.items():
        target = source / where
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
        places[ROOT / name] = target
    for origin, place in places.items():
        if place.suffix == ".md" and origin != ROOT / "README.md":
            text, problems = rewritten(place.read_text(encoding="utf-8"), origin, places)
            place.write_text(text, encoding="utf-8")
            yield from problems
    for verb, text in command_pages().items():
        page = source / "reference" / "commands" / f"{verb}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")


def rewritten(text: str, origin: Path, places: Mapping[Path, Path]) -> tuple[str, list[str]]:
    """A page's text with links as they are in the documentation, and generated parts in their place; and what is wrong with it."""
    problems: list[str] = []
    here = places[origin].parent

    def link(found: re.Match[str]) -> str:
        before, target, after = found.groups()
        if re.match(r"[a-z]+:", target):
            return found.group()
        place = places.get(Path(os.path.normpath(origin.parent / target)))
        if place is None:
            problems.append(f"{origin.name}: {target} is no file that the documentation has")
            return found.group()
        return f"{before}{Path(os.path.relpath(place, here)).as_posix()}{after}"

    def part(found: re.Match[str]) -> str:
        if found[1] not in PARTS:
            problems.append(f"{origin.name}: nothing makes the part '{found[1]}'")
            return found.group()
        return "\n".join(PARTS[found[1]]())

    lines, fence = [], ""
    told = text.split("\n")
    for line, below in zip(told, [*told[1:], ""], strict=True):
        mark = _FENCE.match(line)
        if mark:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
            line += "console" if fence == line and below.startswith("$ ") else ""  # noqa: PLW2901  # a block without a language, of commands
        lines.append(line if fence or mark else _LINK.sub(link, line))
    return _PART.sub(part, "\n".join(lines)), problems


if __name__ == "__main__":
    sys.exit(main())
