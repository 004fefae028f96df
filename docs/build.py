"""Builds the documentation: `python docs/build.py [FOLDER]` writes it to FOLDER (build/docs). A warning is an error.

The pages are copied to a folder of their own first. There the parts that come from the code are put in (`generated.py`), and links to the
repository's other files are led to where these are in the documentation: a page (the changelog, say), or a file to be downloaded.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
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
}
"""Page of the repository outside of this folder → its place in the documentation."""

_FENCE = re.compile(r"^ *(```+|~~~+)")
_LINK = re.compile(r"(!?\[(?:[^\]\\]|\\.)*\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_PART = re.compile(r"^<!-- generated: ([a-z]+) -->$", re.MULTILINE)


def main() -> int:
    """Build what the command line says, and tell where it is."""
    parser = argparse.ArgumentParser(description="Build the documentation; a warning is an error.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "docs", help="where it goes (default: build/docs)")
    folder = parser.parse_args().folder.resolve()
    if find_spec("sphinx") is None:
        print("Sphinx is not installed; in this repository: pip install '.[docs]'", file=sys.stderr)
        return 1
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
    problems = Stage(pages, source).fill()
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


class Stage:
    """The pages as Sphinx is to read them, in a folder of their own."""

    def __init__(self, pages: Path, source: Path) -> None:
        self._pages, self._root, self._source = pages, pages.parent, source
        self._places: dict[Path, Path] = {}
        """File or folder of the repository → what stands for it."""
        self._problems: list[str] = []

    def fill(self) -> list[str]:
        """Lay everything out; gives each link to what is not there, and each part that nothing makes."""
        shutil.copytree(self._pages, self._source, ignore=shutil.ignore_patterns("*.py", "_static", "__pycache__"))
        self._places |= {self._pages / path.relative_to(self._source): path for path in sorted(self._source.rglob("*")) if path.is_file()}
        for name, where in ALSO.items():
            if (self._root / name).exists():
                self._copied(self._root / name, self._source / where)
        for origin, place in list(self._places.items()):
            if place.suffix == ".md" and origin != self._root / "README.md":
                place.write_text(self._rewritten(place.read_text(encoding="utf-8"), origin), encoding="utf-8")
        return self._problems

    def _copied(self, origin: Path, place: Path) -> None:
        self._places[origin] = place
        if not place.exists():  # the front page stands for the README
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, place)

    def _written(self, place: Path, text: str) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def _place(self, target: Path) -> Path | None:
        """What stands for a file or folder of the repository; None for what is neither."""
        if target not in self._places and target.is_relative_to(self._root) and target.exists():
            place = self._source / "files" / target.relative_to(self._root)
            if target.is_file():
                self._copied(target, place)
            else:
                files = sorted(path.name for path in target.iterdir() if path.is_file())
                for name in files:
                    self._copied(target / name, place / name)
                listed = "".join(f"- [{name}]({name})\n" for name in files)
                self._places[target] = place / "index.md"
                self._written(place / "index.md", f"---\norphan: true\n---\n\n# {target.relative_to(self._root).as_posix()}\n\n{listed}")
        return self._places.get(target)

    def _rewritten(self, text: str, origin: Path) -> str:
        """A page's text with links as they are in the documentation, and generated parts in their place."""
        here = self._places[origin].parent

        def link(found: re.Match[str]) -> str:
            before, target, after = found.groups()
            if re.match(r"[a-z]+:", target):
                return found.group()
            place = self._place(Path(os.path.normpath(origin.parent / target)))
            if place is None:
                self._problems.append(f"{origin.name}: {target} is no file of the repository")
                return found.group()
            return f"{before}{Path(os.path.relpath(place, here)).as_posix()}{after}"

        def part(found: re.Match[str]) -> str:
            if found[1] not in PARTS:
                self._problems.append(f"{origin.name}: nothing makes the part '{found[1]}'")
                return found.group()
            if found[1] == "verbs":
                for verb, page in command_pages().items():
                    self._written(here / "commands" / f"{verb}.md", page)
            return "\n".join(PARTS[found[1]]())

        lines, fence = [], ""
        told = text.split("\n")
        for line, below in zip(told, [*told[1:], ""], strict=True):
            mark = _FENCE.match(line)
            if mark:
                fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
            is_of_commands = bool(mark) and fence == line and below.startswith("$ ")  # and its language is not said
            lines.append(f"{line}console" if is_of_commands else line if fence or mark else _LINK.sub(link, line))
        return _PART.sub(part, "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
