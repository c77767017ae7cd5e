"""The layout of a report: a main part without repetitions, an appendix, headings, the equation."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import numpy as np
import pytest
from doors import (
    SECTIONS,
    Alarm,
    Appendix,
    Bullets,
    Context,
    Document,
    EquationBlock,
    FigureFolder,
    Heading,
    NumberedTable,
    Paragraph,
    Picture,
    as_html_page,
    averaged_equations,
    equation_of,
    write_report,
    writers,
)
from mediated import channels_fit

import bayes_nqp as nqp
from bayes_nqp.checks import CheckResult, run_checks, suiting

OPEN = ("failed", "caution", "inconclusive")
VERDICTS = {
    "convergence": "passed", "identification": "caution", "placebo_time": "failed",
    "decomposition": "passed",
    "inconsistent": "reported",
}  # fmt: skip
"""Of checks that are asked; what they find is not at issue."""
SAMPLER = nqp.Importance(draws=50, chains=2, seed=1)


@pytest.fixture(scope="module")
def checks() -> list[CheckResult]:
    """Checks of a fit with verdicts of all kinds."""
    answers = run_checks(channels_fit(), VERDICTS)
    return [
        *(replace(x, verdict=VERDICTS[x.name]) for x in answers),  # type: ignore[arg-type]
        CheckResult("control_group", "With others?", "inconclusive", "2.0", "It is open."),
        CheckResult("placebo_outcome", "Is it so?", "not applicable", "", "None is named."),
    ]


@pytest.fixture(scope="module", params=["en", "zh"])
def document(
    request: pytest.FixtureRequest,
    checks: list[CheckResult],
    tmp_path_factory: pytest.TempPathFactory,
) -> Document:
    folder = tmp_path_factory.mktemp("layout")
    context = Context(
        channels_fit(), checks, request.param, by=("region",), outcome="exports", title="t"
    )
    return write_report(context, folder, ["html", "docx"], FigureFolder(folder / "figures"))


def answer_of(result: CheckResult, language: str) -> str:
    return Context(channels_fit(), (), language).answer(result)  # type: ignore[no-any-return]


def texts(blocks: Sequence[object]) -> list[str]:
    said: list[str] = []
    for block in blocks:
        match block:
            case Paragraph(text):
                said.append(text)
            case Bullets(items) | Alarm(_, items):
                said += items
            case EquationBlock():
                said.append(block.text)
    return said


@pytest.mark.slow
def test_the_main_part_prints_nothing_twice(document: Document, checks: list[CheckResult]) -> None:
    stems = [block.stem for block in document.blocks if isinstance(block, Picture)]
    assert len(stems) == len(set(stems)) > 8
    said = texts(document.main)
    assert [text for text, n in Counter(said).items() if n > 1] == []
    titles = [block.table.title for block in document.main if isinstance(block, NumberedTable)]
    assert len(titles) == len(set(titles)) > 3
    for result in checks:
        answer = answer_of(result, document.language)
        within = [text for text in said if answer in text]
        assert len(within) == (result.verdict in OPEN), result.name


@pytest.mark.slow
def test_notes_and_failures_of_tables_stand_once(document: Document) -> None:
    pages = [block.page for block in document.blocks if isinstance(block, NumberedTable)]
    stated = [text for page in pages for text in (*page.notes, *page.stamps)]
    reference = {"en": ("Other notes: see", "Failures: see"), "zh": ("其余注释见", "未通过项见")}
    own = [text for text in stated if not text.startswith(reference[document.language])]
    assert len(own) == len(set(own))
    for start in reference[document.language]:
        assert any(text.startswith(start) for text in stated)
    whole = [block.table for block in document.blocks if isinstance(block, NumberedTable)]
    repeated = Counter(note for table in whole for note in table.notes)
    assert max(repeated.values()) > 2, "tables by themselves keep their notes"


@pytest.mark.slow
def test_evidence_of_checks_that_leave_nothing_open_is_in_the_appendix(
    document: Document, checks: list[CheckResult]
) -> None:
    parts = {
        name: {block.stem for block in part if isinstance(block, Picture)}
        for name, part in (("main", document.main), ("appendix", document.appendix))
    }
    drawn = [x for x in checks if f"check_{x.name}" in parts["main"] | parts["appendix"]]
    assert {x.verdict in OPEN for x in drawn} == {True, False}
    for result in drawn:
        part = "main" if result.verdict in OPEN else "appendix"
        assert f"check_{result.name}" in parts[part], result.name
    assert isinstance(document.appendix[0], Appendix)
    said = texts(document.appendix)
    for result in (x for x in checks if x.verdict not in OPEN):
        assert sum(answer_of(result, document.language) in text for text in said) == 1, result.name


@pytest.mark.slow
def test_headings_are_those_of_the_field(document: Document) -> None:
    headings = [block.text for block in document.main if isinstance(block, Heading)]
    wanted = {
        "en": ["Data and sample", "Mechanisms", "Robustness checks", "Tests of parallel trends",
               "Placebo tests", "Methods"],
        "zh": ["数据与样本", "机制检验（中介效应）", "稳健性检验", "平行趋势检验", "安慰剂检验",
               "双重差分模型设定与估计方法"],
    }[document.language]  # fmt: skip
    assert [x for x in headings if x in wanted] == wanted
    levels = {block.text: block.level for block in document.main if isinstance(block, Heading)}
    assert [levels[x] for x in wanted] == [1, 1, 1, 2, 2, 1]


@pytest.mark.slow
def test_pages_fold_the_appendix_and_word_breaks_before_it(document: Document) -> None:
    page = as_html_page(document)
    main, appendix = page.split("<details>")
    title = document.appendix[0].text
    assert "<details open" not in page
    assert f"<summary><h2>{title}</h2></summary>" in appendix
    assert 'href="#appendix"' in main
    assert main.count("<figure>") == sum(isinstance(x, Picture) for x in document.main)
    folder = next(x.folder for x in document.blocks if isinstance(x, Picture)).parent
    word = docx.Document(str(folder / "report.docx"))
    broken = [p.text for p in word.paragraphs if p.paragraph_format.page_break_before]
    assert broken == [title]


def test_every_verdict_links_to_the_details_of_its_check(
    document: Document, checks: list[CheckResult]
) -> None:
    page = as_html_page(document)
    main, appendix = page.split("<details>")
    targets = Counter(re.findall(r' id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(targets)
    assert set(targets.values()) == {1}
    names = {x.verdict: f"check-{x.name}".replace("_", "-") for x in checks}
    cells = re.findall(r'<td[^>]*><a href="#(check-[^"]+)"', appendix)
    assert sorted(cells) == sorted(f"check-{x.name}".replace("_", "-") for x in checks)
    boxes = re.findall(r'<li><a href="#(check-[^"]+)"', main)
    assert boxes[0] == names["failed"]  # on the first page
    # Inside the details, so that a browser unfolds them.
    assert re.search(rf'<details[^>]*><summary>[^<]*</summary>\s*<div id="{boxes[0]}">', main)
    assert f'<li id="{names["not applicable"]}">' in appendix
    table = next(x.page or x.table for x in document.blocks if isinstance(x, NumberedTable)
                 and x.table.kind == "diagnostics")  # fmt: skip
    assert "<a " not in table.to_html(), "without the report there is nothing to link to"


def test_the_equation_has_subscripts_in_pages_and_in_word(tmp_path: Path) -> None:
    equation = EquationBlock(("y_{it} = σ^{2}",), "where y_{it}: exports.")
    assert equation.text == "yit = σ2\nwhere yit: exports."
    document = Document("t", "s", (Heading("Methods"), equation), "en")
    page = as_html_page(document)
    assert "y<sub>it</sub> = σ<sup>2</sup>" in page
    assert "where y<sub>it</sub>: exports." in page
    writers()["docx"](document, tmp_path)
    runs = [r for p in docx.Document(str(tmp_path / "report.docx")).paragraphs for r in p.runs]
    assert [r.text for r in runs if r.font.subscript] == ["it", "it"]
    assert [r.text for r in runs if r.font.superscript] == ["2"]


def test_an_empty_appendix_is_left_out(tmp_path: Path) -> None:
    context = Context(channels_fit(), (), title="t", sections=("assumptions", "appendix"), plots=())
    document = write_report(context, tmp_path, [], FigureFolder(tmp_path / "figures"))
    assert document.appendix == ()
    assert document.main


@pytest.mark.slow
def test_without_the_appendix_everything_about_checks_is_in_the_main_part(
    checks: list[CheckResult], tmp_path: Path
) -> None:
    context = Context(channels_fit(), checks, title="t", sections=("evidence", "provenance"))
    document = write_report(context, tmp_path, [], FigureFolder(tmp_path / "figures"))
    assert document.appendix == ()
    kinds = [block.table.kind for block in document.main if isinstance(block, NumberedTable)]
    assert kinds == ["diagnostics", "provenance"]


# The estimating equation


@pytest.fixture(scope="module")
def plain() -> nqp.Fit:
    frame = nqp.simulation.staggered(units=40, periods=8, cohorts=(5, 7), seed=1).panel.frame
    rng = np.random.default_rng(1)
    frame = frame.assign(gdp=rng.normal(size=len(frame)), province=frame["unit"].str[-1])
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"],
        covariates=["gdp"],
    )  # fmt: skip
    return nqp.fit(PLAIN, panel, SAMPLER, progress=False)


PLAIN = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying=None), nqp.IID(), covariates=[])
CHANGES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "by default": (
        {}, ["y_{it} = α_{i} + λ_{st} + τ_{skt} D_{it} + ε_{it}", "ε_{it} ~ N(0, σ^{2})"], ["x_"],
    ),
    "covariates": ({"covariates": ["gdp"]}, ["x_{it}′β", "covariates (gdp)"], []),
    "common time": ({"time": nqp.TimeEffects()}, ["λ_{t}", "common to all units"], ["λ_{st}"]),
    "other strata": (
        {"effect": nqp.CompletePooling(varying="unit")},
        ["λ_{t}", "(τ_{e} + u_{i}) D_{it}", "periods since adoption"], ["τ_{skt}"],
    ),
    "trends": (
        {"trends": nqp.DifferentialTrends(cohort_line=0.0, walk=0.0)},
        ["A_{i} [φ_{s} t + r_{kt}]", "linear differential trends"], ["φ_{k}", "r_{st}"],
    ),
    "autocorrelated": (
        {"errors": nqp.AR1()}, ["ε_{it} = ρ ε_{i,t−1} + e_{it}", "e_{it} ~ N(0, σ^{2})"], []
    ),
    "unequal": (
        {"errors": nqp.Heteroskedastic(nqp.IID(), by="region")},
        ["ε_{it} ~ N(0, r_{q} σ^{2})", "error variance of a group of units (region)"], ["ρ"],
    ),
    "shared": (
        {"shocks": nqp.ClusterTimeEffects("province", errors=nqp.AR1())},
        ["η_{ct}", "one province, with AR(1) errors"], [],
    ),
    "leads": ({"controls": "never"}, ["π_{skt} L_{it}", "(leads)"], []),
    "anticipation": ({"anticipation": 1}, ["1 from 1 period before adoption"], []),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_the_equation_follows_from_the_design(name: str, plain: nqp.Fit) -> None:
    arguments, has, lacks = CHANGES[name]
    fit = replace(plain, design=PLAIN.replace(**arguments))
    usual, stated, chinese = (
        equation_of(Context(one, (), language))
        for one, language in ((plain, "en"), (fit, "en"), (fit, "zh"))
    )
    text = "\n".join((*stated.lines, stated.where))
    for part in has:
        assert part in text, text
    for part in lacks:
        assert part not in text, text
    assert (stated == usual) == (name == "by default")
    assert chinese.lines == stated.lines
    assert chinese.where.startswith("其中，")
    assert "unit effects" not in chinese.where


def test_mediators_have_equations() -> None:
    stated = equation_of(Context(channels_fit(), ()))
    outcome, mediator, _ = stated.lines
    assert outcome == (
        "y_{it} = α_{i} + λ_{st} + (τ_{skt} + u_{i}) D_{it} + Σ_{j} b_{js} M_{jit} + ε_{it}"
    )
    assert mediator == ("M_{jit} = α_{ji} + λ_{jst} + (a_{jskt} + u_{ji}) D_{it} + ε_{jit}")
    assert "a_{jskt} b_{js}: indirect effect through mediator j" in stated.where
    assert "mediator j (digital and finance)" in stated.where


def test_averaged_models_have_equations(plain: nqp.Fit) -> None:
    average = nqp.model_average(plain)
    estimated = {x.candidate for x in average.designs if x.effects is not None}
    context = Context(plain, ())
    assert context.average is not None
    _, stated = averaged_equations(context)
    named = " ".join(stated.lines)
    for candidate in estimated:
        assert (candidate.name in named) == (candidate.family != "parallel")
    early = next(x for x in estimated if x.early == 2 and x.trends is None)
    assert f"D_{{it}} = 1(t ≥ k_{{i}} − 2) ({early.name})" in stated.lines
    assert "k_{i}: first treated period of unit i" in stated.where
    symbols = {symbol for x in estimated if x.trends for symbol in x.trends.formula[1]}
    assert all(f"{symbol}: " in stated.where for symbol in symbols)
    _, chinese = averaged_equations(Context(plain, (), "zh"))
    assert chinese.where.startswith("其中，")
    assert "period" not in chinese.where + " ".join(chinese.lines)


# Space


@pytest.fixture(scope="module")
def located() -> nqp.Fit:
    """A plain fit to units that have places."""
    frame = nqp.simulation.staggered(units=40, periods=6, cohorts=(4,), seed=1).panel.frame
    rng = np.random.default_rng(1)
    for name, low, high in (("longitude", 105, 118), ("latitude", 24, 36)):
        place = dict(zip(frame["unit"].unique(), rng.uniform(low, high, 40), strict=True))
        frame[name] = frame["unit"].map(place)
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"]
    )
    return nqp.fit(
        nqp.StaggeredDiD(nqp.CompletePooling(varying=None)), panel, SAMPLER, progress=False
    )


@pytest.fixture(scope="module")
def moran(located: nqp.Fit) -> CheckResult:
    return nqp.check(located, "moran", progress=False)


def test_space_has_a_section_only_where_somebody_asks(located: nqp.Fit, moran: CheckResult) -> None:
    context = Context(located, [moran], title="t")
    assert list(SECTIONS["space"](context)) == []
    asked = list(SECTIONS["space"](replace(context, spatial=True)))
    assert asked[0] == Heading("Spatial dependence")
    assert any(isinstance(block, NumberedTable) for block in asked)
    names = ("spillovers", "channels_in_space")
    assert [block for name in names for block in SECTIONS[name](context)] == []


def test_a_report_tells_checks_that_were_chosen_from_those_that_run_anyway(
    located: nqp.Fit, moran: CheckResult, tmp_path: Path
) -> None:
    for name, checks in {"chosen": [moran], "all": suited(located, moran)}.items():
        folder = nqp.report(
            located, tmp_path / name, checks=checks, formats=["docx"], progress=False
        )
        with zipfile.ZipFile(folder / "report.docx") as parts:
            body = parts.read("word/document.xml").decode("utf-8")
        assert ("Spatial dependence" in body) == (name == "chosen")
        assert "Moran" in body


def suited(fit: nqp.Fit, moran: CheckResult) -> list[CheckResult]:
    """All checks that suit a fit, of which one was asked."""
    names = [name for name in suiting(fit.design, fit.panel) if name != "moran"]
    return [moran, *(CheckResult(name, "Is it so?", "passed", "", "So it is.") for name in names)]
