"""Makes the pictures of the README from real runs: `python docs/pictures.py` runs the demo and draws it (needs the package rich)."""

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "demo" / "repository"
COLUMNS = 132

PICTURES = {
    "git-log": ("git", "log", "--color=always", "--date=short", "--format=%C(yellow)%h%C(reset) %C(green)%ad%C(reset) %<(12,trunc)%an %s", "-12"),
    "git-show": (
        "git",
        "show",
        "--color=always",
        "--date=short",
        "--format=%C(yellow)%h%C(reset) %s",
        "{run 3}",
        "--",
        ":(glob)experiments/*/nodes/*",
    ),
}


def main() -> None:
    """Run the demo and some commands in its repository, and draw what they print."""
    demo = subprocess.run([sys.executable, HERE.parent / "dev.py", "demo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    draw("round-trip", story(demo.stdout))
    run = ["git", "log", "--format=%H", "--grep=training: run 3 ", "-1"]
    commit = subprocess.run(run, cwd=DEMO, capture_output=True, text=True, check=True).stdout.strip()
    for name, command in PICTURES.items():
        words = [commit if word == "{run 3}" else word for word in command]
        printed = subprocess.run(words, cwd=DEMO, capture_output=True, text=True, check=True).stdout
        draw(name, Text.from_ansi(printed.rstrip()))


def story(printed: str) -> Text:
    """The part of the demo from the first edit on, with commands and remarks told apart."""
    lines = printed[printed.index("\n# The learning rate") + 1 : printed.index("\nThe repository is in")].rstrip().split("\n")
    styles = {"$ ": "bold green", "# ": "bright_black italic", "err": "bold red", "hin": "yellow"}
    return Text("\n").join(Text(line, style=styles.get(line[:2]) or styles.get(line[:3], "")) for line in lines)


def draw(name: str, text: Text) -> None:
    """One picture of a terminal."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(text)
    # no font from the network: every reader has a fixed-width one
    svg = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=name.replace("-", " ")), flags=re.DOTALL)
    (HERE / f"{name}.svg").write_text(svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono"), encoding="utf-8")


if __name__ == "__main__":
    main()
