"""The site in a real browser, from files: the search, the ways between pages, phones, and what assistive technology makes of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import DESKTOP, NO_PLAYWRIGHT, PHONE, Watched, needs_chromium

pytest.importorskip("axe_playwright_python", reason=NO_PLAYWRIGHT)

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from amlgit.model.jsontext import dumps
from benchmarks import generate
from tests.support import graphs
from tests.support.browser import SPLIT, TREE
from tests.support.commands import OK, aml, clone, clone_samples
from tests.support.exports import save
from tests.support.isolation import isolate
from tests.support.pages import evil

pytestmark = needs_chromium
CHURN, SERVICE = "experiments/Customer churn - training-*", "webservices/churn-scoring-*"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sites: of the samples, of one with something to run in every string, of a graph with 200 nodes."""
    folder = tmp_path_factory.mktemp("sites")
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, folder)
        aml(clone_samples(folder / "r"), "site", folder / "samples", "--title", "The archive").expect(OK)
        sound, large = graphs.sound_graph(8, 5), generate.experiment(200, 1)
        pairs = {
            "evil": (evil(sound), evil(graphs.edited(sound, 3, 12).document)),
            "large": (large, generate.edited(generate.edited(large, 1), 2)),
        }
        for name, pair in pairs.items():
            for number, document in enumerate(pair, 1):
                save(folder, f"a-{name}/2017-01-0{number}.json", dumps(document))
            aml(clone(folder / f"a-{name}", folder / f"r-{name}"), "site", folder / name).expect(OK)
    return folder


class Visit(Watched):
    """A page of a site; nothing may go wrong in it, and nothing be asked for that is not in the site."""

    def __init__(self, browser: Browser, site: Path, **wanted: Any) -> None:  # Any: options of the browser's own
        self.site = site
        self.context = browser.new_context(**{"viewport": DESKTOP, "color_scheme": "light", **wanted})
        super().__init__(self.context.new_page())

    def go(self, pattern: str) -> Page:
        (found,) = self.site.glob(pattern)
        self.page.goto(found.as_uri())
        return self.page

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
        assert self.wrong == []
        assert [url for url in self.asked if not url.startswith(self.site.as_uri())] == []


def test_one_clicks_from_the_first_page_to_a_node_and_back(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples") as visit:
        page = visit.go("index.html")
        expect(page.get_by_role("heading", level=1)).to_have_text("The archive")
        page.get_by_role("link", name="Customer churn - training").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Customer churn - training")
        page.get_by_role("link", name="run 5", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("run 5")
        expect(page.locator(".n.added")).to_have_count(1)
        page.get_by_role("link", name="run 4").click()
        expect(page).to_have_url(re.compile(r"/4\.html$"))
        page.get_by_role("link", name="run 5").click()
        page.locator(".all summary").click()
        page.locator(".all").get_by_role("button", name=TREE).click()
        chosen = page.locator(".chosen:visible")
        expect(chosen.get_by_role("heading", level=2)).to_have_text(TREE)
        expect(chosen.locator("dt", has_text="The learning rate").locator("+ dd")).to_have_text("0.1")
        chosen.get_by_role("button", name="Train Model 166-bb60").click()
        expect(chosen.get_by_role("button", name=re.compile("Split Data|" + TREE)).first).to_be_visible()
        page.keyboard.press("Escape")
        page.locator(".scripts").get_by_role("link", name="Execute R Script 140-bb60").click()
        expect(page.locator(".state-of[open] .code li").first).to_be_visible()
        page.get_by_role("navigation", name="Where this is").get_by_role("link", name="The archive").click()
        expect(page.locator(".card")).not_to_have_count(0)


def test_what_changed_is_shown_with_both_values_and_wires(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples") as visit:
        page = visit.go(f"{CHURN}/archive/3.html")
        page.keyboard.press("n")
        chosen = page.locator(".chosen:visible")
        expect(chosen.locator("dt", has_text="The learning rate").locator("+ dd")).to_have_text("0.2 → 0.1")
        expect(chosen.locator("h3", has_text="Outputs").locator("+ dl .go")).to_have_text("Train Model 166-bb60")


def test_the_search_finds_titles_nodes_parameters_and_lines_of_scripts(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples") as visit:
        page = visit.go("index.html")
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        status, answers = page.locator("#answered"), page.locator("#answers > li")
        page.keyboard.type("learning rate 0.1")
        expect(status).to_have_text(re.compile(r"^found in [1-9]\d* of \d+$"))
        expect(page.locator(".gallery").first).to_be_hidden()
        expect(answers.first.locator("mark").first).to_be_visible()
        page.locator("#q").fill("0-6 labels")
        expect(answers.locator("li", has_text="Execute R Script").first).to_contain_text('c("0-6"')
        page.locator("#q").fill("customer churn training")
        expect(answers.first.locator("h3 a")).to_have_text("Customer churn - training")
        page.locator("#q").fill("split data 153-bb60")
        answers.locator("li a", has_text=SPLIT).first.click()
        expect(page.locator(".chosen:visible").get_by_role("heading", level=2)).to_have_text(SPLIT)
        page.go_back()
        expect(page.locator("#q")).to_have_value("split data 153-bb60")
        expect(answers).not_to_have_count(0)
        page.locator("#q").fill("nowhere at all")
        expect(status).to_have_text(re.compile("^nothing found"))
        page.keyboard.press("Escape")
        expect(page.locator(".card").first).to_be_visible()


def test_the_search_shows_the_line_that_has_most_of_the_words(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples") as visit:
        page = visit.go("index.html")
        churn = page.locator("#answers > li", has=page.get_by_role("link", name="Customer churn - training"))
        page.locator("#q").fill("learning rate")
        expect(churn.locator("li", has_text="Boosted").locator(".soft")).to_have_text("The learning rate: 0.1")
        page.locator("#q").fill("random seed 42")
        expect(churn.locator("li", has_text=SPLIT).locator(".soft")).to_have_text("Random seed: 42")
        page.locator("#q").fill("paper_bill int32")
        service = page.locator("#answers > li", has=page.get_by_role("link", name="churn-scoring"))
        expect(service.locator("p")).to_have_text("customers: paper_bill, Integer (Int32)")


def test_a_search_can_be_linked_as_forms_write_it(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples") as visit:
        page = visit.go("index.html")
        for fragment, words in (("q=learning+rate", "learning rate"), ("q=a%2Bb+%25", "a+b %"), ("q=c%2B%2B", "c++"), ("q=50%+more", "50% more")):
            page.goto(page.url.partition("#")[0] + "#" + fragment)
            expect(page.locator("#q")).to_have_value(words)
            # the address it gives itself is read as the same
            page.goto(page.url)
            page.reload()
            expect(page.locator("#q")).to_have_value(words)
        page.goto(page.url.partition("#")[0] + "#q=learning+rate")
        expect(page.locator("#answered")).to_have_text(re.compile(r"^found in [1-9]\d* of \d+$"))


def test_the_first_page_is_put_in_order(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples") as visit:
        page = visit.go("index.html")
        gallery = page.locator(".gallery").first
        titles = gallery.locator(".card h3")
        newest = titles.all_text_contents()
        page.get_by_role("button", name="title").first.click()
        assert titles.all_text_contents() == sorted(newest, key=str.casefold)
        page.get_by_role("button", name="most versions").first.click()
        expect(titles.first).to_have_text("Customer churn - training")
        page.get_by_role("button", name="newest").first.click()
        assert titles.all_text_contents() == newest


def test_light_or_dark_is_kept_from_page_to_page(browser: Browser, sites: Path) -> None:
    def background(page: Page) -> object:
        return page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")

    with Visit(browser, sites / "samples") as visit:
        page = visit.go("index.html")
        light = background(page)
        page.get_by_role("button", name="Light or dark").click()
        dark = background(page)
        assert dark != light
        for pattern in (f"{CHURN}/index.html", f"{CHURN}/archive/5.html", f"{SERVICE}/index.html"):
            assert background(visit.go(pattern)) == dark
        page.keyboard.press("t")
        assert background(visit.go("index.html")) == light


def test_a_graph_of_200_nodes_begins_at_a_change(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "large") as visit:
        page = visit.go("experiments/*/archive/2.html")
        expect(page.locator(".minimap")).to_be_visible()
        page.keyboard.press("n")
        expect(page.locator(".n.at")).to_be_in_viewport()
        expect(page.locator(".chosen:visible h3", has_text="What changed")).to_be_visible()


PAGES = ("index.html", f"{CHURN}/index.html", f"{CHURN}/archive/5.html", f"{CHURN}/archive/scripts/Execute R Script*.html", f"{SERVICE}/index.html")


def test_a_phone_shows_every_page_without_moving_sideways(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples", viewport=PHONE, has_touch=True, is_mobile=True) as visit:
        for pattern in PAGES:
            page = visit.go(pattern)
            assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"], pattern
    with Visit(browser, sites / "evil", viewport=PHONE, has_touch=True, is_mobile=True) as visit:
        for pattern in ("index.html", "experiments/*/index.html", "experiments/*/archive/2.html"):
            assert visit.go(pattern).evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"], pattern


def test_without_scripts_all_pages_can_be_read(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples", java_script_enabled=False) as visit:
        page = visit.go("index.html")
        expect(page.locator(".asked")).to_be_hidden()
        page.get_by_role("link", name="Customer churn - training").click()
        page.get_by_role("link", name="run 5", exact=True).click()
        expect(page.locator(".graph")).to_be_visible()
        expect(page.locator(".change").first).to_be_visible()
        page.get_by_role("link", name="Execute R Script 140-bb60").click()
        expect(page.locator(".code li").first).to_be_visible()


def test_pages_are_printed_without_what_is_pressed(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "samples") as visit:
        for pattern in PAGES:
            page = visit.go(pattern)
            page.emulate_media(media="print")
            expect(page.locator(".tools, .zoom, .minimap, .steps, .asked, .sorts").filter(visible=True)).to_have_count(0)
            assert len(page.pdf()) > 5_000


def test_nothing_in_an_experiment_runs(browser: Browser, sites: Path) -> None:
    with Visit(browser, sites / "evil") as visit:
        page = visit.go("index.html")
        page.locator("#q").fill("alert(1)")
        expect(page.locator("#answers > li")).to_have_count(1)
        expect(page.locator("#answers")).to_contain_text("<script>alert(1)")
        page.locator("#answers h3 a").click()
        page.locator(".story h3 a").first.click()
        expect(page.locator("#help")).to_be_visible()  # the keys are listened to from here on
        for _ in range(6):
            page.keyboard.press("n")
        expect(page.locator(".chosen:visible")).to_contain_text("alert(1)")
        assert page.locator("img").count() == 0


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)])
def test_axe_finds_nothing_serious(browser: Browser, sites: Path, scheme: str, size: dict[str, int]) -> None:
    with Visit(browser, sites / "samples", viewport=size, color_scheme=scheme) as visit:
        for pattern in (*PAGES, f"{SERVICE}/archive/1.html"):
            page = visit.go(pattern)
            if pattern == "index.html":
                page.locator("#q").fill("data")
                expect(page.locator("#answers > li").first).to_be_visible()
            # by itself axe would read style sheets anew, which the policy forbids
            found = Axe().run(page, options={"preload": False}).response["violations"]
            serious = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
            assert serious == [], f"{pattern}: {json.dumps(serious, indent=1)}"
