"""Results and limits on the pages of trends, model average and model are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks.model import _alternative_errors as _structures
from bayes_nqp.checks.model import _spread
from bayes_nqp.checks.shared import _evidence
from bayes_nqp.checks.trends import _bayes_factor, _candidates, _family_evidence, _model_average
from bayes_nqp.checks.trends import _recommended_specification as _next_design
from bayes_nqp.checks.trends import _trend_evidence as _earned
from bayes_nqp.model import latent_factors
from bayes_nqp.model.designs import Term
from bayes_nqp.model.terms import _trends

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "trends.md").read_text("utf-8")
RESULTS = (ROOT / "benchmarks" / "results" / "model_average.md").read_text("utf-8")
MARK = re.compile(
    r"<!-- python -m benchmarks\.([\w ]+) -->(.*?)<!-- python -m benchmarks\.\1 -->", re.S
)
BLOCKS = dict(MARK.findall(RESULTS))
"""Text between the marks of benchmarks/results/model_average.md, by program."""


def cells(block: str) -> list[list[str]]:
    """Rows of a table, its head first."""
    rows = [x.strip("|").split("|") for x in block.splitlines() if x.startswith("|")]
    rows = [[cell.strip() for cell in row] for row in rows]
    return [row for row in rows if set("".join(row)) - set("-: ")]


def measured(name: str) -> pd.DataFrame:
    """Panels of a program, as they are kept."""
    rows = pd.read_csv(ROOT / "benchmarks" / "measured" / f"{name}.csv")
    return rows[rows["truth"].notna()].reset_index(drop=True)


def test_every_table_of_simulations_is_written_by_a_program() -> None:
    assert cells(MARK.sub("", RESULTS)) == []
    assert {"worlds", "worlds overview", "later_worlds"} <= set(BLOCKS)
    for name in BLOCKS:
        assert (ROOT / "benchmarks" / f"{name.split()[0]}.py").is_file()


@pytest.mark.parametrize("name", [x for x in BLOCKS if " " not in x and cells(BLOCKS[x])])
def test_a_table_has_as_many_panels_as_its_file(name: str) -> None:
    head, *rows = cells(BLOCKS[name])
    if "panels" in head:
        number = sum(int(row[head.index("panels")]) for row in rows)
    else:
        number = sum(int(x) for x in re.findall(r"\((\d+)\)", " ".join(head)))
    assert number == len(measured(name))


@pytest.mark.parametrize("name", ["worlds", "later_worlds"])
def test_coverage_and_misses_are_those_of_the_file(name: str) -> None:
    frame = measured(name)
    covers = {
        x: frame["truth"].between(frame[f"{x}_low"], frame[f"{x}_high"])
        for x in ("default", "reported")
    }
    asked = frame.loc[:, "pretrends":"displacement"]
    silent = ~covers["reported"] & ~asked.isin(["failed", "caution"]).any(axis=1)
    head, *rows = cells(BLOCKS[name])
    missed = head.index("undetected: reported")
    printed = {
        (row[0], int(row[1])): [int(row[2]), row[3], row[4][:4], row[missed]] for row in rows
    }
    found = {}
    for key, part in frame.groupby(["world", "units"]):
        shares = [x[part.index].mean() for x in (*covers.values(), silent)]
        found[key] = [len(part), *(f"{x:.2f}" for x in shares)]
    assert printed == found


def test_later_scenarios_stand_next_to_those_on_which_rules_were_set() -> None:
    head, *rows = cells(BLOCKS["worlds overview"])
    panels, covers = head.index("panels"), head.index("reported covers")
    for row, name in ((rows[0], "worlds"), (rows[-1], "later_worlds")):
        frame = measured(name)
        share = frame["truth"].between(frame["reported_low"], frame["reported_high"]).mean()
        assert [int(row[panels]), row[covers]] == [len(frame), f"{share:.2f}"]


def sentences() -> list[str]:
    """Sentences of the page, by the constants of the code."""
    passed, rejected = _family_evidence.PASSED, _family_evidence.REJECTED
    held, against = _bayes_factor.HELD, f"−{-_bayes_factor.AGAINST:g}"
    prior, drift = _candidates.PRIOR, nqp.DifferentialTrends()
    shares = dict.fromkeys(prior, 0.0)
    for x in _candidates.CANDIDATES:
        shares[x.family] += x.share
    events = sum(x.family == "event" for x in _candidates.CANDIDATES)
    assert [
        x.share / shares["differential"] for x in _candidates.CANDIDATES if x.differential_trend
    ] == (pytest.approx([2 / 3, 1 / 6, 1 / 6]))
    assert (_candidates._FADES, _candidates._STAYS) == (0.5, 0.25)
    assert (_structures.MOVED, latent_factors.SPARE, _trends.LEAST) == (0.5, 2, 3)
    return [
        f"at the default prior of {prior['parallel']:g}",
        f"if that probability is {passed:g} or more",
        f"if the probability is below {rejected:g}, or",
        f"of the evidence is above {_earned.MONTE_CARLO:g}",
        f"| {passed:g} and {rejected:g} |",
        f"−log S by stratum; {held:g} and {against} by mediator",
        f"if the log factor is above {held:g} in every stratum",
        f"if the log factor is below {against} under both",
        f"The threshold of {held:g} was therefore chosen",
        f"it exceeds {_evidence.REFUTED:g} plus the log of the number of models",
        f"b, b_s \\sim N(0, {drift.line:g}^2)",
        f"s_b \\sim HN({drift.cohort_line:g})",
        f"standard deviations $\\sim HN({drift.walk:g})$",
        f"`Factors()` chooses from 1 to {latent_factors.MOST}",
        f"in every period {latent_factors.LEAST} untreated units",
        f"{latent_factors.REDRAWS} times units get independent exponential weights",
        *(f'(`"{name}"`) | {p:g} |' for name, p in prior.items()),
        f"| 1/{events} each |",
        f"posterior probability below {_model_average._LEAST:g} (not fitted",
        f"\\min(1, t_d / {_candidates.CONTRADICTED:g})",
        f"if that is {_next_design._ALONE:g} or more",
        f"the second if it has {_next_design._RIVAL:g} or more",
        f"tail probability below {_spread._CHANCE:g}",
        f"a log Bayes factor above {_evidence.LASTING:g} plus the log",
        f"its SD is {_structures.WIDER:g} times as large",
        "with probability 1/2, the profile of a dip",
        "with probability 1/4, a constant profile",
    ]


def test_thresholds_on_the_page_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    assert [x for x in sentences() if x not in text] == []


def test_the_model_has_every_term_of_the_library() -> None:
    """Each file of model/terms states one or more, by its name in the package."""
    text = (ROOT / "docs" / "model.md").read_text("utf-8")
    names = [x for x in nqp.__all__ if is_term(getattr(nqp, x))]
    assert len(names) > 8
    assert [x for x in names if f"nqp.{x}(" not in text] == []


def is_term(value: object) -> bool:
    """Whether it is a class of terms."""
    return isinstance(value, type) and issubclass(value, Term) and value is not Term
