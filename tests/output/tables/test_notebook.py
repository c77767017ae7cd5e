"""What a notebook shows of panels, fits, checks and tables."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest
from mediated import channels_fit

import bayes_nqp as nqp
from bayes_nqp.checks import CheckResult, check_table
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics

pytestmark = pytest.mark.xdist_group("mediation_pictures")

RESULTS = [
    CheckResult("identification", "Is it <identified>?", "passed", "28 of 28", "All are."),
    CheckResult("pretrends", "Parallel?", "failed", "p = 0.001", "They " + "were not " * 30),
]


@pytest.fixture(scope="session")
def fit():
    return channels_fit()


def shown(what: object) -> str:
    page = what._repr_html_()  # type: ignore[attr-defined]
    assert not re.search(r"https?://|url\(|<script|<link|@import|src=", page)
    assert page.count("<table") == page.count("</table>")
    assert page.count("<div") == page.count("</div>")
    return page


def test_panels_fits_and_tables_are_shown_without_anything_from_elsewhere(fit):
    assert "digital" in shown(fit.panel)
    assert f"{fit.panel.n_rows:,}" in shown(fit.panel)
    assert "Direct" in shown(nqp.table(fit))


def test_a_fit_shows_its_gate(fit):
    bad = replace(fit, gate=ConvergenceDiagnostics(1.2, 10.0, 10.0, 0, 1.0, ("R-hat 1.200 (mu)",)))
    assert "R-hat 1.200 (mu)" in shown(bad)
    good = replace(fit, gate=ConvergenceDiagnostics(1.0, 900.0, 900.0, 0, 1.0))
    assert "passed" in shown(good)
    assert "#b42318" in shown(bad)
    assert "#b42318" not in shown(good)


def test_a_check_shows_its_verdict():
    page = shown(RESULTS[0])
    assert "&lt;identified&gt;" in page
    assert "passed" in page


def test_a_list_of_checks_is_shown_whole_and_computes_as_a_frame():
    table = check_table(RESULTS)
    page = shown(table)
    assert RESULTS[1].sentence.strip() in page
    assert "&lt;identified&gt;" in page
    assert page.index("1 passed, 1 failed") < page.index("Parallel?")
    assert isinstance(table, pd.DataFrame)
    assert type(table[table["verdict"] == "failed"]) is pd.DataFrame
    assert type(table[["check"]]) is pd.DataFrame
    assert table.set_index("check").loc["pretrends", "verdict"] == "failed"


def test_what_is_reported_is_tallied_apart() -> None:
    one = CheckResult("trend_sensitivity", "How far?", "reported", "breakdown M̄: 0.4", "Up to 0.4.")
    page = shown(check_table([*RESULTS, one]))
    assert "1 passed, 1 failed, 1 reported" in page
    assert "#0550ae" in page
    assert "font-weight:400" in page[page.index("How far?") :]


def test_print_of_the_checks_cuts_nothing_short() -> None:
    figure = "average effect 0.0456 (0.05) as fitted, 0.0264 (0.064) with never-treated units " * 3
    results = [CheckResult("identification", "Is it?", "passed", figure, "It is."),
               CheckResult("leave_out", "Was it?", "not applicable", "", "No.")]  # fmt: skip
    table = check_table(results)
    text = str(table)
    assert text.splitlines()[0].split() == ["check", "verdict", "figure"]
    assert " ".join(text.split()).count("with never-treated units") == 3
    assert "..." not in text
    assert "question, sentence" in text
    assert "question" in repr(table.drop(columns="figure"))
