"""One estimate under many specifications: other designs, other rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._labels import labels
from bayes_nqp.checks._needs import REFITS, require
from bayes_nqp.checks._reasons import reason
from bayes_nqp.checks._refit import called, numbers_of, panel_of
from bayes_nqp.checks._result import NotApplicable
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import IdentificationError, PanelError
from bayes_nqp.estimands import att, gate_of
from bayes_nqp.fitting import SHORT, KnownDraws, Numbers, batch, known_draws, short_effects
from bayes_nqp.language import Message, decoded, encoded, listed, separated

if TYPE_CHECKING:
    from bayes_nqp.designs import Estimator
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

__all__ = ["Alternative", "after_adoption", "compared"]

Array = npt.NDArray[np.float64]

_CHAINS, _DRAWS = SHORT


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """Another specification.

    Parameters
    ----------
    label : str
        Its name: a message, unless a user gave it.
    change : str
        What kind of change it is, likewise; groups the specifications.
    panel : Panel, optional
        The fit's own by default.
    reference : float, optional
        What the fit itself says of the same target; its average effect by default.
    counts : bool, default True
        Whether the verdict rests on it too; False for what is shown for comparison alone.
    """

    label: str
    change: str
    design: Estimator
    panel: Panel | None = None
    reference: float | None = None
    counts: bool = True


def compared(fitted: Fit, alternatives: Sequence[Alternative], what: str) -> xr.Dataset:
    """Estimate the average effect under other specifications, by short refits.

    Parameters
    ----------
    what : str
        The work, for progress.

    Returns
    -------
    Dataset
        ``att`` (chain, draw, specification), outcome units, the fit's own first (as `called`
        names it), over cells from adoption on; with the coordinates ``specification``,
        ``change``, ``reference`` (what the fit says of the same target), ``counts`` and
        ``gate_of`` by specification; what could not be fitted is left out and named, with the
        reason, in the attr ``left_out``.

    Raises
    ------
    NotApplicable
        If the likelihood does not compress, so that refits would take too long; or if nothing
        can be fitted.
    """
    require(fitted, REFITS)
    own, seed = panel_of(fitted), int(fitted.sampler.seed or 0)
    values = known_draws(fitted).values
    lost: list[Message] = []
    tasks = {}
    for one in alternatives:
        panel = own if one.panel is None else one.panel
        tasks[f"att {one.design!r} {panel.digest} {seed}"] = (one.design, panel, seed, values)
    found = batch(short_att, tasks, kept=numbers_of(fitted), what=what)
    kept, draws, failures = [], [_own(fitted)], [str(fitted.gate)]
    for one, result in zip(alternatives, _in_order(alternatives, found, own, seed), strict=True):
        if "reason" in result:
            lost.append(Message("{}: {}", one.label, *decoded(str(result["reason"]))))
            continue
        kept.append(one)
        draws.append(result["att"])
        failures.append(str(result["gate"]))
    if not kept:
        raise NotApplicable(Message("No refit can be made ({}).", listed(lost, 3)))
    overall, first = float(att(after_adoption(cell_effects(fitted))).mean()), called(fitted)
    return xr.Dataset(
        {"att": ((*v.SAMPLE_DIMS, "specification"), np.stack(draws, axis=-1))},
        coords={
            v.CHAIN: np.arange(_CHAINS),
            v.DRAW: np.arange(_DRAWS),
            "specification": np.array([first, *(one.label for one in kept)], dtype=str),
            "change": ("specification", np.array([first, *(one.change for one in kept)])),
            "reference": (
                "specification",
                [overall, *(overall if a.reference is None else a.reference for a in kept)],
            ),
            "counts": ("specification", np.array([True, *(one.counts for one in kept)])),
            "gate_of": ("specification", np.array(failures, dtype=str)),
            v.GATE: next((text for text in failures if text != v.PASSED), v.PASSED),
        },
        attrs={
            **{k: x for k, x in fitted.tree["effects"].attrs.items() if k != "factors"},
            "left_out": separated(lost),
            **labels([first, *(text for one in kept for text in (one.label, one.change))]),
        },
    )


def _in_order(
    alternatives: Sequence[Alternative], found: dict[str, Numbers], own: Panel, seed: int
) -> list[Numbers]:
    return [found[f"att {one.design!r} {(one.panel or own).digest} {seed}"] for one in alternatives]


def short_att(design: Estimator, panel: Panel, seed: int, values: Mapping[str, float]) -> Numbers:
    """Estimate the average effect by a short fit.

    Parameters
    ----------
    values : mapping of str to float
        Of parameters, where the climb begins.

    Returns
    -------
    dict
        ``att`` (chain, draw) and ``gate``; or the ``reason`` why it cannot be fitted.
    """
    try:
        effects = short_effects(design, panel, seed=seed, known=KnownDraws(values=values))
    except (IdentificationError, PanelError) as error:
        return {"reason": np.array(encoded([reason(error)]))}
    draws = att(after_adoption(effects)).transpose(*v.SAMPLE_DIMS)
    return {"att": draws.to_numpy(), "gate": np.array(gate_of(effects))}


def after_adoption(effects: xr.Dataset) -> xr.Dataset:
    """Leave out cells before adoption, which a design with anticipation has.

    Parameters
    ----------
    effects : Dataset
        Of the waist.

    Returns
    -------
    Dataset
        Cells from event time 0 on, without deviations.
    """
    effects = effects.drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    if not schema.is_timed(effects):
        return effects
    return effects.isel({v.CELL: effects[v.EVENT_TIME].to_numpy() >= 0})


def _own(fitted: Fit) -> Any:
    return _thinned(att(after_adoption(cell_effects(fitted))))


def _thinned(draws: xr.DataArray) -> Any:
    """Keep evenly spaced draws, so that all specifications have as many, around the same mean."""
    flat = draws.to_numpy().ravel()
    places = np.linspace(0, flat.size - 1, _CHAINS * _DRAWS).astype(np.int64)
    # The fit's average effect is told in many places, and is one number in all of them.
    return (flat[places] + (flat.mean() - flat[places].mean())).reshape(_CHAINS, _DRAWS)
