"""Treatments that end: panels, equality with least squares, estimands, and saved fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import switches


@pytest.fixture(scope="module")
def simulated() -> nqp.simulation.Simulated:
    """Units that leave, and enter again."""
    return nqp.simulation.exits(pause=2, strata={}, seed=1)


def _cells(panel: nqp.Panel, *, effects: bool) -> pd.Series:
    """Label the cell of each observation by its path so far, "" if it is untreated."""
    on = panel.treatment_path
    spell, entry, end = (x[panel.unit_codes, panel.time_codes] for x in switches(on))
    first = np.where(on.any(axis=1), on.argmax(axis=1), panel.periods)[panel.unit_codes]
    treated = on[panel.unit_codes, panel.time_codes]
    labels = []
    for now, f, g, x, s, t in zip(treated, first, entry, end, spell, panel.time_codes, strict=True):
        off = f"after {f} {g} {x} {s} {t}" if effects and t > f else ""
        labels.append(f"treated {f} {g} {s} {t}" if now else off)
    return pd.Series(labels)


@pytest.mark.parametrize("after", ["effects", "none"])
def test_saturated_effects_are_least_squares(
    simulated: nqp.simulation.Simulated, after: str
) -> None:
    panel = simulated.panel
    design = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID(), after=after)
    effects = nqp.posterior_mean(design, panel)
    cell = _cells(panel, effects=after == "effects")
    dummies = pd.get_dummies(cell, dtype=float).drop(columns="")
    unit, time = (pd.get_dummies(x, dtype=float) for x in (panel.unit_codes, panel.time_codes))
    x = np.hstack([unit, time.iloc[:, 1:], dummies])
    flat = np.linalg.lstsq(x, panel.outcome, rcond=None)[0][-dummies.shape[1] :]
    for role in {"effects": ("treated", "after"), "none": ("treated",)}[after]:
        ours = effects["effect"].to_numpy().ravel()[effects["role"].to_numpy() == role]
        expected = flat[dummies.columns.str.startswith(role)]
        assert np.sort(ours) == pytest.approx(np.sort(expected), abs=1e-6)


def test_estimands_and_saved_fits(simulated: nqp.simulation.Simulated, tmp_path: Path) -> None:
    fit = nqp.fit(nqp.StaggeredDiD(), simulated.panel, nqp.Importance(seed=1), progress=False)
    for estimand in (nqp.att, nqp.after_exit):
        draws = estimand(fit)
        assert float(draws.mean()) == pytest.approx(
            float(estimand(simulated.truth).mean()), abs=3 * float(draws.std())
        )
    switched = nqp.first_switch(fit)
    assert switched["treated"].to_numpy()[0] == 1.0
    assert switched["treated"].to_numpy().min() < 1.0
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.panel.ends
    assert float(nqp.after_exit(again).mean()) == float(nqp.after_exit(fit).mean())


def test_unknown_entries_are_refused_or_left_out() -> None:
    frame = pd.DataFrame({
        "unit": ["A"] * 4 + ["B"] * 4 + ["C"] * 4, "time": [1, 2, 3, 4] * 3,
        "on": [0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0], "y": np.arange(12.0),
    })  # fmt: skip
    names = {"unit": "unit", "time": "time", "outcome": "y"}
    with pytest.raises(PanelError, match="treatment="):
        nqp.Panel.from_frame(frame, treated="on", **names)
    with pytest.raises(PanelError, match="period of entry is unknown"):
        nqp.Panel.from_frame(frame, treatment="on", **names)
    panel = nqp.Panel.from_frame(frame, treatment="on", entry_unknown="drop", **names)
    assert panel.unit_labels.tolist() == ["A", "B"]
    assert any("C" in note for note in panel.notes)
    assert panel.paths.loc["A", "spells"] == 2
    assert nqp.Panel.from_frame(panel.frame, **panel.arguments).digest == panel.digest
