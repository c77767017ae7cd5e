"""Averages over a window of event times, and contrasts of horizons, by hand from draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from effects_dataset import random_effects

from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp.effects.estimands import att, contrast

EFFECTS = random_effects(unidentified=[3, 7])


def by_hand(low: int, high: int, weights: str = "rows", **level: str) -> np.ndarray:
    """Mean over identified cells between two event times, by their numbers of observations."""
    time = EFFECTS.event_time.to_numpy()
    kept = EFFECTS.identified.to_numpy() & (time >= low) & (time <= high)
    for name, value in level.items():
        kept &= EFFECTS[name].to_numpy() == value
    cells = EFFECTS.isel(cell=kept)
    w = cells[weights].to_numpy()
    return cells.effect.sel(path="total").to_numpy() @ w / w.sum()


@pytest.mark.parametrize("window", [(0, 2), (1, 3), (2, 2), [0, 99]])
@pytest.mark.parametrize("weights", ["rows", "units", "weight"])
def test_one_number_is_the_weighted_mean_of_its_cells(window: Any, weights: str) -> None:
    draws = att(EFFECTS, weights=weights, window=window)
    np.testing.assert_allclose(draws, by_hand(*window, weights), rtol=1e-12)
    assert draws.attrs["window"] == f"event times {window[0]} to {window[1]}"


def test_groups_are_averages_over_the_window() -> None:
    draws = att(EFFECTS, by="region", window=(0, 2))
    for region in ("inland", "coastal"):
        np.testing.assert_allclose(
            draws.sel(region=region), by_hand(0, 2, region=region), rtol=1e-12
        )


def test_by_event_time_the_window_chooses_them() -> None:
    every, some = att(EFFECTS, by="event_time"), att(EFFECTS, by="event_time", window=(1, 3))
    assert some.event_time.to_numpy().tolist() == [1, 2, 3]
    np.testing.assert_array_equal(some, every.sel(event_time=[1, 2, 3]))
    mean = (some * some.weight).sum("event_time") / some.weight.sum()
    np.testing.assert_allclose(mean, att(EFFECTS, window=(1, 3)), rtol=1e-12)
    renamed = att(EFFECTS, by={"k": "event_time"}, window=(1, 3))
    np.testing.assert_array_equal(renamed, some)


def test_a_contrast_of_horizons_is_a_difference_of_draws() -> None:
    horizons = att(EFFECTS, by="event_time")
    later = contrast(horizons, event_time=3, minus=1)
    np.testing.assert_allclose(later, by_hand(3, 3) - by_hand(1, 1), rtol=1e-10)
    same = att(random_effects(), by="event_time", balanced=3, window=(1, 3))
    assert same.event_time.to_numpy().tolist() == [1, 2, 3]


@pytest.mark.parametrize("window", [(3, 1), (1,), (0, 1.5), "ab", 3, (0, True), (1, 2, 3)])
def test_a_window_has_a_first_and_a_last_event_time(window: Any) -> None:
    with pytest.raises(NQPError, match="window"):
        att(EFFECTS, window=window)


def test_a_window_without_treated_observations_is_refused() -> None:
    with pytest.raises(StudyError, match="no treated observation has an identified effect") as no:
        att(EFFECTS, window=(50, 60))
    assert "event times from 0 to 4" in str(no.value.hint)
    with pytest.raises(StudyError, match="begins with adoption"):
        att(EFFECTS, window=(-2, 1), balanced=1)
