"""A language is one folder: a made-up one, its English in brackets, reaches every sentence."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import write_po
from catalogues import TOOL
from doors import _catalogue
from exposed import exposed_frame, exposed_panel

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Message, Numeral, decoded, encoded, languages
from bayes_nqp.checks import CheckResult, check_table, run_checks

OTHER = "eo"
CHECKS = (
    "convergence", "identification", "pretrends", "time_effects", "leave_out", "placebo_outcome",
    "prior_sensitivity",
)  # fmt: skip
DATA = {
    "region", "outcome", "inland", "coastal", "digital", "finance", "idle", "trade", "unit", "rho",
    "bayes-nqp run x.toml",
}  # fmt: skip
"""Names of the user's own, and of a Greek letter."""
CODE = re.compile(
    r"(?:nqp\.)?(Importance|StaggeredDiD|ContinuousExposure|Mediation)\(.*|python .*|[0-9a-f]{64}"
    r"|bayes_nqp [0-9.]+|^\S+ = .* ε\S*$|^ε.* ~ .*"
)
"""Values, versions, digests and equations."""
WRITTEN = re.compile(r"\.(?=\d)(?![^{]*\})")
"""The decimal point of a number in words, which a translator writes as the language does."""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("locale")
    catalogue = Catalog(OTHER)
    for context, text, plural in TOOL.extracted():
        marked = [f"⟦{WRITTEN.sub(',', x)}⟧" for x in (text, plural)]
        marked[1:] *= catalogue.num_plurals - 1
        key = (text, plural) if plural else text
        catalogue.add(key, marked if plural else marked[0], context=context or None)
    (path / OTHER / "LC_MESSAGES").mkdir(parents=True)
    with (path / OTHER / "LC_MESSAGES" / "bayes_nqp.po").open("wb") as file:
        write_po(file, catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_catalogue, "FOLDER", path)
        yield path
    _catalogue.catalogue_of.cache_clear()


@cache
def fitted() -> tuple[nqp.Fit, list[CheckResult]]:
    panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"))
    fit = nqp.fit(design, panel, nqp.Importance(draws=150, chains=2, seed=1), progress=False)
    return fit, run_checks(fit, CHECKS)


def test_the_folder_is_the_language() -> None:
    assert languages() == ("en", OTHER)
    assert Message("with {}", Message("overall")).in_(OTHER) == "⟦with ⟦overall⟧⟧"
    assert Message("{n} cell ({}) has", "x", plural="{n} cells ({}) have", n=2).in_(OTHER) == (
        "⟦2 cells (x) have⟧"
    )
    assert Message("R-hat ≤ {:.3f}; nobody says this", 1.5).in_(OTHER).startswith("R-hat ≤ 1,500")


def test_numbers_in_words_of_their_own_are_set_in_symbols_of_the_language() -> None:
    message = Message("nobody says {}, {}, {}", Numeral(".982"), Numeral("-1,000.5"), "0.5")
    assert message == "nobody says .982, −1,000.5, 0.5"
    assert message.in_(OTHER) == "nobody says 0,982, −1\u00a0000,5, 0.5"
    (again,) = decoded(encoded([message]))
    assert again.in_(OTHER) == message.in_(OTHER)


def test_every_finding_carries_the_marker() -> None:
    for one in fitted()[1]:
        for text in (one.said(OTHER), one.asked(OTHER), one.figure_in(OTHER) or "⟦⟧"):
            assert text[0] == "⟦", text
            assert text[-1] == "⟧", text


class Nodes(HTMLParser):
    """Text of a page, element by element, without style sheets and subscripts of symbols."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.nodes: list[str] = []
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag in ("style", "sub")
        self.nodes += [text for name, text in attrs if name == "alt" and text]

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style and data.strip():
            self.nodes.append(data.strip())


@cache
def with_channels() -> tuple[nqp.Fit, list[CheckResult]]:
    panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=7).panel
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"))
    sampler = nqp.Importance(draws=150, chains=2, seed=1)
    fit = nqp.fit(nqp.Mediation(design), panel, sampler, progress=False)
    return fit, run_checks(fit, ("convergence", "decomposition", "timing", "mediator_residuals"))


@cache
def of_exposure() -> tuple[nqp.Fit, list[CheckResult]]:
    design = nqp.ContinuousExposure("trade", nqp.PartialPooling(["region"]), moderator="finance")
    sampler = nqp.Importance(draws=150, chains=2, seed=1)
    fit = nqp.fit(design, exposed_panel(exposed_frame(1)), sampler, progress=False)
    return fit, run_checks(
        fit, ("convergence", "identification", "future_exposure", "time_effects")
    )


FITS = {"effects": fitted, "channels": with_channels, "exposure": of_exposure}


@pytest.fixture(scope="module", params=FITS)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    fit, checks = FITS[request.param]()
    return nqp.report(
        fit, tmp_path_factory.mktemp("report") / "out", language=OTHER, checks=checks,
        formats=["html", "docx", "xlsx", "tex", "md"], progress=False,
        command="bayes-nqp run x.toml",
    )  # fmt: skip


def html_texts(folder: Path) -> Iterator[str]:
    yield from Nodes((folder / "report.html").read_text(encoding="utf-8")).nodes


def word_texts(folder: Path) -> Iterator[str]:
    from docx import Document

    document = Document(str(folder / "report.docx"))
    yield document.core_properties.title
    for paragraph in document.element.body.iter():
        if paragraph.tag.endswith("}p"):
            yield "".join(x.text or "" for x in paragraph.iter() if x.tag.endswith("}t"))
    for picture in document.element.body.iter():
        if picture.tag.endswith("}docPr") and picture.get("descr"):
            yield picture.get("descr")


def excel_texts(folder: Path) -> Iterator[str]:
    from openpyxl import load_workbook

    for sheet in load_workbook(folder / "tables.xlsx"):
        yield sheet.title + "⟧" * sheet.title.count("⟦")  # it is cut
        yield from (x.value for row in sheet for x in row if isinstance(x.value, str))


def latex_texts(folder: Path) -> Iterator[str]:
    text = (folder / "tables.tex").read_text(encoding="utf-8").partition(r"\begin{document}")[2]
    text = re.sub(r"(?m)^%.*$", "", text).replace(r"\_", "_").replace(r"\allowbreak{}", "")
    text = re.sub(r"\\(begin|end)\{\w+\}(\[.*?\])?", " ", text)
    text = re.sub(
        r"(?m)^(\{@|@|\{?\dpt|\{\.\d+).*$|\{@\{\}.*?@\{\}\}|\\multicolumn\{\d+\}\{\S*\}", " ", text
    )
    yield from re.split(r"&|\\\\|\n\n", re.sub(r"\\[A-Za-z]+\*?", " ", text))


def figure_texts(folder: Path) -> Iterator[str]:
    for path in (folder / "figures").glob("*.svg"):
        whole = path.read_text(encoding="utf-8")
        for group in re.findall(r'<g id="text_\d+">(.*?)</g>', whole, flags=re.S):
            yield html.unescape(" ".join(re.findall(r"<text[^>]*>([^<]+)</text>", group)))


def outside(text: str) -> str:
    """What is left of a text without marked parts, names of the user's own, and code.

    Cells of the table of checks hold the first clause of a figure, cut where it ends.
    """
    text += "⟧" * (text.count("⟦") - text.count("⟧"))
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = less
    text = CODE.sub("", text)
    return re.sub("|".join(map(re.escape, sorted(DATA, key=len, reverse=True))), "", text)


@pytest.mark.parametrize(
    "texts_of", [html_texts, word_texts, excel_texts, latex_texts, figure_texts]
)
def test_every_text_of_a_report_carries_the_marker(
    report: Path, texts_of: Callable[[Path], Iterator[str]]
) -> None:
    texts = {text for text in texts_of(report) if re.search("[A-Za-z]{3}", text)}
    assert {text for text in texts if re.search("[A-Za-z]{3}", outside(text))} == set()
    assert sum("⟦" in text for text in texts) > 11


def test_a_page_has_the_decimal_sign_of_the_language(report: Path) -> None:
    texts = [CODE.sub("", text) for text in html_texts(report)]
    assert [text for text in texts if re.search(r"\d\.\d|(^|[ ⟦(])\.\d", text)] == []
    assert sum(bool(re.search(r"\d,\d", text)) for text in texts) > 20


@pytest.mark.parametrize("kind", ["effects", "event_study", "diagnostics"])
def test_every_label_of_a_table_carries_the_marker(kind: str) -> None:
    fit, checks = fitted()
    what = check_table(checks) if kind == "diagnostics" else fit
    table = nqp.table(what, kind, language=OTHER)
    for text in (table.title, table.note, *(column.label for column in table.columns)):
        assert "⟦" in text, text
