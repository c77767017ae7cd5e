"""Poisson counts from a panel to a report: effects, refusals, checks, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from counted import counted, panel_of

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of

DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(), likelihood=nqp.Poisson())
SAMPLER = nqp.Importance(seed=1, draws=250, proposals=1000)
FRAME = counted(20, 7, level=1.5)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(DESIGN, panel_of(FRAME), SAMPLER, progress=False)


def test_the_effect_is_found_and_diagnosed(fit: nqp.Fit) -> None:
    draws = nqp.att(fit)
    assert abs(float(draws.mean()) - 0.5) < 3.0 * float(draws.std())
    assert float(draws.std()) < 0.3
    assert fit.gate.passed, fit.gate
    stats = fit.groups["sample_stats"]
    assert {"khat", "importance_ess", "approximate_ess", "approximation_rounds"} <= set(stats)
    assert draws.attrs["link"] == "log"


def _by_hand(fit: nqp.Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return observed and untreated events (draw), and the number of treated observations."""
    effects, frame = fit.effects, fit.model_frame
    cells = effects["effect"].isel(path=0).to_numpy().reshape(-1, effects.sizes["cell"])
    deviation = effects["deviation"].isel(path=0).to_numpy().reshape(len(cells), -1)
    rows = np.flatnonzero(frame.cell_of_row >= 0)
    cell, owner = frame.cell_of_row[rows], frame.effects.unit_effect
    np.testing.assert_array_equal(rows, frame.effects.rows)
    mean = np.stack([deviation[:, owner[cell == k]].mean(axis=1) for k in range(cells.shape[1])], 1)
    tau = cells[:, cell] + deviation[:, owner] - mean[:, cell]
    y = frame.panel.outcome[rows]
    return y.sum(), (y * np.exp(-tau)).sum(axis=1), rows.size


def test_per_cent_and_events_are_those_by_hand(fit: nqp.Fit) -> None:
    observed, untreated, rows = _by_hand(fit)
    per_cent = nqp.relative_effects(fit).to_numpy().ravel()
    np.testing.assert_allclose(per_cent, observed / untreated - 1.0)
    events = nqp.att(fit, scale="outcome", total=True).to_numpy().ravel()
    np.testing.assert_allclose(events, observed - untreated)
    each = nqp.att(fit, scale="outcome")
    np.testing.assert_allclose(each.to_numpy().ravel(), (observed - untreated) / rows)
    assert each.attrs["link"] == "identity"
    groups = nqp.att(fit, by="side", scale="outcome", total=True)
    np.testing.assert_allclose(groups.sum("side").to_numpy().ravel(), observed - untreated)
    with pytest.raises(StudyError, match="total"):
        nqp.att(fit, total=True)


def test_effects_by_unit_and_on_rates_are_those_by_hand(fit: nqp.Fit) -> None:
    observed, untreated, _ = _by_hand(fit)
    events = nqp.att(fit, by="unit", scale="outcome", total=True)
    np.testing.assert_allclose(events.sum("unit").to_numpy().ravel(), observed - untreated)
    share = nqp.relative_effects(fit, by="unit")
    frame = fit.model_frame.effects
    outcome = np.bincount(frame.unit_effect, fit.model_frame.panel.outcome[frame.rows])
    of_unit = events / share  # untreated events
    np.testing.assert_allclose((of_unit + events).to_numpy()[0, 0], outcome)
    exposure = fit.model_frame.panel.exposure[frame.rows].sum()
    rate = nqp.att(fit, scale="outcome", weights="exposure").to_numpy().ravel()
    np.testing.assert_allclose(rate, (observed - untreated) / exposure)
    ratio = nqp.relative_effects(fit, weights="exposure")
    np.testing.assert_allclose(ratio.to_numpy().ravel(), observed / untreated - 1.0)
    groups = nqp.att(fit, by="side", scale="outcome", weights="exposure")
    np.testing.assert_allclose(
        ((groups * groups["weight"]).sum("side") / exposure).to_numpy().ravel(), rate
    )
    cells = fit.effects["exposure"].to_numpy()
    link = fit.effects["effect"].isel(path=0).to_numpy() @ cells / cells.sum()
    np.testing.assert_allclose(nqp.att(fit, weights="exposure").to_numpy(), link)
    for refused in ({"weights": "exposure", "by": "unit"}, {"by": ["unit", "side"]}):
        with pytest.raises(StudyError, match="by unit"):
            nqp.att(fit, scale="outcome", **refused)
    with pytest.raises(StudyError, match="by unit"):
        nqp.relative_effects(fit.effects, by="unit")


def test_a_unit_without_treated_events_has_no_per_cent() -> None:
    frame = FRAME.copy()
    unit = frame.loc[frame["cohort"].notna(), "unit"].iloc[0]
    frame.loc[(frame["unit"] == unit) & (frame["time"] >= frame["cohort"]), "y"] = 0.0
    fit = nqp.fit(DESIGN, panel_of(frame), SAMPLER, progress=False)
    share = nqp.relative_effects(fit, by="unit")
    assert share.sel(unit=unit).isnull().all()
    assert share.drop_sel(unit=unit).notnull().all()
    assert (nqp.att(fit, by="unit", scale="outcome").sel(unit=unit) == 0.0).all()


def test_deviations_average_to_those_of_cells(fit: nqp.Fit) -> None:
    """A cell's effect less its mean without deviations is the mean deviation of its units."""
    effects, owner = fit.effects, fit.model_frame.effects
    mean = fit.posterior["outcome__cell_mean"].to_numpy()
    deviation = effects["deviation"].isel(path=0).to_numpy()
    for k in range(effects.sizes["cell"]):
        units = owner.unit_effect[owner.cell == k]
        average = deviation[..., units].mean(axis=-1)
        np.testing.assert_allclose(
            effects["effect"].isel(path=0, cell=k).to_numpy(), mean[..., k] + average, atol=1e-9
        )


def test_a_common_factor_of_the_exposure_changes_nothing(fit: nqp.Fit) -> None:
    again = nqp.fit(
        DESIGN, panel_of(FRAME.assign(size=10.0 * FRAME["size"])), SAMPLER, progress=False
    )
    np.testing.assert_allclose(nqp.att(again), nqp.att(fit), atol=1e-6)


def test_units_without_events_are_left_out_with_a_note(fit: nqp.Fit) -> None:
    silent = FRAME[FRAME["unit"] == "u00"].assign(unit="silent", y=0.0)
    more = nqp.fit(DESIGN, panel_of(pd.concat([FRAME, silent])), SAMPLER, progress=False)
    assert any("silent" in note for note in more.notes)
    np.testing.assert_allclose(nqp.att(more).mean(), nqp.att(fit).mean(), atol=0.1)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"y": -1.0}, PanelError, "whole numbers"),
        ({"y": 2.5}, PanelError, "whole numbers"),
        ({"size": 0.0}, PanelError, "exposure"),
        ({"size": -2.0}, PanelError, "exposure"),
    ],
)
def test_impossible_numbers_are_refused_with_their_observation(
    wrong: dict[str, float], error: type[Exception], words: str
) -> None:
    df = FRAME.copy()
    ((column, value),) = wrong.items()
    df.loc[df.index[9], column] = value
    with pytest.raises(error, match=words) as caught:
        model_frame_of(DESIGN, panel_of(df))
    assert df["unit"].iloc[9] in str(caught.value)
    assert str(df["time"].iloc[9]) in str(caught.value)


def test_periods_without_events_are_refused() -> None:
    df = FRAME.assign(y=np.where(FRAME["time"] == 2002, 0.0, FRAME["y"]))
    with pytest.raises(IdentificationError, match="2002"):
        model_frame_of(DESIGN, panel_of(df))


def test_what_cannot_be_combined_is_refused(fit: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="Poisson"):
        nqp.Mediation(DESIGN)
    with pytest.raises(StudyError, match="moderator"):
        DESIGN.replace(moderator="x")
    weighted = panel_of(FRAME.assign(w=1.0 + FRAME["size"]), weights="w")
    with pytest.raises(StudyError, match="weights"):
        model_frame_of(DESIGN.replace(errors=nqp.IID()), weighted)
    with pytest.raises(StudyError, match="outcome_se"):
        model_frame_of(DESIGN, panel_of(FRAME.assign(se=0.1), outcome_se="se"))
    with pytest.raises(StudyError, match="sufficient statistics"):
        nqp.posterior_mean(DESIGN, fit.panel)


def test_one_seed_gives_one_set_of_draws_on_any_number_of_threads(fit: nqp.Fit) -> None:
    again = nqp.fit(DESIGN, panel_of(FRAME.sample(frac=1.0)), SAMPLER, threads=1, progress=False)
    np.testing.assert_array_equal(nqp.att(again), nqp.att(fit))


def test_it_is_saved_and_read(fit: nqp.Fit, tmp_path: Path) -> None:
    loaded = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert loaded.digest == fit.digest
    assert loaded.design == DESIGN
    np.testing.assert_array_equal(loaded.panel.exposure, fit.panel.exposure)
    np.testing.assert_array_equal(nqp.relative_effects(loaded), nqp.relative_effects(fit))


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Additional events"), ("zh", "新增事件")], ids=["en", "zh"]
)
def test_reports_state_per_cent_and_events(
    fit: nqp.Fit, tmp_path: Path, language: str, words: str
) -> None:
    checks = [nqp.check(fit, "convergence", progress=False)]
    nqp.report(
        fit, tmp_path / "out", checks=checks, formats=["html"], language=language, progress=False
    )
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert words in text
    assert "%" in text
