"""No sentence claims growth, a difference or certainty that the posterior or the checks leave open.

Posteriors are built as effects in the schema of the waist, over a grid of panels; what may be said
of them is worked out here from the same draws, cohort by cohort, without the library's estimands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, product

import numpy as np
import numpy.typing as npt
import pytest
from claims import (
    CHECKS,
    ENOUGH,
    NAMES,
    PANELS,
    REGIONS,
    SHAPES,
    Case,
    case,
    fit_of,
    grade_in,
    results_of,
)
from doors import SECTIONS, Bullets, Context, Paragraph, Tiles

Array = npt.NDArray[np.float64]
SPOKEN = ("short", "results", "event_study")
"""Sections whose sentences are about effects."""
RIVALS = (None, 3.0, 0.35, 0.0, -3.0)
"""Coastal minus inland with other time effects, in its sd; None where the draws are not kept."""


WORDS = {
    "en": ("virtually certain", "extremely likely", "very likely"),
    "zh": ("几乎可以肯定", "极有可能", "很可能"),
}
LIMITS = (0.99, 0.95, 0.9)
IF = {"en": "assumptions hold", "zh": "假定成立"}
CLAIMS = {
    "en": r"\b(raised|lowered|larger in|upwards|downwards|rises?|rising|grows?|falls?|fades?)\b",
    "zh": r"提高|降低|的效应大于|的效应更大|效应\S*(?:上升|下降)|增强|减弱",
}
OPEN = {"en": r"do not determine|does not assess", "zh": r"不足以判断|不评估"}


def sentences(context: Context, names: tuple[str, ...] = SPOKEN) -> Iterator[str]:
    spoken = [one for name, one in SECTIONS.items() if name in names]
    assert len(spoken) == len(names)
    for block in chain.from_iterable(section(context) for section in spoken):
        texts = (block.text,) if isinstance(block, Paragraph) else ()
        texts = block.items if isinstance(block, Bullets) else texts
        for text in texts:
            ends = r"(?<=[.])\s+(?=[A-Z])" if context.language == "en" else r"(?<=。)"
            yield from (one for one in re.split(ends, text) if one)


def word_for(p: float, language: str) -> str | None:
    return next((w for w, least in zip(WORDS[language], LIMITS, strict=True) if p >= least), None)


def sure_in(text: str, language: str) -> str | None:
    return next((word for word in WORDS[language] if word in text), None)


def allowed(checks: str, *, passed: bool) -> str:
    """The grade of the documented rule, read off the verdicts of this grid."""
    counted = dict(zip(NAMES, CHECKS[checks], strict=bool(CHECKS[checks])))
    counted.pop("time_effects", None)
    verdicts = list(counted.values())
    fails, doubts = verdicts.count("failed"), verdicts.count("caution")
    if not passed or fails >= 3:
        return "very low"
    if fails or doubts >= 3:
        return "low"
    return "not assessed" if not verdicts else "medium" if doubts else "high"


def check_every_sentence(said: list[str], language: str) -> None:
    """A claim is a likelihood or is open; none repeats the grade or that assumptions hold."""
    for one in said:
        if sure_in(one, language) is None and re.search(CLAIMS[language], one) is not None:
            assert re.search(OPEN[language], one), one
        assert grade_in(one, language) is None, one
        assert IF[language] not in one, one


def check_grade(context: Context, grade: str) -> None:
    """The grade stands once, in a tile of the first page."""
    (tiles,) = (block for block in SECTIONS["short"](context) if isinstance(block, Tiles))
    told = [grade_in(tile.value, context.language) for tile in tiles.items]
    assert [one for one in told if one] == [grade]


def standing_out(draws: Array) -> bool:
    """Whether a single quantity is named: its mean beyond all but 5 % of its draws' distances."""
    mean = draws.mean()
    beyond = float((abs(draws - mean) >= abs(mean)).mean())
    return beyond <= 0.05 and float((draws * mean > 0).mean()) >= 0.95


def check_growth(one: Case, said: list[str], language: str) -> None:
    ways = (r"upwards", r"downwards") if language == "en" else (r"效应\S*上升", r"效应\S*下降")
    claims = [s for s in said if sure_in(s, language) and re.search("|".join(ways), s)]
    step = one.growth()
    if step is None:
        assert not claims
        assert any(("does not assess" if language == "en" else "不评估") in s for s in said)
        return
    above = float((step > 0).mean())
    word = word_for(max(above, 1 - above), language) if standing_out(step) else None
    assert [sure_in(s, language) for s in claims] == ([] if word is None else [word])
    for claim in claims:
        assert [re.search(way, claim) is not None for way in ways] == [above > 0.5, above < 0.5]


def held(draws: list[Array]) -> set[int]:
    """Which of several quantities are named together, by the documented rule."""
    z = [abs(x.mean()) / x.std() for x in draws]
    order, found = sorted(range(len(draws)), key=lambda k: -z[k]), set[int]()
    same = np.ones(draws[0].size, dtype=bool)
    for n, k in enumerate(order):
        away = np.max([abs(draws[j] - draws[j].mean()) / draws[j].std() for j in order[n:]], axis=0)
        same &= draws[k] * draws[k].mean() > 0
        if np.mean(away >= z[k]) > 0.05 or same.mean() < 0.95:
            break
        found.add(k)
    return found


def check_onset(one: Case, said: list[str], language: str) -> None:
    """The first event time that is named is said, with at least five units, and of one sign."""
    average = one.average(list(one.draws))
    times = sorted({t - g for _, g, t in one.draws})
    keys = {e: [k for k in one.draws if k[2] - k[1] == e] for e in times}
    times = [e for e in times if sum(one.units[k[:2]] for k in keys[e]) >= ENOUGH]
    draws = [one.average(keys[e]) for e in times]
    named = [times[k] for k in held(draws) if draws[k].mean() * average.mean() > 0]
    pattern = r"effect begins in the period|has an effect by|当期即已出现|政策最迟在"
    claims = [s for s in said if re.search(pattern, s)]
    p = max(float((average > 0).mean()), float((average < 0).mean()))
    if p < 0.9 or not named:
        assert not claims
        return
    (claim,) = claims
    first = min(named)
    later = re.search(r"an effect by event time (\d+)|实施后第 (\d+) 期产生", claim)
    assert (0 if later is None else int(later[1] or later[2])) == first
    there = draws[times.index(first)]
    p = max(float((there > 0).mean()), float((there < 0).mean()))
    assert sure_in(claim, language) == word_for(p, language)


def check_difference(
    one: Case, said: list[str], language: str, checks: str, rival: float | None
) -> None:
    gap = one.region("coastal") - one.region("inland")
    above, own = float((gap > 0).mean()), max(float((gap > 0).mean()), float((gap < 0).mean()))
    p = own
    verdict = dict(zip(NAMES, CHECKS[checks], strict=bool(CHECKS[checks]))).get("time_effects")
    if verdict is not None and rival is not None:
        other = rival + np.random.default_rng(9).normal(size=(2, 200))
        p = min(own, float((other > 0).mean() if above > 0.5 else (other < 0).mean()))
    elif verdict in ("caution", "failed"):
        p = min(own, 0.5)
    larger = "larger in" if language == "en" else "的效应大于"
    claims = [s for s in said if larger in s and sure_in(s, language)]
    word = word_for(p, language) if standing_out(gap) else None
    assert [sure_in(s, language) for s in claims] == ([] if word is None else [word])
    for claim in claims:
        name = REGIONS[0 if above > 0.5 else 1]
        assert re.search(f"larger in {name}|{name} ?的效应大于", claim)


GRID = tuple(product(PANELS, SHAPES, (0.15, 1.0), ("en", "zh")))
EVERY = tuple(product(CHECKS, RIVALS))


@pytest.mark.slow
@pytest.mark.parametrize("k", range(len(GRID)), ids=["-".join(map(str, one)) for one in GRID])
def test_nothing_is_claimed_that_is_open(k: int) -> None:
    panel, shape, sd, language = GRID[k]
    # The thirty pairs of checks and rivals are walked through along the grid.
    checks, rival = EVERY[7 * k % len(EVERY)]
    one = case(panel, shape, sd)
    results = results_of(checks, rival)
    context = Context(fit_of(one), results, language, by=("region",), outcome="exports")  # type: ignore[arg-type]
    said = list(sentences(context))
    check_every_sentence(said, language)
    check_grade(context, allowed(checks, passed=True))
    check_growth(one, said, language)
    check_onset(one, said, language)
    check_difference(one, said, language, checks, rival)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_convergence_confidence_is_very_low(language: str) -> None:
    one = case("one cohort", "growing", 0.15)
    fit = fit_of(one, passed=False)
    context = Context(fit, results_of("all hold", 3.0), language, by=("region",), outcome="exports")  # type: ignore[arg-type]
    said = list(sentences(context))
    check_every_sentence(said, language)
    check_grade(context, "very low")
    assert sum(sure_in(one, language) is not None for one in said) >= 4


@pytest.mark.slow
def test_the_grid_has_every_kind_of_case() -> None:
    """What a first edition got wrong is there: unlike ends, and nothing between them."""
    wrong, windows = 0, set()
    for panel, shape, sd in product(PANELS, SHAPES, (0.15, 1.0)):
        one = case(panel, shape, sd)
        step = one.growth()
        windows.add(step is None)
        times = sorted({t - g for _, g, t in one.draws})
        ends = [one.average([k for k in one.draws if k[2] - k[1] == e]) for e in (0, times[-1])]
        above = float((ends[1] > ends[0]).mean())
        naive = word_for(max(above, 1 - above), "en")
        balanced = (
            None
            if step is None
            else word_for(max(float((step > 0).mean()), float((step < 0).mean())), "en")
        )
        wrong += naive is not None and balanced is None
    assert windows == {True, False}
    assert wrong >= 10
    assert {EVERY[7 * k % len(EVERY)] for k in range(len(GRID))} == set(EVERY)
