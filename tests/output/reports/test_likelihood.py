"""A better supported claim never gets a weaker word, and printed digits agree with the word."""

from __future__ import annotations

import re
from itertools import permutations
from statistics import NormalDist

import numpy as np
import pytest
import xarray as xr
from doors import Posterior, alternative_contrasts_of, comparison, posterior_of, stated, sureness

import bayes_nqp as nqp
from bayes_nqp._core.i18n import LIMITS, chance
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.tables import written

NORMAL = NormalDist()
QUANTILES = np.array([NORMAL.inv_cdf((k + 0.5) / 2000) for k in range(2000)]).reshape(2, 1000)
DIMS = ("chain", "draw")
WORDS = {
    "en": ("virtually certain", "extremely likely", "very likely", "likely"),
    "zh": ("几乎可以肯定", "极有可能", "很可能", "较有可能"),
}
LEAST = (0.99, 0.95, 0.9, 0.66)


def normal(z: float) -> xr.DataArray:
    """Draws with standard deviation one, z of which the mean is away from zero."""
    return xr.DataArray(z + QUANTILES, dims=DIMS)


def checks_of(time: float, leads: float) -> list[CheckResult]:
    """The checks that hold a contrast's rivals, as evidence holds them."""
    other = xr.concat([normal(0.0), normal(time)], "specification").expand_dims("pair", -1)
    own = {"factor": ["region"], "level": ["a"], "minus": ["b"]}
    coords = {name: ("pair", x) for name, x in own.items()} | {"specification": ["by", "common"]}
    comparisons = xr.Dataset({"contrast": other}, coords=coords)
    robust = nqp.trend_sensitivity(event_study(normal(leads)), grid=[0.0, 1.0])
    regions = robust.drop_vars("adjusted").expand_dims("quantity").assign_coords(
        label=("quantity", ["a − b"]), factor=("quantity", ["region"]),
        kind=("quantity", ["difference"]),
    )  # fmt: skip
    return [
        CheckResult("time_effects", "?", "passed", "", "", comparisons, "comparison"),
        CheckResult("trend_sensitivity", "?", "reported", "", "", regions, "trend_sensitivity"),
    ]


def event_study(effect: xr.DataArray) -> xr.DataArray:
    """Leads that differ little from zero, and these draws of the effect."""
    lead = 0.1 * effect - float(0.1 * effect.mean())
    return xr.concat([lead, effect], "event_time").assign_coords(event_time=[-2, 0])


class Contrast:
    """A difference with its rivals, and what the report makes of it."""

    def __init__(self, own: float, time: float, leads: float, language: str) -> None:
        posterior = posterior_of(normal(own), 0.95)
        draws = [float((x * np.sign(own) > 0).mean()) for x in map(normal, (own, time, leads))]
        self.support = np.array(draws)
        group = posterior_of(normal(3.0), 0.95)
        self.text = comparison(
            posterior, (("a", group), ("b", group)), "exports", language,
            rivals=alternative_contrasts_of(checks_of(time, leads), "region", "a", "b"),
        )  # fmt: skip
        words = [k for k, word in enumerate(WORDS[language]) if word in self.text]
        self.strength = 4 - min(words, default=4)
        self.printed = [float(x) for x in re.findall(r"P [=>] (\d\.\d+)", self.text)]


@pytest.fixture(scope="module", params=["en", "zh"])
def contrasts(request: pytest.FixtureRequest) -> list[Contrast]:
    rng = np.random.default_rng(52)
    own = rng.uniform(0.0, 4.0, 100) * rng.choice([-1.0, 1.0], 100)
    time, leads = own + rng.normal(0.0, 0.7, 100), own / 1.5 + rng.normal(0.0, 0.7, 100)
    return [Contrast(*numbers, request.param) for numbers in zip(own, time, leads, strict=True)]


@pytest.mark.slow
def test_the_contrasts_are_of_every_kind(contrasts: list[Contrast]) -> None:
    assert {x.strength for x in contrasts} == {0, 1, 2, 3, 4}


@pytest.mark.slow
def test_a_better_supported_claim_never_gets_a_weaker_word(contrasts: list[Contrast]) -> None:
    pairs = [(a, b) for a, b in permutations(contrasts, 2) if (a.support >= b.support).all()]
    assert len(pairs) > 500
    for better, worse in pairs:
        assert better.strength >= worse.strength, (better.text, worse.text)


@pytest.mark.slow
def test_printed_probabilities_have_the_word(contrasts: list[Contrast]) -> None:
    for x in contrasts:
        if x.strength:
            least = LEAST[4 - x.strength]
            assert x.printed, x.text
            assert least <= min(x.printed), x.text
            assert min(x.printed) < ([2.0, *LEAST][4 - x.strength]), x.text
            assert min(x.printed) == pytest.approx(x.support.min(), abs=0.0011)


@pytest.mark.slow
def test_no_printed_probability_reaches_a_limit_that_it_does_not_have() -> None:
    near = [limit + d for limit in LIMITS for d in (-6e-4, -4e-4, -1e-5, 0.0, 1e-5, 4e-4)]
    values = [*near, *(1 - x for x in near), *np.linspace(0.0, 1.0, 2001)]
    for p in values:
        for decimals in (2, 3):
            text = chance(p, decimals)
            shown = float(text.strip("<> "))
            for limit in LIMITS:
                sure, seen = (round(max(x, 1 - x), 9) for x in (p, shown))
                assert seen < limit or sure >= limit, (p, text)
            assert abs(shown - p) <= 1.01 * 10.0**-decimals
    assert [chance(0.9895), chance(0.0105), chance(0.9895, 2)] == ["0.989", "0.011", "0.98"]
    assert [chance(0.99), chance(0.9996), chance(0.0)] == ["0.990", "> 0.999", "< 0.001"]


@pytest.mark.parametrize("p", [0.6596, 0.8997, 0.9495, 0.9895, 0.9899, 0.99, 0.9504])
def test_sentences_and_tables_print_the_same_digits(p: float) -> None:
    assert written(p, "chance", 3) == chance(p)
    assert str(stated(p)) == f"P = {chance(p)}"
    assert sureness(p) == sureness(float(chance(p)))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_a_bound_is_no_value(p: float) -> None:
    one = Posterior(1.0, 1.0, -1.0, 3.0, p, 0.95, named=False)
    group = posterior_of(normal(3.0), 0.95)
    text = comparison(one, (("a", group), ("b", group)), "exports", "en")
    assert "= <" not in text
    assert "= >" not in text
    assert ("P(> 0) > 0.999" if p else "P(> 0) < 0.001") in text
