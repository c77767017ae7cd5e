"""The truth of a panel with mediators adds up and tells what happened to its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from doors import joint_errors

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.data.simulation import CHANNELS, Channel, channels
from bayes_nqp.effects.estimands import contrast, nde, nie, total

WITH_INTERACTION = {
    "digital": Channel(slope=0.5, contrast=0.4, interaction=0.3),
    "finance": Channel(level=-0.4, slope=0.2, interaction=-0.1),
}


def effect_of_switching_off(simulated: Any, path: str) -> pd.DataFrame:
    """Treated rows with the change of the outcome, by its own equation, not by the truth."""
    panel, given = simulated.panel, simulated.parameters
    frame = panel.frame.loc[panel.frame["time"] >= panel.frame["cohort"]]
    event_time = (frame["time"] - frame["cohort"]).to_numpy()
    own = simulated.truth["deviation"].squeeze()
    half = np.where(frame["region"] == "inland", 0.5, -0.5)
    whole = np.zeros(len(frame))
    for name, channel in given["mediators"].items():
        after = channel.slope + channel.contrast * half + channel.interaction
        unit = own.sel(path=name, member=frame["unit"].to_numpy()).to_numpy() / after
        moved = channel.level + channel.growth * event_time + unit
        if path in ("total", name):
            whole += moved * after
        if path in ("total", "direct"):
            whole += channel.interaction * (frame[name].to_numpy() - moved)
    if path in ("total", "direct"):
        whole += given["level"] + given["growth"] * event_time + given["contrast"] * half
    return frame.assign(effect=whole, event_time=event_time)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        {"mediators": {k: CHANNELS[k] for k in ("digital", "finance")}, "growth": 0.1},
        {"mediators": WITH_INTERACTION, "contrast": 0.5, "missing": 0.1},
    ],
    ids=["plain", "interaction"],
)
def test_the_truth_is_the_mean_effect_of_treated_rows(arguments: dict[str, Any]) -> None:
    simulated = channels(**arguments, deviation_sd=0.0, seed=4)
    truth = schema.validate(simulated.truth)
    for path, draws in {
        "total": total, "direct": nde,
        "digital": lambda truth, by=None: nie(truth, by, mediators="digital"),
        "finance": lambda truth, by=None: nie(truth, by, mediators="finance"),
    }.items():  # fmt: skip
        rows = effect_of_switching_off(simulated, path)
        np.testing.assert_allclose(draws(truth).item(), rows["effect"].mean(), atol=1e-12)
        for by in ("region", "event_time", "cohort"):
            expected = rows["effect"].groupby(rows[by]).mean()
            got = draws(truth, by=by).squeeze().to_series()
            pd.testing.assert_series_equal(
                got.sort_index(), expected.sort_index(), check_names=False, check_index_type=False
            )


def test_paths_add_up_in_cells_and_members() -> None:
    truth = channels(mediators=WITH_INTERACTION, seed=2).truth
    for name in ("effect", "deviation"):
        rest = truth[name].sel(path=["direct", *WITH_INTERACTION]).sum("path")
        np.testing.assert_allclose(truth[name].sel(path="total"), rest, atol=1e-12)


def test_the_idle_channel_is_null_and_slopes_differ_by_stratum() -> None:
    still = {k: replace(c, deviation_sd=0.0, growth=0.0) for k, c in CHANNELS.items()}
    truth = channels(mediators=still, seed=1).truth
    by = nie(truth, by="region").squeeze()
    np.testing.assert_allclose(by.sel(mediator="idle"), 0.0)
    gap = contrast(by, region="inland", minus="coastal")
    np.testing.assert_allclose(gap.sel(mediator=["digital", "finance"]), [0.8 * 0.3, -0.5 * 0.2])


def test_deviations_of_effects_on_mediators_reach_the_outcome_through_the_slope() -> None:
    simulated = channels(seed=1)
    by_unit = nie(simulated.truth, by="unit", mediators="digital").squeeze()
    assert float(by_unit.std()) > 0.05
    none = nie(simulated.truth, by="unit", mediators="idle")
    np.testing.assert_allclose(none, 0.0)


def test_a_seed_makes_the_same_panel_and_parts_have_streams_of_their_own() -> None:
    one, same, other = channels(seed=5), channels(seed=5), channels(seed=6)
    assert one.digest == same.digest != other.digest
    rougher = channels(seed=5, rho=0.9, confounding=0.4, related=0.2)
    np.testing.assert_array_equal(one.truth["effect"], rougher.truth["effect"])
    drawn = channels(units=20, periods=12)
    again = channels(**drawn.parameters)  # type: ignore[arg-type]
    assert again.digest == drawn.digest


@pytest.mark.parametrize("related", [0.0, 0.4])
def test_confounding_is_the_correlation_of_innovations_given_other_mediators(
    related: float,
) -> None:
    phi = {"digital": 0.2, "finance": 0.5, "idle": 0.8}
    # Without policy, slopes and background, values are the errors themselves, which unit and
    # time effects are taken from below.
    none = {k: Channel(0.0, 0.0, 0.0, deviation_sd=0.0, rho=phi[k]) for k in CHANNELS}
    simulated = channels(
        mediators=none, units=2000, periods=20, cohorts=(20,), strata={}, level=0.0,
        deviation_sd=0.0, rho=0.6, confounding=0.5, confounded="finance", related=related, seed=3,
    )  # fmt: skip
    innovations = []
    for name, rho in {**phi, "outcome": 0.6}.items():
        wide = simulated.panel.frame.pivot(index="unit", columns="time", values=name).to_numpy()
        # A unit's effect drops out of the difference of quasi-differences, its period's mean too.
        quasi = wide[:, 1:] - rho * wide[:, :-1]
        quasi = quasi - quasi.mean(axis=1, keepdims=True)
        innovations.append((quasi - quasi.mean(axis=0)).ravel())
    table = np.corrcoef(innovations)
    precision = np.linalg.inv(table)
    partial = -precision / np.sqrt(np.outer(np.diag(precision), np.diag(precision)))
    assert abs(partial[1, 3] - 0.5) < 0.02
    assert max(abs(table[0, 3]), abs(table[2, 3])) < 0.02
    assert np.abs(table[:3, :3][np.triu_indices(3, 1)] - related).max() < 0.02


def test_joint_errors_are_stationary_from_the_first_period() -> None:
    rho, sigma = np.array([0.2, 0.9]), np.array([1.0, 2.0])
    mixed = np.array([[1.0, 0.6], [0.6, 1.0]])
    errors = joint_errors(np.random.default_rng(1), (200_000, 3), rho, sigma, mixed)
    expected = np.outer(sigma, sigma) * mixed / (1.0 - np.outer(rho, rho))
    for t in (0, 2):
        np.testing.assert_allclose(np.cov(errors[:, t].T), expected, rtol=0.02)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"mediators": {}}, "'mediators'"),
        ({"mediators": {"outcome": Channel()}}, "'mediators'"),
        ({"mediators": {"digital": 0.5}}, "'mediators' is {'digital': 0.5}"),
        ({"strata": {}}, "'digital' has a contrast"),
        ({"confounding": 1.0}, "'confounding'"),
        ({"confounding": 0.3, "confounded": "digit"}, "'confounded'"),
        ({"related": -0.5}, "'related'"),
        ({"rho": 1.0}, "'rho'"),
    ],
)
def test_what_makes_no_panel_is_refused(arguments: dict[str, Any], what: str) -> None:
    with pytest.raises(StudyError, match=what):
        channels(**arguments, seed=1)


def test_a_channel_out_of_range_is_refused() -> None:
    with pytest.raises(StudyError, match="'sigma'"):
        Channel(sigma=0.0)
