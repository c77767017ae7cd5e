"""Bayesian R² within units, against dense regressions on dummies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

pytestmark = pytest.mark.xdist_group("bayes_r2")
SAMPLER = nqp.Importance(draws=200, chains=2, seed=1)


def gappy_panel(weights: bool = False) -> nqp.Panel:
    """Return forty units with two covariates, and a fourteenth of the observations missing."""
    frame = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel.frame
    rng = np.random.default_rng(3)
    frame["x"], frame["z"] = rng.normal(size=(2, len(frame)))
    frame["w"] = rng.uniform(0.5, 2.0, len(frame))
    frame["outcome"] += 0.5 * frame["x"]
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    more = {"weights": "w"} if weights else {}
    kept = frame[rng.uniform(size=len(frame)) > 1 / 14]
    return nqp.Panel.from_frame(kept, **roles, strata=["region"], covariates=["x", "z"], **more)


def dense_r2(fit: nqp.Fit) -> np.ndarray:
    """Compute R² from labelled effects, deviations and slopes, with dummies of units and times."""
    panel, effects = fit.rows, fit.effects.isel(path=0)
    unit, time = panel.unit_codes, panel.time_codes
    level = panel.strata_codes["region"][unit] if fit.facts.time_strata(panel) else 0 * unit
    root = np.sqrt(np.ones(unit.size) if panel.weights is None else panel.weights)[:, None]
    dummies = [pd.get_dummies(codes).to_numpy(float) for codes in (unit, level * 1000 + time)]
    basis = np.linalg.svd(root * np.hstack(dummies), full_matrices=False)
    basis = basis[0][:, basis[1] > 1e-8]

    labels = {
        name: effects[name].to_numpy() for name in ("region", "cohort", "time") if name in effects
    }
    table = pd.DataFrame(labels).astype(str).reset_index(names="cell")
    rows = pd.DataFrame({"unit": panel.unit_labels[unit], "time": panel.time_labels[time]})
    rows["cohort"] = panel.cohort_labels[unit]
    rows["region"] = panel.levels["region"][panel.strata_codes["region"]][unit]
    treated = (panel.cohort_codes[unit] >= 0) & (time >= panel.cohort_codes[unit])
    rows = rows.astype(str)
    cells = rows.merge(table, on=list(labels), how="left")["cell"].to_numpy()
    n, draws = unit.size, effects["effect"].to_numpy().reshape(-1, effects.sizes["cell"])
    fitted = np.zeros((len(draws), n))
    at = cells[treated].astype(int)
    fitted[:, treated] = draws[:, at]
    if "deviation" in effects:
        member = {str(x): k for k, x in enumerate(effects["member"].to_numpy())}
        of_row = [member[x] for x in rows["unit"][treated]]
        deviation = effects["deviation"].to_numpy().reshape(len(draws), -1)[:, of_row]
        share = pd.get_dummies(at).to_numpy(float)
        fitted[:, treated] += deviation - (deviation @ share / share.sum(axis=0)) @ share.T
    if "outcome__slope" in fit.posterior:
        slopes = fit.posterior["outcome__slope"].to_numpy().reshape(len(draws), -1)
        names = fit.posterior["outcome__slope_label"].to_numpy().tolist()
        fitted += slopes @ panel.covariates[:, [panel.roles.covariates.index(x) for x in names]].T

    def within(values: np.ndarray) -> np.ndarray:
        return root * values - basis @ (basis.T @ (root * values))

    inner, outcome = within(fitted.T), within(panel.outcome[:, None])
    explained, rest = (inner**2).sum(axis=0), ((outcome - inner) ** 2).sum(axis=0)
    return explained / (explained + rest)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "weights"),
    [
        (nqp.StaggeredDiD(), False),
        (nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), covariates=["z"]), False),
        (nqp.StaggeredDiD(nqp.CompletePooling(varying=None), nqp.IID(), covariates=()), True),
    ],
)
def test_draws_equal_those_of_dense_regressions(design: nqp.StaggeredDiD, weights: bool) -> None:
    fit = nqp.fit(design, gappy_panel(weights), SAMPLER, progress=False)
    found = nqp.bayes_r2(fit)
    assert found.dims == ("chain", "draw")
    assert found.to_numpy().ravel() == pytest.approx(dense_r2(fit), abs=1e-9)
    assert 0.05 < float(found.mean()) < 0.95
    assert str(found["gate"].item()) == str(fit.gate)


def test_fits_without_coefficients_or_observations_are_refused(tmp_path) -> None:
    fit = nqp.fit(nqp.StaggeredDiD(), gappy_panel(), SAMPLER, progress=False)
    bare = nqp.load(fit.save(tmp_path / "bare.nc", rows=False))
    with pytest.raises(StudyError, match="without its observations"):
        nqp.bayes_r2(bare)
    groups = {name: group for name, group in fit.groups.items() if name != "coefficients"}
    lean = nqp.Fit(fit.design, fit.panel, fit.sampler, groups, fit.gate, fit.record, fit.versions)
    with pytest.raises(StudyError, match="Importance"):
        nqp.bayes_r2(lean)
