"""The report: values are the draws' own, what failed stands first, nothing comes from elsewhere."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pytest
from claims import case, fit_of
from doors import Alarm, Bullets, Context, assumptions, failures
from mediated import channels_fit
from PIL import Image

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.checks import CheckResult, run_checks

ASKED = ("convergence", "identification", "decomposition", "inconsistent")
OUTCOME = {"en": "new quality productivity", "zh": "新质生产力"}
NOTICE = "These rows are simulated."
REPORTED = CheckResult("control_group", "How large?", "reported", "M̄ 0.4", "Up to 0.4 times.")
FAILED = CheckResult("placebo_time", "Was it so before?", "failed", "1.0", "It was so before.")


class Page(HTMLParser):
    """Text, sources and rows of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._cell: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [str(x) for name, x in attrs if name in ("src", "href", "srcset")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append(self._cell)
            self._cell = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._cell is not None:
            self._cell += data


@cache
def averaged() -> nqp.ModelAverage:
    return nqp.model_average(channels_fit())


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    fit = channels_fit()
    checks = [*run_checks(fit, ASKED), FAILED, REPORTED]
    made = {}
    for language in ("en", "zh"):
        folder = tmp_path_factory.mktemp("reports") / language
        made[language] = nqp.report(
            fit, folder, language=language, checks=checks, progress=False,
            formats=["html", "docx", "xlsx", "tex", "md"],
            outcome=OUTCOME[language], notice=NOTICE, command="bayes-nqp run x.toml",
        )  # fmt: skip
    return made


@pytest.fixture(params=["en", "zh"])
def folder(request: pytest.FixtureRequest, reports: dict[str, Path]) -> Path:
    return reports[request.param]


def test_everything_is_there(folder: Path) -> None:
    names = {p.name for p in folder.iterdir()}
    assert names == {
        "figures", "report.html", "report.docx", "tables.xlsx", "tables.tex", "tables.md",
        "answer.json",
    }  # fmt: skip
    stems = {p.stem for p in (folder / "figures").iterdir()}
    for stem in stems:
        for ending in ("png", "svg", "csv"):
            assert (folder / "figures" / f"{stem}.{ending}").stat().st_size > 0
    wanted = {"adoption", "forest", "event_study", "paths", "decomposition", "channels"}
    assert wanted <= {re.sub(r"^\d+_", "", stem) for stem in stems}


def test_the_page_needs_nothing_from_elsewhere(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.sources
    assert all(source.startswith(("data:", "#")) for source in page.sources)
    assert not re.search(r"url\(|@import|<script|<link|<iframe", text)


def test_what_failed_stands_before_any_result(folder: Path) -> None:
    """A failed gate is the first sentence; rejected trends stand before the numbers under them.

    The sentence of a check stands once in the main part, where the check is explained.
    """
    chinese = folder.name == "zh"
    text = Page((folder / "report.html").read_text(encoding="utf-8")).text
    heading, data = (
        ("双重差分主要结论", "数据与样本") if chinese else ("Summary", "Data and sample")
    )
    answer = text[text.rindex(heading) : text.rindex(data)]
    gate, title = (
        ("收敛诊断", "时间安慰剂") if chinese else ("convergence diagnostics", "placebo in time")
    )
    grade = "可信度很低" if chinese else "very low confidence"
    number = re.search(r"\d\.\d{3}", answer)
    fitted = answer.index(f"{float(nqp.att(channels_fit()).mean()):.3f}")
    assert number is not None
    assert answer.index(gate) < number.start() < answer.index(title) < fitted
    assert gate in answer[answer.index(grade) :]
    assert fitted < answer.index(FAILED.question)
    assert FAILED.sentence not in answer
    assert text.count(FAILED.sentence) == 1
    document = docx.Document(str(folder / "report.docx"))
    assert any(gate in p.text for p in document.paragraphs)
    assert any(title in p.text for p in document.paragraphs)
    assert any(FAILED.question in table.rows[0].cells[0].text for table in document.tables)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_failed_gate_is_said_before_failed_checks(tmp_path: Path, language: str) -> None:
    panel = nqp.simulation.staggered(units=24, periods=6, cohorts=(3,), seed=1).panel
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None))
    fit = nqp.fit(design, panel, nqp.Importance(draws=20, chains=2, seed=1), progress=False)
    nqp.report(
        fit, tmp_path / "out", language=language, checks=[FAILED], formats=["html"], progress=False
    )
    text = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8")).text
    assert not fit.gate.passed
    said = {"en": "The convergence diagnostics failed: ", "zh": "收敛诊断未通过："}[language]
    assert 0 < text.index(said) < text.index(FAILED.sentence)


def test_what_must_be_known_stands_first_and_the_command_last(folder: Path) -> None:
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert page.text.index(NOTICE) < page.text.index(FAILED.sentence)
    assert ["bayes-nqp run x.toml"] in [row[1:] for row in page.rows]
    gate = channels_fit().gate
    assert f"{gate.khat:.2f}".replace("-", "−") in page.text
    assert f"{gate.importance_ess:,.0f}" in page.text
    document = docx.Document(str(folder / "report.docx"))
    assert NOTICE in document.tables[0].rows[0].cells[0].text


def test_the_outcome_has_the_name_that_the_report_gives_it(folder: Path) -> None:
    fit, name = channels_fit(), OUTCOME[folder.name]
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert f"Effect on {fit.record['outcome']}" not in page.text
    for stem in ("forest", "event_study", "paths", "decomposition"):
        drawn = (folder / "figures" / f"{stem}.svg").read_text(encoding="utf-8")
        words = re.sub(r"<[^>]*>", " ", drawn)
        assert all(word in words for word in name.split())
    # The fit that was given is as it was.
    assert fit.effects.attrs["outcome"] == fit.record["outcome"]


def test_tables_name_the_model_behind_them_or_the_table_that_does(folder: Path) -> None:
    text = Page((folder / "report.html").read_text(encoding="utf-8")).text
    model, elsewhere = ("误差：AR(1)", "其余注释见") if folder.name == "zh" else (
        "errors: AR(1)", "Other notes: see Table"
    )  # fmt: skip
    assert model in text
    assert text.count(elsewhere) >= 3
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    named = [s for s in book if any("AR(1)" in str(c.value) for r in s.iter_rows() for c in r)]
    assert len(named) > 3, "tables that stand alone have all their notes"


def test_pictures_of_the_page_are_those_on_the_disk_and_light(folder: Path) -> None:
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    sources = [s.split(",")[1] for s in page.sources if s.startswith("data:image/png")]
    files = [path.read_bytes() for path in (folder / "figures").glob("*.png")]
    assert {base64.b64decode(source) for source in sources} <= set(files)
    for content in files:
        picture = Image.open(io.BytesIO(content))
        assert picture.mode == "P"
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_was_not_asked_is_said_at_the_top(language: str) -> None:
    """Of an average over assumptions, checks of one of them are not asked for."""
    said = {"en": "Checks not run for this model", "zh": "本次未进行的检验"}[language]
    titles = {"en": ("identification", "pre-trends"), "zh": ("可识别性", "事前平行趋势")}[language]
    fitted = fit_of(case("one cohort", "flat", 0.15))
    for fit, missing in ((channels_fit(), titles), (fitted, titles)):
        boxes = [x for x in failures(Context(fit, [], language)) if isinstance(x, Alarm)]
        (text,) = (text for box in boxes for text in box.items if said in text)
        assert [title for title in titles if title in text] == list(missing)


def test_what_is_reported_is_counted_apart_and_stands_not_among_failures(folder: Path) -> None:
    chinese = folder.name == "zh"
    text = Page((folder / "report.html").read_text(encoding="utf-8")).text
    assert REPORTED.sentence not in text[: text.rindex("附录" if chinese else "Appendix")]
    assert REPORTED.sentence in text
    assert ("1 项仅报告" if chinese else "reported without a verdict: 1;") in text


def test_errors_in_clusters_are_listed_where_no_check_asked(folder: Path) -> None:
    language = folder.name
    said = {"en": "Are errors correlated across groups", "zh": "误差是否在若干单位之间"}[language]
    assert said in Page((folder / "report.html").read_text(encoding="utf-8")).text
    for verdict in ("passed", "caution", "failed", "not applicable"):
        asked = CheckResult("error_model", "Wide enough?", verdict, "1.0", "So it is.")  # type: ignore[arg-type]
        bullets = [
            block.items
            for block in assumptions(Context(channels_fit(), [asked], language))  # type: ignore[arg-type]
            if isinstance(block, Bullets)
        ]
        assert (said in " ".join(bullets[0])) == (verdict == "not applicable")


def test_numbers_are_those_of_the_draws(folder: Path) -> None:
    table = nqp.summary(nqp.att(averaged(), by="region"))
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    word = docx.Document(str(folder / "report.docx"))
    written = [[c.text for c in row.cells] for t in word.tables for row in t.rows]
    for _, line in table.iterrows():
        for rows in (page.rows, written):
            row = next(row for row in rows if row[0] == line["region"] and len(row) > 4)
            assert float(row[1].replace("−", "-")) == pytest.approx(line["mean"], abs=6e-4)
            low, high = re.findall(r"[−\d.]+", row[3].replace("\u00a0", " "))
            assert float(low.replace("−", "-")) == pytest.approx(line["lower"], abs=6e-4)
            assert float(high.replace("−", "-")) == pytest.approx(line["upper"], abs=6e-4)


def test_every_path_is_said_with_its_own_number(folder: Path) -> None:
    text = Page((folder / "report.html").read_text(encoding="utf-8")).text
    said = "经由 {} 的间接效应为 " if folder.name == "zh" else "The indirect effect through {} is "
    direct = "直接效应为 " if folder.name == "zh" else "The direct effect is "
    means = {said.format(name): nqp.nie(averaged(), mediators=name).mean()
             for name in ("digital", "finance")}  # fmt: skip
    for start, mean in {**means, direct: nqp.nde(averaged()).mean()}.items():
        (number,) = set(re.findall(rf"{start}(−?[\d.]*\d)", text))
        digits = len(number.partition(".")[2])
        assert float(number.replace("−", "-")) == pytest.approx(float(mean), abs=0.6 * 10**-digits)


def test_the_workbook_has_numbers_as_numbers(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    mean = nqp.summary(nqp.att(averaged()))["mean"].item()
    numbers = [
        cell.value for sheet in book for row in sheet.iter_rows() for cell in row
        if isinstance(cell.value, float)
    ]  # fmt: skip
    assert any(abs(number - mean) < 1e-9 for number in numbers)


def test_numbers_behind_a_figure(folder: Path) -> None:
    path = folder / "figures" / "event_study.csv"
    table = pd.read_csv(path)
    expected = nqp.event_study_table(channels_fit(), efficient=True)
    assert table["part"].tolist() == expected["part"].tolist()
    for name in ("mean", "lower", "joint_upper"):
        assert table[name].to_numpy() == pytest.approx(
            expected[name].to_numpy(), rel=1e-6, nan_ok=True
        )


def test_word_holds_editable_tables_and_described_pictures(folder: Path) -> None:
    with zipfile.ZipFile(folder / "report.docx") as parts:
        body = parts.read("word/document.xml").decode("utf-8")
    pictures = len(list((folder / "figures").glob("*.png")))
    assert body.count("<wp:docPr ") == pictures
    assert body.count("descr=") == pictures
    assert 'w:eastAsia="宋体"' in body


def test_a_folder_is_never_overwritten(reports: dict[str, Path]) -> None:
    with pytest.raises(StudyError, match="already exists"):
        nqp.report(channels_fit(), reports["en"], checks=[], progress=False)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"formats": ["pdf"]}, "'pdf'"),
        ({"formats": "docx"}, "'formats'"),
        ({"language": "xx"}, "xx"),
        ({"by": ["province"]}, "province"),
        ({"prob": 95}, "prob"),
    ],
)
def test_bad_arguments(tmp_path: Path, how: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        nqp.report(channels_fit(), tmp_path / "out", checks=[], progress=False, **how)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_what_has_a_deviation_is_listed_whatever_it_is(tmp_path: Path) -> None:
    panel = nqp.simulation.staggered(units=30, periods=6, cohorts=(3, 5), seed=1).panel
    design = nqp.StaggeredDiD(nqp.PartialPooling([], varying="region"), nqp.IID())
    fit = nqp.fit(design, panel, nqp.Importance(draws=50, chains=2, seed=1), progress=False)
    folder = nqp.report(fit, tmp_path / "out", checks=[], formats=["html"], progress=False)
    league = folder / "figures" / "caterpillar.csv"
    assert set(pd.read_csv(league)["region"]) == {"coastal", "inland"}


def test_a_report_asks_all_checks_itself(tmp_path: Path) -> None:
    """Of a fit without its rows: what needs them says so, and what does not is answered."""
    panel = nqp.simulation.staggered(units=24, periods=6, cohorts=(3,), seed=1).panel
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None))
    whole = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    fit = nqp.load(whole.save(tmp_path / "fit.nc", rows=False))
    nqp.report(fit, tmp_path / "out", formats=["html"], progress=False)
    text = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8")).text
    assert "Did treated and untreated units move in parallel before adoption?" in text
    assert "This fit was saved without its observations" in text
    assert "Do the posterior draws represent" in text
