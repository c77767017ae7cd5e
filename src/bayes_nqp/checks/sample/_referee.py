"""Routine robustness checks that referees ask for, each a refit of the same model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.exceptions import NotApplicable, NQPError, StudyError, nearest
from bayes_nqp._core.i18n import Message, joined, listed, separated
from bayes_nqp._core.types import Column, names_in
from bayes_nqp.checks.shared import (
    Alternative,
    Finding,
    Guide,
    asks,
    compared,
    comparison,
    on_request,
    reason,
)
from bayes_nqp.data.datasets import prefectures
from bayes_nqp.data.matching import match
from bayes_nqp.data.panel import Panel, baseline
from bayes_nqp.inference.fitting import ADOPTION, ROWS, UNITS, Fit, apart, panel_of, rows_without
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Design

type Task = tuple[Design, Panel]
type Row = tuple[Message, Message, Callable[[], Task]]
"""Kind of question, label, and task to fit, which raises `NotApplicable` if there is none."""

_TAILS: Final = (0.01, 0.05)
"""Shares of observations at either end of the outcome that are winsorised."""
_WINDOW: Final = 3
"""Periods around adoption in the narrow window."""
_SUBPROVINCIAL: Final = frozenset({210200, 330200, 350200, 370200, 440300})
"""Codes (GB/T 2260) of the five cities with separate state planning."""
_FEWEST: Final = 10
"""Smallest number of treated and of never-treated units for a propensity score."""


@asks(
    "Do routine robustness checks change the average effect?",
    "routine robustness checks",
    place=165,
    needs=(ADOPTION, ROWS, UNITS),
    suits=on_request,
    guide=Guide(
        statistic=Message(
            "Average effect with other outcomes, winsorised outcomes, without special cities, "
            "with other policies as controls, with anticipation, in other periods, and for "
            "units matched by propensity score.",
        ),
        thresholds=Message(
            "Failed: the 95 % interval of the fit excludes zero, and a refit lies more than "
            "one posterior SD on the other side. Caution: a conclusion changes or a refit did "
            "not converge. The size of the shift does not count.",
        ),
        failure=Message(
            "The conclusion depends on the sample, the measure of the outcome or the controls.",
        ),
        remedy=Message(
            'report the table nqp.table(fit, "referee"), and explain the specification that '
            "differs",
        ),
        code=('nqp.check(fit, "referee")\nnqp.table(fit, "referee")'),
        literature="Austin (2011)",
        limits=Message(
            "Winsorisation takes off part of the effect on units with extreme outcomes, and "
            "matching changes the population.",
        ),
    ),
)
def referee(
    fit: Fit, *, outcomes: Column | Sequence[Column] = (), policies: Column | Sequence[Column] = ()
) -> Finding:
    """Refit with other outcomes, winsorised, without special cities, with other policies, matched.

    Each question is a refit of the same model. Other outcomes are scaled to the variation within
    units of the fitted outcome (the scale ``s`` of the priors). Municipalities, provincial capitals
    and the five cities with separate state planning are recognised by name or code of the unit. The
    size of a shift does not change the verdict, since most refits refer to other units or another
    outcome. A question that does not apply to this panel is listed with the reason. The check runs
    only if it is requested by name.

    Parameters
    ----------
    outcomes : str or sequence of str, default ()
        Columns of the panel's frame with other measures of the outcome.
    policies : str or sequence of str, default ()
        Columns of the panel's frame, one value for each observation, that measure other policies of
        these years and enter as covariates.

    Raises
    ------
    StudyError
        If an option names a column that the panel does not have.

    References
    ----------
    Austin, P. C. (2011). An introduction to propensity score methods for reducing the effects of
    confounding in observational studies. Multivariate Behavioral Research 46(3), 399-424.
    """
    columns = list(panel_of(fit).frame)
    named = {"outcomes": names_in(outcomes), "policies": names_in(policies)}
    for option, names in named.items():
        for name in names:
            if name not in columns:
                problem = f"'{option}' names {name!r}, which the panel does not have"
                raise StudyError(problem, hint=nearest(name, columns))
    alternatives = (
        *_outcomes(fit, named["outcomes"]),
        *_winsorised(fit),
        *_places(fit),
        *_policies(fit, named["policies"]),
        *_time(fit),
        _matched(fit),
    )
    others, lost = [], []
    for change, label, task in alternatives:
        try:
            design, rows = task()
            fewer = rows.n_rows < panel_of(fit).n_rows
            others.append(Alternative(label, change, design, rows, fewer=fewer))
        except NotApplicable as missing:
            lost.append(Message("{}, {}: {}", change, label, missing.why))
        except NQPError as error:
            lost.append(Message("{}, {}: {}", change, label, reason(error)))
    evidence = compared(fit, others, Message("running routine robustness checks"))
    if lost:
        evidence.attrs["left_out"] = separated([*filter(None, [evidence.attrs["left_out"]]), *lost])
    against = comparison(evidence, far=np.inf)
    figure = Message(
        "average effect from {1:.3g} to {2:.3g} in {0} refits ({3}: {4:.3g})", *against.span
    )
    same = Message(
        "The conclusion about the average effect is the same in all {} routine robustness checks.",
        len(against.names) - 1,
    )
    sentence = against.sentence(same, Message("{}", context="left out"))
    if against.differs:
        meaning = Message("The estimate depends on this choice of sample, outcome or controls.")
        sentence = joined([sentence, meaning])
    return Finding(against.verdict, figure, sentence, evidence, "specifications")


def _outcomes(fit: Fit, names: Sequence[str]) -> Iterator[Row]:
    change = Message("another outcome")
    for name in names:
        yield change, Message("{}", name), partial(_scaled, fit, name)
    if not names:
        yield change, Message("none named"), partial(_none, Message("outcomes=[…] names columns"))


def _scaled(fit: Fit, name: str) -> Task:
    """Return the panel with another outcome, scaled to the same variation within units."""
    raw = panel_of(fit).with_outcome(name)
    scale = model_frame_of(fit.outcome_design, raw).equations[0].scale
    return fit.variant(drop=True), raw.with_outcome(raw.outcome * (fit.scale / scale))


def _winsorised(fit: Fit) -> Iterator[Row]:
    for tail in _TAILS:
        label = Message("at {:.0%} and {:.0%}", tail, 1.0 - tail)
        yield Message("winsorised outcome"), label, partial(_clipped, fit, tail)


def _clipped(fit: Fit, tail: float) -> Task:
    panel = panel_of(fit)
    low, high = np.quantile(panel.outcome, [tail, 1.0 - tail])
    return fit.outcome_design, panel.with_outcome(
        np.clip(panel.outcome, low, high), panel.outcome_se
    )


def _places(fit: Fit) -> Iterator[Row]:
    """Yield refits without municipalities, capitals, and all special cities."""
    code = _codes(panel_of(fit))
    municipality = (code % 10_000 == 0) & (code > 0)
    capital = municipality | (code % 10_000 == 100)
    every = capital | np.isin(code, list(_SUBPROVINCIAL))
    for label, left in {
        Message("without the four municipalities"): municipality,
        Message("without municipalities and provincial capitals"): capital,
        Message("without these and the five cities with separate state planning"): every,
    }.items():
        yield Message("special cities"), label, partial(_units, fit, ~left)


def _codes(panel: Panel) -> npt.NDArray[np.int64]:
    """Return GB/T 2260 codes of units (unit), by code, full or short name; 0 for other places."""
    places = prefectures(dissolved=True)
    codes: dict[str, int] = {}
    for name, code in zip(places["prefecture"], places["code"].astype(int), strict=True):
        codes |= {str(name)[:-1]: code, str(name): code, str(code): code}
    return np.array([codes.get(str(unit), 0) for unit in panel.unit_labels], dtype=np.int64)


def _units(fit: Fit, mask: Mask) -> Task:
    """Return the design and the panel of some units (unit); spillovers from the others stay."""
    design, panel = apart(fit)
    if fit.takes("unidentified"):
        design = design.variant({"unidentified": "drop"})
    return design, _some(panel, mask.all(), rows_without(fit, panel, ~mask))


def _rows(fit: Fit, mask: Mask) -> Task:
    """Return the design and the panel of some observations (row)."""
    return fit.variant(drop=True), _some(panel_of(fit), mask.all(), mask)


def _some(panel: Panel, every: object, rows: Mask) -> Panel:
    if every:
        raise NotApplicable(Message("this panel has no such observations"))
    return panel.where(rows)


def _policies(fit: Fit, names: Sequence[str]) -> Iterator[Row]:
    change = Message("other policies")
    sets = [(name,) for name in names] + ([tuple(names)] if len(names) > 1 else [])
    for controls in sets:
        label = Message("{} controlled for", listed(controls, len(controls)))
        yield change, label, partial(_controlled, fit, controls)
    if not names:
        yield change, Message("none named"), partial(_none, Message("policies=[…] names columns"))


def _controlled(fit: Fit, names: Sequence[str]) -> Task:
    """Return the design and the panel with columns as additional covariates."""
    panel = panel_of(fit)
    every = list(dict.fromkeys([*panel.roles.covariates, *names]))
    wider = Panel.from_frame(panel.frame, **{**panel.arguments, "covariates": every})
    stated = fit.facts.covariates_of(panel)
    return fit.outcome_design.variant({"covariates": (*stated, *names)}), wider


def _time(fit: Fit) -> Iterator[Row]:
    """Yield refits with anticipation and with shorter windows."""
    panel = panel_of(fit)
    earlier = (Message("responses one period earlier"), Message("responses two periods earlier"))
    for periods, label in enumerate(earlier, 1):
        yield Message("anticipation"), label, partial(_ahead, fit, periods)
    start, time = panel.cohort_codes[panel.unit_codes], panel.time_codes
    # The midpoint of event times −3, …, 2 is −1/2.
    near = np.abs(time - start + 0.5) <= _WINDOW
    for label, mask in {
        Message("{} periods before and after adoption", _WINDOW): near | (start < 0),
        Message("without the first period"): time > time.min(),
        Message("without the last period"): time < time.max(),
    }.items():
        yield Message("another window"), label, partial(_rows, fit, mask)


def _ahead(fit: Fit, periods: int) -> Task:
    if not fit.takes("anticipation"):
        raise NotApplicable(Message("this design does not have this option"))
    ahead = fit.facts.anticipation + periods
    return fit.variant(drop=True, anticipation=ahead), panel_of(fit)


def _matched(fit: Fit) -> Row:
    label = Message("nearest neighbours by propensity score")
    return Message("matching"), label, lambda: _units(fit, neighbours(panel_of(fit)))


def neighbours(panel: Panel) -> Mask:
    """Return a mask of treated units with a match within the caliper, and of their matches (unit).

    Units are matched with replacement on means of the outcome and of covariates before the first
    adoption.

    Raises
    ------
    NotApplicable
        If fewer than ten units are treated or never treated, or all covariates are constant.
    """
    ever = panel.cohort_codes >= 0
    if min(ever.sum(), (~ever).sum()) < _FEWEST:
        raise NotApplicable(Message("fewer than {} treated or never-treated units", _FEWEST))
    columns = (panel.roles.outcome, *panel.roles.covariates)
    names = [name for name in columns if np.ptp(baseline(panel, name)[0]) != 0.0]
    if not names:
        raise NotApplicable(Message("no covariate differs between units before adoption"))
    matched = match(panel, names, replacement=True)
    return matched.items["weight"].to_numpy() > 0


def _none(why: Message) -> Task:
    raise NotApplicable(why)
