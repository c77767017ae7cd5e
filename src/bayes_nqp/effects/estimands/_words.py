"""Words and labels common to figures and tables of draws."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest, one_of
from bayes_nqp._core.i18n import Message, Numeral, Translator, languages
from bayes_nqp._core.labels import labels_of

PATHS: Final = {
    v.DIRECT: Message("Direct"),
    v.TOTAL: Message("Total"),
    "all mediators": Message("All mediators"),
    v.RECEIVED: Message("Received"),
}
"""Names of paths; mediators have separate names."""
EARLY: Final = Message(
    "Effects before event time 0 are anticipation effects; averages over event times exclude them."
)
"""Note on averages with the coordinate ``anticipated``."""


def words(language: str, source: object = None) -> Translator:
    """Return the words of a language.

    Parameters
    ----------
    source : object, optional
        A panel, a fit, draws or the result of a check, which provides the labels of names.

    Raises
    ------
    StudyError
        If the language is not available.
    """
    one_of("language", language, languages())
    return Translator(language, labels_of(source))


def percent(prob: float) -> Numeral:
    """Write a probability as a percentage: 95 %, 97.5 %.

    Parameters
    ----------
    prob : float
        Between 0 and 1.
    """
    return Numeral(f"{100 * prob:g}%")


def text(value: object) -> str:
    """Write a label without a superfluous decimal: 2015, not 2015.0.

    Parameters
    ----------
    value : object
        A label, possibly a numpy scalar.
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def distinct(
    labels: npt.NDArray[Any], *, in_order: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """List the distinct labels, and code every label by its position in the list.

    Parameters
    ----------
    labels : array
        Labels with repetitions.
    in_order : bool
        If True, sort the list; otherwise text is kept in the order of first appearance.
    """
    levels, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    if in_order or labels.dtype.kind in "iuf":
        return levels, codes
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return levels[order], place[codes]


def dim_of(draws: xr.DataArray, dim: str | None) -> str:
    """Return the dim of the compared levels.

    Raises
    ------
    StudyError
        If the dim does not exist, or `dim` is missing and there are several dims.
    """
    dims = [str(d) for d in draws.dims if d not in v.SAMPLE_DIMS]
    if dim is None and len(dims) == 1:
        return dims[0]
    if dim is None or dim not in dims:
        raise StudyError(f"dim={dim!r} is not a dim of these draws", hint=nearest(dim or "", dims))
    return dim
