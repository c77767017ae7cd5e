"""Whether an adoption by other units would seem to have as large an effect."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    HOLDS,
    Finding,
    Verdict,
    asks,
    average_effect,
    number_from,
)
from bayes_nqp.designs import Design
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import IdentificationError, NotApplicable
from bayes_nqp.fitting import (
    ADOPTION,
    REFITS,
    ROWS,
    SEPARATE,
    Fit,
    Numbers,
    batch,
    members_of,
    modal_averages,
    modes,
    numbers_of,
    panel_of,
)
from bayes_nqp.language import Message
from bayes_nqp.panel import Panel
from bayes_nqp.planning import Plan
from bayes_nqp.sampling import Summit

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_TOO_OFTEN = 0.15
"""Share of placebo intervals that may exclude zero: one in seven where one in twenty should."""


@asks(
    "Would the effect be as large if other units had adopted?",
    "placebo in space",
    place=80,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE),
    assumption=True,
    permutations=number_from(20),
)
def placebo_space(fit: Fit, *, permutations: int = 200) -> Finding:
    """Deal the cohorts to other units of the same stratum, and refit.

    Every refit takes the parameters at their mode (`modal_averages`), climbed to from that of the
    actual adoption. The statistic is the mean of the average effect over its sd, both exact at the
    mode; the p-value is the share of permutations, the actual one included, in which it is as far
    from zero: exact if adoption was dealt at random within strata and has no effect on anybody.
    Half as many permutations are refitted once more with the estimated effect taken off the
    treated rows: then one interval in twenty should exclude zero.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments. Chung, E. and Romano, J. (2013). Exact and
    asymptotically robust permutation tests. Annals of Statistics 41(2).
    """
    design, panel = fit.variant(drop=True), panel_of(fit)
    dealt = _dealt(panel, permutations, int(fit.sampler.seed or 0))
    actual, *others = _placebos(fit, design, panel, dealt, "permuting cohorts")
    without = panel.with_outcome(panel.outcome - row_effects(fit))
    calm = dealt[1 : 1 + permutations // 2]
    null = _placebos(fit, design, without, calm, "permuting cohorts, effects taken off")
    mean, sd = _moments(others)
    null_mean, null_sd = _moments(null)
    if "mean" not in actual or mean.size < permutations // 2 or not null_mean.size:
        raise NotApplicable(Message("Too few permutations of the cohorts can be fitted."))
    effect, effect_sd = float(actual["mean"]), float(actual["sd"])
    p = (1 + int((np.abs(mean / sd) >= abs(effect / effect_sd)).sum())) / (mean.size + 1)
    wrong = float((np.abs(null_mean / null_sd) > 1.96).mean())
    verdict, sentence = _verdict(fit, p, wrong)
    figure = Message(
        "p = {:.3f} over {} permutations; placebo effects have sd {:.2g} around {:.2g}, the "
        "actual one, estimated alike at the posterior mode, is {:.3g}; with the effect taken off, "
        "{:.0%} of placebo intervals exclude zero",
        p,
        mean.size,
        mean.std(),
        mean.mean(),
        effect,
        wrong,
    )
    evidence = xr.Dataset(
        {"placebo": ("permutation", mean), "placebo_sd": ("permutation", sd), "actual": effect,
         "actual_sd": effect_sd},
        attrs={"p": p, "excluding_zero": wrong, "outcome": panel.roles.outcome},
    )  # fmt: skip
    return Finding(verdict, figure, sentence, evidence, "permutation")


def row_effects(fitted: Fit) -> Array:
    """Posterior mean effect in each row of the panel; zero where untreated."""
    plan, effects = fitted.plan, cell_effects(fitted).mean(v.SAMPLE_DIMS)
    total = effects.isel({v.PATH: 0})
    by_cell = np.zeros(plan.cells.lead.size + 1)
    by_cell[:-1][~plan.cells.lead] = total[v.EFFECT].to_numpy()
    out = by_cell[plan.cell_of_row]
    if v.DEVIATION not in effects:
        return out
    codes, _ = members_of(plan)
    rows = np.flatnonzero((plan.cell_of_row >= 0) & plan.frame.treated)
    owner = np.searchsorted(codes, plan.frame.member[plan.frame.unit[rows]])
    deviation = total[v.DEVIATION].to_numpy()[owner]
    cell = plan.cell_of_row[rows]
    count = np.bincount(cell, minlength=by_cell.size)
    mean = np.bincount(cell, deviation, minlength=by_cell.size) / np.maximum(count, 1)
    out[rows] += deviation - mean[cell]
    return out


def _placebos(
    fitted: Fit, design: Design, panel: Panel, dealt: list[Index], work: str
) -> list[Numbers]:
    (near,) = modes(design, panel)
    tasks = {
        f"placebo {design!r} {panel.digest} {codes.tolist()}": (design, panel, codes, near)
        for codes in dealt
    }
    return list(batch(_placebo, tasks, kept=numbers_of(fitted), what=work).values())


def _moments(results: list[Numbers]) -> tuple[Array, Array]:
    """Means and sd's of the average effect, of the permutations that can be fitted."""
    fitted = [numbers for numbers in results if "mean" in numbers]
    mean, sd = (np.array([float(x[name]) for x in fitted]) for name in ("mean", "sd"))
    return mean, sd


def _verdict(fitted: Fit, p: float, wrong: float) -> tuple[Verdict, Message]:
    if wrong > _TOO_OFTEN:
        return DOUBT, Message(
            "With the effect taken off, {:.0%} of the intervals of adoptions dealt at random "
            "exclude zero, and 5 % should: intervals are too narrow for these data.",
            wrong,
        )
    low, high = np.quantile(average_effect(fitted), (0.025, 0.975))
    if low <= 0 <= high:
        return HOLDS, Message(
            "No effect is claimed, and adoption by other units shows none either."
        )
    if p < 0.05:
        return HOLDS, Message(
            "Adoption dealt at random to other units of the same strata hardly ever shows an "
            "effect as large against its uncertainty."
        )
    often = Message(
        "Adoption dealt at random to other units shows effects as large against their uncertainty "
        "in {:.0%} of cases.",
        p,
    )
    return (DOUBT if p < 0.2 else FAILS), often


def _dealt(panel: Panel, permutations: int, seed: int) -> list[Index]:
    """The actual cohorts, then permutations within strata."""
    generator = np.random.default_rng([seed, 7])
    stratum = np.zeros(panel.n_units, dtype=np.int64)
    for factor in panel.roles.strata:
        stratum = stratum * len(panel.levels[factor]) + panel.strata_codes[factor]
    codes = np.asarray(panel.cohort_codes, dtype=np.int64)
    dealt = [codes]
    members = [np.flatnonzero(stratum == k) for k in np.unique(stratum)]
    for _ in range(permutations):
        new = codes.copy()
        for units in members:
            new[units] = codes[generator.permutation(units)]
        dealt.append(new)
    return dealt


def _placebo(design: Design, panel: Panel, codes: Index, near: Summit) -> Numbers:
    try:
        mean, sd = modal_averages(design, panel.with_cohorts(codes), _treated_rows, near=near)
    except IdentificationError:
        return {}
    return {"mean": mean[0], "sd": sd[0]}


def _treated_rows(plan: Plan) -> Array:
    """Shares of cells in the treated rows from adoption on (cell, 1)."""
    cells = plan.cells
    rows = np.where(cells.lead | (cells.event_time < 0), 0.0, cells.rows)
    return np.asarray(rows[:, None] / rows.sum())
