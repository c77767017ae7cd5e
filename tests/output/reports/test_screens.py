"""A report on a desk, on a phone, in the dark and on paper, as a browser shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doors import (
    Alarm,
    Bullets,
    Cell,
    Column,
    Document,
    Heading,
    NumberedTable,
    Paragraph,
    Picture,
    Row,
    Strip,
    Table,
    Tile,
    Tiles,
    writers,
)
from PIL import Image

SCREENS = {"desk": (1400, 900, "light"), "dark": (1000, 900, "dark"), "phone": (390, 844, "light")}
SECTIONS = ("In short", "Question, data and support", "The evidence for and against", "Methods")
SMALL = 60
"""Pixels of a phone's screen that the contents may take."""


def page_in(folder: Path) -> Path:
    for stem in ("wide", "second"):
        Image.new("RGB", (1900, 1100), "white").save(folder / f"{stem}.png", dpi=(300, 300))
    columns = tuple(Column(f"Quantity {k}") for k in range(12))
    cells = tuple(Cell((f"{k}.123456",), tone="bad" if k == 3 else "good") for k in range(12))
    table = Table("effects", "Effects", "", columns, (Row("all", cells),), notes=("A note.",))
    tiles = tuple(Tile(f"Number {k}", "0.060 index points", "0.055 to 0.066") for k in range(4))
    marks = (("a: fails", "bad"), ("b: in doubt", "doubt"), ("c: holds", "good"), ("d", "faint"))
    blocks = (
        Alarm("Important note", ("These rows are simulated.",), "note"),
        Heading(SECTIONS[0]),
        Paragraph("One check fails: a. " + "The policy raised the outcome. " * 8, "failed"),
        Tiles(tiles),
        Strip(marks, "Checks, 4 in all."),
        Picture("wide", "Effects by event time.", 1, folder),
        Alarm("Failed checks", ("a fails.",)),
        Alarm("Checks that require caution", ("b is in doubt.",), "doubt"),
        *(x for name in SECTIONS[1:] for x in (Heading(name), Paragraph("Said. " * 60, "quiet"))),
        NumberedTable(table, 1),
        Bullets(("one", "two")),
        Picture("second", "Effects of units.", 2, folder),
    )
    writers()["html"](Document("Laws and homicide", "A. Author", blocks, "en"), folder)
    return folder / "report.html"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_in(tmp_path_factory.mktemp("page")).as_uri()


@pytest.fixture
def shown(request: pytest.FixtureRequest, chromium: Any, address: str) -> Iterator[Any]:
    """The page on a screen, with the addresses that it asked for."""
    width, height, scheme = SCREENS[request.param]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
    )
    page, asked = context.new_page(), list[str]()
    page.on("request", lambda one: asked.append(one.url))
    page.goto(address)
    yield page, asked
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("shown", SCREENS, indirect=True)
def test_nothing_serious_is_found_and_nothing_is_loaded(shown: Any, address: str) -> None:
    page, asked = shown
    assert [one for one in asked if not one.startswith("data:")] == [address]
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not there")
    found = axe.Axe().run(page).response["violations"]
    assert [x["id"] for x in found if x["impact"] in ("serious", "critical")] == []


@pytest.mark.slow
@pytest.mark.parametrize("shown", ["phone"], indirect=True)
def test_a_phone_shows_the_answer_first_and_figures_whole(shown: Any) -> None:
    page, _ = shown
    width, height, _ = SCREENS["phone"]
    box = "x => { const r = x.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    contents = page.eval_on_selector("nav", box)
    assert contents[3] - contents[1] <= SMALL
    assert page.eval_on_selector(".failed", box)[1] < height / 2
    for left, _, right, _ in page.eval_on_selector_all("figure img", f"xs => xs.map({box})"):
        assert left >= 0
        assert 0.9 * width <= right <= width


@pytest.mark.slow
@pytest.mark.parametrize("shown", SCREENS, indirect=True)
def test_contents_stay_and_lead_to_their_sections(shown: Any) -> None:
    page, _ = shown
    page.click(f"nav a >> text={SECTIONS[-1]}")
    top = page.eval_on_selector("#methods", "x => x.getBoundingClientRect().top")
    nav = page.eval_on_selector("nav", "x => x.getBoundingClientRect().top")
    assert 0 <= nav < 40
    assert 0 <= top < page.viewport_size["height"]


@pytest.mark.slow
@pytest.mark.parametrize("shown", ["phone"], indirect=True)
def test_what_scrolls_is_reached_by_the_keyboard(shown: Any) -> None:
    page, _ = shown
    scrolled = """() => [...document.querySelectorAll("main *")].filter(
        x => x.scrollWidth > x.clientWidth + 1 && getComputedStyle(x).overflowX === "auto")
        .map(x => x.tabIndex)"""
    found = page.evaluate(scrolled)
    assert found
    assert set(found) == {0}


@pytest.mark.slow
@pytest.mark.parametrize("shown", ["desk"], indirect=True)
def test_on_paper_headings_keep_with_what_follows(shown: Any) -> None:
    page, _ = shown
    page.emulate_media(media="print")
    style = "xs => xs.map(x => getComputedStyle(x).{})"
    assert set(page.eval_on_selector_all("h1, h2, h3", style.format("breakAfter"))) == {"avoid"}
    whole = page.eval_on_selector_all("figure, .alarm, tr", style.format("breakInside"))
    assert set(whole) == {"avoid"}
    assert page.eval_on_selector("nav", "x => getComputedStyle(x).display") == "none"


@pytest.mark.slow
@pytest.mark.parametrize("shown", ["desk"], indirect=True)
def test_on_paper_a_wide_table_breaks_its_cells_and_is_not_cut(shown: Any) -> None:
    page, _ = shown
    wide = "() => Math.max(...[...document.querySelectorAll('table')].map(x => x.scrollWidth))"
    page.set_viewport_size({"width": 600, "height": 900})
    page.emulate_media(media="print")
    on_paper = page.evaluate(wide)
    page.emulate_media(media="screen")
    assert on_paper < 0.9 * page.evaluate(wide)
    page.emulate_media(media="print")
    box = page.eval_on_selector("[role=group]", "x => getComputedStyle(x).overflowX")
    assert box == "visible"


@pytest.mark.slow
@pytest.mark.parametrize("shown", ["dark"], indirect=True)
def test_the_page_is_dark_where_the_screen_is(shown: Any) -> None:
    page, _ = shown
    colour = page.eval_on_selector("body", "x => getComputedStyle(x).backgroundColor")
    channels = [int(x) for x in colour.removeprefix("rgb(").rstrip(")").split(",")]
    assert max(channels) < 60
