"""Check of influence: the average effect without each unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.hints import evidence_of
from bayes_nqp._core.i18n import Message, advised, detailed, figures, joined, listed
from bayes_nqp._core.types import Column, Natural
from bayes_nqp.checks.sample._loo import loo
from bayes_nqp.checks.shared import (
    FAILS,
    Finding,
    Guide,
    asks,
    average_effect,
    convergence_words,
    ladder,
    otherwise,
    paired,
    reason,
    refitted_averages,
    unit_word,
)
from bayes_nqp.effects.estimands import convergence_of, text
from bayes_nqp.inference.fitting import (
    APART,
    ROWS,
    SEPARATE,
    UNITS,
    Fit,
    LeftOut,
    apart,
    effect_sums,
    group_rows,
    left_out,
    rows_without,
)

MOVED: Final = 1.0
"""Shift of the average effect, in posterior SDs, above which a unit is influential."""


@asks(
    "Does the average effect depend on single units?",
    "influence",
    of="errors",
    place=180,
    needs=(ROWS, UNITS, SEPARATE, APART),
    guide=Guide(
        statistic=Message(
            "Average effect without each unit (or group, with the option by), from importance "
            "weights, and from refits where the Pareto k of the weights is too large.",
        ),
        thresholds=Message(
            "Failed: one unit moves the average effect by more than {0:.0f} posterior SD and "
            "changes its conclusion. Caution: one unit does either, or the effect is not "
            "identified without it. Inconclusive: the weights are unreliable for a unit that "
            "was not refitted.",
            MOVED,
        ),
        failure=Message(
            "The average effect depends on single units and may reflect their particular "
            "circumstances or errors in their data.",
        ),
        remedy=Message(
            "inspect the data of each unit that the check names, and report the estimate "
            "without it ({})",
            evidence_of("influence"),
        ),
        code='nqp.check(fit, "influence", refits=30).evidence',
        literature="Vehtari, Gelman and Gabry (2017); Vehtari et al. (2024)",
        limits=Message(
            "Units are left out one at a time, so that two units with the same influence may "
            "hide each other; the option by leaves out groups.",
        ),
    ),
)
def influence(fit: Fit, *, by: Column | None = None, refits: Natural = 10) -> Finding:
    """Leave out every unit in turn, by importance weights, and by refits where these fail.

    Without a unit, the average effect is that over the treated observations of the other units, as
    a fit to the panel without the unit would report. The shift therefore includes both the
    information of the unit about the others and the share of its own effect in the average. A unit
    whose Pareto k is above the threshold of ArviZ is left out by a short refit, up to ``refits``
    units, those with the largest shift by weights first. With ``by``, groups such as "province" are
    left out. If the model includes treatment of spatial neighbours, spillovers from a unit that is
    left out remain in the model: its observations are dropped, but its adoption date is known.

    A conclusion changes if the effect has a sign with probability 0.975 or more, and with less than
    0.9 without the unit; or if it has none, and has one with probability 0.995 without the unit.

    Parameters
    ----------
    by : str, optional
        Column that is constant within units and whose groups are left out; by default single units.
    refits : int, default 10
        Largest number of refits.
    """
    if not fit.facts.exact:
        raise NotApplicable(
            Message(
                "With {!r} the likelihood of a unit cannot be integrated over its unit effect, so "
                "no unit can be left out by importance weights.",
                fit.facts.inexact[1],
            )
        )
    paired(fit)
    groups = left_out(fit, by)
    rows = group_rows(fit, groups)
    if (rows.sum(axis=1) > 0).sum() < 2:
        raise NotApplicable(
            Message(
                "Only one {} is treated, so no effect remains without it.", unit_word(groups.dim)
            )
        )
    try:
        weights = loo(fit, by)
    except StudyError as error:
        raise NotApplicable(Message("{}.", reason(error))) from None
    effect, without = average_effect(fit), _reweighted(fit, groups, rows, weights.log_weights)
    mean, sd = float(effect.mean()), float(effect.std())
    k, good = weights.pareto_k.to_numpy(), float(weights.good_k)
    doubtful = np.flatnonzero(k > good)
    doubtful = doubtful[np.argsort(-np.abs(without["mean"][doubtful] - mean), kind="stable")]
    failed = _replace(without, fit, groups, doubtful[:refits])
    table = _table(fit, groups, rows).assign(
        pareto_k=k,
        refitted=np.isin(np.arange(k.size), doubtful[:refits]),
        att_without=without["mean"],
        sd_without=without["sd"],
        shift_in_sd=(without["mean"] - mean) / sd,
        p_positive=without["positive"],
        elpd=weights.elpd_i.to_numpy(),
    )
    table.attrs = {"good_k": good, "att": mean, "sd": sd, "gate": convergence_of(effect)}
    left = [str(groups.labels[i]) for i in doubtful[refits:]]
    other = otherwise(float((effect > 0).mean()), without["positive"])
    return _finding(table, left, failed, groups.dim, other)


def _finding(
    table: pd.DataFrame,
    left: list[str],
    failed: list[Message],
    dim: str,
    other: npt.NDArray[np.bool_],
) -> Finding:
    good = table.attrs["good_k"]
    # Weights are not informative about units with a large Pareto k.
    reliable = table["refitted"] | (table["pareto_k"] <= good)
    shift = table["shift_in_sd"].abs().where(reliable, 0.0)
    masks = {
        "moved": shift > MOVED,
        "turned": reliable & shift.notna() & other,
        "lost": shift.isna(),
    }
    masks["both"] = masks["moved"] & masks["turned"]
    names = {name: table[dim][mask].tolist() for name, mask in masks.items()}
    verdict = ladder(fails=names["both"], doubt=any(names.values()) or failed, untold=left)
    largest = int(np.argmax(shift.fillna(0.0).to_numpy()))
    name = str(table[dim].iloc[largest])
    figure = Message(
        "largest shift {:+.2f} posterior SDs, without {} ({} in all); Pareto k ≤ {:.2f}, {} above "
        "{:.2f}, {} refitted",
        float(table["shift_in_sd"].iloc[largest]),
        Message("{}", name, context="unit") if dim == v.UNIT else name,
        len(table),
        table["pareto_k"].max(),
        int((table["pareto_k"] > good).sum()),
        good,
        int(table["refitted"].sum()),
    )
    refits = int(table["refitted"].sum()) + len(left)
    estimates = _estimates(table, dim)
    sentence = _sentence(names, estimates, dim, left, failed, refits, failing=verdict == FAILS)
    order = shift.fillna(np.inf).sort_values(ascending=False, kind="stable").index
    ordered = table.loc[order].reset_index(drop=True)
    ordered.attrs = table.attrs
    return Finding(verdict, figure, sentence, ordered, "influence")


def _sentence(
    names: Mapping[str, list[str]],
    estimates: Mapping[str, Message],
    dim: str,
    left: list[str],
    failed: list[Message],
    refits: int,
    *,
    failing: bool,
) -> Message:
    """Return the finding, its meaning and the next step; further findings are details."""
    every: dict[Message, Sequence[str]] = {
        Message(
            "Leaving out {} alone moves the average effect by more than one posterior SD and "
            "changes its conclusion."
        ): names["both"],
        Message(
            "Leaving out {} alone moves the average effect by more than one posterior SD, without "
            "changing its conclusion."
        ): [] if failing else names["moved"],
        Message("Leaving out {} alone changes the conclusion about the average effect."): (
            [] if failing else names["turned"]
        ),
        Message("Without {}, the average effect is not identified."): names["lost"],
        Message("Importance weights are unreliable for leaving out {}, which were not refitted."): (
            left
        ),
        Message("The refits without {} did not converge."): failed,
    }
    found = [
        words.fill(listed([estimates.get(unit, unit) for unit in units], 4))
        for words, units in every.items()
        if units
    ]
    if not found:
        return Message(
            "No single {} moves the average effect by more than one posterior SD or changes its "
            "conclusion.",
            unit_word(dim),
        )
    first, *more = found
    parts = [first]
    if names["both"] or names["moved"] or names["turned"]:
        kinds = ["both"] if failing else ["moved", "turned"]
        units = dict.fromkeys(unit for kind in kinds for unit in names[kind])
        step = Message(
            "Next: inspect the data of {}, and report the average effect with and without it, "
            'nqp.check(fit, "influence").evidence.',
            listed(units, 4),
            plural="Next: inspect the data of {}, and report the average effect with all of them "
            'and without each, nqp.check(fit, "influence").evidence.',
            n=len(units),
        )
        parts += [Message("The average effect depends on single units."), advised(step)]
    elif left:
        step = Message('Next: repeat the check, nqp.check(fit, "influence", refits={}).', refits)
        parts.append(advised(step))
    return joined([*parts, *map(detailed, more)])


def _estimates(table: pd.DataFrame, dim: str) -> dict[str, Message]:
    """Return each unit with the average effect without it, where this is identified."""
    rows = table[table["att_without"].notna()]
    now, sd = table.attrs["att"], table.attrs["sd"]
    return {
        unit: Message("{} ({} instead of {})", unit, figures(without, sd), figures(now, sd))
        for unit, without in zip(rows[dim], rows["att_without"], strict=True)
    }


def _reweighted(
    fit: Fit, groups: LeftOut, rows: Array, log_weights: xr.DataArray
) -> dict[str, Array]:
    """Return mean, SD and P(> 0) of the average effect without each group."""
    at = log_weights[v.DRAW]
    effect = average_effect(fit).sel({v.DRAW: at})
    try:
        sums = effect_sums(fit, groups, rows, at)
    except KeyError:
        raise NotApplicable(
            Message(
                "With this number of units, unit-level effects are not stored; a single "
                "unit hardly changes their average."
            )
        ) from None
    weights = np.exp(log_weights.transpose(*v.SAMPLE_DIMS, groups.dim).to_numpy())
    weights = weights.reshape(-1, groups.labels.size)
    total, draws, moments = float(effect[v.ROWS]), effect.to_numpy().ravel(), []
    for w, part, count in zip(weights.T, sums.T, rows.sum(axis=1), strict=True):
        w, x = w / w.sum(), (total * draws - part) / (total - count)
        mean = w @ x
        moments.append((mean, np.sqrt(w @ (x - mean) ** 2), w @ (x > 0)))
    return dict(zip(("mean", "sd", "positive"), np.array(moments).T, strict=True))


def _replace(
    without: dict[str, Array], fit: Fit, groups: LeftOut, chosen: npt.NDArray[np.int64]
) -> list[Message]:
    """Replace weighted results by refits; return groups whose refits did not converge."""
    design, panel = apart(fit)
    failed: list[Message] = []
    gone = (groups.group == g for g in chosen)
    tasks = [(design, panel.where(rows_without(fit, panel, units))) for units in gone]
    results = refitted_averages(fit, tasks, Message("leaving out: {}", Message(groups.dim)))
    for g, numbers in zip(chosen, results, strict=True):
        draws = np.asarray(numbers.get("att", np.nan), dtype=float)
        without["mean"][g], without["sd"][g] = draws.mean(), draws.std()
        without["positive"][g] = (draws > 0).mean()
        gate = str(numbers.get("gate", v.PASSED))
        if gate != v.PASSED:
            failed.append(Message("{!s} (failed: {})", groups.labels[g], convergence_words(gate)))
    return failed


def _table(fit: Fit, groups: LeftOut, rows: Array) -> pd.DataFrame:
    """Return the labels of groups, with strata and cohort if all units of a group agree."""
    panel = fit.rows
    columns: dict[str, object] = {groups.dim: groups.labels}
    strata = {f: panel.levels[f][panel.strata_codes[f]] for f in panel.roles.strata}
    cohort = np.array([text(c) for c in panel.cohort_labels], dtype=object)
    cohort[panel.cohort_codes < 0] = "never"
    inside = groups.group >= 0
    if panel.roles.cohort is not None and fit.model_frame.exposure is None:
        strata = {**strata, v.COHORT: cohort}
    for name, values in strata.items():
        frame = pd.DataFrame({"group": groups.group[inside], "value": values[inside]})
        per = frame.groupby("group")["value"].agg(["first", "nunique"])
        columns[str(name)] = np.where(per["nunique"] == 1, per["first"], "several")
    columns["treated_rows"] = rows.sum(axis=1).astype(np.int64)
    return pd.DataFrame(columns)
