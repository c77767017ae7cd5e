"""Effects on single units under links: rows of a dense inverse, averaged over those of a unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from linked_cities import COAST, PANEL, PERIODS, UNITS, WEIGHTS, W, design_of, tables
from linked_provinces import PANEL as PROVINCES
from linked_provinces import design_of as exposure_of

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

UNITS_VARY = {"effect": nqp.PartialPooling(["coast"], varying="unit"), "errors": nqp.AR1()}
CASES: dict[str, dict[str, object]] = {
    "SDM, strata, units": UNITS_VARY,
    "SAR": {"spillovers": nqp.SpatialLag(WEIGHTS, durbin=False)},
    "SLX, units": {
        "spillovers": nqp.SpatialLag(WEIGHTS, lag=False), "effect": nqp.CompletePooling(),
    },
}  # fmt: skip


def of_rows(fit: nqp.Fit, draw: int) -> dict[str, np.ndarray]:
    """Total and direct effects in every row (unit, period)."""
    at = fit.posterior.isel(chain=0, draw=draw)
    _, _, event = tables(PANEL)
    treated = event >= 0
    cells = fit.effects.isel(cell=fit.effects["role"].to_numpy() == "treated")
    tau, theta = np.zeros((2, UNITS, PERIODS))
    for c, value in enumerate(at["outcome__cell_mean"].to_numpy()):
        cohort = cells["cohort"].to_numpy()[c] - 2000
        rows = (cells["coast"].to_numpy()[c] == COAST) & (PANEL.cohort_codes == cohort)
        tau[rows, int(cells["time"].to_numpy()[c]) - 2000] = value
    if "outcome__deviation" in at:
        for name, value in zip(at["member"].to_numpy(), at["outcome__deviation"], strict=True):
            tau[list(PANEL.unit_labels).index(name)] += float(value)
    if "outcome__linked_level" in at:
        level, drift = (at[f"outcome__linked_{x}"].item() for x in ("level", "drift"))
        walk = np.concatenate([[0.0], at["outcome__linked_walk"].to_numpy().cumsum()])
        theta = np.where(treated, level + drift * event + walk[np.maximum(event, 0)], 0.0)
    delta = at["outcome__delta"].item() if "outcome__delta" in at else 0.0
    inverse, tau = np.linalg.inv(np.eye(UNITS) - delta * W), tau * treated
    total = inverse @ (tau + W @ theta)
    once, twice = (np.diag(x)[:, None] for x in (inverse, inverse @ W))
    return {"total": total, "direct": once * tau + twice * theta}


@pytest.mark.parametrize("name", CASES)
def test_units_have_the_mean_of_their_rows(name: str) -> None:
    design = design_of(**CASES[name])
    fit = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    _, _, event = tables(PANEL)
    since = np.flatnonzero((event >= 0).any(axis=0))[0]
    rows = {"treated": event >= 0, "untreated": (event < 0) & (np.arange(PERIODS) >= since)}
    ours = {
        ("treated", "total"): nqp.att(fit, by="unit"),
        ("treated", "direct"): nqp.att(fit, by="unit", path="direct"),
        ("treated", "received"): nqp.spillover_effects(fit, by="unit", onto="treated"),
        ("untreated", "received"): nqp.spillover_effects(fit, by="unit"),
    }
    for draw in (0, 60):
        truth = of_rows(fit, draw)
        truth["received"] = truth["total"] - truth["direct"]
        for (onto, path), draws in ours.items():
            some = rows[onto].any(axis=1)
            assert draws["unit"].to_numpy().tolist() == PANEL.unit_labels[some].tolist()
            assert draws["rows"].to_numpy().tolist() == rows[onto].sum(axis=1)[some].tolist()
            mean = (truth[path] * rows[onto]).sum(axis=1)[some] / rows[onto].sum(axis=1)[some]
            assert draws.isel(chain=0, draw=draw).to_numpy() == pytest.approx(mean, abs=1e-10)


@pytest.mark.slow
def test_exposed_units_have_theirs() -> None:
    fit = nqp.fit(exposure_of(), PROVINCES, nqp.Importance(seed=1, draws=100), progress=False)
    for path in ("total", "direct", "received"):
        by_unit = nqp.att(fit, by="unit", path=path)
        rows = by_unit["rows"]
        mean = (by_unit * rows).sum("unit") / rows.sum()
        assert mean.to_numpy() == pytest.approx(nqp.att(fit, path=path).to_numpy(), abs=1e-12)


def test_a_fit_without_deviations_says_so() -> None:
    design = design_of(**UNITS_VARY)
    fit = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    posterior = fit.groups["posterior"].drop_vars("outcome__deviation")
    fit = replace(fit, groups={**fit.groups, "posterior": posterior})
    with pytest.raises(StudyError, match="does not store the deviations"):
        nqp.spillover_effects(fit, by="unit")


@pytest.mark.slow
def test_units_have_the_mean_of_their_rows_from_adoption_on() -> None:
    design = design_of(spillovers=nqp.SpatialLag(WEIGHTS, durbin=False), anticipation=1)
    fit = nqp.fit(design, PANEL, nqp.Importance(seed=1, draws=100), progress=False)
    means = []
    for anticipated in (False, True):
        by_unit = nqp.att(fit, by="unit", anticipated=anticipated)
        rows, whole = by_unit["rows"], nqp.att(fit, anticipated=anticipated)
        assert int(rows.sum()) == int(whole["rows"])
        mean = (by_unit * rows).sum("unit") / rows.sum()
        assert mean.to_numpy() == pytest.approx(whole.to_numpy(), abs=1e-12)
        means.append(mean)
    assert not np.allclose(*means)
