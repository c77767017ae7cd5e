"""What checks of channels share: rows of evidence, and effects on mediators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks.shared import NOT_APPLICABLE, Finding, Verdict, gate_text, labels, worst_of
from bayes_nqp.designs import Design
from bayes_nqp.effects import cell_effects
from bayes_nqp.fitting import Fit, effects_on_mediator
from bayes_nqp.language import Message

type Scale = Literal["effect", "sd", "periods", "correlation", "r_squared", "share"]

QUANTILES = "quantiles"
"""The attr of the evidence that holds them."""
LEVELS = np.linspace(0.0, 1.0, 201)
"""Probabilities of the quantiles that evidence keeps: any interval in steps of 1 %."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the evidence on channels.

    Parameters
    ----------
    value, lower, upper : float
        95 % equal-tailed interval; NaN where there is none.
    verdict : {"holds", "in doubt", "fails", "not applicable"}
        "not applicable" where nothing is asked of the row.
    scale : str
        What the value is measured in.
    quantiles : tuple of float
        At the probabilities `LEVELS`, for intervals of any width; empty where there is none.
    """

    mediator: str
    quantity: str
    value: float
    lower: float
    upper: float
    verdict: Verdict
    scale: Scale = "effect"
    quantiles: tuple[float, ...] = ()


def drawn(
    mediator: str,
    quantity: str,
    draws: npt.ArrayLike,
    verdict: Verdict = NOT_APPLICABLE,
    scale: Scale = "effect",
    *,
    middle: Literal["mean", "median"] = "mean",
) -> Line:
    """Reduce draws to a row of evidence.

    Parameters
    ----------
    middle : {"mean", "median"}, default "mean"
        What stands for the value: ratios have no mean.
    """
    flat = np.asarray(draws, dtype=np.float64).ravel()
    low, median, high = (float(x) for x in np.quantile(flat, (0.025, 0.5, 0.975)))
    value = float(flat.mean()) if middle == "mean" else median
    quantiles = tuple(np.quantile(flat, LEVELS).tolist())
    return Line(mediator, quantity, value, low, high, verdict, scale, quantiles)


def finding_of(
    lines: Sequence[Line],
    figure: Message,
    sentence: Message,
    fits: Sequence[Fit | xr.Dataset],
    *,
    verdict: Verdict | None = None,
    refit: Fit | xr.Dataset | None = None,
) -> Finding:
    """Answer with rows of evidence.

    Parameters
    ----------
    fits : sequence of Fit or Dataset
        What the rows rest on, or its effects; the gate of the first that did not converge is kept.
    verdict : str, optional
        The worst of the rows' by default.
    refit : Fit or Dataset, optional
        As in `Finding`.

    Returns
    -------
    Finding
        With a DataFrame, a row each, and the attrs ``gate`` and ``quantiles``, a list for each row.
    """
    names = [name for name in Line.__slots__ if name != QUANTILES]
    table = pd.DataFrame([{name: getattr(x, name) for name in names} for x in lines])
    gates = [gate_text(fit) for fit in fits]
    table.attrs = {
        v.GATE: next((gate for gate in gates if gate != v.PASSED), v.PASSED),
        QUANTILES: [list(x.quantiles) for x in lines],
        **labels(text for x in lines for text in (x.mediator, x.quantity)),
    }
    worst = worst_of(x.verdict for x in lines) if verdict is None else verdict
    return Finding(worst, figure, sentence, table, "channels", refit)


def effects_on(fit: Fit, mediator: str) -> xr.Dataset:
    """Effects of cells on a mediator, in the form of the waist, without deviations."""
    every = cell_effects(fit).drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    draws = effects_on_mediator(fit, mediator)[:, :, None]
    dims = (*v.SAMPLE_DIMS, v.PATH, v.CELL)
    return every.sel({v.PATH: [v.TOTAL]}).assign({v.EFFECT: (dims, draws)})


def plain(fit: Fit, **changes: Any) -> Design:
    """State the same channels with other arguments, no two effects of a unit with a correlation.

    Parameters
    ----------
    **changes
        Such as any number of mediators, or any lag.
    """
    facts = fit.facts
    if facts.joined:
        changes["vary_by"] = None
    if changes.get("lag", facts.lag) and "b" in facts.moderated:
        # Slopes of earlier mediators take no moderator.
        legs = tuple(leg for leg in facts.moderated if leg != "b")
        changes["moderates"] = legs or ("a", "direct")
        changes |= {} if legs else {"moderator": None}
    return fit.variant(**changes)
