"""Groups of units, and treated ones, that receive otherwise of linked units' treatment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp

UNITS, PERIODS = 80, 9
NAMES = [f"u{k:02d}" for k in range(UNITS)]
LINKS = np.roll(np.eye(UNITS), 1, axis=1) + np.roll(np.eye(UNITS), 3, axis=1)
LINKS = LINKS + np.roll(np.eye(UNITS), 7, axis=1)
WEIGHTS = nqp.spatial_weights.matrix(pd.DataFrame(LINKS, index=NAMES, columns=NAMES))
REGION = np.where(np.arange(UNITS) % 2, "coast", "inland")
SAMPLER = nqp.Importance(seed=1, draws=250)
UNEVEN = LINKS.copy()
for step in (11, 13, 17):
    UNEVEN += np.roll(np.eye(UNITS), step, axis=1) * (np.arange(UNITS) % 2)[:, None]
SHARE, MANY = "part of links in force: more − less", "number of links: many − few"
"""Links of which every second unit has six, and others three; and names of quantities."""


def panel_of(coast: float = 0.5, inland: float = 0.5, treated: float = 1.0) -> nqp.Panel:
    """Units of two regions receive so much; those that are treated themselves a share of it."""
    rng = np.random.default_rng(4)
    start = np.where(rng.random(UNITS) < 0.5, rng.integers(3, 7, UNITS), 99)
    force = (np.arange(PERIODS) >= start[:, None]) * 1.0
    theta = np.where(REGION == "coast", coast, inland)[:, None]
    near = theta * ((LINKS / 3.0) @ force)
    y = force + near * np.where(force > 0.0, treated, 1.0) + rng.standard_normal((UNITS, 1))
    y += 0.3 * rng.standard_normal((UNITS, PERIODS))
    table = pd.DataFrame(
        {"unit": np.repeat(NAMES, PERIODS), "time": np.tile(np.arange(PERIODS), UNITS),
         "cohort": np.repeat(np.where(start < 99, start, np.nan), PERIODS), "y": y.ravel(),
         "region": np.repeat(REGION, PERIODS)}
    )  # fmt: skip
    return nqp.Panel.from_frame(
        table, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region"]
    )


def of_links(links: np.ndarray, received: Callable[[np.ndarray], np.ndarray]) -> nqp.Panel:
    """Units that receive, treated or not, by how many of their links are in force."""
    rng = np.random.default_rng(6)
    start = np.where(rng.random(UNITS) < 0.5, rng.integers(3, 7, UNITS), 99)
    force = (np.arange(PERIODS) >= start[:, None]) * 1.0
    y = force + received(links @ force) + rng.standard_normal((UNITS, 1))
    y += 0.3 * rng.standard_normal((UNITS, PERIODS))
    table = pd.DataFrame(
        {"unit": np.repeat(NAMES, PERIODS), "time": np.tile(np.arange(PERIODS), UNITS),
         "cohort": np.repeat(np.where(start < 99, start, np.nan), PERIODS), "y": y.ravel()}
    )  # fmt: skip
    return nqp.Panel.from_frame(table, unit="unit", time="time", cohort="cohort", outcome="y")


def judged(panel: nqp.Panel, links: np.ndarray, standardised: str, **spatial: object) -> Any:
    """What the check says under weights of these links."""
    frame = pd.DataFrame(links, index=NAMES, columns=NAMES)
    weights = nqp.spatial_weights.matrix(frame, standardised=standardised)
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), errors=nqp.IID(), time=nqp.TimeEffects(),
        spillovers=nqp.SpatialLag(weights, **spatial),  # type: ignore[arg-type]
    )  # fmt: skip
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    return nqp.check(fit, "spillover_heterogeneity", progress=False)


def asked(panel: nqp.Panel, **spatial: object) -> nqp.CheckResult:
    design = nqp.StaggeredDiD(
        nqp.PartialPooling(["region"], varying=None), errors=nqp.IID(), time=nqp.TimeEffects(),
        spillovers=nqp.SpatialLag(WEIGHTS, **spatial),  # type: ignore[arg-type]
    )  # fmt: skip
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    return nqp.check(fit, "spillover_heterogeneity", progress=False)


@pytest.mark.parametrize("spatial", [{"lag": False}, {}, {"durbin": False}], ids=str)
def test_a_region_that_receives_more_is_found(spatial: dict[str, bool]) -> None:
    result = asked(panel_of(coast=1.5, inland=0.0), **spatial)
    assert result.verdict == "failed"
    assert "region" in result.sentence
    lag = "" if spatial.get("lag", True) else ", lag=False"
    assert f"SpatialLag(weights{lag}, receivers=['region'])" in result.sentence
    row = result.evidence.iloc[0]
    told = 1.5 if row["quantity"] == "region: coast − inland" else -1.5
    assert "−" in row["quantity"]
    if spatial == {"lag": False}:
        assert abs(row["mean"] - told) < 3.0 * row["sd"]


@pytest.mark.slow
def test_treated_units_that_receive_nothing_are_found() -> None:
    result = asked(panel_of(coast=1.5, inland=1.5, treated=0.0), lag=False)
    assert result.verdict == "failed"
    assert "direct effects" in result.sentence
    assert "ShareTreated" in result.sentence
    assert "treated minus untreated units −" in str(result.figure)
    assert result.evidence["quantity"].tolist()[-2:] == ["treated: treated − untreated", SHARE]


@pytest.mark.parametrize("spatial", [{"lag": False}, {}], ids=str)
def test_it_asks_of_no_factor_that_coefficients_carry(spatial: dict[str, bool]) -> None:
    result = asked(panel_of(coast=1.5, inland=0.0), receivers="region", **spatial)
    assert result.evidence["quantity"].tolist() == ["treated: treated − untreated", SHARE]
    assert result.verdict in ("passed", "inconclusive")
    told = asked(panel_of(coast=1.5, inland=1.5, treated=0.0), receivers="region", **spatial)
    assert told.verdict == "failed"
    assert "ShareTreated" in told.sentence


@pytest.mark.slow
@pytest.mark.parametrize("spatial", [{"lag": False}, {}], ids=str)
def test_what_stops_rising_with_the_first_link_is_found(spatial: dict[str, bool]) -> None:
    """Of .9 from the first of three links on, the second and third add nothing."""
    panel = of_links(LINKS, lambda force: 0.9 * (force > 0.0))
    result = judged(panel, LINKS, "row", **spatial)
    assert result.verdict == "failed"
    assert "proportion" in result.sentence
    assert "ShareTreated(weights, above=[0, 0.5])" in result.sentence
    assert "units with more minus fewer treated neighbours −" in str(result.figure)
    row = result.evidence.set_index("quantity").loc[SHARE]
    assert row["upper"] < 0.0


@pytest.mark.slow
def test_what_begins_with_the_second_link_is_found() -> None:
    panel = of_links(LINKS, lambda force: 0.9 * (force > 1.0))
    result = judged(panel, LINKS, "row", lag=False)
    assert result.verdict == "failed"
    assert result.evidence.set_index("quantity").loc[SHARE, "lower"] > 0.0


@pytest.mark.slow
@pytest.mark.parametrize("standardised", ["row", "none"])
def test_weights_by_which_links_add_up_or_do_not(standardised: str) -> None:
    """Number or part: under weights of the other kind those with many links are found."""
    number = 1.0 if standardised == "row" else 3.0 / UNEVEN.sum(axis=1, keepdims=True)
    panel = of_links(UNEVEN, lambda force: 0.5 * force * number)
    wrong = judged(panel, UNEVEN, standardised, lag=False)
    other = "none" if standardised == "row" else "row"
    assert wrong.verdict == "failed"
    assert "with many and with few links" in wrong.sentence
    assert f'standardised="{other}"' in wrong.sentence
    high = wrong.evidence.set_index("quantity").loc[MANY]
    assert high["lower"] > 0.0 if standardised == "row" else high["upper"] < 0.0
    right = judged(panel, UNEVEN, other, lag=False)
    assert right.verdict in ("passed", "inconclusive")
    lagged = judged(panel, UNEVEN, standardised) if standardised == "row" else wrong
    assert lagged.verdict == "failed"


@pytest.mark.slow
def test_links_that_are_alike_in_number_are_not_asked_about() -> None:
    panel = of_links(LINKS, lambda force: 0.3 * force)
    quantities = judged(panel, LINKS, "row", lag=False).evidence["quantity"].tolist()
    assert quantities == ["treated: treated − untreated", SHARE]


def test_forms_are_told_apart_with_one_coefficient_for_all() -> None:
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), time=nqp.TimeEffects(),
        spillovers=nqp.SpatialLag(WEIGHTS, receivers="region"),
    )  # fmt: skip
    fit = nqp.fit(design, panel_of(), SAMPLER, progress=False)
    result = nqp.check(fit, "spatial_form", progress=False)
    assert result.verdict == "not applicable"
    assert "without 'receivers'" in result.sentence
    answer = nqp.weights_probabilities(fit, {"ring": WEIGHTS}, forms=["SDM", "SAR", "SLX"])
    terms = {x.term.form: x.term.receivers for x in answer.models}
    assert terms == {"SDM": ("region",), "SAR": (), "SLX": ("region",)}


@pytest.mark.slow
def test_units_that_receive_alike() -> None:
    result = asked(panel_of(coast=3.0, inland=3.0), lag=False)
    assert result.verdict == "passed"
    assert asked(panel_of(coast=0.3, inland=0.3), lag=False).verdict == "inconclusive"


def test_errors_of_linked_units_reach_nobody() -> None:
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), time=nqp.TimeEffects(),
        spillovers=nqp.SpatialLag(WEIGHTS, error=True),
    )  # fmt: skip
    fit = nqp.fit(design, panel_of(), SAMPLER, progress=False)
    result = nqp.check(fit, "spillover_heterogeneity", progress=False)
    assert result.verdict == "not applicable"
    assert "no spillover effects" in result.sentence


@pytest.mark.slow
def test_the_table_says_what_tells_groups_apart() -> None:
    design = nqp.StaggeredDiD(
        nqp.PartialPooling(["region"]), spillovers=nqp.SpatialLag(WEIGHTS, lag=False)
    )
    fit = nqp.fit(design, panel_of(), SAMPLER, progress=False)
    assert (
        "All levels of region share one spillover coefficient"
        in nqp.table(fit, "spillover_effects").to_markdown()
    )
    other = design.replace(spillovers=nqp.SpatialLag(WEIGHTS, lag=False, receivers="region"))
    told = nqp.fit(other, panel_of(), SAMPLER, progress=False)
    text = nqp.table(told, "spillover_effects").to_markdown()
    assert "region: coast" in text
    assert "One coefficient" not in text


@pytest.mark.slow
def test_the_report_says_on_what_intervals_of_groups_rest(tmp_path: Path) -> None:
    """And that a check which could not tell leaves no confidence in them."""
    texts = []
    for receivers in ((), "region"):
        design = nqp.StaggeredDiD(
            nqp.PartialPooling(["region"], varying=None), errors=nqp.IID(), time=nqp.TimeEffects(),
            spillovers=nqp.SpatialLag(WEIGHTS, lag=False, receivers=receivers),
        )  # fmt: skip
        fit = nqp.fit(design, panel_of(coast=0.3, inland=0.3), SAMPLER, progress=False)
        checks = [nqp.check(fit, "spillover_heterogeneity", progress=False)]
        nqp.report(fit, tmp_path, formats=["html"], checks=checks, force=True, progress=False)
        texts.append((tmp_path / "report.html").read_text("utf-8"))
    assert "All levels of region share one spillover coefficient" in texts[0]
    assert "That check was inconclusive" in texts[0]
    assert "By region, the spillover effects on untreated units are" in texts[1]
    assert "all levels of" not in texts[1]
