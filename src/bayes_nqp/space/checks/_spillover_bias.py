"""Whether effects are spoiled by what neighbours receive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, IdentificationError, NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined, listed
from bayes_nqp.checks.model import Saturated, error_means, saturated_model_frame
from bayes_nqp.checks.shared import (
    HOLDS,
    UNTOLD,
    Alternative,
    Finding,
    asks,
    compared,
    comparison,
    ladder,
    reported_weights,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import crowded, located
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import spillover_effects
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, UNITS, Fit, panel_of, short_refit
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.space.checks._neighbour_weights import chance_of_shift, readable
from bayes_nqp.space.checks._refit_agreement import kept
from bayes_nqp.space.terms import Donut, Rings

RINGS = (100.0, 200.0, 300.0)
"""Outer bounds of the rings that are tried, km."""
_FAR = 2.6
"""Posterior sds by which something received is no chance."""
_UNIDENTIFIED = Message(
    "What exposed rows receive cannot be told ({}); it enters the average effect by these weights."
)
_ALIKE = Message(
    "Rows near units in force are like others, and effects of their own leave the average effect "
    "where it is."
)
_RECEIVED = Message(
    "Rows near units in force receive something of the policy, or serve badly as controls: with "
    "effects of their own the average effect moves by {:+.1f} posterior sd."
)


@asks(
    "Are controls near treated units moved by the policy?",
    "spillovers",
    place=170,
    needs=(ADOPTION, ROWS, UNITS, REFITS),
    suits=located,
    assumption=True,
)
def spillover_bias(fit: Fit, *, km: Sequence[float] = RINGS) -> Finding:
    """Weigh exposure to units in force, and refit with effects of their own for exposed rows.

    Where untreated rows in ring l receive ``kappa_l``, an estimator that is linear in the outcome
    and ignores it is off by ``sum_l kappa_l A(E_l)`` from the effect of the policy and of treated
    neighbours together: A(E_l) is the same estimator with the dummy of these rows as its outcome.
    It is told before any effect received is known, for the saturated fit
    at the posterior means of its errors. A refit with ``Rings`` tells what is received. *Fails* if
    some ring receives something (2.6 posterior sd) and the average effect moves by more than half
    its posterior sd, and more than fewer controls explain (Hausman 1978); *caution* if one of the
    two is so. It *passes* only if, with rings and without exposed rows alike, the average effect is
    inside the fit's 95 % interval with a probability of .90 or more; else, or where no rings are
    identified, the rows beyond the rings *inconclusive*.

    Parameters
    ----------
    km : sequence of float, default (100, 200, 300)
        Outer bounds of the rings. Those beyond which some cell has no controls are left out, from
        the farthest on; where that leaves none, the first bound is halved, twice at most.

    References
    ----------
    Butts, K. (2023). Difference-in-differences estimation with spatial spillovers.
    arXiv:2105.03737.
    """
    panel = panel_of(fit)
    _see_that_places_tell(fit, panel)
    rings, reason = _rings_in_use(fit, panel, km)
    weights = _estimated(fit, panel, _exposure(rings, panel))
    shares = listed(
        [Message("{:+.2f} ({})", x, ring) for ring, x in zip(rings.rings, weights, strict=True)],
        len(weights),
    )
    if reason is not None:
        figure = Message("bias per unit of spillover: {}", shares)
        return Finding(UNTOLD, figure, _UNIDENTIFIED.fill(reason))
    design = fit.variant(spillovers=rings)
    donut, option = fit.variant(spillovers=Donut(rings.km[-1])), Message("spillovers")
    others = [
        Alternative(Message("effects by ring"), option, design),
        Alternative(Message("without exposed rows"), option, donut),
    ]
    near = spillover_effects(short_refit(fit, design), by=v.RING)
    evidence = compared(fit, others, Message("refitting with spillovers"))
    against = comparison(evidence)
    far = abs(near.mean(v.SAMPLE_DIMS) / near.std(v.SAMPLE_DIMS)).to_numpy()
    moved = float(against.shift[0])
    some, much = bool((far > _FAR).any()), abs(moved) > chance_of_shift(against)
    stays = kept(fit, [other.design for other in others])
    doubt = some or much or against.unsettled
    verdict = ladder(fails=some and much, doubt=doubt, untold=not stays.enough)
    figure = Message(
        "bias per unit of spillover: {}; received {}; average effect {:.3g} ({:.2g}), with rings "
        "{:.3g} ({:.2g})",
        shares, _amounts(near),
        against.estimates[0], against.sd[0], against.estimates[1], against.sd[1],
    )  # fmt: skip
    evidence = evidence.assign(
        exposure_weight=("ring", weights), received=((*v.SAMPLE_DIMS, "ring"), near.to_numpy())
    ).assign_coords(ring=list(rings.rings))
    evidence = evidence.assign_attrs(probability=stays.probability)
    if verdict in (HOLDS, UNTOLD):
        sentence = stays.sentence(_ALIKE)
    else:
        advice = advised(Message("Next: {}.", Hint("spillovers", rings)))
        sentence = joined([_RECEIVED.fill(moved), advice])
    return Finding(verdict, figure, sentence, evidence, "specifications")


def _see_that_places_tell(fit: Fit, panel: Panel) -> None:
    """Ask for places of units, each of its own.

    Raises
    ------
    NotApplicable
        If there are none, or the design has spillovers.
    """
    if fit.facts.reach != "none":
        raise NotApplicable(Message("The design has effects that neighbours receive."))
    if not readable(panel):
        raise NotApplicable(
            Message("Where units are is not known: columns 'longitude' and 'latitude' would tell.")
        )
    if crowded(panel):
        raise NotApplicable(
            Message(
                "Most units share a place, as firms of one city do: "
                "spillovers=nqp.Rings([…], city='…') states what they receive of other cities."
            )
        )


def _rings_in_use(fit: Fit, panel: Panel, km: Sequence[float]) -> tuple[Rings, Message | None]:
    """Rings in which rows stand and beyond which there are controls; one without rows is joined.

    Returns
    -------
    tuple of Rings and Message or None
        All that were asked for, and why they identify nothing, where none do.

    Raises
    ------
    NotApplicable
        If nobody is near a unit in force as far as is known.
    """
    bounds, reason = _bounds_with_rows(panel, km), None
    if not bounds:
        raise NotApplicable(
            Message("No untreated row is within {:g} km of a unit in force.", km[-1])
        )
    fewer = [bounds[:n] for n in range(len(bounds), 0, -1)]
    nearer = [_bounds_with_rows(panel, [bounds[0] / by]) for by in (2.0, 4.0)]
    for some in filter(None, [*fewer, *nearer]):
        rings = Rings(some)
        try:
            model_frame_of(fit.variant(spillovers=rings), panel)
        except IdentificationError as error:
            reason = reason or Message("{}", error.what)
        else:
            return rings, None
    return Rings(bounds), reason


def _bounds_with_rows(panel: Panel, km: Sequence[float]) -> tuple[float, ...]:
    """Bounds of rings in which untreated rows stand."""
    present = _exposure(Rings(tuple(km)), panel).any(axis=0)
    return tuple(np.asarray(km, dtype=float)[present].tolist())


def _exposure(rings: Rings, panel: Panel) -> Array:
    """Which ring each untreated row stands in (row, ring), 1 or 0."""
    since, unit, time = rings.since(panel), panel.unit_codes, np.asarray(panel.time_codes)
    reached = since[unit] <= time[:, None]
    nearest_ring = np.cumsum(reached, axis=1) == 1
    start = np.asarray(panel.cohort_codes)[unit]
    untreated = (start < 0) | (time < start)
    return np.asarray(reached & nearest_ring & untreated[:, None], dtype=np.float64)


def _estimated(fit: Fit, panel: Panel, exposure: Array) -> Array:
    """A(E) of each ring: the saturated average effect with the ring as the outcome (ring).

    Rows are weighted as independent units' errors have it, without shocks that they share.
    """
    cells = reported_weights(group_time_effects(fit))[1][[0]].toarray()
    out = np.zeros(exposure.shape[1])
    for ring, column in enumerate(exposure.T):
        model_frame, _ = saturated_model_frame(fit, panel.with_outcome(column))
        equation = model_frame.equations[0]
        saturated = Saturated(equation, error_means(fit))
        effects = (
            saturated.position_loads[equation.positions.cells[~model_frame.cells.lead]]
            @ saturated.solved()[1]
        )
        out[ring] = float((cells @ effects)[0]) * equation.effect_scale
    return out


def _amounts(near: xr.DataArray) -> Message:
    """What is received in each ring, with its posterior sd."""
    parts = list(near.transpose(v.RING, ...))
    return listed(
        [Message("{:.3g} ({:.2g})", float(x.mean()), float(x.std())) for x in parts], len(parts)
    )
