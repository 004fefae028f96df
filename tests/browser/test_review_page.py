"""The page in a real browser: what is clicked and typed, what is seen then, and what assistive technology makes of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import CLEAN, DESKTOP, NO_PLAYWRIGHT, PHONE, SCORE, SPLIT, TREE, Watched, needs_chromium

pytest.importorskip("axe_playwright_python", reason=NO_PLAYWRIGHT)

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from amlgit.model.jsontext import dumps
from benchmarks import generate, variants
from tests.support import graphs
from tests.support.commands import FINDINGS, OK, aml, clone_samples, git, git_run, on_path
from tests.support.exports import save
from tests.support.isolation import isolate
from tests.support.pages import evil
from tests.support.repositories import commit_all, replace_in

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pages: two versions, several experiments, one with something to run in every string, one of 450 nodes."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, folder)
        patch.setenv("PATH", on_path(folder / "bin"))
        samples = clone_samples(folder / "r")
        aml(samples, "review", "Customer churn - training@1", "Customer churn - training@8", "--html", folder / "churn.html").expect(OK)
        aml(samples, "review", "HEAD~12..HEAD", "--html", folder / "many.html").expect(OK)
        _clash(samples)
        aml(samples, "resolve", "--html", folder / "clash.html").expect(FINDINGS)
    sound = graphs.sound_graph(8, 5)
    large = generate.experiment(450, 1)
    pairs = {"evil": (evil(sound), evil(graphs.edited(sound, 3, 12).document)), "large": (large, variants.variant(large, 1))}
    for name, pair in pairs.items():
        files = [save(folder, f"{name}{number}.json", dumps(document)) for number, document in enumerate(pair)]
        aml(folder, "review", "--no-index", *files, "--html", folder / f"{name}.html").expect(OK)
    return folder


def _clash(samples: Path) -> None:
    """A merge that stands with conflicts: of the title, a script, a parameter, and between a removal and an edit; something to run in each."""
    nodes = next((samples / "experiments").glob("*training*")) / "nodes"
    tree, script, clean = nodes / f"{TREE}.json", nodes / "Execute R Script 140-bb60.R", nodes / f"{CLEAN}.json"
    page, score = nodes.parent / "experiment.json", nodes / f"{SCORE}.json"
    run = "<img src=x onerror=alert(1)>"
    for branch, side in (("theirs", "yours"), ("main", "mine")):
        git(samples, "checkout", "--quiet", "-B", branch, "main")
        replace_in(tree, '"The learning rate", "Value": "0.1"', f'"The learning rate", "Value": "{side} {run}"')
        replace_in(script, '"data_gb", ', f'"{side}", ')
        replace_in(page, '"Customer churn - training"', f'"Churn of {side}"')
        replace_in(score, '"Comment": ""', '"Comment": "scored"')
        if side == "yours":
            replace_in(clean, '"Replacement value", "Value": "0"', f'"Replacement value", "Value": "{run}"')
        else:
            clean.unlink()
            replace_in(nodes / "Execute Python Script 125-bb60.json", f"{CLEAN}:Cleaned dataset", "Apply SQL Transformation 118-bb60:Results dataset")
        commit_all(samples)
        if branch == "theirs":
            git(samples, "branch", "--quiet", "--force", "main", "HEAD~1")
    assert git_run(samples, "merge", "theirs").code == 1


class Opened(Watched):
    """The page of a review, or of conflicts."""

    def __init__(self, page: Page, file: Path) -> None:
        super().__init__(page)
        page.goto(file.as_uri())

    def box(self, name: str) -> Locator:
        title, _, number = name.rpartition(" ")
        return self.page.locator(".n", has=self.page.locator("text", has_text=title[:20])).filter(has_text=re.compile(f"{number}|Rate 0.1"))

    @property
    def chosen(self) -> Locator:
        return self.page.locator(".chosen:visible")

    @property
    def transform(self) -> tuple[float, float, float]:
        """Where the picture is, and how large."""
        found = self.page.evaluate(_TRANSFORM)
        numbers = re.findall(r"-?[\d.]+(?:e-?\d+)?", found)
        return float(numbers[0]), float(numbers[1]), float(numbers[2])


_TRANSFORM = """() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
    resolve(document.querySelector(".entry:not([hidden]) .graph").style.transform))))"""


@pytest.fixture
def opened(browser: Browser, pages: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """The page of two versions, or what a test asks for by parameters; nothing may go wrong and nothing may be asked for."""
    wanted: dict[str, Any] = dict(getattr(request, "param", {}))
    file = pages / f"{wanted.pop('name', 'churn')}.html"
    context = browser.new_context(**{"viewport": DESKTOP, "color_scheme": "light", **wanted})
    found = Opened(context.new_page(), file)
    yield found
    context.close()
    assert found.wrong == []
    assert found.asked == [file.as_uri()]


def parametrized(**wanted: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("opened", [wanted], indirect=True, ids=["page"])


def test_a_click_on_a_node_shows_its_parameters_old_and_new(opened: Opened) -> None:
    opened.box(TREE).click()
    expect(opened.chosen.get_by_role("heading", level=2)).to_have_text(TREE)
    rate = opened.chosen.locator("dt", has_text="The learning rate").locator("+ dd")
    expect(rate).to_have_text("0.2 → 0.1")
    expect(opened.page.locator(".n.at")).to_have_count(1)
    expect(opened.page.locator(".marks path")).to_have_count(1)
    expect(opened.chosen.locator("dd", has_text="Train Model 166-bb60")).to_be_visible()
    opened.chosen.get_by_role("button", name="Train Model 166-bb60").click()
    expect(opened.chosen.get_by_role("heading", level=2)).to_have_text("Train Model 166-bb60")
    opened.chosen.get_by_role("button", name="All changes").click()
    expect(opened.chosen).to_have_count(0)
    expect(opened.page.locator(".n.at")).to_have_count(0)


def test_an_unchanged_node_shows_its_script_and_a_click_beside_it_closes(opened: Opened) -> None:
    opened.box("Apply SQL Transformation 118-bb60").click()
    expect(opened.chosen.locator("pre")).to_contain_text("SELECT", ignore_case=True)
    opened.page.mouse.click(60, 500)
    expect(opened.chosen).to_have_count(0)


def test_all_of_it_goes_by_keyboard(opened: Opened) -> None:
    keyboard, status = opened.page.keyboard, opened.page.get_by_role("status")
    keyboard.press("n")
    expect(status).to_have_text(f"1 of 6: {CLEAN}")
    keyboard.press("p")
    expect(status).to_have_text(f"6 of 6: {SCORE}")
    expect(opened.chosen.get_by_role("heading", level=2)).to_have_text(SCORE)
    keyboard.press("Escape")
    expect(opened.chosen).to_have_count(0)
    expect(opened.page.locator(".change .go:focus")).to_have_text(SCORE)
    keyboard.press("Enter")
    expect(opened.chosen).to_be_focused()
    keyboard.press("/")
    keyboard.type("seed")
    expect(status).to_have_text("3 boxes")
    keyboard.press("Enter")
    expect(opened.chosen.locator("dt", has_text=re.compile("seed", re.IGNORECASE))).to_have_count(1)
    keyboard.press("Escape")
    expect(opened.page.locator(".graph.dim")).to_have_count(0)
    keyboard.press("?")
    expect(opened.page.get_by_role("dialog")).to_be_visible()
    keyboard.press("Escape")
    expect(opened.page.get_by_role("dialog")).to_have_count(0)


def test_every_control_is_reached_by_tab(opened: Opened) -> None:
    names = []
    for _ in range(24):
        opened.page.keyboard.press("Tab")
        names.append(
            opened.page.evaluate("() => document.activeElement.ariaLabel || document.activeElement.textContent.trim() || document.activeElement.id")
        )
    assert names[:2] == ["To the content", "search"]
    assert {"Light or dark", "Keys", "wiring 2", "Closer", "Next change", SCORE, CLEAN} <= set(names)
    assert any(name.startswith("The graph of Customer churn - training") for name in names)


def test_a_class_is_filtered_in_the_list_and_in_the_picture(opened: Opened) -> None:
    opened.page.get_by_role("button", name="script 2").click()
    expect(opened.page.locator(".change:visible")).to_have_count(2)
    expect(opened.page.locator(".n.hit")).to_have_count(2)
    expect(opened.page.get_by_role("button", name="script 2")).to_have_attribute("aria-pressed", "true")
    opened.page.get_by_role("button", name="wiring 2").click()
    expect(opened.page.locator(".change:visible")).to_have_count(4)
    opened.page.keyboard.press("n")
    expect(opened.page.get_by_role("status")).to_have_text(f"1 of 4: {CLEAN}")
    for name in ("script 2", "wiring 2"):
        opened.page.get_by_role("button", name=name).click()
    expect(opened.page.locator(".graph.dim")).to_have_count(0)


def test_the_wheel_zooms_at_the_pointer_and_dragging_moves(opened: Opened) -> None:
    box = opened.box(SPLIT)
    before = box.bounding_box()
    assert before
    middle = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    opened.page.mouse.move(*middle)
    opened.page.mouse.wheel(0, -400)
    scale = opened.transform[2]
    assert scale > 1
    after = box.bounding_box()
    assert after
    assert (after["x"] + after["width"] / 2, after["y"] + after["height"] / 2) == pytest.approx(middle, abs=2)
    x, y, _ = opened.transform
    opened.page.mouse.down()
    opened.page.mouse.move(middle[0] + 100, middle[1] - 50, steps=4)
    opened.page.mouse.up()
    assert opened.transform == pytest.approx((x + 100, y - 50, scale), abs=0.5)
    expect(opened.chosen).to_have_count(0)
    opened.page.locator(".canvas").focus()
    opened.page.keyboard.press("ArrowRight")
    assert opened.transform == pytest.approx((x + 40, y - 50, scale), abs=0.5)
    opened.page.get_by_role("button", name="All of it").click()
    assert opened.transform[2] < 1


@parametrized(name="large")
def test_a_large_graph_begins_at_a_change_and_has_a_minimap(opened: Opened) -> None:
    assert opened.transform[2] == pytest.approx(0.85)
    minimap = opened.page.locator(".minimap")
    expect(minimap).to_be_visible()
    before = opened.transform
    minimap.click(position={"x": 20, "y": 100})
    assert opened.transform[1] != before[1]
    opened.page.keyboard.press("f")
    expect(minimap).to_be_hidden()
    expect(opened.page.locator(".far")).to_have_count(1)
    opened.page.keyboard.press("n")
    assert opened.transform[2] == pytest.approx(0.85)
    expect(opened.page.locator(".n.at")).to_be_in_viewport()


_NAMED = "() => [...document.querySelectorAll('.graph .n text')].filter((name) => getComputedStyle(name).display !== 'none').length"
_BOXES = "() => document.querySelectorAll('.graph .n text').length"


@parametrized(name="large")
def test_a_large_graph_has_all_its_names_soon(opened: Opened) -> None:
    expect(opened.page.locator(".graph.large")).to_have_count(0)
    assert opened.page.evaluate(_NAMED) == opened.page.evaluate(_BOXES) > 900


@parametrized(name="large", java_script_enabled=False)
def test_without_scripts_a_large_graph_has_its_names_at_once(opened: Opened) -> None:
    assert opened.page.locator(".graph .n text").nth(500).is_visible()


@parametrized(name="many")
def test_several_experiments_are_tabs(opened: Opened) -> None:
    expect(opened.page.locator(".entry:visible")).to_have_count(1)
    opened.page.get_by_role("link", name="Customer churn - training").click()
    expect(opened.page.locator(".entry:visible h2").first).to_have_text("Customer churn - training")
    expect(opened.page.locator(".tabs [aria-current]")).to_have_text("Customer churn - training")
    assert 0 < opened.transform[2] <= 1.25


def test_light_and_dark_follow_the_system_and_the_button(opened: Opened) -> None:
    def background() -> object:
        return opened.page.evaluate("() => getComputedStyle(document.querySelector('.panel')).backgroundColor")

    light = background()
    opened.page.emulate_media(color_scheme="dark")
    dark = background()
    assert dark != light
    opened.page.get_by_role("button", name="Light or dark").click()
    assert background() == light
    opened.page.keyboard.press("t")
    assert background() == dark


@parametrized(viewport=PHONE, has_touch=True, is_mobile=True)
def test_a_phone_shows_picture_and_list_without_moving_sideways(opened: Opened) -> None:
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    opened.box(CLEAN).tap()
    expect(opened.chosen.get_by_role("heading", level=2)).to_have_text(CLEAN)
    expect(opened.chosen.get_by_role("heading", level=2)).to_be_in_viewport()
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize(
    "opened",
    [{"name": name, "viewport": PHONE, "has_touch": True, "is_mobile": True} for name in ("churn", "clash")],
    indirect=True,
    ids=["review", "conflicts"],
)
def test_on_a_phone_no_button_lies_over_the_picture(opened: Opened) -> None:
    canvas = opened.page.locator(".canvas").bounding_box()
    assert canvas
    assert canvas["height"] > 220
    for bar in (".filters", ".zoom"):
        found = opened.page.locator(bar).bounding_box()
        assert found
        assert found["y"] + found["height"] <= canvas["y"] or found["y"] >= canvas["y"] + canvas["height"]
    opened.page.locator(".zoom [data-zoom=fit]").tap()
    tops = [box["y"] for node in opened.page.locator(".n").all() if (box := node.bounding_box())]
    assert canvas["y"] <= min(tops)


@parametrized(java_script_enabled=False)
def test_without_scripts_picture_and_changes_are_there(opened: Opened) -> None:
    expect(opened.page.locator(".graph")).to_be_visible()
    expect(opened.page.locator(".change")).to_have_count(7)
    expect(opened.page.get_by_text("The learning rate").first).to_be_visible()
    expect(opened.page.locator(".tools")).to_be_hidden()


@parametrized(name="many")
def test_on_paper_stands_every_experiment_and_nothing_to_press(opened: Opened) -> None:
    opened.page.emulate_media(media="print")
    expect(opened.page.locator(".entry:visible")).to_have_count(3)
    expect(opened.page.locator(".tools, .zoom, .minimap, .filters").filter(visible=True)).to_have_count(0)
    assert len(opened.page.pdf()) > 10_000


# --- conflicts


@parametrized(name="clash")
def test_conflicts_are_gone_through_by_keyboard_those_at_no_node_too(opened: Opened) -> None:
    keyboard, status = opened.page.keyboard, opened.page.get_by_role("status")
    keyboard.press("n")
    expect(status).to_have_text("1 of 4: The experiment itself")
    expect(opened.page.locator(".change.pointed")).to_be_focused()
    names = set()
    for _ in range(3):
        keyboard.press("n")
        names.add(opened.chosen.get_by_role("heading", level=2).text_content())
        expect(opened.chosen.get_by_role("heading", name="What clashes")).to_be_visible()
        expect(opened.chosen.locator("table.sides")).to_be_visible()
    assert names == {CLEAN, "Execute R Script 140-bb60", TREE}
    keyboard.press("n")
    expect(status).to_have_text("1 of 4: The experiment itself")
    expect(opened.chosen).to_have_count(0)
    keyboard.press("p")
    expect(status).to_have_text(f"4 of 4: {TREE}")
    keyboard.press("Escape")
    expect(opened.page.locator(".change .go:focus")).to_have_text(TREE)


@parametrized(name="clash")
def test_a_chosen_node_has_a_parameter_in_conflict_with_its_three_sides(opened: Opened) -> None:
    opened.page.get_by_role("button", name=TREE).first.click()
    rate = opened.chosen.locator("dl dt", has_text="The learning rate").locator("+ dd")
    expect(rate.locator(".tag")).to_have_text("conflict")
    run = "<img src=x onerror=alert(1)>"
    assert rate.locator("dt").all_text_contents() == ["base", "ours", "theirs"]
    assert rate.locator("dd").all_text_contents() == ["0.1", f"mine {run}", f"yours {run}"]
    cells = opened.chosen.locator(".sides td").all_text_contents()
    assert cells == rate.locator("dd").all_text_contents(), "in the words of what clashes"


@parametrized(name="clash")
def test_conflicts_and_each_sides_changes_are_filtered(opened: Opened) -> None:
    changes = opened.page.locator(".overview .change:visible")
    before = changes.count()
    opened.page.get_by_role("button", name="conflicts 4").click()
    expect(changes).to_have_count(4)
    expect(opened.page.locator(".n.hit")).to_have_count(3)
    opened.page.get_by_role("button", name="conflicts 4").click()
    opened.page.get_by_role("button", name="both 1").click()
    expect(changes).to_have_count(1)
    expect(changes).to_contain_text("scored")
    for name in ("Conflicts", "How to go on"):
        expect(opened.page.get_by_role("heading", name=name)).to_have_count(0)
    opened.page.keyboard.press("n")
    expect(opened.chosen.get_by_role("heading", level=2)).to_have_text(SCORE)
    opened.page.get_by_role("button", name="both 1").click()
    opened.page.keyboard.press("Escape")
    expect(changes).to_have_count(before)


@parametrized(name="clash", permissions=["clipboard-read", "clipboard-write"])
def test_a_command_is_copied(opened: Opened) -> None:
    button = opened.page.get_by_role("button", name=re.compile("^Copy: amlgit resolve [0-9a-f]{8} --theirs")).first
    command = button.get_attribute("data-copy")
    button.click()
    expect(button).to_have_text("Copied")
    assert opened.page.evaluate("() => navigator.clipboard.readText()") == command


@parametrized(name="clash")
def test_where_the_clipboard_is_out_of_reach_the_command_is_selected(opened: Opened) -> None:
    opened.page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    button = opened.page.get_by_role("button", name="Copy: git merge --abort")
    button.click()
    expect(opened.page.get_by_role("status")).to_have_text("Selected")
    assert opened.page.evaluate("() => getSelection().toString()") == "git merge --abort"


@parametrized(name="clash", viewport=PHONE, has_touch=True, is_mobile=True)
def test_the_sides_stand_below_each_other_on_a_phone(opened: Opened) -> None:
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    cells = [cell.bounding_box() for cell in opened.page.locator("table.sides").first.locator("td").all()]
    tops = [cell["y"] for cell in cells if cell]
    assert tops == sorted(set(tops))
    opened.page.get_by_role("button", name=TREE).first.tap()
    expect(opened.chosen).to_contain_text("mine <img")


@parametrized(name="clash", java_script_enabled=False)
def test_without_scripts_conflicts_and_commands_are_there(opened: Opened) -> None:
    expect(opened.page.locator(".change.conflict")).to_have_count(4)
    expect(opened.page.get_by_text("git merge --abort")).to_be_visible()
    expect(opened.page.get_by_role("button", name="Copy")).to_have_count(0)


@parametrized(name="clash")
def test_conflicts_on_paper_are_whole_and_have_nothing_to_press(opened: Opened) -> None:
    opened.page.emulate_media(media="print")
    expect(opened.page.locator(".copy, .tools, .filters").filter(visible=True)).to_have_count(0)
    expect(opened.page.locator(".change.conflict:visible")).to_have_count(4)
    expect(opened.page.locator(".graph")).to_be_visible()


@parametrized(name="evil")
def test_nothing_in_an_experiment_runs(opened: Opened) -> None:
    for box in opened.page.locator(".n").all()[:8]:
        box.dispatch_event("pointerdown", {"pointerId": 1, "button": 0})
    for _ in range(8):
        opened.page.keyboard.press("n")
    opened.page.get_by_role("searchbox").fill("alert(1)")
    expect(opened.page.locator(".n.hit").first).to_be_attached()
    assert opened.page.locator("img").count() == 0
    expect(opened.chosen).to_contain_text("alert(1)")


@pytest.mark.parametrize(
    "opened",
    [
        {"name": name, "viewport": size, "color_scheme": scheme}
        for name, size, scheme in (
            ("churn", DESKTOP, "light"),
            ("many", PHONE, "dark"),
            ("clash", DESKTOP, "dark"),
            ("clash", PHONE, "light"),
        )
    ],
    indirect=True,
    ids=["light", "dark", "conflicts-dark", "conflicts-phone"],
)
def test_axe_finds_nothing_serious(opened: Opened) -> None:
    for key in ("", "n", "?"):
        if key:
            opened.page.keyboard.press(key)
        found = Axe().run(opened.page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")] == []
