"""Signs that are named together, against their definition draw by draw; differences and spread."""

from __future__ import annotations

import ast
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from effects_dataset import random_effects

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects import estimands
from bayes_nqp.effects.estimands import (
    att,
    heterogeneity_sd,
    pairwise_contrasts,
    simultaneous_signs,
)

Array = npt.NDArray[np.float64]
DRAWS = att(random_effects(strata={"region": ("inland", "coastal", "islands")}), by="region")


def as_draws(values: Array, dim: str = "mediator") -> xr.DataArray:
    """Two chains, of the first and the second half of the draws."""
    names = [f"m{k}" for k in range(values.shape[1])]
    chains = values.reshape(2, len(values) // 2, -1)
    return xr.DataArray(chains, dims=("chain", "draw", dim), coords={dim: names})


def by_force(values: Array, prob: float) -> tuple[set[int], float, dict[int, float]]:
    """The definition, draw by draw and statement by statement."""
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
    t = abs(mean) / sd
    left = sorted(range(values.shape[1]), key=lambda k: -t[k])
    named, joint, tails, tail, going = set[int](), 1.0, dict[int, float](), 0.0, True
    while left:
        k = left[0]
        beyond = [max(abs(draw[j] - mean[j]) / sd[j] for j in left) >= t[k] for draw in values]
        tail = max(tail, sum(beyond) / len(values))
        tails[k] = tail
        both = [all(draw[j] * mean[j] > 0 for j in {*named, k}) for draw in values]
        going = going and tail <= 1 - prob and sum(both) / len(values) >= prob
        if going:
            named, joint = {*named, k}, sum(both) / len(values)
        left = left[1:]
    return named, joint, tails


@pytest.mark.parametrize("prob", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("seed", range(6))
def test_the_set_is_that_of_the_definition(seed: int, prob: float) -> None:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(5, 5))
    values = rng.normal(size=(60, 5)) @ mix + rng.normal(0, 4, 5)
    found = simultaneous_signs(as_draws(values), prob)
    named, joint, tails = by_force(values, prob)
    assert set(np.flatnonzero(found["named"])) == named
    assert float(found["joint"]) == pytest.approx(joint)
    for k, tail in tails.items():
        assert float(found["tail"][k]) == pytest.approx(tail)
        single = (values[:, k] * values[:, k].mean() > 0).mean()
        assert float(found["probability"][k]) == pytest.approx(single)
        assert bool(found["positive"][k]) == (values[:, k].mean() > 0)


def test_sets_of_every_size_occur_above() -> None:
    sizes = set()
    for seed in range(6):
        rng = np.random.default_rng(seed)
        mix = rng.normal(size=(5, 5))
        values = rng.normal(size=(60, 5)) @ mix + rng.normal(0, 4, 5)
        sizes |= {len(by_force(values, prob)[0]) for prob in (0.5, 0.8, 0.95)}
    assert {0, 1, 2} <= sizes


@pytest.mark.parametrize("groups", [2, 4, 6])
def test_equal_effects_are_named_as_seldom_as_was_asked(groups: int) -> None:
    """Posterior means of equal effects are as far apart as flat posteriors are wide."""
    rng, named, repeats = np.random.default_rng(groups), 0, 200
    for _ in range(repeats):
        values = rng.normal(size=groups) + rng.normal(size=(400, groups))
        named += bool(simultaneous_signs(pairwise_contrasts(as_draws(values)))["named"].any())
    # 5 % of 200, and three standard deviations more.
    assert named <= 10 + 3 * np.sqrt(200 * 0.05 * 0.95)


def test_a_single_statement_needs_both_tails() -> None:
    values = np.random.default_rng(1).normal(size=(4000, 1))
    values = (values - values.mean()) / values.std()
    assert not simultaneous_signs(as_draws(values + 1.8))["named"].any()
    assert simultaneous_signs(as_draws(values + 2.1))["named"].all()
    scalar = simultaneous_signs(as_draws(values + 2.1).isel(mediator=0))
    assert bool(scalar["named"])
    assert scalar["named"].dims == ()


def test_what_is_missing_or_certain() -> None:
    values = np.random.default_rng(2).normal(size=(200, 4))
    values[:, 1], values[:, 2], values[:, 3] = np.nan, -2.0, 0.0
    found = simultaneous_signs(as_draws(values))
    assert found["named"].values.tolist() == [False, False, True, False]
    assert found["positive"].values.tolist()[2] is False
    assert np.isnan(found["probability"][1])
    assert np.isnan(found["tail"][1])
    alone = simultaneous_signs(as_draws(values[:, :1]))
    assert float(found["tail"][0]) == float(alone["tail"][0])
    nothing = simultaneous_signs(as_draws(values[:, 1:2]))
    assert not nothing["named"].any()
    assert float(nothing["joint"]) == 1.0


def test_other_dims_are_statements_too() -> None:
    draws = att(random_effects(), by=["region", "event_time"])
    found = simultaneous_signs(draws, 0.6)
    flat = draws.stack(statement=("region", "event_time")).reset_index("statement")
    np.testing.assert_array_equal(
        found["named"].to_numpy().ravel(), simultaneous_signs(flat, 0.6)["named"]
    )
    assert found["named"].dims == draws.dims[2:]


@pytest.mark.parametrize(("wrong", "match"), [({"prob": 1.0}, "prob"), ({"prob": 0}, "prob")])
def test_what_no_probability_is_is_refused(wrong: dict[str, float], match: str) -> None:
    with pytest.raises(StudyError, match=match):
        simultaneous_signs(DRAWS, **wrong)
    with pytest.raises(StudyError, match="not draws"):
        simultaneous_signs(DRAWS.mean("draw"))


def test_differences_are_those_of_every_pair() -> None:
    found = pairwise_contrasts(DRAWS)
    names = DRAWS["region"].to_numpy()
    assert found.sizes["pair"] == 3
    for k, (a, b) in enumerate(combinations(names, 2)):
        assert found["pair"][k].item() == f"{a} − {b}"
        assert (found["pair_level"][k].item(), found["pair_minus"][k].item()) == (a, b)
        np.testing.assert_array_equal(found.isel(pair=k), DRAWS.sel(region=a) - DRAWS.sel(region=b))
    assert nqp.pairwise_contrasts(DRAWS.isel(region=[0])).sizes["pair"] == 0


def test_differences_keep_other_dims_and_name_one() -> None:
    draws = att(random_effects(), by=["region", "event_time"])
    found = nqp.pairwise_contrasts(draws, "event_time")
    assert found.dims == ("chain", "draw", "pair", "region")
    assert found["gate"].item() == draws["gate"].item()
    for wrong in (None, "regoin"):
        with pytest.raises(StudyError, match="not a dim"):
            pairwise_contrasts(draws, wrong)
    with pytest.raises(StudyError, match="'pair'"):
        pairwise_contrasts(draws.rename(region="pair"), "event_time")
    assert pairwise_contrasts(DRAWS.rename(region="pair")).sizes["pair"] == 3


def test_spread_is_the_sd_between_groups_in_every_draw() -> None:
    found = nqp.heterogeneity_sd(DRAWS)
    for chain, draw in np.ndindex(2, 5):
        here = DRAWS.isel(chain=chain, draw=draw).to_numpy()
        expected = np.sqrt(((here - here.mean()) ** 2).sum() / (len(here) - 1))
        assert float(found.isel(chain=chain, draw=draw)) == pytest.approx(expected)
    two = heterogeneity_sd(DRAWS.isel(region=[0, 1]))
    np.testing.assert_allclose(two, abs(pairwise_contrasts(DRAWS)[..., 0]) / np.sqrt(2))
    with pytest.raises(StudyError, match="single level"):
        heterogeneity_sd(DRAWS.isel(region=[0]))


def test_every_estimand_of_a_file_is_public() -> None:
    """What stands behind a door in a file of the room is found there, and as nqp.NAME."""
    room = Path(nqp.__file__).parent / "effects" / "estimands"
    names = {
        node.name
        for file in room.glob("_[!_]*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(x, ast.Name) and x.id == "door" for x in node.decorator_list)
    }
    assert {"simultaneous_signs", "pairwise_contrasts", "heterogeneity_sd", "att"} <= names
    assert names <= set(nqp.__all__)
    assert names <= set(estimands.__all__)
