"""A language is one folder: a made-up one, its English in brackets, reaches every sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import write_po
from catalogues import TOOL
from doors import _catalogue

import bayes_nqp as nqp
from bayes_nqp.checks import CheckResult, check_table, run_checks
from bayes_nqp.language import Message, languages

OTHER = "eo"
CHECKS = ("convergence", "support", "pretrends", "time_effects", "leave_out", "placebo_outcome")
DATA = {"region", "outcome", "inland", "coastal", "coastal − inland", "bayes-nqp run x.toml"}
"""Names of the user's own."""
CODE = re.compile(r"(Importance|StaggeredDiD)\(.*|python .*|[0-9a-f]{64}")
"""Values, versions and digests."""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("locale")
    catalogue = Catalog(OTHER)
    for context, text, plural in TOOL.extracted():
        marked = [f"⟦{text}⟧", *[f"⟦{plural}⟧"] * (catalogue.num_plurals - 1)]
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
    design = nqp.StaggeredDiD(nqp.Partial(["region"], varying="unit"))
    fit = nqp.fit(design, panel, nqp.Importance(draws=150, chains=2, seed=1), progress=False)
    return fit, run_checks(fit, CHECKS)


def test_the_folder_is_the_language() -> None:
    assert languages() == ("en", OTHER)
    assert Message("with {}", Message("overall")).in_(OTHER) == "⟦with ⟦overall⟧⟧"
    assert Message("{n} cell ({}) has", "x", plural="{n} cells ({}) have", n=2).in_(OTHER) == (
        "⟦2 cells (x) have⟧"
    )
    assert Message("R-hat ≤ {:.3f}; nobody says this", 1.5).in_(OTHER).startswith("R-hat ≤ 1,500")


def test_every_finding_carries_the_marker() -> None:
    for one in fitted()[1]:
        for text in (one.said(OTHER), one.asked(OTHER), one.figure_in(OTHER) or "⟦⟧"):
            assert text[0] == "⟦", text
            assert text[-1] == "⟧", text


class Nodes(HTMLParser):
    """Text of a page, element by element, without style sheets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.nodes: list[str] = []
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        self.nodes += [text for name, text in attrs if name == "alt" and text]

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style and data.strip():
            self.nodes.append(data.strip())


def test_every_text_of_a_report_carries_the_marker(tmp_path: Path) -> None:
    fit, checks = fitted()
    made = nqp.report(
        fit, tmp_path / "report", language=OTHER, checks=checks, formats=["html"], progress=False,
        command="bayes-nqp run x.toml",
    )  # fmt: skip
    page = Nodes((made / "report.html").read_text(encoding="utf-8"))
    words = {text for text in page.nodes if re.search("[A-Za-z]{3}", text)}
    bare = {text for text in words if "⟦" not in text and not CODE.fullmatch(text)}
    assert bare - DATA == set()


@pytest.mark.parametrize("kind", ["effects", "event_study", "diagnostics"])
def test_every_label_of_a_table_carries_the_marker(kind: str) -> None:
    fit, checks = fitted()
    what = check_table(checks) if kind == "diagnostics" else fit
    table = nqp.table(what, kind, language=OTHER)
    for text in (table.title, table.note, *(column.label for column in table.columns)):
        assert "⟦" in text, text
