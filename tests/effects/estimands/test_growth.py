"""Growth is that of the same units at both ends, whatever comes and goes between."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import xarray as xr
from effects_dataset import random_effects

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import att, by_event_time, growth, same_units, units_behind


def panel(
    cohorts: Mapping[int, int], last: int, effect: Mapping[int, float], slope: float = 0.0
) -> xr.Dataset:
    """Cells of cohorts with so many units, whose effects start at a level and grow by a slope."""
    cells = [(g, t, n) for g, n in cohorts.items() for t in range(g, last + 1)]
    base = np.array([effect[g] + slope * (t - g) for g, t, _ in cells])
    noise = np.random.default_rng(1).normal(size=(2, 50, 1, len(cells)))
    return schema.build(
        base + 0.01 * noise,
        strata={},
        cohort=[g for g, _, _ in cells],
        time=[t for _, t, _ in cells],
        event_time=[t - g for g, t, _ in cells],
        rows=[n for *_, n in cells],
        units=[n for *_, n in cells],
        gate="passed",
    )


def test_a_flat_truth_whose_late_cohorts_are_small_does_not_grow() -> None:
    effects = panel({2010: 6, 2014: 40}, 2015, {2010: 3.0, 2014: 1.0})
    by_time = att(effects, "event_time")
    assert float((by_time.sel(event_time=5) - by_time.sel(event_time=0)).mean()) > 1.5
    found = growth(effects)
    assert found is not None
    assert (found.last, found.cohorts, found.units) == (5, ("2010",), 6)
    assert float(found.change.mean()) == pytest.approx(0, abs=0.01)


def test_the_window_is_the_longest_with_enough_units() -> None:
    effects = panel({2010: 2, 2012: 3, 2013: 9}, 2015, dict.fromkeys((2010, 2012, 2013), 1.0), 0.5)
    found = growth(effects)
    assert found is not None
    assert (found.last, found.cohorts, found.units) == (3, ("2010", "2012"), 5)
    assert float(found.change.mean()) == pytest.approx(1.5, abs=0.01)
    few = growth(effects, enough=1)
    assert few is not None
    assert (few.last, few.units) == (5, 2)
    assert growth(effects, enough=15) is None


def test_one_period_of_effects_has_no_growth() -> None:
    assert growth(panel({2015: 50}, 2015, {2015: 1.0})) is None


def test_members_who_leave_are_left_out_at_both_ends() -> None:
    """The two whose own effects are large are seen at adoption alone."""
    own = np.array([4.0, 4.0, *[0.0] * 6])
    pairs = [(0, i, 1) for i in range(8)] + [(1, i, 1) for i in range(2, 8)]
    dims = (2, 50, 1)
    effects = schema.build(
        np.broadcast_to([2.0, 1.0], (*dims, 2)).copy(),
        strata={},
        cohort=[2015, 2015],
        time=[2015, 2016],
        event_time=[0, 1],
        rows=[8, 6],
        units=[8, 6],
        deviation=np.broadcast_to(own, (*dims, 8)).copy(),
        unit_effects=[f"u{i}" for i in range(8)],
        membership=tuple(np.array(pairs).T),
    )
    found = growth(effects)
    assert found is not None
    assert found.units == 6
    # At adoption the six lie one below the cell's mean of 2, and at event time 1 they are the cell.
    assert float(found.start.mean()) == pytest.approx(1.0)
    assert float(found.change.mean()) == pytest.approx(0.0)
    assert not same_units(effects)
    assert same_units(effects, balanced=0)


def test_growth_is_that_of_att_where_nobody_comes_or_goes() -> None:
    effects = random_effects(cohorts=(2014,), last=2017)
    drop = effects.isel(cell=effects["event_time"].to_numpy() != 1)  # one row is missing there
    kept = drop["cell"].to_numpy()
    rows = np.isin(drop["membership_cell"].to_numpy(), kept)
    drop = drop.isel(membership=rows)
    place = np.searchsorted(kept, drop["membership_cell"].to_numpy())
    drop = drop.assign(membership_cell=("membership", place)).assign_coords(cell=range(len(kept)))
    by_time, found = att(drop, "event_time"), growth(drop)
    assert found is not None
    assert found.last == 3
    for end, at in ((found.start, 0), (found.end, 3)):
        np.testing.assert_allclose(end, by_time.sel(event_time=at), rtol=1e-12)
    assert same_units(drop)
    assert not same_units(effects)


@pytest.mark.parametrize("weights", ["rows", "units", "equal", "weight"])
def test_weights_count_and_paths_are_told_apart(weights: str) -> None:
    effects = random_effects(paths=("total", "direct", "digital"), seed=3)
    parts = [growth(effects, weights, path) for path in ("total", "direct", "digital")]
    assert all(part is not None and part.last == 4 for part in parts)
    assert len({float(part.change.mean()) for part in parts if part is not None}) == 3
    with pytest.raises(StudyError, match="is not a path"):
        growth(effects, weights, "finance")


def test_effects_that_nobody_adopts_do_not_grow() -> None:
    flat = schema.build(np.ones((2, 50, 1, 2)), strata={}, time=[1, 2], rows=[9, 9], units=[9, 9])
    assert growth(flat) is None


def test_cells_that_are_not_identified_are_nobody() -> None:
    effects = panel({2010: 6, 2014: 40}, 2015, {2010: 3.0, 2014: 1.0})
    early = (effects["event_time"] < 2) | (effects["cohort"] > 2010)
    lost = effects.assign_coords(identified=("cell", early.to_numpy()))
    lost["effect"] = lost["effect"].where(lost["identified"])
    found = growth(lost)
    assert found is not None
    assert (found.last, found.units) == (1, 46)
    assert np.isfinite(found.change).all()


def test_units_behind_every_average() -> None:
    effects = panel({2010: 2, 2012: 3, 2013: 9}, 2015, dict.fromkeys((2010, 2012, 2013), 1.0))
    counts = by_event_time(effects)["units"]
    assert counts.to_numpy().tolist() == [14, 14, 14, 5, 2, 2]
    assert int(units_behind(effects)) == 14
    assert units_behind(effects, "cohort").to_numpy().tolist() == [2, 3, 9]
    assert units_behind(effects, "event_time", balanced=5).to_numpy().tolist() == [2] * 6
    by_unit = units_behind(random_effects(), "unit")
    assert set(by_unit.to_numpy().tolist()) == {1}


def test_units_count_once_where_cells_of_a_cohort_differ_in_exposure() -> None:
    """At adoption 4 rows have no neighbour in force and 2 have; later 3 and 3."""
    effects = schema.build(
        np.ones((4, 100, 1, 4)) * [1.0, 4.0, 2.0, 6.0], strata={}, cohort=[2015] * 4,
        time=[2015, 2015, 2016, 2016], event_time=[0, 0, 1, 1], rows=[4, 2, 3, 3],
        units=[4, 2, 3, 3],
    )  # fmt: skip
    found = growth(effects)
    assert found is not None
    assert found.units == 6
    assert float(found.start.mean()) == pytest.approx(2.0)
    assert float(found.end.mean()) == pytest.approx(4.0)
