"""What reports name of groups and channels is what holds together, worked out from the draws."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
import xarray as xr
from doors import SECTIONS, Bullets, Context, Paragraph

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics

NAMES = ("coastal", "inland", "islands", "steppe")
MEDIATORS = ("digital", "finance", "skills")
SD = 0.1


def context(
    means: Sequence[float], language: str = "en", via: Sequence[float] = (), seed: int = 1
) -> Context:
    """Groups whose posteriors are normal around these means, and channels around those."""
    rng, names = np.random.default_rng(seed), NAMES[: len(means)]
    total = rng.normal(means, SD, (2, 500, len(means)))
    values, paths = [total], ["total"]
    if via:
        parts = rng.normal(via, SD, (2, 500, len(via)))
        indirect = [np.repeat(parts[:, :, [k]], len(means), axis=2) for k in range(len(via))]
        values = [total, total - sum(indirect), *indirect]
        paths += ["direct", *MEDIATORS[: len(via)]]
    effects = schema.build(
        np.stack(values, axis=2), strata={"region": list(names)}, cohort=[2015] * len(means),
        time=[2015] * len(means), event_time=[0] * len(means), rows=[8] * len(means),
        units=[8] * len(means), gate="passed", paths=paths,
    )  # fmt: skip
    posterior = xr.Dataset(coords={"chain": range(2), "draw": range(500)})
    groups = {"effects": effects, "posterior": posterior}
    design: object = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), nqp.AR1())
    if via:
        design = nqp.Mediation(design, mediators=MEDIATORS[: len(via)])
    facts = {"panel_digest": "", "scale": 1.0, "outcome": "exports"}
    gate = ConvergenceDiagnostics(1.0, 900.0, 900.0, 0, 1.0, ())
    fit = nqp.Fit(design, None, nqp.Importance(seed=1), groups, gate, facts, {})
    return Context(fit, [], language, by=("region",), outcome="exports")


def said(one: Context, *sections: str) -> list[str]:
    blocks = chain.from_iterable(SECTIONS[name](one) for name in sections)
    parts = (
        (x.text,) if isinstance(x, Paragraph) else x.items if isinstance(x, Bullets) else ()
        for x in blocks
    )
    return list(chain.from_iterable(parts))


def whole(one: Context, *sections: str) -> list[str]:
    """All sentences, one by one."""
    return re.split(
        r"(?<=[.])\s+(?=[A-Z]|coastal|inland|islands|steppe)", " ".join(said(one, *sections))
    )


def named(sentences: list[str]) -> set[tuple[str, str]]:
    found = re.findall(r"larger in (\w+) than in (\w+)", " ".join(sentences))
    lowered = re.findall(r"lowered exports more in (\w+) than in (\w+)", " ".join(sentences))
    return {*found, *((high, low) for low, high in lowered)}


def expected(one: Context) -> set[tuple[str, str]]:
    """Pairs by the documented rule, larger effect first, straight from the draws."""
    draws = nqp.att(one.fit, "region")
    gaps = {
        (a, b): (draws.sel(region=a) - draws.sel(region=b)).to_numpy().ravel()
        for a, b in combinations(draws["region"].to_numpy().tolist(), 2)
    }
    left = sorted(gaps, key=lambda pair: -abs(gaps[pair].mean()) / gaps[pair].std())
    found, holds = set(), np.ones(1000, dtype=bool)
    for k, pair in enumerate(left):
        away = [abs(gaps[x] - gaps[x].mean()) / gaps[x].std() for x in left[k:]]
        gap = gaps[pair]
        holds = holds & (gap * gap.mean() > 0)
        if np.mean(np.max(away, axis=0) >= abs(gap.mean()) / gap.std()) > 0.05:
            break
        if holds.mean() < 0.95:
            break
        found.add(pair if gap.mean() > 0 else pair[::-1])
    return found


CASES = {
    "equal": (1.0, 1.0, 1.0, 1.0),
    "one apart": (1.0, 1.02, 0.98, 1.6),
    "a pair that alone would be very likely": (1.0, 1.05, 0.95, 1.2),
    "all apart": (1.0, 2.0, 3.0, 4.0),
    "negative": (-4.0, -3.0, -2.0, -2.05),
    "two": (1.0, 1.5),
}


@pytest.mark.parametrize("case", CASES)
def test_pairs_are_named_together(case: str) -> None:
    one = context(CASES[case])
    sentences, pairs = whole(one, "results"), expected(one)
    assert named(sentences) == pairs
    number = len(CASES[case])
    assert any("standard deviation of effects across" in x for x in sentences) == (number > 2)
    assert any("stated directions of differences between groups" in x for x in sentences) == (
        len(pairs) > 1
    )
    rest = number * (number - 1) // 2 - len(pairs)
    assert any("do not determine which effect" in x for x in sentences) == (rest > 0)
    if case == "negative":
        assert not any("larger in" in x for x in sentences if "It is" in x)
    assert not named(whole(one, "short")), "they stand in its table, and once in sentences"


def test_the_cases_are_of_every_kind() -> None:
    sizes = {case: len(expected(context(means))) for case, means in CASES.items()}
    assert sizes["equal"] == sizes["a pair that alone would be very likely"] == 0
    assert sizes["one apart"] == 3
    assert sizes["all apart"] == 6
    assert sizes["negative"] == 5
    gap = nqp.pairwise_contrasts(
        nqp.att(context(CASES["a pair that alone would be very likely"]).fit, "region")
    )
    assert float(nqp.probability(gap).max()) > 0.9 or float(nqp.probability(gap).min()) < 0.1


def test_how_much_groups_differ_comes_first() -> None:
    first = next(x for x in said(context(CASES["one apart"]), "results") if "across" in x)
    draws = nqp.att(context(CASES["one apart"]).fit, "region")
    size = float(nqp.heterogeneity_sd(draws).mean())
    assert first.startswith(
        f"The standard deviation of effects across the 4 groups (region) is {size:.2f}"
    )
    assert "with probability < 0.001. " in first


@pytest.mark.parametrize("language", ["en", "zh"])
def test_groups_of_either_sign_are_named_together(language: str) -> None:
    one = context((1.0, 1.0, 0.16, 0.0), language)
    sentences = said(one, "results")[:2]
    signs = nqp.simultaneous_signs(nqp.att(one.fit, "region"))
    assert signs["named"].to_numpy().tolist() == [True, True, False, False]
    raised = "raised exports" if language == "en" else "提高exports"
    assert sum(x.count(raised) for x in sentences) == 2
    open_ = "do not determine" if language == "en" else "不足以判断"
    assert sum(x.count(open_) for x in sentences) == 2
    assert ("2 stated directions of group effects" in sentences[-1]) == (language == "en")


@pytest.mark.parametrize("section", ["short", "channels"])
@pytest.mark.parametrize(
    ("via", "channels"), [((0.19, 0.05, 0.0), ()), ((1.0, -1.0, 0.05), ("digital", "finance"))]
)
def test_channels_are_named_together(
    section: str, via: tuple[float, ...], channels: tuple[str, ...]
) -> None:
    one = context((1.0, 1.0), via=via)
    text = " ".join(said(one, section))
    claims = re.findall(
        r"The indirect effect through (\w+) is [^:]*?it is [^:]*?through this mediator",
        text,
        re.IGNORECASE,
    )
    assert tuple(claims) == channels
    alone = nqp.probability(nqp.nie(one.fit, mediators="digital"))
    assert float(alone) > 0.9


@pytest.mark.parametrize("estimated", [True, False])
def test_groups_that_share_strength_are_told_with_its_price(estimated: bool) -> None:
    one = context([0.0, 0.5, 1.0, 0.2])
    if estimated:
        scale = xr.DataArray(np.ones((2, 500)), dims=("chain", "draw"))
        posterior = one.fit.posterior.assign(outcome__scale_strata_region=scale)
        groups = {"effects": one.fit.effects, "posterior": posterior}
        one = replace(one, given=replace(one.fit, groups=groups))
    told = [x for x in whole(one, "results") if "are partially pooled" in x]
    assert len(told) == estimated
