"""The gate that resampled draws have to pass, and how many draws their weights are worth."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_nqp.numerics.diagnostics import (
    allowed_size,
    effective_size,
    importance_diagnostics,
    split_rhat,
)

FACTS = {"importance_ess": 1500.0, "khat": 0.3, "khat_limit": 0.69, "refused": 0.0}


def test_good_weights_pass() -> None:
    gate = importance_diagnostics(FACTS, 4000)
    assert gate.passed
    assert str(gate) == "passed"
    assert gate.weighted
    assert (gate.khat, gate.khat_limit, gate.importance_ess) == (0.3, 0.69, 1500.0)


@pytest.mark.parametrize(
    ("facts", "draws", "failure"),
    [
        ({"khat": 0.70}, 4000, "k-hat 0.70 (limit 0.69)"),
        ({"khat": float("nan")}, 4000, "k-hat nan (limit 0.69)"),
        ({"importance_ess": 399.0}, 4000, "effective weights 399"),
        ({"importance_ess": float("nan")}, 4000, "effective weights nan"),
        ({}, 399, "399 draws, fewer than 400"),
    ],
)
def test_each_fault_of_weights_fails(facts: dict[str, float], draws: int, failure: str) -> None:
    gate = importance_diagnostics(FACTS | facts, draws)
    assert gate.failures == (failure,)
    assert str(gate) == f"failed: {failure}"


def test_resampled_draws_are_worth_less_than_either_number() -> None:
    """The variance of a mean of n draws that stand for W proposals is ``1 / W + 1 / n``."""
    generator = np.random.default_rng(1)
    proposals = generator.standard_normal((4000, 60))
    means = np.take_along_axis(proposals, generator.integers(0, 60, (4000, 40)), 1).mean(axis=1)
    assert 1.0 / means.var() == pytest.approx(allowed_size(60.0, 40), rel=0.08)
    assert allowed_size(60.0, 40) == pytest.approx(24.0)
    assert allowed_size(0.0, 40) == allowed_size(float("nan"), 40) == 0.0
    gate = importance_diagnostics(FACTS, 1000)
    assert gate.ess_bulk == gate.ess_tail == pytest.approx(600.0)


def _chains(kind: str) -> np.ndarray:
    """Draws (chain, draw, quantity) that mix well, badly or not at all, with ties and gaps."""
    generator = np.random.default_rng(4)
    noise = generator.standard_normal((4, 251, 70))
    draws = noise.copy()
    for t in range(1, draws.shape[1]):
        draws[:, t] = np.linspace(-0.6, 0.98, 70) * draws[:, t - 1] + noise[:, t]
    if kind == "tied":
        draws = np.round(draws)
    elif kind == "apart":
        draws += 3.0 * np.arange(4)[:, None, None]
    elif kind == "one chain":
        draws = draws[:1]
    elif kind == "short":
        draws = draws[:, :5]
    elif kind == "too short":
        draws = draws[:, :3]
    draws[..., 3] = 2.0
    draws[1 % len(draws), 2, 5] = np.nan
    draws[..., 6] = np.inf
    return draws


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["mixing", "tied", "apart", "one chain", "short", "too short"])
def test_chains_are_judged_as_arviz_judges_them(kind: str) -> None:
    from arviz_stats.base import array_stats

    draws = _chains(kind)
    axes = {"chain_axis": 0, "draw_axis": 1}
    bulk = array_stats.ess(draws, method="bulk", **axes)
    tail = array_stats.ess(draws, method="tail", prob=(0.05, 0.95), **axes)
    np.testing.assert_allclose(effective_size(draws), bulk, rtol=1e-9)
    np.testing.assert_allclose(effective_size(draws, tail=True), tail, rtol=1e-9)
    np.testing.assert_allclose(split_rhat(draws), array_stats.rhat(draws, **axes), rtol=1e-9)
