"""Labels of evidence, and reasons for failed convergence or failed refits."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NotApplicable, NQPError
from bayes_nqp._core.i18n import (
    Message,
    Numeral,
    decoded,
    encoded,
    figures,
    message,
    recalled,
    separated,
)
from bayes_nqp.inference.fitting import GIVEN_LAG, OUTCOME_ALONE, Fit, pairs_coefficients

AS_FITTED: Final = Message("as fitted")
OVERALL: Final = Message("overall")
AVERAGE: Final = Message("att")
"""Code name of the average effect."""

LABELS: Final = "labels"
"""The attr of evidence with its labels as messages; arrays contain text only."""


def labels(texts: Iterable[str]) -> dict[Hashable, str]:
    """Encode the messages among the labels of evidence, as an attr."""
    return {LABELS: encoded(x for x in dict.fromkeys(texts) if isinstance(x, Message))}


def messages_of(evidence: xr.Dataset | xr.DataArray | pd.DataFrame) -> dict[str, Message]:
    """Return the messages among the labels of evidence, by their English text."""
    return {str(message): message for message in decoded(str(evidence.attrs.get(LABELS, "[]")))}


def texts_of(evidence: xr.Dataset | xr.DataArray | pd.DataFrame, name: str) -> list[str]:
    """Return the labels of evidence.

    Parameters
    ----------
    name : str
        Name of a coordinate or a column.

    Returns
    -------
    list of str
        Messages if they are known; otherwise the names given by the user.
    """
    messages = messages_of(evidence)
    return [messages.get(str(text), str(text)) for text in np.ravel(evidence[name])]


def unmarked(sentence: Message) -> Message:
    """Return a sentence without the mark of advice or of a detail."""
    if sentence.context not in ("advice", "detail"):
        return sentence
    (part,) = sentence.parts
    return part if isinstance(part, Message) else message(str(part))


def unit_word(dim: str) -> str:
    """Return the name of the dimension of effects: a message for units, or a factor's name."""
    return Message("unit") if dim == v.UNIT else dim


def average_in(factor: str, level: object) -> Message:
    """Return the code name of the average effect in one level, or at one event time."""
    if factor == v.EVENT_TIME:
        return Message("att[event_time={}]", str(level))
    return Message("att[{}={}]", factor, str(level))


def in_words(name: str) -> str:
    """Return a reported effect in words; all other names stay unchanged."""
    if not isinstance(name, Message):
        return name
    if name.template == AVERAGE.template:
        return Message("the average effect")
    if name.template == "att[event_time={}]":
        return Message("the effect at event time {}", *name.parts)
    if name.template == "att[{}={}]":
        return Message("the average effect in {} = {}", *name.parts)
    return name


def called(fitted: Fit) -> Message:
    """Return the name of a fit in comparisons with alternatives.

    Returns
    -------
    Message
        "as fitted", unless the fit replaces one with mediators or with a spatial lag.
    """
    if OUTCOME_ALONE in fitted.record:
        rows = int(fitted.record[OUTCOME_ALONE])
        return Message("outcome equation, {:,} observations with all mediators", rows)
    if GIVEN_LAG in fitted.record:
        return Message("direct effect, given a spatial lag of {:.2f}", fitted.record[GIVEN_LAG])
    return AS_FITTED


def with_sd(draws: Any) -> tuple[Numeral, Numeral]:
    """Format mean and SD of draws, with the same number of decimals."""
    mean, sd = float(draws.mean()), float(draws.std())
    return figures(mean, sd), figures(sd, sd)


def stacked(parts: Sequence[xr.Dataset], owners: Sequence[object], *names: str) -> xr.Dataset:
    """Combine the evidence of several quantities along the dim ``quantity``.

    Parameters
    ----------
    owners : sequence of objects
        Objects that describe the parts.
    *names : str
        Attributes of these objects that become coordinates of ``quantity``.
    """
    together = xr.concat(
        parts, dim="quantity", data_vars="all", coords="minimal", compat="override",
        join="exact", combine_attrs="override",
    )  # fmt: skip
    columns = {name: [getattr(unit_word, name) for unit_word in owners] for name in names}
    coords = {name: ("quantity", np.asarray(column, dtype=str)) for name, column in columns.items()}
    return together.assign_coords(coords).assign_attrs(labels(columns.get("label", ())))


_PARAMETERS: Final = {
    "level": Message("overall effect (level)"),
    "drift": Message("growth per period (drift)"),
    "contrast": Message("differences between levels (contrast)"),
    "sigma": Message("SD of innovations (sigma)"),
    "rho": Message("autocorrelation of errors (rho)"),
    "scale_walk": Message("SD of changes between periods (scale_walk)"),
    "scale_cohort": Message("SD between cohorts (scale_cohort)"),
    "scale_cell": Message("SD between cells (scale_cell)"),
    "scale_period": Message("SD between periods (scale_period)"),
    "scale_deviation": Message("SD of unit-level effects (scale_deviation)"),
}
"""Parameters of designs and errors by their names."""
_OF_STRATA: Final = "scale_strata_"
"""Prefix of the name of a factor, for the SD between its levels."""
_OF_CURVE: Final = re.compile("scale_moderator_(.+)_bends")
"""Name of the SD of a smooth function of a moderator around a line."""


def parameter(name: str) -> str:
    """Return the name of a parameter in words, with its code name."""
    if name.startswith(_OF_STRATA):
        return Message("SD between levels of {0} (scale_strata_{0})", name.removeprefix(_OF_STRATA))
    if (curve := _OF_CURVE.fullmatch(name)) is not None:
        return Message("SD of the curve along {} around a line ({})", curve[1], name)
    return _PARAMETERS.get(name, name)


_CONVERGENCE: Final = (
    Message("passed", context="gate"),
    Message("outcome: {}"),
    Message("{}: {}"),
    Message("{} divergence"),
    Message("{} divergences"),
    Message("effective weights {}"),
    Message("k-hat {} (limit {})"),
    Message("{} draws, fewer than {}"),
    Message("{} ({})"),
    Message("bulk ESS {}"),
    Message("tail ESS {}"),
    Message("att", context="gate"),
    Message("average effect{}"),
    Message("average effect"),
    Message("effect[{}"),
)
"""Texts of convergence diagnostics in fits and files."""


def convergence_words(gate: str) -> Message:
    """Return the result of the convergence diagnostics, or some failures, as one message.

    Parameters
    ----------
    gate : str
        Result as stored; the word "failed" is omitted.
    """
    return separated(failures_of(gate))


def failures_of(gate: str) -> list[Message]:
    """Return the failures of convergence diagnostics."""
    failures = gate.removeprefix("failed").lstrip(": ").split("; ")
    return [recalled(part, _CONVERGENCE) for part in failures if part]


_LISTS = ("{}; {}", "{}; and {} more")
"""Templates of lists of places."""


def reason(error: NQPError) -> Message:
    """Return the problem that an error reports."""
    return error.what


def unidentified(error: NQPError) -> Message:
    """Return the reason for a failed refit of a check, and its first place."""
    if not error.where:
        return Message("The model of this check cannot be estimated: {}.", reason(error))
    first: object = error.where
    while isinstance(first, Message) and first.template in _LISTS:
        first = first.parts[0]
    if not isinstance(first, Message):
        first = Message("{}", str(first).rstrip(".").partition("; ")[0])
    more = len(first) < len(error.where.rstrip("."))
    place = separated([first, "…"]) if more else first
    return Message("The model of this check cannot be estimated: {} ({}).", reason(error), place)


def paired(fit: Fit) -> None:
    """Raise an error unless effects can be weighted by likelihoods, draw by draw.

    Raises
    ------
    NotApplicable
        If the fit does not store the coefficients of its draws.
    """
    if not pairs_coefficients(fit):
        raise NotApplicable(
            Message(
                "The fit does not store the coefficients of its draws, which this check "
                "requires. Versions up to 0.1 did not store them, and they are not stored"
                " if they need more than 200 MB. Fit the model again, with fewer draws if"
                " necessary."
            )
        )
