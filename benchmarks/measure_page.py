"""The page of a review of 2,000 nodes: what it takes to make beside the diff, its size, and what a browser makes of it."""

import shutil
import statistics
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import generate, variants
from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.processes import Command, amlgit_script, interleaved, seconds

if TYPE_CHECKING:
    from playwright.sync_api import Page

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_STEPS = 150


def measure(data: Data) -> Iterator[Figure]:
    """The page of two exports with 2,000 nodes that differ in eleven edits, every box elsewhere."""
    folder = data.folder / "page"
    folder.mkdir(parents=True, exist_ok=True)
    document = generate.experiment(2000, 1)
    sides = {"old": document, "new": variants.variant(document, 1)}
    for name, side in sides.items():
        (folder / f"{name}.json").write_text(generate.wire(side), encoding="utf-8")
    pair, page = [str(folder / f"{name}.json") for name in sides], folder / "page.html"
    commands = {
        "diff": Command(arguments=(*amlgit_script(), "diff", "--no-index", *pair)),
        "page": Command(arguments=(*amlgit_script(), "review", "--no-index", *pair, "--html", str(page))),
    }
    runs = interleaved(commands, max(data.rounds, 7), data.variables)
    diff, made = (seconds(runs[name]) for name in commands)
    note = f"{made * 1000:.0f} ms against {diff * 1000:.0f} ms"
    yield Figure(name="page of 2,000 nodes", value=made / diff, unit="times the diff", at_most=3, note=note)
    yield Figure(name="size of that page", value=page.stat().st_size / 1e6, unit="MB")
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        return
    # as the user drew it, and as eleven edits with every box at random: wires all over the plane
    drawn = _drawn_as_before(folder, sides)
    for name, file in (("", _page_of(drawn, folder, data)), (", boxes at random", page)):
        yield from _seen(browser, file, name)


def _drawn_as_before(folder: Path, sides: dict[str, generate.Document]) -> list[str]:
    """The two exports with the layout of the first in both."""
    layout = sides["old"]["Graph"]["SerializedClientData"]
    new = {**sides["new"], "Graph": {**sides["new"]["Graph"], "SerializedClientData": layout}}
    (folder / "drawn.json").write_text(generate.wire(new), encoding="utf-8")
    return [str(folder / "old.json"), str(folder / "drawn.json")]


def _page_of(pair: list[str], folder: Path, data: Data) -> Path:
    page = folder / "drawn.html"
    interleaved({"page": Command(arguments=(*amlgit_script(), "review", "--no-index", *pair, "--html", str(page)))}, 1, data.variables)
    return page


def first_pictures(file: Path) -> list[float]:
    """Milliseconds from the start of the navigation to the second frame after a page has loaded, three times; nothing without a browser."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        return []
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser, args=list(ARGUMENTS))
        for _ in range(3):
            page = launched.new_page(viewport={"width": 1400, "height": 860})
            page.goto(file.absolute().as_uri())
            found.append(page.evaluate(_FIRST))
            page.close()
        launched.close()
    return found


def _seen(browser: str, file: Path, name: str) -> Iterator[Figure]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser, args=list(ARGUMENTS))
        firsts, rates = [], []
        for _ in range(3):
            page = launched.new_page(viewport={"width": 1400, "height": 860})
            page.goto(file.absolute().as_uri())
            firsts.append(page.evaluate(_FIRST))
            page.wait_for_timeout(500)
            rates.append(_panned(page))
            page.close()
        launched.close()
    rate, slowest = (statistics.median(entry[number] for entry in rates) for number in (0, 1))
    yield Figure(name=f"first picture in Chromium{name}", value=statistics.median(firsts), unit="ms", at_most=1000, note="no graphics card")
    note = f"95 of 100 frames within {slowest:.0f} ms; no graphics card"
    yield Figure(name=f"panning in Chromium{name}", value=rate, unit="frames a second", at_least=30, note=note)


_FIRST = """() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame((now) => resolve(now))))"""
_COUNT = """() => { window.frames_ = []; const count = (now) => { frames_.push(now); window.counting = requestAnimationFrame(count); };
window.counting = requestAnimationFrame(count); }"""


_WHERE = "() => document.querySelector('.graph').style.transform"


def _panned(page: "Page") -> tuple[float, float]:
    """Frames a second, and milliseconds of the slower ones, while the graph is dragged to and fro."""
    start = page.evaluate(_WHERE)
    page.mouse.move(500, 700)
    page.mouse.down()
    page.evaluate(_COUNT)
    for step in range(_STEPS):
        page.mouse.move(500 + 8 * (step % 40), 700 - 6 * abs(75 - step) % 600)
    times = page.evaluate("() => { cancelAnimationFrame(window.counting); return frames_; }")
    assert page.evaluate(_WHERE) != start, "nothing moved"
    page.mouse.up()
    gaps = sorted(after - before for before, after in pairwise(times))
    return 1000 / statistics.mean(gaps), gaps[int(len(gaps) * 0.95)]
