"""Makes the pictures of the README and the other pages from real runs: `python docs/pictures.py` (needs rich, playwright and Chromium)."""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
COLUMNS = 132

PICTURES = {
    "git-log": ("git", "log", "--color=always", "--date=short", "--format=%C(yellow)%h%C(reset) %C(green)%ad%C(reset) %<(12,trunc)%an %s", "-12"),
    "git-show": (
        "git",
        "show",
        "--color=always",
        "--date=short",
        "--format=%C(yellow)%h%C(reset) %s",
        "{run 4}",
        "--",
        ":(glob)experiments/*/nodes/*",
    ),
}


def main() -> None:
    """Run the demo, and some commands in a repository made from the sample archive, and draw what they print."""
    demo = subprocess.run([sys.executable, HERE.parent / "dev.py", "demo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    draw("round-trip", story(demo.stdout))
    with tempfile.TemporaryDirectory() as folder:
        history = Path(folder) / "history"
        subprocess.run(["amlgit", "clone", "--archive", HERE.parent / "amlgit" / "samples" / "archive", history], check=True)
        run = ["git", "log", "--format=%H", "--grep=training: run 4 ", "-1"]
        commit = subprocess.run(run, cwd=history, capture_output=True, text=True, check=True).stdout.strip()
        for name, command in PICTURES.items():
            words = [commit if word == "{run 4}" else word for word in command]
            printed = subprocess.run(words, cwd=history, capture_output=True, text=True, check=True).stdout
            draw(name, Text.from_ansi(printed.rstrip()))
        pictures_of_pages(history)


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


def pictures_of_pages(history: Path) -> None:
    """The page of a review, that of one version, a site's first page and the page of a merge's conflicts, as a browser shows them."""
    from playwright.sync_api import sync_playwright

    title = "Customer churn - training"
    pages = {name: history.with_name(f"{name}.html") for name in ("review", "show", "conflict")} | {"site": history.with_name("site") / "index.html"}
    amlgit(history, "review", f"{title}@1", f"{title}@8", "--html", pages["review"])
    amlgit(history, "show", title, "--html", pages["show"])
    amlgit(history, "site", pages["site"].parent)
    meet(history)
    amlgit(history, "resolve", "--html", pages["conflict"], code=1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for name, page in pages.items():
            opened = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
            opened.goto(page.as_uri())
            opened.wait_for_timeout(500)
            opened.screenshot(path=HERE / f"{name}.png")
        browser.close()


LEARNING = "Two-Class Boosted Decision Tree 160-bb60.json"


def meet(history: Path) -> None:
    """Two branches that changed the same node, on their way to one."""
    node = next(history.glob(f"experiments/*/nodes/{LEARNING}"))
    edits = {"deeper": {'"0.1"': '"0.05"', '"100"': '"250"'}, "main": {'"0.1"': '"0.2"', '"20"': '"31"'}}
    for branch, words in edits.items():
        subprocess.run(["git", "checkout", "--quiet", *(["-b"] if branch != "main" else []), branch], cwd=history, check=True)
        text = node.read_text(encoding="utf-8")
        for old, new in words.items():
            text = text.replace(old, new)
        node.write_text(text, encoding="utf-8")
        subprocess.run(
            ["git", "commit", "--quiet", "--all", "--message", "Deeper trees" if branch == "deeper" else "Larger trees"], cwd=history, check=True
        )
    amlgit(history, "merge", "deeper", code=1)


def amlgit(history: Path, *arguments: str | Path, code: int = 0) -> None:
    """Run a verb that has to end with `code`."""
    done = subprocess.run(["amlgit", "-C", history, *arguments], check=False)
    if done.returncode != code:
        raise SystemExit(f"amlgit {arguments[0]} ended with {done.returncode}")


if __name__ == "__main__":
    main()
