"""The studio in a real browser."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bayes_nqp as nqp

SHORT = '\n[checks]\nrun = ["convergence", "identification"]\n'


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    panel = nqp.simulation.staggered(units=24, periods=8, cohorts=(4, 6), seed=3).panel
    path = tmp_path_factory.mktemp("upload") / "cities.xlsx"
    pd.DataFrame(panel.frame).to_excel(path, index=False)
    return path


def turn(tab: Any, name: str) -> None:
    tab.locator(f".nav-link[data-value={name}]").click()


def upload(tab: Any, path: Path) -> None:
    tab.set_input_files("#file", path)
    tab.get_by_text("The study is ready to run.").wait_for()


def shorten(tab: Any, more: str = "") -> None:
    """Select two checks in the text of the study."""
    turn(tab, "study")
    text = tab.locator("#typed").input_value()
    tab.fill("#typed", text.replace("draws = 1000", "draws = 100") + SHORT + more)
    tab.click("#retype")
    tab.wait_for_function("document.querySelector('#typed').value.includes('draws = 100')")


@pytest.mark.slow
def test_from_an_upload_to_a_word_report_in_either_language(
    studio: Callable[..., Any], tab: Any, workbook: Path, tmp_path: Path
) -> None:
    tab.goto(studio().address)
    upload(tab, workbook)
    shorten(tab)
    turn(tab, "answer")
    tab.click("#run")
    tab.frame_locator("iframe").get_by_role("heading", name="Summary").wait_for()
    tab.get_by_text(re.compile(r"Done in \d+ s\.")).wait_for()
    assert tab.locator(".check").count() == 2
    turn(tab, "referee")
    settled = tab.frame_locator("iframe[title='Assumptions that cannot be tested']")
    settled.get_by_text("A referee may raise").wait_for()
    tab.reload()
    turn(tab, "downloads")
    with tab.expect_download() as word:
        tab.get_by_role("link", name="Word").click()
    assert word.value.suggested_filename == "cities-1.docx"
    assert word.value.path().read_bytes()[:2] == b"PK"
    tab.locator("#language").get_by_text("中文").click()
    tab.get_by_role("link", name="研究").wait_for()
    assert tab.locator(".nav-link.active").get_attribute("data-value") == "downloads"
    assert tab.evaluate("document.documentElement.lang") == "zh-CN"
    turn(tab, "study")
    assert "draws = 100" in tab.locator("#typed").input_value()
    assert grave(tab) == []
    tab.emulate_media(color_scheme="dark")
    assert grave(tab) == []


@pytest.mark.slow
def test_a_wrong_role_is_said_beside_its_field_and_mended_there(
    studio: Callable[..., Any], tab: Any, workbook: Path
) -> None:
    tab.goto(studio(str(workbook)).address)
    turn(tab, "columns")
    tab.select_option("#role_outcome", "region")
    tab.locator("#wrong_outcome").get_by_text("must be numeric").wait_for()
    tab.select_option("#role_outcome", "outcome")
    tab.locator("#wrong_outcome").wait_for(state="detached")
    assert tab.locator(".alarm").count() == 0


@pytest.mark.slow
def test_a_cancelled_run_goes_on_and_a_killed_server_says_so(
    studio: Callable[..., Any], tab: Any, workbook: Path
) -> None:
    served = studio(str(workbook))
    tab.goto(served.address)
    turn(tab, "answer")
    tab.click("#run")
    tab.locator("#check_identification").wait_for()
    tab.click("#cancel")
    tab.get_by_text("Cancelled.").wait_for()
    tab.click("#run")
    tab.locator("progress").wait_for()
    served.process.send_signal(signal.SIGKILL)
    tab.locator("#lost").wait_for()
    left = [*served.folder.glob("bayes-nqp-studio-*")]
    assert len(left) == 1
    studio()
    assert not left[0].exists()


@pytest.mark.slow
def test_a_second_browser_without_the_token_sees_nothing(
    studio: Callable[..., Any], tab: Any, workbook: Path
) -> None:
    address = studio(str(workbook)).address
    host = address.split("/")[2]
    for way in ("", "wrong/", "wrong/files/cities.xlsx", "files/cities.xlsx"):
        answer = tab.goto(f"http://{host}/{way}")
        assert answer.status == 403
        assert "cities" not in tab.content()
    assert tab.request.get(f"{address}files/cities.xlsx").body() == workbook.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    studio: Callable[..., Any], tab: Any, workbook: Path, scheme: str
) -> None:
    tab.emulate_media(color_scheme=scheme)
    tab.goto(studio(str(workbook)).address)
    tab.locator(".nav-link").first.wait_for()
    assert grave(tab) == []


@pytest.mark.slow
def test_steps_of_reading_fit_a_phone(
    studio: Callable[..., Any], tab: Any, workbook: Path, tmp_path: Path
) -> None:
    frame = pd.read_excel(workbook, engine="openpyxl")
    frame["outcome"] = [f"{value:.2f}万元" for value in frame["outcome"]]
    path = tmp_path / "worded.xlsx"
    frame.to_excel(path, index=False)
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(studio(str(path)).address)
    tab.locator(".scroll tbody tr").first.wait_for()
    wide = "all => all.filter(x => x.scrollWidth > x.clientWidth + 1).length"
    assert tab.locator(".scroll").evaluate_all(wide) == 0
    assert tab.evaluate("document.documentElement.scrollWidth") == 390


def grave(tab: Any) -> list[Any]:
    """Return the serious problems that axe-core finds on a page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="without axe-core")
    found = []
    for name in tab.locator(".nav-link").evaluate_all("all => all.map(x => x.dataset.value)"):
        turn(tab, name)
        tab.locator(f"#body_{name} h2").wait_for()
        tab.wait_for_function("!document.documentElement.classList.contains('shiny-busy')")
        # What was hidden is made anew once the server knows that it is seen, and faded until then.
        tab.wait_for_timeout(600)
        tab.wait_for_function("!document.documentElement.classList.contains('shiny-busy')")
        tab.wait_for_function(
            "[...document.querySelectorAll('.shiny-bound-output')]"
            ".every(x => getComputedStyle(x).opacity === '1')"
        )
        wrong = axe.Axe().run(tab).response["violations"]
        found += [
            (name, x["id"], [node["html"][:200] for node in x["nodes"]])
            for x in wrong
            if x["impact"] in ("serious", "critical")
        ]
    return found
