"""Weights of every method, next to independent computations."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from matched_units import selected

import bayes_nqp as nqp
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.matching import METHODS, Pool, matching


def pool(treated: int, controls: int, seed: int, *, apart: float = 0.5, columns: int = 2) -> Pool:
    rng = np.random.default_rng(seed)
    group = np.arange(treated + controls) < treated
    x = rng.normal(size=(group.size, columns)) + apart * group[:, None]
    names = tuple(f"x{k}" for k in range(columns))
    return Pool(names, x, group, np.arange(group.size))


def best(gap: Array, width: float) -> tuple[int, float]:
    """The most matches within the caliper, and the smallest sum of their distances, by trial."""
    left, right = gap.shape
    for size in range(min(left, right), 0, -1):
        sums = [
            sum(gap[i, j] for i, j in zip(rows, columns, strict=True))
            for rows in combinations(range(left), size)
            for columns in permutations(range(right), size)
            if all(gap[i, j] <= width for i, j in zip(rows, columns, strict=True))
        ]
        if sums:
            return size, min(sums)
    return 0, 0.0


@pytest.mark.slow
def test_scores_are_those_of_a_logistic_regression() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    p = pool(40, 70, 1, columns=3)
    # The penalty of sklearn is b'b / (2 C) of the negative log likelihood.
    found = linear.LogisticRegression(C=100.0, tol=1e-12, max_iter=1000).fit(p.z, p.treated)
    assert p.score == pytest.approx(found.predict_proba(p.z)[:, 1], abs=1e-7)


@pytest.mark.parametrize("seed", range(12))
def test_nearest_neighbours_are_the_best_of_all_assignments(seed: int) -> None:
    from bayes_nqp.data.matching._method_nearest import _assigned

    p = pool(4, 5, seed, apart=1.0)
    left, right, width = p.logit[p.treated], p.logit[~p.treated], p.width(0.2 + 0.1 * (seed % 3))
    gap = np.abs(left[:, None] - right)
    owner, control = _assigned(left, right, 1, width)
    assert len(set(owner)) == len(owner)
    assert len(set(control)) == len(control)
    assert (gap[owner, control] <= width).all()
    assert (len(owner), gap[owner, control].sum()) == pytest.approx(best(gap, width), abs=1e-12)


def test_neighbours_with_replacement_and_several_of_them() -> None:
    p = pool(15, 25, 3)
    gap, width = np.abs(p.logit[p.treated][:, None] - p.logit[~p.treated]), p.width(0.3)
    weights = np.zeros(40)
    for i, line in enumerate(gap):
        near = [j for j in np.argsort(line)[:3] if line[j] <= width]
        weights[i] = bool(near)
        for j in near:
            weights[15 + j] += 1.0 / len(near)
    found = METHODS["nearest"].weigh(p, k=3, caliper=0.3, replacement=True)
    assert found == pytest.approx(weights, abs=1e-12)
    # Without replacement, a second round never takes a treated unit from the first.
    once, twice = (METHODS["nearest"].weigh(p, k=k) for k in (1, 2))
    assert twice[:15].sum() == once[:15].sum()
    assert (twice[15:] > 0).sum() > (once[15:] > 0).sum()
    assert twice[15:].max() <= 1.0 + 1e-12


def test_all_controls_within_a_radius() -> None:
    p = pool(15, 25, 4)
    near = np.abs(p.logit[p.treated][:, None] - p.logit[~p.treated]) <= p.width(0.25)
    count = near.sum(axis=1)
    found = METHODS["radius"].weigh(p, caliper=0.25)
    assert (found[:15] == (count > 0)).all()
    shares = (near / np.maximum(count, 1)[:, None]).sum(axis=0)
    assert found[15:] == pytest.approx(shares, abs=1e-12)


def test_coarsened_exact_matching() -> None:
    x = np.array([[1.0], [2.0], [6.0], [1.5], [2.5], [2.9], [9.0], [3.0]])
    p = Pool(("x",), x, np.arange(8) < 3, np.arange(8))
    # Cells below 3, from 3 to 8, and from 8: two treated and three controls; one of each; none.
    found = METHODS["exact"].weigh(p, cuts={"x": [3.0, 8.0]})
    assert found.tolist() == pytest.approx([1, 1, 1, 2 / 3, 2 / 3, 2 / 3, 0, 1])
    # Sturges: ceil(log2(8)) + 1 = 4 bins of width 2 from 1 to 9; a boundary is of the upper bin.
    usual = METHODS["exact"].weigh(p)
    assert usual.tolist() == pytest.approx([1, 1, 0, 2 / 3, 2 / 3, 2 / 3, 0, 0])
    assert METHODS["exact"].weigh(p, cuts={"x": 4}).tolist() == usual.tolist()


def test_kernel_weights() -> None:
    p = pool(15, 25, 5)
    score, weights = p.score, np.zeros(40)
    for i in range(15):
        k = [max(1.0 - ((score[i] - score[j]) / 0.04) ** 2, 0.0) for j in range(15, 40)]
        weights[i] = sum(k) > 0
        if sum(k) > 0:
            weights[15:] += np.array(k) / sum(k)
    assert 0 < weights[:15].sum() < 15
    assert METHODS["kernel"].weigh(p, bandwidth=0.04) == pytest.approx(weights, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_entropy_weights_balance_and_are_those_of_diff_diff(seed: int) -> None:
    balancing = pytest.importorskip("diff_diff.balancing")
    p = pool(30, 90, seed, apart=0.5, columns=4)
    means = p.x[p.treated].mean(axis=0)
    w = METHODS["entropy"].weigh(p)[~p.treated] / 30
    assert w.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.abs(w @ p.x[~p.treated] - means).max() < 1e-9
    theirs = balancing.entropy_balance(p.x[~p.treated], means, tol=1e-11)[0]
    assert w == pytest.approx(theirs, abs=1e-9)


def test_entropy_weights_of_two_moments_balance_variances() -> None:
    p = pool(60, 200, 2, apart=0.4)
    w = METHODS["entropy"].weigh(p, moments=2)[~p.treated] / 60
    treated, controls = p.x[p.treated], p.x[~p.treated]
    assert np.abs(w @ controls - treated.mean(axis=0)).max() < 1e-8
    spread = w @ (controls - w @ controls) ** 2
    assert np.abs(spread - treated.var(axis=0)).max() < 1e-8


def test_a_method_of_ones_own_is_one_function() -> None:
    @matching(Message("all units"))
    def everyone(pool: Pool) -> Array:
        """Keep all units."""
        ratio = pool.treated.sum() / (~pool.treated).sum()
        return np.where(pool.treated, 1.0, ratio)

    panel = selected(60, 6)
    try:
        matched = nqp.match(panel, "x", "everyone")
    finally:
        del METHODS["everyone"]
    wide = matched.balance.set_index("sample")
    assert wide.loc["after", "t"] == pytest.approx(wide.loc["before", "t"])
