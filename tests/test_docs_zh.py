"""The Chinese pages agree with the library: verdicts, checks, options, links and search terms."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Translator
from bayes_nqp.checks import CHECKS, VERDICTS
from bayes_nqp.checks.shared import on_request

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
ZH = DOCS / "zh"
GENERATED = {"checks", "referee", "verdicts"}
"""Pages that ``make update`` writes."""
PAGES = (
    "counts", "data", "from_other_packages", "glossary", "groups", "index", "mediation",
    "pretrends", "paper", "policies_that_end", "quickstart", "reports", "spatial", "studies",
    "triple_differences",
)  # fmt: skip
"""Pages that are written by hand."""
PRINTED = (
    "README_zh", "zh/counts", "zh/data", "zh/from_other_packages", "zh/groups", "zh/index",
    "zh/mediation", "zh/policies_that_end",
    "zh/pretrends", "zh/quickstart", "zh/reports", "zh/spatial", "zh/triple_differences",
)  # fmt: skip
"""Pages with printed output."""
FILES = {"README_zh": ROOT / "README_zh.md"} | {name: ZH / f"{name}.md" for name in PAGES}
VERDICT_WORDS = {
    "passed": "通过", "caution": "存疑", "failed": "未通过", "inconclusive": "无法判断",
    "reported": "仅报告", "not applicable": "不适用",
}  # fmt: skip
TERMS = {
    "双重差分": ("index", "quickstart", "glossary"),
    "多期": ("index", "quickstart", "glossary"),
    "渐进": ("index", "glossary"),
    "交叠": ("index", "glossary"),
    "准自然实验": ("index", "glossary"),
    "异质性处理效应": ("groups", "index", "glossary"),
    "动态效应": ("quickstart", "pretrends", "glossary"),
    "内生性": ("pretrends", "glossary"),
    "反向因果": ("pretrends", "glossary"),
    "遗漏变量": ("pretrends", "glossary"),
    "高维固定效应": ("from_other_packages", "glossary"),
    "截尾": ("data", "from_other_packages", "glossary"),
    "门槛": ("groups", "glossary"),
    "同期政策": ("pretrends", "glossary"),
}
"""Terms that readers search for, and the pages that answer them."""
COMPARED = re.compile(r"(?:低于|高于|超过|不低于|不超过|小于|大于|至少|至多|[<>≥≤])\s*[\d.]")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")


def text_of(name: str) -> str:
    """Return the text of a page without code and printed output."""
    text = FILES[name].read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.M | re.S)


def anchors(path: Path) -> set[str]:
    """Return the anchors of the headings of a page."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {"#" + re.sub(r"[^\w\- ]", "", x.lower()).strip().replace(" ", "-") for x in heads}


def test_every_page_by_hand_is_tested() -> None:
    assert {x.stem for x in ZH.glob("*.md")} - GENERATED == set(PAGES)
    topics = {x.name for x in (ZH / "checks").iterdir()}
    assert topics == {x.name for x in (DOCS / "checks").iterdir()}
    assert not [*DOCS.glob("*_zh.md")]
    listed = re.findall(r"```\{toctree\}(.*?)```", (ZH / "index.md").read_text("utf-8"), re.S)
    lines = {line for block in listed for line in block.split()}
    assert {*PAGES, *GENERATED} - {"index"} <= lines


@pytest.mark.parametrize(("term", "pages"), TERMS.items())
def test_search_terms_occur_on_the_pages_that_answer_them(term: str, pages: tuple[str]) -> None:
    assert [page for page in pages if term not in FILES[page].read_text("utf-8")] == []


@pytest.mark.parametrize("page", FILES)
def test_thresholds_are_left_to_the_generated_pages(page: str) -> None:
    """A verdict next to a number would differ from the code after the next calibration."""
    words = "|".join([*VERDICT_WORDS.values(), "判定", "临界值", "可信度"])
    lines = [
        line
        for line in text_of(page).replace("P(> 0)", "").splitlines()
        if re.search(words, line) and COMPARED.search(line)
    ]
    assert lines == []


def test_pages_on_tests_lead_to_the_thresholds() -> None:
    for page in ("quickstart", "pretrends", "mediation", "reports"):
        assert "](checks.md" in FILES[page].read_text("utf-8"), page
    for page in ("index", "quickstart", "pretrends", "glossary"):
        assert "](verdicts.md" in FILES[page].read_text("utf-8"), page


def test_pages_have_all_six_verdicts() -> None:
    assert set(VERDICT_WORDS) == set(VERDICTS)
    for page in ("quickstart", "glossary"):
        text = FILES[page].read_text("utf-8")
        rows = [x.strip("| ").split(" | ") for x in text.splitlines() if x.startswith("| ")]
        cells = [{cell.strip("`") for cell in row} for row in rows]
        for english, chinese in VERDICT_WORDS.items():
            assert any({english, chinese} <= row for row in cells), (page, english)
    for page in FILES:
        assert re.findall(r"结论[^。\n]{0,6}([一二三四五七八九十\d])种", text_of(page)) == []
        assert set(re.findall(r"以下(\w)种之一", text_of(page))) <= {"六"}


def test_the_library_has_the_same_words_for_verdicts() -> None:
    translate = Translator("zh")
    assert {name: translate.name(x) for name, x in VERDICTS.items()} == VERDICT_WORDS


@pytest.mark.parametrize("page", FILES)
def test_verdicts_are_never_said_to_hold(page: str) -> None:
    text = FILES[page].read_text("utf-8")
    old = "成立|采纳|(?<!试)点名|无从判断|不作判定|前置期|超前项|汇聚|相联|均匀先验|置信带"
    assert re.findall(old, text) == []


@pytest.mark.parametrize("page", FILES)
def test_rates_of_simulations_are_left_to_the_evidence(page: str) -> None:
    rates = r"(?:覆盖率|误报率|检出率|报警率)[^。|\n]{0,12}\d|\d+ 个(?:模拟)?面板|[\d.]+ ?%的面板"
    assert re.findall(rates, text_of(page)) == []


def test_checks_that_run_only_if_they_are_named() -> None:
    """The list on the quick start is that of the library."""
    named = {name for name, check in CHECKS.items() if check.suits is on_request}
    text = FILES["quickstart"].read_text("utf-8")
    sentence = re.search(r"以下检验须指定名称才会运行：(.*)。", text)
    assert sentence is not None
    assert set(re.findall(r"`(\w+)`", sentence[1])) == named


def test_checks_on_the_pages_exist() -> None:
    """Names of checks in code, in tables of checks, and after the word for check."""
    for page in FILES:
        text = FILES[page].read_text("utf-8")
        names = set(re.findall(r'nqp\.check\(\w+, "(\w+)"', text))
        names |= set(re.findall(r"检验 `(\w+)`", text))
        assert names <= set(CHECKS), (page, names - set(CHECKS))


def test_mediation_allows_spillovers() -> None:
    """The old pages called this model impossible."""
    panel = nqp.simulation.channels(units=6, periods=4, cohorts=(2,), seed=1).panel
    units = panel.unit_labels
    frame = pd.DataFrame(1.0 - np.eye(6), index=units, columns=units)
    weights = nqp.spatial_weights.matrix(frame)
    lag = nqp.SpatialLag(weights, lag=False)
    design = nqp.Mediation(nqp.StaggeredDiD(spillovers=lag), ["digital"], links=weights)
    assert "links" in repr(design)
    for page in ("mediation", "spatial"):
        text = FILES[page].read_text("utf-8")
        assert re.search(r"nqp\.Mediation\(.*links=", text), page
        assert not re.search(r"中介[^。\n]*(?:不能|无法|不支持)[^。\n]*溢出", text), page


@pytest.mark.parametrize("page", FILES)
def test_links_lead_to_chinese_pages_and_existing_headings(page: str) -> None:
    path, wrong = FILES[page], []
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
    for file, anchor in LINK.findall(text):
        target = (path.parent / file).resolve()
        name = target.stem
        if target.parent == DOCS and name in {*PAGES, *GENERATED}:
            wrong.append(file)  # an English page of which there is a Chinese one
        elif target.is_relative_to(ZH) and (
            not target.exists() or (anchor and anchor not in anchors(target))
        ):
            wrong.append(file + anchor)
    assert wrong == []


@pytest.mark.parametrize("page", FILES)
def test_figures_exist(page: str) -> None:
    path = FILES[page]
    figures = re.findall(r"```\{image\} (\S+)|!\[[^\]]*\]\(([^)]+)\)", path.read_text("utf-8"))
    assert [x for pair in figures for x in pair if x and not (path.parent / x).is_file()] == []


def test_readme_is_short() -> None:
    assert len(FILES["README_zh"].read_text("utf-8").splitlines()) <= 120


@pytest.mark.slow
@pytest.mark.parametrize("page", PRINTED)
def test_output_on_the_page_is_that_of_its_code(page: str) -> None:
    examples = pytest.importorskip("tools.examples")
    path = ROOT / f"{page}.md" if page == "README_zh" else DOCS / f"{page}.md"
    text = path.read_text("utf-8")
    printed, _ = examples.run("README" if page == "README_zh" else page, text)
    assert printed == text
