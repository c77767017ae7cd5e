"""Texts of every Unicode category, through every door that takes some: each file opens again."""

from __future__ import annotations

import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import cycle, islice
from pathlib import Path
from random import Random

import docx
import openpyxl
import pandas as pd
import pytest
import tomli_w
from fuzzing import Tally, assert_worded
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt
from small_study import STUDY, city_rows

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp._core.labels import Labels
from bayes_nqp._core.texts import UNPRINTABLE
from bayes_nqp.checks import CheckResult, run_checks
from bayes_nqp.output.reports import Context, FigureFolder, write_report, writers
from bayes_nqp.studies import new, validate

pytestmark = pytest.mark.filterwarnings(
    "ignore:no font here can write:UserWarning", "ignore:Glyph:UserWarning"
)

HOSTILE = [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "<javascript:alert(1)>",
    "![x](http://example.org/x.png)", "&#60;script&#62;&lt;b&gt;", "\"'><img src=x onerror=1>",
    "\\input{/etc/passwd}%$&#_{}~^", "$x^$ \\frac{", "=cmd|' /C calc'!A0", "@SUM(A1)", "{0} {x} {",
    "%s %d %(x)s", "[red]x[/] [/bold] \\", "../../etc/passwd", "[]:*?/\\", "'history'", "_x0041_",
    "\x1b[31mred\x1b[0m\x07", "a\u202eb\u2066c", "a\ud800b\uffff\ufeff\u200b", "a\nb\r\nc\u2028d",
    "del\x7f", " ", "", "x" * 300, "W" * 900, "\u6c49" * 300, "\U0001f469\u200d\U0001f467 e\u0301",
    "Z" + "\u0301" * 50, "\u05e9\u05dc\u05d5\u05dd", "\ue000\U0010ffff", "a | b \u00d7 c: d = e",
]  # fmt: skip
"""What some format, terminal or template would take for its own."""
CATEGORIES: dict[str, list[str]] = {}
for _code in range(sys.maxunicode + 1):
    CATEGORIES.setdefault(unicodedata.category(chr(_code)), []).append(chr(_code))

SEEDS = st.integers(0, 2**32 - 1)
UNSHRUNK = (Phase.explicit, Phase.generate)
"""A smaller seed is no simpler text."""


def texts_of(seed: int, count: int) -> list[str]:
    """Texts of single categories, of those that some format would obey, and of several of them."""
    rng = Random(seed)
    texts = rng.sample(HOSTILE, len(HOSTILE))
    texts += ["".join(rng.choices(some, k=9)) for some in CATEGORIES.values()]
    texts += ["".join(rng.sample(texts, 3)) for _ in range(10)]
    return rng.sample(texts, count)


def plain(text: str) -> str:
    """Without halves of characters, which neither UTF-8 nor TOML can hold."""
    return text.encode("utf-8", "ignore").decode()


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    panel = nqp.Panel.from_frame(
        city_rows(), unit="城市", time="年份", cohort="zone_year", outcome="nqp", strata="地区"
    )
    design = nqp.StaggeredDiD(nqp.PartialPooling("地区", varying="unit"))
    return nqp.fit(design, panel, nqp.Importance(draws=60, chains=2, seed=1), progress=False)


@pytest.fixture(scope="module")
def checks(fit: nqp.Fit) -> tuple[CheckResult, ...]:
    return tuple(run_checks(fit, ("convergence",)))


class Page(HTMLParser):
    """What a page would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.asked: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.asked |= {name for name, _ in attrs if name.startswith("on")}
        links = [str(x) for name, x in attrs if name in ("src", "href", "srcset", "action")]
        self.asked |= {x for x in links if not x.startswith(("#", "data:image/png"))}


def assert_harmless(text: str) -> None:
    page = Page(text)
    assert page.asked == set()
    assert not page.tags & {"script", "img src", "iframe", "b", "object", "form"}


def context_of(fit: nqp.Fit, checks: tuple[CheckResult, ...], texts: list[str]) -> Context:
    """A report in which each text stands somewhere."""
    take = cycle(texts)
    words = {
        "nqp": next(take),
        "地区": {"label": next(take), "levels": {"沿海": next(take), "内陆": next(take)}},
        "城市": {"label": next(take), "levels": {f"城市{k:02}": next(take) for k in range(20)}},
    }
    assert fit.panel is not None
    effects = fit.groups["effects"].assign_attrs(words=Labels.of({"en": words}).text)
    labelled = replace(fit, groups={**fit.groups, "effects": effects})
    title, question, outcome, unit, notice, command, other = islice(take, 7)
    return Context(
        labelled, checks, by=("地区",), outcome=outcome, unit=unit, notice=notice, title=title,
        question=question, command=command, others={other: fit}, plots=("forest", "caterpillar"),
    )  # fmt: skip


def opened(folder: Path) -> Iterator[str]:
    """Open every file as its readers do, and give its text."""
    document = docx.Document(str(folder / "report.docx"))
    assert len(document.core_properties.title) <= 255
    yield from (paragraph.text for paragraph in document.paragraphs)
    for sheet in openpyxl.load_workbook(folder / "tables.xlsx"):
        assert 0 < len(sheet.title.encode("utf-16-le")) <= 62
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                yield str(cell.value)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert_harmless(page)
    markdown = (folder / "tables.md").read_text(encoding="utf-8")
    assert_harmless(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))
    assert "<script" not in markdown
    assert "](javascript:" not in markdown
    tex = (folder / "tables.tex").read_text(encoding="utf-8")
    assert "\\input{" not in tex
    bare = tex.replace("\\\\", "").replace("\\{", "").replace("\\}", "")
    assert bare.count("{") == bare.count("}")
    yield from (page, markdown, tex)
    for path in (folder / "figures").iterdir():
        if path.suffix == ".svg":
            yield "".join(etree.parse(str(path)).getroot().itertext())
        elif path.suffix == ".csv":
            yield pd.read_csv(path, encoding="utf-8-sig").to_csv()


def test_every_text_is_carried_by_every_format(
    fit: nqp.Fit, checks: tuple[CheckResult, ...], tmp_path: Path
) -> None:
    tally = Tally("texts in reports")

    @settings(max_examples=3, phases=UNSHRUNK)
    @given(SEEDS)
    def carried(seed: int) -> None:
        tally.count("carried")
        folder = tmp_path / str(tally.total.total())
        context = context_of(fit, checks, texts_of(seed, 40))
        write_report(context, folder, list(writers()), FigureFolder(folder / "figures"))
        for text in opened(folder):
            assert not UNPRINTABLE.search(text.replace("\r", "\n").replace("\x1f", ""))

    carried()
    tally.require("carried", 1)


@pytest.mark.slow
def test_any_text_of_a_study_is_taken_or_refused_in_words(tmp_path: Path) -> None:
    tally = Tally("texts of studies")
    city_rows().to_csv(tmp_path / "cities.csv", index=False, encoding="utf-8-sig")
    path = tmp_path / "study.toml"

    @settings(max_examples=40, phases=UNSHRUNK)
    @given(SEEDS)
    def taken(seed: int) -> None:
        title, question, outcome, unit, label, level, name = map(plain, texts_of(seed, 7))
        study = tomllib.loads(STUDY)
        study |= {"title": title, "labels": {"en": {"nqp": label}}}
        study["report"] |= {"question": question, "outcome": outcome, "outcome_unit": unit}
        study["labels"]["en"]["地区"] = {"levels": {"沿海": level}}
        if seed % 2:
            study["labels"]["en"]["地区"]["levels"][name] = level
        path.write_text(tomli_w.dumps(study), encoding="utf-8")
        try:
            outline = validate(path)
        except NQPError as error:
            assert_worded(error, "labels.en", "report", "title")
            tally.count("refused")
            return
        assert not UNPRINTABLE.search(outline.settings.title)
        tally.count("taken")

    taken()
    tally.require("refused", 0.1)


def test_any_name_of_a_column_level_or_unit_is_taken_or_refused_in_words(
    fit: nqp.Fit, tmp_path: Path
) -> None:
    tally = Tally("names in data")

    @settings(max_examples=20, phases=UNSHRUNK)
    @given(SEEDS)
    def taken(seed: int) -> None:
        column, outcome, first, second, *units = texts_of(seed, 24)
        column, outcome = f"1{plain(column)}", f"2{plain(outcome)}"
        if seed % 2:
            first, second, *units = map(plain, (first, second, *units))
        cities = city_rows()
        names = dict(zip(cities["城市"].unique(), units, strict=True))
        rows = pd.DataFrame(
            {
                "城市": pd.Series([f"{names[x]} {x}" for x in cities["城市"]], dtype=object),
                "年份": cities["年份"],
                "zone_year": cities["zone_year"],
                column: pd.Series(
                    [f"1{first}" if x == "沿海" else f"2{second}" for x in cities["地区"]],
                    dtype=object,
                ),
                outcome: cities["nqp"],
            }
        )
        try:
            panel = nqp.Panel.from_frame(
                rows, unit="城市", time="年份", cohort="zone_year", outcome=outcome, strata=column
            )
        except NQPError as error:
            assert_worded(error)
            tally.count("refused")
            return
        for text in (repr(panel), panel.to_text("zh"), *panel.unit_labels, *panel.levels[column]):
            assert not UNPRINTABLE.search(text.replace("\n", ""))
        assert_harmless(panel.to_html())
        tally.count("taken")

    taken()
    tally.require("taken", 0.1)


@pytest.mark.slow
def test_a_proposal_for_a_file_of_any_names_is_toml(tmp_path: Path) -> None:
    tally = Tally("proposals")

    @settings(max_examples=20, phases=UNSHRUNK)
    @given(SEEDS)
    def proposed(seed: int) -> None:
        stratum, outcome, level, name = (f"x{plain(text)}" for text in texts_of(seed, 4))
        rows = city_rows().rename(columns={"地区": stratum, "nqp": outcome})
        rows[stratum] = [f"{k % 8 // 4}{level}" for k in range(20) for _ in range(8)]
        stem = "".join(c for c in name[:40] if c not in "/\0")
        file, path = tmp_path / f"{stem}.csv", tmp_path / f"{tally.total.total()}.toml"
        rows.to_csv(file, index=False, encoding="utf-8-sig")
        try:
            proposal = new(file, path)
        except NQPError as error:
            assert_worded(error)
            tally.count("refused")
            return
        tomllib.loads(path.read_text(encoding="utf-8"))
        tally.count("runs" if proposal.study is not None else "does not run yet")

    proposed()
    tally.require("runs", 0.1)


@pytest.mark.slow
def test_tables_and_figures_of_effects_with_any_names(fit: nqp.Fit, tmp_path: Path) -> None:
    tally = Tally("names in effects")
    effects = nqp.group_time_effects(fit)

    @settings(max_examples=5, phases=UNSHRUNK)
    @given(SEEDS)
    def drawn(seed: int) -> None:
        tally.count("drawn")
        first, second, outcome, title = map(plain, texts_of(seed, 4))
        names = {"沿海": f"1{first}", "内陆": f"2{second}"}
        cells = [names[x] for x in effects["地区"].to_numpy()]
        named = effects.assign_coords({"地区": ("cell", cells)})
        named.attrs["outcome"] = outcome
        figure = nqp.plots.forest(named, title=title)
        figure.savefig(tmp_path / "forest.svg")
        etree.parse(str(tmp_path / "forest.svg"))
        table = nqp.table(named, title=title)
        table.to_docx(tmp_path / "t.docx")
        table.to_excel(tmp_path / "t.xlsx")
        docx.Document(str(tmp_path / "t.docx"))
        openpyxl.load_workbook(tmp_path / "t.xlsx")
        assert_harmless(table.to_html())
        assert_harmless(MarkdownIt("commonmark").enable("table").render(table.to_markdown()))
        assert not UNPRINTABLE.search(table.to_latex().replace("\n", ""))

    drawn()
    tally.require("drawn", 1)
