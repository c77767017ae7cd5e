"""Suspicious numbers: codes of missing cells, or another unit (万元 instead of 亿元)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.reading import counted, plain

_NINES: Final = tuple(float(10**k - 1) for k in range(1, 7))
_FACTORS: Final = (3, 4, 6, 8)
"""Powers of ten between units of measurement: thousands, 万, millions, 亿."""
_NEAR: Final = 0.25
_FAR, _CLOSE = 0.9, 0.3
"""Distance of a suspicious cell from adjacent cells in powers of ten, and tolerance of others."""
_TIMES: Final = 20
"""Largest ratio of the largest to the smallest number in a column bounded away from 0."""
_STILL: Final = 0.5
"""Largest change per period, in powers of ten, in a column that is not noise."""
_ALMOST_ALL: Final = 0.97


def doubtful_numbers(panel: Rectangle) -> Iterator[PanelError]:
    """List possible codes and changed units of measurement in the columns with a role."""
    roles = panel.roles
    names = (roles.outcome, *roles.covariates, *roles.mediators, *roles.moderators)
    rows = panel.frame
    for name in dict.fromkeys(names):
        if pd.api.types.is_numeric_dtype(rows[name].dtype):
            numbers = pd.Series(rows[name].to_numpy(dtype=np.float64, na_value=np.nan))
            looks = (_codes, _units, _spikes)  # each finding is reported once
            doubts = ([*look(panel, name, numbers)] for look in looks)
            yield from next(filter(None, doubts), [])


def notes_of_numbers(panel: Rectangle) -> list[Message]:
    """Write the same findings as one-line notes, for users who keep such numbers."""
    return [Message("{} ({})", doubt.what, doubt.where) for doubt in doubtful_numbers(panel)]


def _codes(panel: Rectangle, name: str, numbers: pd.Series[float]) -> Iterator[PanelError]:
    """Find nines far from all other numbers: 9999 above 1,600, or −99 below 0."""
    nines = numbers.abs().isin(_NINES) | (numbers == 0)
    others = numbers[~nines].dropna()
    if not nines.any() or len(others) < 2:
        return
    low, high = others.min(), others.max()
    counts = Counter(numbers[nines])
    codes = [
        code for code, count in sorted(counts.items())
        if (low >= 0 > code) or (count > 1 and code > high + (high - low))
        or (code == 0 < low and high < _TIMES * low and low > _TIMES * _grain(others))
    ]  # fmt: skip
    if not codes:
        return
    listed = shown(map(plain, codes))
    marks = ", ".join(f"{plain(code)} = nan" for code in codes)
    yield PanelError(
        Message(
            "{} is {} in {}, far from all other values ({} to {}): is this a code for "
            "missing values?",
            name, listed, counted(int(numbers.isin(codes).sum()), "row"), plain(low), plain(high),
        ),
        where=_shown(panel, numbers.isin(codes)),
        hint=Message(
            "if so, write values = {} in [data.read]; if these are true values, run the "
            "study unchanged",
            f'{{ "{name}" = {{ {marks} }} }}',
        ),
    )  # fmt: skip


def _grain(numbers: pd.Series[float]) -> float:
    """Return the smallest distance between numbers: 1 for counts, including 0."""
    return float(np.diff(np.unique(numbers)).min(initial=np.inf))


def _spikes(panel: Rectangle, name: str, numbers: pd.Series[float]) -> Iterator[PanelError]:
    """Find cells ten times, or a tenth of, adjacent cells and outside the other values' range."""
    tens = pd.Series(np.log10(numbers.where(numbers > 0).to_numpy())).groupby(panel.unit_codes)
    before, after = tens.diff(), -tens.diff(-1)
    far = (before.abs() > _FAR) & (after.abs() > _FAR) & (np.sign(before) != np.sign(after))
    low, high = numbers[~far].min(), numbers[~far].max()
    far &= (numbers > 2 * high) | ((numbers < low / 2) & (high < _TIMES * low))
    others = before.abs()[~far & ~far.shift(fill_value=False)].dropna()
    if not far.any() or len(others) < 2 or (others < _CLOSE).mean() < _ALMOST_ALL:
        return
    yield PanelError(
        Message(
            "{} is ten times the value of the adjacent periods, or a tenth of it, in {}: "
            "is a digit missing or added?", name, counted(int(far.sum()), "row"),
        ),
        where=_shown(panel, far),
        hint="correct these cells in the file; if the values are right, run the study unchanged",
    )  # fmt: skip


def _units(panel: Rectangle, name: str, numbers: pd.Series[float]) -> Iterator[PanelError]:
    """Find jumps by factors of a thousand or 万 in a column with little other variation."""
    tens = pd.Series(np.log10(numbers.where(numbers > 0).to_numpy()))
    moves = tens.groupby(panel.unit_codes).diff().abs()
    powers = moves.round()
    jumps = powers.where(powers.isin(_FACTORS) & ((moves - powers).abs() < _NEAR))
    others = moves[jumps.isna()].dropna()
    if jumps.isna().all() or len(others) < 2 or (others < _STILL).mean() < _ALMOST_ALL:
        return
    power = jumps.mode().iloc[0]
    where = jumps == power
    units = pd.Series(panel.unit_codes)[where].nunique()
    yield PanelError(
        Message(
            "{} changes by a factor of {:,} from one period to the next in {}, and little"
            " in all other periods: did the unit of measurement change?",
            name, int(10**power), counted(units, "unit"),
        ),
        where=_shown(panel, where),
        hint=
            "convert all rows of the file to one unit of measurement, such as 亿元; if the "
            "values are right, run the study unchanged",
    )  # fmt: skip


def _shown(panel: Rectangle, where: pd.Series[Any]) -> Message:
    """Write units with their periods."""
    at = np.flatnonzero(where.to_numpy(dtype=bool))
    units, times = panel.unit_labels[panel.unit_codes[at]], panel.time_labels[panel.time_codes[at]]
    return shown((f"{x} ({plain(t)})" for x, t in zip(units, times, strict=True)), 6)
