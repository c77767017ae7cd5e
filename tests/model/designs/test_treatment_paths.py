"""Treatments that end: panels, equality with least squares, estimands, and saved fits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.checks import CHECKS, ROBUSTNESS_ROWS
from bayes_nqp.checks.shared import Requested
from bayes_nqp.checks.trends._placebo import moved_back
from bayes_nqp.data.panel import switches
from bayes_nqp.robustness import Sample


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


@pytest.fixture(scope="module")
def fit(simulated: nqp.simulation.Simulated) -> nqp.Fit:
    """Default design, with effects after exit."""
    return nqp.fit(nqp.StaggeredDiD(), simulated.panel, nqp.Importance(seed=1), progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("after", ["effects", "none"])
def test_every_check_gives_a_result_or_a_reason(
    simulated: nqp.simulation.Simulated, after: str
) -> None:
    design = nqp.StaggeredDiD(after=after)
    some = nqp.fit(design, simulated.panel, nqp.Importance(seed=1), progress=False)
    for name in CHECKS:
        result = nqp.check(some, name, progress=False)
        assert str(result.sentence), name
    for name in ("placebo_space", "placebo_mixed", "displacement"):
        result = nqp.check(some, name, progress=False)
        assert result.verdict == "not applicable", name


@pytest.mark.slow
def test_a_report_has_effects_after_exit(fit: nqp.Fit, tmp_path: Path) -> None:
    checks = nqp.check(fit, ["carry_over", "exit_timing"], progress=False)
    nqp.report(fit, tmp_path / "report", checks=checks)
    text = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    for words in ("Effects after the end of the policy", "1 while unit i is treated"):
        assert words in text
    assert (tmp_path / "report" / "figures" / "entry_and_exit.png").exists()


def test_placebo_dates_and_later_adoption_keep_the_date_of_exit(fit: nqp.Fit) -> None:
    panel = fit.panel
    early = moved_back(panel, 2, 0)
    first = dict(zip(panel.unit_labels, panel.cohort_codes, strict=True))
    assert not early.ends
    assert all(
        t < first[u] for u, t in zip(early.unit_labels[early.unit_codes], early.time_codes,
                                     strict=True) if first[u] >= 0
    )  # fmt: skip
    row = next(iter(ROBUSTNESS_ROWS["next_period"].specifications(fit, Requested())))
    later = row[1]()[1]
    on = later.treatment_path[later.unit_codes, later.time_codes]
    label = later.frame["treated"].to_numpy() == 1
    assert (on == label).all()


def test_units_are_counted_once_however_often_they_enter(fit: nqp.Fit) -> None:
    panel = fit.panel
    on = panel.treatment_path
    since = np.arange(panel.periods) - switches(on)[1]
    draws = nqp.event_study_table(fit, leads=False)
    for row in draws.itertuples():
        treated = on & (since == row.event_time)
        assert row.rows == treated.sum()
        assert row.units <= treated.any(axis=1).sum()
    table = nqp.table(fit, "effects").to_frame()
    assert int(table["Units"].iloc[0]) == on.any(axis=1).sum()


def test_other_estimators_use_observations_up_to_the_first_exit(fit: nqp.Fit) -> None:
    panel = fit.panel
    rows = Sample.of(panel)
    ended = np.cumsum(np.diff(panel.treatment_path, axis=1, prepend=False), axis=1) > 1
    assert rows.y.size == (~ended[panel.unit_codes, panel.time_codes]).sum()
    said = nqp.estimators_table(fit, ["imputation"])["assumes"].iloc[-1]
    assert said.endswith("observations after exit left out")
    with pytest.raises(PanelError, match="do not end"):
        nqp.table(panel, "bacon")


def test_triple_differences_refuse_treatments_that_end() -> None:
    frame = pd.DataFrame({
        "u": np.repeat(["a", "b", "c", "d"], 4), "t": [1, 2, 3, 4] * 4,
        "s": np.repeat(["x", "y"], 8), "q": np.repeat([1, 0, 1, 0], 4),
        "on": [0, 1, 0, 0] * 2 + [0] * 8, "y": np.arange(16.0),
    })  # fmt: skip
    panel = nqp.Panel.from_frame(frame, unit="u", time="t", outcome="y", treatment="on")
    with pytest.raises(PanelError, match="TripleDifference"):
        nqp.TripleDifference(eligible="q", by="s").rows(panel)
