"""Robustness rows: without special cities of China."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_units
from bayes_nqp.data.datasets import prefectures
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, panel_of

_SUBPROVINCIAL: Final = frozenset({210200, 330200, 350200, 370200, 440300})
"""Codes (GB/T 2260) of the five cities with separate state planning."""


@robustness_row(
    Message("special cities"),
    place=50,
    shows=Message(
        "Without special cities: tests if these places drive the effect; it does not "
        "estimate effects within them."
    ),
)
def cities(fit: Fit, requested: Requested) -> Specifications:
    """Leave out municipalities, then also capitals, then all special cities."""
    code = _codes(panel_of(fit))
    municipality = (code % 10_000 == 0) & (code > 0)
    capital = municipality | (code % 10_000 == 100)
    every = capital | np.isin(code, list(_SUBPROVINCIAL))
    for label, left in {
        Message("without the four municipalities"): municipality,
        Message("without municipalities and provincial capitals"): capital,
        Message("without these and the five cities with separate state planning"): every,
    }.items():
        yield label, partial(some_units, fit, ~left)


def _codes(panel: Panel) -> npt.NDArray[np.int64]:
    """Return GB/T 2260 codes of units (unit), by code, full or short name; 0 for other places."""
    places = prefectures(dissolved=True)
    codes: dict[str, int] = {}
    for name, code in zip(places["prefecture"], places["code"].astype(int), strict=True):
        codes |= {str(name)[:-1]: code, str(name): code, str(code): code}
    return np.array([codes.get(str(unit), 0) for unit in panel.unit_labels], dtype=np.int64)
