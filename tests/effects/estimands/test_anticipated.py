"""What a design with anticipation has before adoption counts in no average over event times."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from effects_dataset import random_effects

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import (
    att,
    by_event_time,
    by_path,
    contrast,
    cumulative,
    growth,
    moderated,
    moderated_difference,
    nde,
    nie,
    proportion_mediated,
    relative_effects,
    same_units,
    shrinkage,
    spillover_effects,
    total,
    units_behind,
)

PATHS = ("total", "direct", "digital", "finance", "received")


def moved(effects: xr.Dataset, periods: int) -> xr.Dataset:
    """Let all units adopt some periods later than their effects begin."""
    event_time = effects[v.EVENT_TIME] - periods
    return effects.assign_coords({v.EVENT_TIME: event_time, v.COHORT: effects[v.COHORT] + periods})


def without(effects: xr.Dataset) -> xr.Dataset:
    """Leave out the cells before adoption, and who is in them."""
    kept = effects[v.EVENT_TIME].to_numpy() >= 0
    inside = kept[effects[v.MEMBERSHIP_CELL].to_numpy()]
    part = effects.isel({v.CELL: kept, v.MEMBERSHIP: inside})
    place = (np.cumsum(kept) - 1)[part[v.MEMBERSHIP_CELL].to_numpy()]
    part[v.MEMBERSHIP_CELL] = (v.MEMBERSHIP, place)
    return schema.validate(part.assign_coords({v.CELL: np.arange(kept.sum())}))


def effects_dataset(seed: int) -> xr.Dataset:
    """Effects that begin at adoption, with channels, a moderator, and what others' policies do."""
    effects = random_effects(seed=seed, paths=PATHS, unidentified=[3, 7], draws=5, chains=2)
    generator = np.random.default_rng(seed)
    shape = (*effects[v.EFFECT].shape, 3)
    facts = {v.MODERATOR: "digital_finance", v.MODERATOR_CENTRE: 0.0, v.MODERATOR_SIZE: 1.0,
             v.MODERATOR_RANGE: [-2.0, 2.0]}  # fmt: skip
    return effects.assign(
        {v.MODERATION: ((*effects[v.EFFECT].dims, v.POWER), generator.normal(size=shape))}
    ).assign_attrs(facts)


ESTIMANDS = {
    "att": att,
    "att, weighted": lambda e, by, **how: att(e, by, "weight", **how),
    "att, direct": lambda e, by, **how: att(e, by, path="direct", **how),
    "nde": nde,
    "nie": nie,
    "total": total,
    "proportion mediated": proportion_mediated,
    "by path": by_path,
    "relative_effects": relative_effects,
    "cumulative": cumulative,
    "shrinkage": lambda e, by, **how: shrinkage(e, e, by, **how)["partial"],
    "moderated": lambda e, by, **how: moderated(e, [0.0, 1.0], by, **how),
    "moderated difference": lambda e, by, **how: moderated_difference(e, by=by, **how),
    "received": lambda e, by, **how: spillover_effects(e, by, onto="treated", **how),
    "contrast": lambda e, _, **how: contrast(
        att(e, "region", **how), region="inland", minus="coastal"
    ),
}


@pytest.mark.parametrize("name", ESTIMANDS)
def test_anticipated_cells_count_in_no_average_unless_they_are_asked_for(name):
    estimand, effects = ESTIMANDS[name], effects_dataset(1)
    for periods, by in ((1, None), (2, "region"), (1, "stratum"), (2, ["region", "market"])):
        early = moved(effects, periods)
        plain, asked = estimand(early, by), estimand(early, by, anticipated=True)
        xr.testing.assert_identical(plain, estimand(without(early), by))
        np.testing.assert_allclose(asked, estimand(effects, by), rtol=1e-12)
        assert asked.shape != plain.shape or not np.allclose(asked, plain, equal_nan=True)
    xr.testing.assert_identical(estimand(effects, by), estimand(effects, by, anticipated=True))


def test_members_cohorts_and_periods_average_what_came_after_adoption():
    early = moved(effects_dataset(3), 1)
    for by in ("unit", "cohort", ["unit", "region"]):
        xr.testing.assert_identical(att(early, by), att(without(early), by))
    by_time = att(early, "time")
    later = att(without(early), "time")
    xr.testing.assert_identical(by_time.dropna("time"), later)
    assert np.isnan(by_time.sel(time=2014)).all()


def test_growth_and_the_units_behind_it_know_nothing_of_them():
    early = moved(effects_dataset(4), 1)
    now, after = growth(early), growth(without(early))
    assert now is not None
    assert (now.last, now.cohorts, now.units) == (after.last, after.cohorts, after.units)
    xr.testing.assert_identical(now.change, after.change)
    for by in (None, "region", "cohort"):
        xr.testing.assert_identical(units_behind(early, by), units_behind(without(early), by))
    assert same_units(early, balanced=1) == same_units(without(early), balanced=1)


@pytest.mark.parametrize("by", ["event_time", "cell", ["cohort", "time"], ["region", "event_time"]])
def test_where_event_times_are_kept_apart_they_are_there_and_marked(by):
    early = moved(effects_dataset(5), 2)
    draws = att(early, by)
    assert np.isnan(draws).sum() == np.isnan(att(effects_dataset(5), by)).sum()
    marked = draws[v.ANTICIPATED]
    assert 0 < int(marked.sum()) < marked.size
    if "event_time" in draws.dims:
        apart = marked.isel({d: 0 for d in marked.dims if d != "event_time"})
        assert apart[v.EVENT_TIME].to_numpy()[apart.to_numpy()].tolist() == [-2, -1]
    later = draws.where(~marked)
    weight = draws[v.WEIGHT].where(~marked, 0.0)
    dims = [dim for dim in draws.dims if dim not in v.SAMPLE_DIMS]
    np.testing.assert_allclose((later * weight).sum(dims) / weight.sum(dims), att(early))


def test_units_behind_event_times_before_adoption_are_counted():
    early = moved(effects_dataset(6), 1)
    assert int(by_event_time(early)[v.UNITS].sel(event_time=-1)) > 0


def test_balanced_windows_begin_at_adoption():
    early = moved(effects_dataset(7), 1)
    xr.testing.assert_identical(att(early, balanced=1), att(without(early), balanced=1))
    with pytest.raises(StudyError, match=r"(?s)begins with adoption.*omit 'anticipated'"):
        att(early, balanced=1, anticipated=True)


def test_leads_alone_are_averaged_only_by_request():
    leads = moved(effects_dataset(8), 9)
    with pytest.raises(
        StudyError, match=r"(?s)before adoption.*by='event_time', or anticipated=True"
    ):
        att(leads)
    assert att(leads, "event_time").sizes[v.EVENT_TIME]
    assert np.isfinite(att(leads, anticipated=True)).all()


def test_what_is_left_out_is_not_called_unidentified():
    effects = effects_dataset(9)
    assert att(moved(effects, 1)).attrs["cells_left_out"] <= att(effects).attrs["cells_left_out"]
