"""Bias of the average effect from spillovers on nearby controls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, IdentificationError, NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, detailed, joined, listed
from bayes_nqp.checks.model import Saturated, error_means, saturated_model_frame
from bayes_nqp.checks.shared import (
    HOLDS,
    UNTOLD,
    Alternative,
    Finding,
    Guide,
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
from bayes_nqp.space.checks._refit_agreement import ENOUGH, kept
from bayes_nqp.space.terms import Donut, Rings

RINGS = (100.0, 200.0, 300.0)
"""Outer bounds of the distance bands, km."""
_FAR = 2.6
"""Posterior SDs above which a spillover effect differs from zero."""
_UNIDENTIFIED = Message(
    "Spillover effects on untreated observations near treated units are not identified."
)
_BY_WEIGHTS = Message(
    "If there are spillovers, they bias the average effect; the key figure gives the bias per "
    "unit of spillover."
)
_ALIKE = Message(
    "No spillovers on nearby controls are found, and allowing for them does "
    "not change the average effect."
)
_RECEIVED = Message(
    "Untreated units near treated ones are affected by the policy, or differ from other controls."
)
_MOVES = Message(
    "With separate effects for them, the average effect moves by {:+z.1f} posterior SDs."
)


@asks(
    "Are controls near treated units unaffected by the policy?",
    "spillovers",
    place=170,
    needs=(ADOPTION, ROWS, UNITS, REFITS),
    suits=located,
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Bias of the average effect per unit of spillover in each distance band "
            "({} km), and a refit with separate effects for untreated observations in "
            "these bands.",
            ", ".join(f"{x:g}" for x in RINGS),
        ),
        thresholds=Message(
            "Failed: a spillover effect exceeds {0:g} posterior SDs, and the average "
            "effect moves by more than half a posterior SD and more than fewer "
            "controls explain. Caution: one of the two. Passed: the refits place the "
            "average effect inside the fit's 95 % interval with probability {1:.2f} or "
            "more. Otherwise inconclusive.",
            _FAR,
            ENOUGH,
        ),
        failure=Message(
            "The policy may affect nearby controls (SUTVA fails), so the average effect may be "
            "biased."
        ),
        remedy=Message(
            "fit again with {0} in the design, or leave out exposed controls with {1}, "
            "and report both estimates",
            Code(
                "spillovers=nqp.Rings([100, 200])",
                '[design] spillovers = { type = "Rings", km = [100, 200] }',
            ),
            Code(
                "spillovers=nqp.Donut(km=100)", '[design] spillovers = { type = "Donut", km = 100 }'
            ),
        ),
        code=(
            "again = nqp.fit(design.replace(spillovers=nqp.Rings([100, 200])), panel)\n"
            "nqp.att(again)\n"
            'nqp.check(again, "ring_reach")'
        ),
        literature="Butts (2023); Hausman (1978)",
        limits=Message(
            "Spillovers that do not depend on distance, or reach all controls, are not detected."
        ),
    ),
)
def spillover_bias(fit: Fit, *, km: Sequence[float] = RINGS) -> Finding:
    """Compute the bias per unit of spillover, and refit with effects for exposed rows.

    Suppose untreated observations in band l have a spillover effect ``kappa_l``. An estimator that
    is linear in the outcome and ignores it is biased by ``sum_l kappa_l A(E_l)`` for the effect of
    the policy and of treated neighbours together. A(E_l) is the same estimator with the dummy of
    these observations as its outcome. It is computed before any spillover effect is estimated, for
    the saturated fit at the posterior means of its errors. A refit with ``Rings`` estimates the
    spillover effects.

    Parameters
    ----------
    km : sequence of float, default (100, 200, 300)
        Outer bounds of the bands. Bands that leave some cell without controls are left out, from
        the farthest on; if none is left, the first bound is halved, twice at most.

    References
    ----------
    Butts, K. (2023). Difference-in-differences estimation with spatial spillovers.
    arXiv:2105.03737.
    """
    panel = panel_of(fit)
    _see_that_places_tell(fit, panel)
    rings, reason = _rings_in_use(fit, panel, km)
    weights = _estimated(fit, panel, _exposure(rings, panel))
    labelled = zip(rings.rings, weights, strict=True)
    shares = listed([Message("{:+.2f} ({})", x, ring) for ring, x in labelled], len(weights))
    if reason is not None:
        figure = Message("bias per unit of spillover: {}", shares)
        why = detailed(Message("The reason: {}.", reason))
        return Finding(UNTOLD, figure, joined([_UNIDENTIFIED, _BY_WEIGHTS, why]))
    design = fit.variant(spillovers=rings)
    donut, option = fit.variant(spillovers=Donut(rings.km[-1])), Message("spillovers")
    others = [
        Alternative(Message("effects by distance band"), option, design),
        Alternative(Message("without exposed observations"), option, donut),
    ]
    near = spillover_effects(short_refit(fit, design), by=v.RING)
    against = comparison(evidence := compared(fit, others, Message("refitting with spillovers")))
    far = abs(near.mean(v.SAMPLE_DIMS) / near.std(v.SAMPLE_DIMS)).to_numpy()
    moved, some = float(against.shift[0]), bool((far > _FAR).any())
    much = abs(moved) > chance_of_shift(against)
    stays = kept(fit, [other.design for other in others])
    doubt = some or much or against.unsettled
    verdict = ladder(fails=some and much, doubt=doubt, untold=not stays.enough)
    figure = Message(
        "average effect {:.3g} ({:.2g}), with separate effects by distance band "
"{:.3g} ({:.2g}); spillover effects {}; bias per unit of spillover {}",
        against.estimates[0], against.sd[0], against.estimates[1], against.sd[1],
        _amounts(near), shares,
    )  # fmt: skip
    evidence = evidence.assign(
        exposure_weight=("ring", weights), received=((*v.SAMPLE_DIMS, "ring"), near.to_numpy())
    ).assign_coords(ring=list(rings.rings))
    evidence = evidence.assign_attrs(probability=stays.probability)
    if verdict in (HOLDS, UNTOLD):
        sentence = stays.sentence(_ALIKE)
    else:
        step = Message(
            "Next: fit again with {} in the design, and report both estimates.",
            Hint("spillovers", rings),
        )
        sentence = joined([_RECEIVED, _MOVES.fill(moved), advised(step)])
    return Finding(verdict, figure, sentence, evidence, "specifications")


def _see_that_places_tell(fit: Fit, panel: Panel) -> None:
    """Require coordinates that differ between units, and a design without spillovers.

    Raises
    ------
    NotApplicable
        If there are no such coordinates, or the design has spillovers.
    """
    if fit.facts.reach != "none":
        raise NotApplicable(Message("The design already estimates spillover effects."))
    if not readable(panel):
        raise NotApplicable(
            Message(
                "The panel has no coordinates of the units; add columns 'longitude' and 'latitude'."
            )
        )
    if crowded(panel):
        raise NotApplicable(
            Message(
                "Most units share the coordinates of another unit, such as firms in one "
                "city. Estimate spillovers between cities with {}.",
                Code(
                    "spillovers=nqp.Rings([…], city='…')",
                    '[design] spillovers = { type = "Rings", km = […], city = "..." }',
                ),
            )
        )


def _rings_in_use(fit: Fit, panel: Panel, km: Sequence[float]) -> tuple[Rings, Message | None]:
    """Return distance bands that contain observations and leave controls beyond them.

    Returns
    -------
    tuple of Rings and Message or None
        The bands; if no bands are identified, all requested ones and the reason.

    Raises
    ------
    NotApplicable
        If no untreated observation is near a treated unit.
    """
    bounds, reason = _bounds_with_rows(panel, km), None
    if not bounds:
        raise NotApplicable(
            Message("No untreated observation is within {:g} km of a treated unit.", km[-1])
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
    """Return the bounds of bands that contain untreated observations."""
    present = _exposure(Rings(tuple(km)), panel).any(axis=0)
    return tuple(np.asarray(km, dtype=float)[present].tolist())


def _exposure(rings: Rings, panel: Panel) -> Array:
    """Return the distance band of each untreated observation (row, ring), 1 or 0."""
    since, unit, time = rings.since(panel), panel.unit_codes, np.asarray(panel.time_codes)
    reached = since[unit] <= time[:, None]
    nearest_ring = np.cumsum(reached, axis=1) == 1
    start = np.asarray(panel.cohort_codes)[unit]
    untreated = (start < 0) | (time < start)
    return np.asarray(reached & nearest_ring & untreated[:, None], dtype=np.float64)


def _estimated(fit: Fit, panel: Panel, exposure: Array) -> Array:
    """Return A(E) of each band: the saturated average effect with the band as outcome (ring).

    Observations are weighted by the errors of independent units, without shared shocks.
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
    """Format the spillover effect in each band, with its posterior SD."""
    parts = list(near.transpose(v.RING, ...))
    return listed(
        [Message("{:.3g} ({:.2g})", float(x.mean()), float(x.std())) for x in parts], len(parts)
    )
