"""Calls of other packages: their data frame, their warnings as notes, and reasons not to call."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, cut, listed
from bayes_nqp._core.process import alone
from bayes_nqp._core.safe_calls import reply
from bayes_nqp.robustness.estimators._rows import AVERAGE, WARNS, EventCurve, Sample

_FURTHER: Final = Message("further warnings of {}: {}")
_LONGEST = 160
"""Characters of a sentence of a package."""
_MOST = 2
"""Warnings of a package that are quoted."""
LEADS = 5
"""Leads that estimators with a window have at most; the figure shows as many."""


def ask[T](package: str, call: Callable[[Any], T]) -> tuple[T, tuple[Message, ...]]:
    """Call a package of the extra "estimators".

    Parameters
    ----------
    package : str
        Name of the module, imported at the first call.
    call : callable
        Function of the module.

    Returns
    -------
    tuple
        The answer, and the warnings of the package as notes.

    Raises
    ------
    NotApplicable
        If the package is not installed, or if it raises an error.
    """
    name = package.replace("_", "-")
    spec = find_spec(package)
    if spec is None:
        raise NotApplicable(
            Message("{} is not installed: pip install 'bayes-nqp[estimators]'", name)
        )

    def refuse(error: Exception) -> T:
        raise NotApplicable(Message("{} refuses: {}", name, _sentence(str(error)))) from error

    with alone(), warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        answer = reply(lambda: call(import_module(package)), refuse)
    # Other threads' warnings are recorded too: keep those of installed packages and of this folder.
    places = (Path(__file__).parent, Path(spec.origin or __file__).parents[1])
    ours = (x for x in heard if any(place in Path(x.filename).parents for place in places))
    return answer, tuple(_notes(name, ours))


def _notes(name: str, heard: Iterable[warnings.WarningMessage]) -> Iterator[Message]:
    """Quote warnings about the data; those that differ in numbers alone are one."""
    about_code = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ImportWarning)
    texts = [_sentence(str(x.message)) for x in heard if not issubclass(x.category, about_code)]
    kinds = {re.sub(r"[\d.]+", "", text): text for text in reversed(texts)}
    for text in list(reversed(kinds.values()))[:_MOST]:
        yield WARNS.fill(name, text)
    if len(kinds) > _MOST:
        yield _FURTHER.fill(name, len(kinds) - _MOST)


def _sentence(text: str) -> str:
    """Return the first sentence of a text."""
    plain = re.sub(r"np\.\w+\((.*?)(\.0)?\)", r"\1", " ".join(text.split()))
    return cut(re.split(r"(?<=[a-z\])])\.\s", plain)[0].rstrip("."), _LONGEST)


def frame_of(rows: Sample) -> pd.DataFrame:
    """Return a data frame with columns y, unit, time, first (0: never), treated, x0, …, z0, ….

    Periods are numbered from `start`. A column weight exists if observations have weights.
    """
    first = np.where(rows.never, 0, rows.cohort + rows.start)
    frame = pd.DataFrame(
        {"y": rows.y, "unit": rows.unit, "time": rows.time + rows.start, "first": first}
    ).assign(treated=(~rows.never & (rows.event >= 0)).astype(np.float64))
    columns = {f"x{k}": x for k, x in enumerate(rows.x.values())}
    columns |= {f"z{k}": z for k, z in enumerate(rows.z.values())}
    columns |= {} if rows.weights is None else {"weight": rows.weights}
    return frame.assign(**columns)


def x_of(frame: pd.DataFrame, letters: str = "x") -> list[str] | None:
    """Return the names of covariates ("x") and baseline values ("z"); None without any."""
    return [name for name in map(str, frame) if re.fullmatch(rf"[{letters}]\d+", name)] or None


def adjusted(names: Iterable[str]) -> tuple[Message, ...]:
    """Return a note with the covariates that an estimator uses."""
    every = list(names)
    return (Message("covariates: {}", listed(every, len(every))),) if every else ()


def curve(
    times: Iterable[float],
    mean: Iterable[float],
    sd: Iterable[float],
    average: tuple[float, float],
    notes: Iterable[Message] = (),
) -> EventCurve:
    """Return the estimates that a package could compute, with the average last.

    Raises
    ------
    NotApplicable
        If the average or its standard error is missing.
    """
    table = np.column_stack([[*times], [*mean], [*sd]]).astype(np.float64).reshape(-1, 3)
    table = table[np.isfinite(table).all(axis=1) & (table[:, 2] > 0)]
    if not (np.isfinite(average).all() and average[1] > 0):
        raise NotApplicable(Message("the package computes no average effect with standard error"))
    event = np.append(table[:, 0].astype(np.int64), AVERAGE)
    effect, error = (np.append(table[:, 1 + k], average[k]) for k in (0, 1))
    return EventCurve(event, effect, error, tuple(notes))


def need(
    rows: Sample,
    *,
    no_anticipation: bool = False,
    every_period: bool = False,
    balanced: bool = False,
) -> None:
    """Check requirements of a package on the data.

    Raises
    ------
    NotApplicable
        If effects may begin before adoption, if a period has no observations, or if a unit is not
        observed in a period.
    """
    if no_anticipation and rows.ahead:
        raise NotApplicable(Message("it has no option for anticipation effects"))
    if every_period and np.unique(rows.time).size <= rows.time.max() - rows.time.min():
        raise NotApplicable(Message("a period has no observations"))
    if balanced and rows.y.size < rows.n_units * np.unique(rows.time).size:
        raise NotApplicable(Message("it needs every unit in every period"))


class Window(NamedTuple):
    """Event times with treated units and controls.

    Half of the treated units or more have `before` periods before adoption, at most five, and the
    event time `after`. The last event time of any unit is `longest`.
    """

    before: int
    after: int
    longest: int


def window(rows: Sample) -> Window:
    """Return the event times that half of the treated units have, and the last one of any.

    Raises
    ------
    NotApplicable
        If no period contains both treated and untreated observations.
    """
    # Without never-treated units, controls exist until the last cohort adopts.
    last = int(rows.time.max() if rows.never.any() else rows.cohort.max() - 1)
    cohort = np.zeros(rows.n_units, dtype=np.int64)
    cohort[rows.unit] = rows.cohort
    cohort = cohort[(cohort >= 0) & (cohort <= last)]
    if not cohort.size:
        raise NotApplicable(Message("no period contains both treated and untreated observations"))
    # The largest h with last - g >= h for half of the units or more.
    after = int(np.sort(last - cohort)[::-1][(cohort.size - 1) // 2])
    before = int(cohort[last - cohort >= after].min() - rows.time.min())
    return Window(min(LEADS, before), after, int(last - cohort.min()))
