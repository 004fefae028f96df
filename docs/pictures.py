"""Makes the pictures of the README from real runs: `python docs/pictures.py` after `python3 dev.py demo` (needs rich, playwright and Chromium)."""

import io
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "demo"
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
    """Run each command in the demo repository and draw what it prints."""
    run = ["git", "log", "--format=%H", "--grep=training: run 4 ", "-1"]
    commit = subprocess.run(run, cwd=DEMO, capture_output=True, text=True, check=True).stdout.strip()
    for name, command in PICTURES.items():
        words = [commit if word == "{run 4}" else word for word in command]
        printed = subprocess.run(words, cwd=DEMO, capture_output=True, text=True, check=True).stdout
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
        console.print(Text.from_ansi(printed.rstrip()))
        # no font from the network: every reader has a fixed-width one
        svg = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=name.replace("-", " ")), flags=re.DOTALL)
        (HERE / f"{name}.svg").write_text(svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono"), encoding="utf-8")
    picture_of_a_review()


def picture_of_a_review() -> None:
    """The page of a review, as a browser shows it."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "review.html"
        title = "Customer churn - training"
        subprocess.run(["amlgit", "-C", str(DEMO), "review", f"{title}@1", f"{title}@8", "--html", str(page)], check=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        opened = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        opened.goto(page.as_uri())
        opened.wait_for_timeout(500)
        opened.screenshot(path=HERE / "review.png")
        browser.close()


if __name__ == "__main__":
    main()
