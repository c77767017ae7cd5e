"""Whether the reported effect rests on single units."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._alternatives import after_adoption, short_att
from bayes_nqp.checks._judged import otherwise
from bayes_nqp.checks._labels import owner
from bayes_nqp.checks._loo import loo
from bayes_nqp.checks._needs import ROWS
from bayes_nqp.checks._options import name_of, whole_number
from bayes_nqp.checks._paired import paired
from bayes_nqp.checks._reasons import gate_words, reason
from bayes_nqp.checks._refit import estimator, numbers_of, panel_of
from bayes_nqp.checks._result import (
    DOUBT,
    FAILS,
    HOLDS,
    Finding,
    NotApplicable,
    Verdict,
    asks,
)
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import att, gate_of, text
from bayes_nqp.fitting import LeftOut, batch, known_draws, left_out
from bayes_nqp.language import Message, joined, listed

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["influence"]

Array = npt.NDArray[np.float64]

MOVED: Final = 1.0
"""Shift of the average effect, in posterior sd's, beyond which a unit is influential."""


@dataclass(frozen=True, slots=True, eq=False)
class _Without:
    """The average effect without each group: moments, and its probability of being positive."""

    mean: Array
    sd: Array
    positive: Array


@asks("Does the average effect rest on single units?", "influence", place=180, needs=(ROWS,))
def influence(fit: Fit, *, by: str | None = None, refits: int = 10) -> Finding:
    """Leave out every unit in turn, by importance weights, and by refits where these fail.

    Without a unit the average effect is over the treated rows of the others: what a fit to the
    panel without it would report. So the shift holds both what the unit's rows tell about the
    others and its own effect's part in the average. A unit whose Pareto k is above ArviZ's
    threshold is left out by a short refit, up to ``refits`` of them, those that the
    weights move farthest first. ``by`` leaves out groups, such as "province".

    It holds if no unit moves the average effect by more than a posterior sd, nor turns its
    conclusion: the effect has a sign with 97.5 % probability, and without the unit with less
    than 90 %; or with less than 97.5 %, and without the unit with 99.5 %. It fails if a unit
    does both, and is in doubt if one does either, where a unit that weights
    cannot leave out has not been refitted, and where the effect is not identified without one.
    """
    whole_number("refits", refits, 0)
    if by is not None:
        name_of("by", by)
    design = estimator(fit)
    if not design.facts.compresses:
        raise NotApplicable(
            Message(
                "Under {!r} the model was sampled row by row, and a unit's own effect cannot be "
                "integrated out of its density.",
                design.facts.likelihood,
            )
        )
    paired(fit)
    groups = left_out(fit, by)
    share = _rows_of(fit, groups)
    if (share.sum(axis=1) > 0).sum() < 2:
        raise NotApplicable(
            Message("Only one {} is treated: without it there is no effect.", owner(groups.dim))
        )
    own = _own(fit)
    try:
        found = loo(fit, by)
    except StudyError as error:
        raise NotApplicable(Message("{}.", reason(error))) from None
    weights = np.exp(found.log_weights.transpose(*v.SAMPLE_DIMS, groups.dim).to_numpy())
    kept = found.log_weights[v.DRAW]
    without = _reweighted(fit, groups, share, weights.reshape(-1, groups.labels.size), kept)
    k = found.pareto_k.to_numpy()
    mean, sd = float(own.mean()), float(own.std())
    doubtful = np.flatnonzero(k > found.good_k)
    doubtful = doubtful[np.argsort(-np.abs(without.mean[doubtful] - mean), kind="stable")]
    refitted = doubtful[:refits]
    failed = _replace(without, fit, groups, refitted)
    table = _table(fit, groups, share)
    table["pareto_k"] = k
    table["refitted"] = np.isin(np.arange(k.size), refitted)
    table["att_without"], table["sd_without"] = without.mean, without.sd
    table["shift_in_sd"] = (without.mean - mean) / sd
    table["p_positive"] = without.positive
    table["elpd"] = found.elpd_i.to_numpy()
    left = [str(groups.labels[i]) for i in doubtful[refits:]]
    return _finding(table, left, failed, groups.dim, float(found.good_k), own)


def _finding(
    table: pd.DataFrame,
    left: list[str],
    failed: list[Message],
    dim: str,
    good: float,
    own: xr.DataArray,
) -> Finding:
    shift = table["shift_in_sd"].abs()
    lost = table["shift_in_sd"].isna()
    other = otherwise(float((own > 0).mean()), table["p_positive"].to_numpy())
    turned = ~lost & other
    moved = shift > MOVED
    verdict: Verdict = HOLDS
    if moved.any() or turned.any() or lost.any() or left or failed:
        verdict = DOUBT
    if (moved & turned).any():
        verdict = FAILS
    order = shift.fillna(np.inf).sort_values(ascending=False, kind="stable").index
    largest = int(np.argmax(shift.fillna(0.0).to_numpy()))
    name, most = table[dim].to_list()[largest], float(table["shift_in_sd"].to_numpy()[largest])
    bad = int((table["pareto_k"] > good).sum())
    figure = Message(
        "without {} {:+.2f} posterior sd, the most of {}; Pareto k ≤ {:.2f}, {} above {:.2f}, {} "
        "refitted",
        Message("{}", str(name), context="unit") if dim == v.UNIT else str(name),
        most,
        len(table),
        table["pareto_k"].max(),
        bad,
        good,
        int(table["refitted"].sum()),
    )
    parts = _sentences(table, verdict, dim, moved, turned, lost, left, failed)
    table = table.loc[order].reset_index(drop=True)
    table.attrs = {"good_k": good, **_facts(own)}
    return Finding(verdict, figure, joined(parts), table, "influence")


def _facts(own: xr.DataArray) -> dict[Hashable, float | str]:
    return {"att": float(own.mean()), "sd": float(own.std()), "gate": gate_of(own)}


def _sentences(
    table: pd.DataFrame,
    verdict: Verdict,
    dim: str,
    moved: pd.Series[bool],
    turned: pd.Series[bool],
    lost: pd.Series[bool],
    left: list[str],
    failed: list[Message],
) -> list[Message]:
    names = table[dim]
    parts = []
    if verdict == FAILS:
        parts.append(
            Message(
                "Without {} alone the average effect moves by more than a posterior sd and its "
                "conclusion changes: it rests on single units.",
                listed(names[moved & turned], 4),
            )
        )
    elif moved.any():
        parts.append(
            Message(
                "Without {} alone the average effect moves by more than a posterior sd, to the "
                "same conclusion.",
                listed(names[moved], 4),
            )
        )
    if verdict != FAILS and turned.any():
        parts.append(Message("Without {} alone its conclusion changes.", listed(names[turned], 4)))
    if lost.any():
        parts.append(
            Message("Without {} the panel no longer identifies the effect.", listed(names[lost], 4))
        )
    if left:
        parts.append(
            Message(
                "Importance weights cannot leave out {}; refits={} more would.",
                listed(left, 4),
                len(left),
            )
        )
    if failed:
        parts.append(Message("Refits have not converged without {}.", listed(failed, 4)))
    if not parts:
        parts.append(
            Message(
                "No single {} moves the average effect by more than a posterior sd, or to another "
                "conclusion.",
                owner(dim),
            )
        )
    return parts


def _rows_of(fit: Fit, groups: LeftOut) -> Array:
    """Treated rows of each group in each cell that counts (group, cell)."""
    plan = fit.plan
    cells = np.flatnonzero(~plan.cells.lead)
    rows = np.flatnonzero(plan.cell_of_row >= 0)
    group = groups.group[plan.frame.unit[rows]]
    place = np.full(plan.cells.rows.size, -1, dtype=np.int64)
    place[cells] = np.arange(cells.size)
    cell = place[plan.cell_of_row[rows]]
    inside = (group >= 0) & (cell >= 0)
    share = np.zeros((groups.labels.size, cells.size))
    np.add.at(share, (group[inside], cell[inside]), 1.0)
    effects = cell_effects(fit)
    known = effects[v.IDENTIFIED].to_numpy().astype(bool)
    since = effects[v.EVENT_TIME].to_numpy() >= 0 if schema.is_timed(effects) else True
    return share * (known & since)


def _own(fit: Fit) -> xr.DataArray:
    return att(after_adoption(cell_effects(fit)))


def _reweighted(
    fit: Fit, groups: LeftOut, share: Array, weights: Array, kept: xr.DataArray
) -> _Without:
    """Average effect of the others' rows under each group's weights."""
    own = _own(fit).sel({v.DRAW: kept})
    total = float(own[v.ROWS])
    rows = share.sum(axis=1)
    part = _sums(fit, groups, share, kept)
    size = groups.labels.size
    out = _Without(*(np.full(size, np.nan) for _ in range(3)))
    draws = own.to_numpy().ravel()
    for g in range(size):
        values = (total * draws - part[:, g]) / (total - rows[g])
        w = weights[:, g] / weights[:, g].sum()
        out.mean[g] = w @ values
        out.sd[g] = np.sqrt(w @ (values - out.mean[g]) ** 2)
        out.positive[g] = w @ (values > 0)
    return out


def _sums(fit: Fit, groups: LeftOut, share: Array, kept: xr.DataArray) -> Array:
    """Sum of the effects over the treated rows of each group (draw, group)."""
    effects = cell_effects(fit)
    name = fit.plan.equations[0].name
    mean = fit.posterior[f"{name}__cell_mean"].sel({v.DRAW: kept}).to_numpy()
    part = mean.reshape(-1, mean.shape[-1]) @ share.T
    if fit.plan.equations[0].problem.member_scale is None:
        return np.asarray(part + _moderated(fit, groups, share, kept))
    if v.DEVIATION not in effects:
        raise NotApplicable(
            Message(
                "Deviations of single members are not stored where there are so many; a single "
                "one hardly moves an average over them all."
            )
        )
    deviation = effects[v.DEVIATION].sel({v.DRAW: kept}).squeeze(v.PATH, drop=True)
    codes, counts = _members(fit, groups, share)
    values = deviation.transpose(*v.SAMPLE_DIMS, v.MEMBER).to_numpy()
    return np.asarray(part + values.reshape(-1, codes) @ counts)


def _moderated(fit: Fit, groups: LeftOut, share: Array, kept: xr.DataArray) -> Array | float:
    """What the moderators of a group's rows add to the effects at the centre (draw, group)."""
    plan = fit.plan
    equation = plan.equations[0]
    if not equation.slopes or equation.slopes[-1].kind != "z":
        return 0.0  # Deviations hold it where there are any.
    slope = fit.posterior[f"{equation.name}__moderation"].sel({v.DRAW: kept}).to_numpy()
    rows = np.flatnonzero(plan.kept)
    group, stratum = (x[plan.frame.unit[rows]] for x in (groups.group, plan.frame.stratum))
    counted = ~plan.cells.lead & (plan.cells.event_time >= 0)
    inside = (group >= 0) & (plan.cell_of_row[rows] >= 0) & counted[plan.cell_of_row[rows]]
    excess = np.zeros((slope.shape[-1], share.shape[0]))
    assert plan.moderator is not None
    value = plan.moderator.values[rows]
    np.add.at(excess, (stratum[inside], group[inside]), value[inside])
    return np.asarray(np.nan_to_num(slope).reshape(-1, slope.shape[-1]) @ excess)


def _members(fit: Fit, groups: LeftOut, share: Array) -> tuple[int, csr_array]:
    """Treated rows of each member in each group, in the order of the stored deviations."""
    frame, plan = fit.plan.frame, fit.plan
    counts = ~plan.cells.lead & (plan.cells.event_time >= 0)
    rows = np.flatnonzero((plan.cell_of_row >= 0) & frame.treated)
    unit = frame.unit[rows]
    codes, member = np.unique(frame.member[unit], return_inverse=True)
    group = groups.group[unit]
    inside = (group >= 0) & counts[plan.cell_of_row[rows]]
    table = csr_array(
        (np.ones(int(inside.sum())), (member[inside], group[inside])),
        shape=(codes.size, share.shape[0]),
    )
    return codes.size, table


def _replace(
    without: _Without, fit: Fit, groups: LeftOut, chosen: npt.NDArray[np.int64]
) -> list[Message]:
    """Put what refits say in place of what weights say; name those that have not converged."""
    panel, design = panel_of(fit), estimator(fit)
    seed, values = int(fit.sampler.seed or 0), known_draws(fit).values
    tasks = {}
    for g in chosen:
        rest = panel.where(groups.group[panel.unit_codes] != g)
        tasks[f"att {design!r} {rest.digest} {seed}"] = (design, rest, seed, values)
    what = f"leaving out single {groups.dim}s"
    results = batch(short_att, tasks, kept=numbers_of(fit), what=what)
    failed = []
    for g, one in zip(chosen, results.values(), strict=True):
        draws = np.asarray(one.get("att", np.nan), dtype=float)
        without.mean[g], without.sd[g] = draws.mean(), draws.std()
        without.positive[g] = (draws > 0).mean()
        if "gate" in one and str(one["gate"]) != v.PASSED:
            gate = gate_words(str(one["gate"]))
            failed.append(Message("{!s} (failed: {})", groups.labels[g], gate))
    return failed


def _table(fit: Fit, groups: LeftOut, share: Array) -> pd.DataFrame:
    """Labels of the groups: strata and cohort where all of a group's units agree."""
    panel = panel_of(fit)
    columns: dict[str, object] = {groups.dim: groups.labels}
    strata = {f: panel.levels[f][panel.strata_codes[f]] for f in panel.roles.strata}
    cohort = np.array([text(c) for c in panel.cohort_labels], dtype=object)
    cohort[panel.cohort_codes < 0] = "never"
    inside = groups.group >= 0
    if panel.roles.cohort is not None and fit.plan.exposure is None:
        strata = {**strata, v.COHORT: cohort}
    for name, values in strata.items():
        frame = pd.DataFrame({"group": groups.group[inside], "value": values[inside]})
        per = frame.groupby("group")["value"].agg(["first", "nunique"])
        columns[str(name)] = np.where(per["nunique"] == 1, per["first"], "several")
    columns["treated_rows"] = share.sum(axis=1).astype(np.int64)
    return pd.DataFrame(columns)
