"""Panels of gaps between eligible and ineligible units of one state, for triple differences."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, brief, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel._build import build
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.panel._unit_column import unit_column

INELIGIBLE_UNITS: Final = "ineligible_units"
"""Column with the number of ineligible units behind each gap, which marks a panel of gaps."""
ELIGIBLE, INELIGIBLE = "{}_eligible", "{}_ineligible"
"""Columns with the two parts of a gap: the eligible unit, and the mean of the ineligible."""
_YES: Final = frozenset({"1", "1.0", "True"})
_NO: Final = frozenset({"0", "0.0", "False"})
_SQUARED = ("outcome_se", "weights")
"""Roles of columns whose variances add up."""


def eligible_gaps[P: Rectangle](panel: P, eligible: str, by: str) -> P:
    """Subtract the mean of the ineligible units of a state from each of its eligible units.

    A shock that all units of a state share in a period is in both terms, so that each gap is free
    of state × time effects. Outcome, covariates and other numeric columns that vary over time are
    gaps; the parts of outcome and covariates stay, as ``y_eligible`` and ``y_ineligible``. The
    mean of a state is taken over the same ineligible units in every period.

    Parameters
    ----------
    eligible : str
        Column of zeros and ones, constant within units: 1 for eligible units.
    by : str
        Column of states, constant within units.

    Returns
    -------
    Panel
        One unit for each eligible unit; a panel of gaps is returned as it is.

    Raises
    ------
    StudyError
        If the panel lacks one of the columns.
    PanelError
        If ``eligible`` is not 0 or 1, changes within units or is constant; if a state has no
        ineligible units, or different adoption dates; if eligible and ineligible units are never
        observed in the same period; or if the panel has a treatment that may end.
    """
    if INELIGIBLE_UNITS in panel.frame.columns:
        return panel
    panel.need_units(Message("TripleDifference"))
    if panel.roles.treatment is not None:
        raise PanelError(
            Message("TripleDifference does not allow treatments that end"),
            where=f"treatment={panel.roles.treatment!r}",
            hint="pass the first treated period as cohort= without treatment= and exit=, so that "
            "units count as treated after exit too; or nqp.StaggeredDiD() on eligible units",
        )
    state, labels = unit_column(panel, by, "by")
    treated = _eligible_units(panel, eligible)
    _check_states(panel, state, labels, treated, by)
    used, common = _comparison(panel, state, treated)
    frame, rows = _gaps(panel, state, treated, used, common)
    notes = _notes(panel, state, treated, used, rows, by)
    kept, absorbed = _varying_covariates(panel, frame)
    if absorbed:
        notes.append(
            Message(
                "covariates left out, which are the same for all units of a {}: {}",
                by, shown(absorbed),
            )
        )  # fmt: skip
    arguments = {
        **panel.arguments, "covariates": kept, "mediators": (),
        "strata": tuple(name for name in panel.roles.strata if name != eligible),
    }  # fmt: skip
    fields = build(frame, **arguments, notes=(*panel.notes, *notes))
    fields["dropped"] = {**panel.dropped, **fields["dropped"]}
    return type(panel)(**fields)


def eligible_part[P: Rectangle](panel: P) -> P:
    """Return a panel of gaps with the outcome and covariates of the eligible units instead."""
    return _part(panel, panel.frame, ELIGIBLE)


def ineligible_part[P: Rectangle](panel: P, by: str) -> P:
    """Return the mean outcome and covariates of ineligible units, with one unit for each state.

    Strata of the panel belong to eligible units and are left out.

    Parameters
    ----------
    panel : Panel
        A panel of gaps.
    by : str
        Column of states.
    """
    once = ~panel.frame.duplicated([by, panel.roles.time]).to_numpy()
    frame = panel.frame[once].assign(**{panel.roles.unit: panel.frame[by][once]})
    return _part(panel, frame, INELIGIBLE, strata=())


def _part[P: Rectangle](panel: P, frame: pd.DataFrame, part: str, **changes: Any) -> P:
    """Replace gaps of outcome and covariates by one of their terms."""
    names = (panel.roles.outcome, *panel.roles.covariates)
    frame = frame.assign(**{name: frame[part.format(name)] for name in names})
    arguments = {**panel.arguments, "outcome_se": None, "weights": None, **changes}
    return type(panel)(**build(frame, **arguments, notes=panel.notes))


def _eligible_units(panel: Rectangle, eligible: str) -> Mask:
    """Read which units are eligible (unit)."""
    codes, labels = unit_column(panel, eligible, "eligible")
    levels = set(labels.tolist())
    if not levels <= _YES | _NO:
        raise PanelError(
            Message("eligible={!r} has values other than 0 and 1", eligible),
            where=brief(sorted(levels - _YES - _NO)),
            hint=Message(
                "a column of zeros and ones, such as df['eligible'] = "
                "df[{!r}].isin([…]).astype(int)", eligible,
            ),
        )  # fmt: skip
    flag = np.isin(labels, sorted(_YES))[codes]
    if flag.all() or not flag.any():
        raise PanelError(
            Message("eligible={!r} is {} in all units", eligible, int(flag[0])),
            where=Message("{:,} units", flag.size),
            hint="triple differences compare eligible with ineligible units of the same state; "
            "without ineligible units use nqp.StaggeredDiD()",
        )
    return np.asarray(flag)


def _check_states(
    panel: Rectangle, state: Index, labels: npt.NDArray[np.str_], treated: Mask, by: str
) -> None:
    """Require ineligible units in each state with eligible ones, and one adoption date."""
    number = labels.size
    with_eligible = np.bincount(state, treated, number) > 0
    lonely = with_eligible & (np.bincount(state, ~treated, number) == 0)
    if lonely.any():
        raise PanelError(
            Message("by={!r}: {} of {} have no ineligible units", by, lonely.sum(), number),
            where=shown(labels[lonely]),
            hint=Message(
                "leave them out: panel.where(~panel.frame[{!r}].isin([…])); their shocks cannot "
                "be separated from the effect", by,
            ),
        )  # fmt: skip
    date = panel.cohort_codes
    first = np.full(number, -1, dtype=np.int64)
    first[state[treated]] = date[treated]
    allowed = (date == first[state]) | (~treated & (date < 0))
    differing = np.unique(state[~allowed])
    if differing.size:
        raise PanelError(
            Message("cohort={!r} differs among units of one {}", panel.roles.cohort, by),
            where=shown(labels[differing]),
            hint="give all units of a state, or its eligible units, the date from which the "
            "policy is enabled there",
            column=str(panel.roles.cohort),
        )


def _comparison(panel: Rectangle, state: Index, treated: Mask) -> tuple[Mask, Mask]:
    """Choose the ineligible units of every state, and the periods in which all are observed.

    If the composition of the mean changed over time, unit effects would not cancel. Of the patterns
    P of observed periods, a state uses the one with the largest precision of its gaps, ``|P| / (1 +
    1 / m)``. Here m is the number of its ineligible units that are observed in all periods of P.

    Returns
    -------
    tuple of ndarray of bool
        Used ineligible units (unit), and periods with a mean (state, period).
    """
    seen = np.zeros((state.size, panel.periods), dtype=bool)
    seen[panel.unit_codes, panel.time_codes] = True
    used = np.zeros(state.size, dtype=bool)
    common = np.zeros((int(state.max()) + 1, panel.periods), dtype=bool)
    for s in np.unique(state[treated]):
        own = np.flatnonzero((state == s) & ~treated)
        of_eligible = seen[(state == s) & treated]
        pattern = seen[own] & of_eligible.any(axis=0)
        choices = np.unique(pattern, axis=0)
        # Units observed in all periods of each pattern (pattern, unit).
        complete = (pattern[None] | ~choices[:, None]).all(axis=2)
        gaps = (of_eligible[None] & choices[:, None]).sum(axis=(1, 2))
        best = int(np.argmax(gaps / (1.0 + 1.0 / complete.sum(axis=1))))
        if gaps[best]:
            used[own[complete[best]]] = True
            common[s] = choices[best]
    if not common.any():
        raise PanelError(
            "eligible and ineligible units of a state are never observed in the same period",
            hint="check the columns of eligible= and by=",
        )
    return used, common


def _gaps(
    panel: Rectangle, state: Index, treated: Mask, used: Mask, common: Mask
) -> tuple[pd.DataFrame, Mask]:
    """Return rows of gaps, and the observations of eligible units behind them (row)."""
    unit, time, frame = panel.unit_codes, panel.time_codes, panel.frame
    place = state[unit] * panel.periods + time
    rows = treated[unit] & common[state[unit], time]
    behind = used[unit]
    count = np.bincount(place[behind], minlength=common.size)

    def mean(values: Array) -> Array:
        total = np.bincount(place[behind], values[behind], minlength=common.size)
        return np.asarray(total[place[rows]] / count[place[rows]])

    out: dict[str, npt.NDArray[Any]] = {}
    for name in _time_varying(panel):
        values = frame[name].to_numpy(dtype=np.float64)
        if name == panel.roles.outcome:
            values = panel.outcome
        parts = values[rows], mean(values)
        out[name] = parts[0] - parts[1]
        if name in (panel.roles.outcome, *panel.roles.covariates):
            out |= {ELIGIBLE.format(name): parts[0], INELIGIBLE.format(name): parts[1]}
    for role in _SQUARED:
        name = getattr(panel.roles, role)
        if name is not None:
            values = frame[name].to_numpy(dtype=np.float64)
            variance = values**2 if role == "outcome_se" else 1.0 / values
            total = variance[rows] + mean(variance) / count[place[rows]]
            out[name] = np.sqrt(total) if role == "outcome_se" else 1.0 / total
    out[INELIGIBLE_UNITS] = count[place[rows]]
    return frame[rows].assign(**out), rows


def _time_varying(panel: Rectangle) -> list[str]:
    """Name the outcome, covariates, and other numeric columns that vary over time."""
    roles, frame = panel.roles, panel.frame
    named = (roles.outcome, *roles.covariates, *roles.mediators)
    kept = {name for _, name in roles.named()} - set(named)
    out = list(dict.fromkeys(named))
    for name in frame.columns:
        if name in kept or name in out or frame[name].dtype.kind not in "if":
            continue
        if frame[name].groupby(panel.unit_codes).nunique().max() > 1:
            out.append(name)
    return out


def _varying_covariates(panel: Rectangle, frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return covariates with varying gaps, and those that state × time effects absorb."""
    spread = {x: float(np.ptp(frame[x].to_numpy())) for x in panel.roles.covariates}
    size = {x: float(np.abs(panel.frame[x].to_numpy(dtype=np.float64)).max()) for x in spread}
    absorbed = [name for name in spread if spread[name] <= 1e-12 * size[name]]
    return [name for name in spread if name not in absorbed], absorbed


def _notes(
    panel: Rectangle, state: Index, treated: Mask, used: Mask, rows: Mask, by: str
) -> list[str]:
    """Describe the units behind the gaps, and those that are left out."""
    notes: list[str] = [
        Message(
            "each observation is an eligible unit minus the mean of the ineligible units of its "
            "{}: {:,} eligible and {:,} ineligible units",
            by, np.unique(panel.unit_codes[rows]).size, used.sum(),
        )
    ]  # fmt: skip
    has = np.bincount(state, treated, int(state.max()) + 1) > 0
    left_out = (
        Message(
            "{:,} ineligible units left out, which are not observed in all periods of their {}",
            int((~treated & ~used & has[state]).sum()), by,
        ),
        Message(
            "{:,} units left out, of a {} without eligible units", int((~has[state]).sum()), by
        ),
        Message(
            "{:,} observations of eligible units left out, of periods without ineligible units",
            int(treated[panel.unit_codes].sum() - rows.sum()),
        ),
    )  # fmt: skip
    return [*notes, *(note for note in left_out if not note.startswith("0 "))]
