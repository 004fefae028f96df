"""Pages in a real browser, with all that goes wrong in them and all they ask for."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from benchmarks.measure_page import ARGUMENTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, ViewportSize

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path; on Debian: apt-get install chromium")
NO_PLAYWRIGHT = "no playwright here; pip install -e '.[dev]' brings it"
PHONE: "ViewportSize" = {"width": 390, "height": 844}
DESKTOP: "ViewportSize" = {"width": 1400, "height": 860}
SCORE, TREE, CLEAN, SPLIT = "Score Model 173-bb60", "Two-Class Boosted Decision Tree 160-bb60", "Clean Missing Data 64-6ec6", "Split Data 153-bb60"
"""Nodes of the sample that is looked at."""


@contextmanager
def chromium() -> "Iterator[Browser]":
    """A browser for as long as the block lasts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield launched
        launched.close()


class Watched:
    """A page that is watched: errors, warnings and dialogs in `wrong`, addresses in `asked`."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.wrong: list[str] = []
        self.asked: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self.asked.append(request.url))

    def _console(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def _dialog(self, dialog: "Dialog") -> None:
        self.wrong.append(dialog.message)
        dialog.dismiss()
