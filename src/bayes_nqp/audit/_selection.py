"""Check for sample selection by the policy or by the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtr

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, detailed, joined, unadvised
from bayes_nqp.audit._column import Codes, Measurements, column_of, step_of
from bayes_nqp.audit._outliers import blunt, far_from_others
from bayes_nqp.audit._post_treatment_covariates import change_with_adoption
from bayes_nqp.checks.mediation import effects_on
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    Finding,
    Guide,
    Verdict,
    asks,
    average_effect,
    labels,
    worst_of,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import ROWS, UNITS, Fit, panel_of
from bayes_nqp.model.likelihoods import Poisson

_CHANCE: Final = 0.003
"""Two-sided level of tests that missingness is related to a variable."""
_LEAST: Final = 5
"""Smallest numbers of missing rows, of units with and of units without missing rows for a test."""
_SMALL, _SMALL_SHARE = 2.0, 0.01
"""Largest small counts, and their share of rows, for which zeros are expected."""
_MANY: Final = 0.05
"""Share of missing rows above which the rest is not a representative sample."""
_ZEROS: Final = 0.02
"""Share of zeros under log(1 + y) above which the effect depends on the unit of y."""
_HEAP, _NEAR, _FEWEST, _HARM = 0.01, 0.05, 20, 1.0
"""Share of rows at an end of the outcome that indicates a bound; share and number of adjacent rows,
which are mostly distinct; smallest possible loss of the average effect, in posterior SDs."""
_NATURAL: Final = (0.0, 1.0, 100.0)
"""Natural bounds of shares and of non-negative variables."""
_BLUNT, _SEVERAL = 0.33, 6
"""Share of the lowest rows in the lower half of their range, and number of units, that indicate
truncation."""

_KEEP_COUNTS = Message(
    "Next: keep these observations, with the count itself as the outcome and {} in the design.",
    Hint("likelihood", Poisson()),
)


@dataclass(frozen=True, slots=True)
class _Cause:
    """A reason why observations are missing or censored.

    Parameters
    ----------
    sentence : Message
        Finding, meaning and next step.
    """

    name: str
    verdict: Verdict
    sentence: Message


@asks(
    "Are observations missing or censored in relation to the policy or the outcome?",
    "selection",
    of="fit",
    place=17,
    needs=(ROWS, UNITS),
    guide=Guide(
        statistic=Message(
            "Effect of adoption on being observed; relation between the missing observations "
            "of a unit and its outcome level; sharpness of the ends of the outcome; and heaps "
            "of treated observations at a limit of the outcome or of a mediator.",
        ),
        thresholds=Message(
            "Caution: a relation with p < {0:.1%}; a logarithm of one more than a count that "
            "is zero in {1:.0%} of the observations or more; or a limit at which the average "
            "effect may be too small by {2:.0f} posterior SD. Failed: zeros without a "
            "logarithm are missing and these are more than {3:.0%} of the observations.",
            _CHANCE,
            _ZEROS,
            _HARM,
            _MANY,
        ),
        failure=Message(
            "The sample is selected by the outcome or by the policy, so the average effect is "
            "biased.",
        ),
        remedy=Message(
            "keep zeros (with the count or a rate as the outcome) and outliers (with "
            "{}), and use values before top-coding",
            Code("likelihood=nqp.StudentT()", '[design] likelihood = { type = "StudentT" }'),
        ),
        code='nqp.check(fit, "selection").evidence',
        literature="Heckman (1979); Chen and Roth (2024)",
        limits=Message(
            "Observations that are missing because of earlier outcomes do no harm and are not "
            "reported. A limit that few units reach is not detected.",
        ),
    ),
)
def selection(fit: Fit) -> Finding:
    """Test if missing observations are related to the policy or to the outcome.

    Observations that are missing because of earlier outcomes are harmless, because the likelihood
    contains these outcomes. Three other causes bias the effect. First, adoption can change the
    sample: a two-way fixed-effects model is fitted to an indicator of being observed, over all
    units and periods. Second, observations can be missing if the outcome is low, for example
    because zeros have no logarithm. The check then finds more missing observations in units with
    low outcomes, and an outcome that is the logarithm of small whole numbers or is truncated from
    below. Third, outliers can have been deleted: distances from unit (and period) means end more
    abruptly than in a normal distribution, or both tails of the outcome end abruptly and units near
    them have more missing observations. An outcome log(1 + count) with many zeros is also reported,
    because its effect depends on the unit of the count.

    Outcomes can also be censored at a bound (top-coded, winsorised). Censored treated observations
    cannot show an effect, so the average effect is understated; the check reports this if the loss
    is at least one posterior SD. The same applies to mediators.

    Each of these findings gives the verdict "caution". The verdict is "failed" if more than 5 % of
    observations are missing below small counts.

    References
    ----------
    Chen, J. and Roth, J. (2024). Logs with zeros? Some problems and solutions. Quarterly Journal of
    Economics 139(2). Heckman, J. J. (1979). Sample selection bias as a specification error.
    Econometrica 47(1).
    """
    panel = panel_of(fit)
    outcome = column_of(panel, panel.roles.outcome, panel.outcome)
    level, missing = _level(panel), ~np.isfinite(outcome.values)
    # A period without any unit of a level, as after the end of a sample, has no missing rows.
    absent = np.stack([missing[level == k].all(axis=0) for k in range(level.max() + 1)])[level]
    missing &= ~absent
    with np.errstate(all="ignore"):
        low = list(_floor(outcome, missing)) or list(_unit(outcome))
        far = [] if low else list(_outliers(outcome.values, missing))
        causes = [*_policy(fit, panel, level, missing), *low, *far, *_bounds(fit, panel)]
    table = pd.DataFrame(
        [[x.name, x.verdict, x.sentence] for x in causes], columns=["cause", "verdict", "sentence"]
    )
    table.attrs = labels([*table["cause"], *table["sentence"]])
    figure = Message(
        "{:,} of {:,} observations are missing", int(missing.sum()), int((~absent).sum())
    )
    calm = Message("Missing observations are related neither to adoption nor to low outcomes.")
    if not missing.any():
        calm = Message("All units are observed in all periods.")
    causes.sort(key=lambda cause: cause.verdict != FAILS)
    first, *more = [x.sentence for x in causes] or [calm]
    sentence = joined([first, *(detailed(unadvised(x)) for x in more)])
    return Finding(worst_of(x.verdict for x in causes), figure, sentence, table)


def _sentence(finding: Message, meaning: Message, step: Message) -> Message:
    return joined([finding, meaning, advised(step)])


def _level(panel: Panel) -> Codes:
    """Return the combination of strata (unit)."""
    codes = [panel.strata_codes[name] for name in panel.roles.strata]
    table = np.stack([*codes, np.zeros(panel.unit_labels.size, dtype=np.int64)], axis=1)
    return np.asarray(np.unique(table, axis=0, return_inverse=True)[1].ravel())


def _policy(fit: Fit, panel: Panel, level: Codes, missing: Array) -> Iterator[_Cause]:
    """Test if adoption changes the share of observed rows."""
    if not fit.facts.adopted or missing.sum() < _LEAST:
        return
    units = np.arange(panel.unit_labels.size)
    present = 1.0 - missing
    change, chance = change_with_adoption(present, panel.cohort_codes, level, units)
    if chance < _CHANCE:
        yield _Cause(
            Message("adoption"), DOUBT,
            _sentence(
                Message(
                    "Adoption changes the share of units that are observed by {:+.0%} "
                    "(p = {:.1g}).",
                    change, chance,
                ),
                Message(
                    "The remaining units may differ from those before adoption, which biases the "
                    "average effect."
                ),
                Message(
                    "Next: examine which units leave and enter, or fit the units that are observed "
                    "in all periods."
                ),
            ),
        )  # fmt: skip


def _floor(outcome: Measurements, missing: Array) -> Iterator[_Cause]:
    """Test if observations with an expected low outcome are missing."""
    share, level = missing.mean(axis=1), np.nanmean(outcome.values, axis=1)
    some = share > 0
    if missing.sum() < _LEAST or some.sum() < _LEAST or (~some).sum() < _LEAST:
        return
    r = float(np.corrcoef(share, level)[0, 1])
    # Fisher's z of the correlation between the share of missing rows and the level of a unit.
    chance = float(ndtr(np.arctanh(r) * np.sqrt(len(share) - 3.0)))
    if chance >= _CHANCE / 2.0:
        return
    lost = float(missing.mean())
    if _counts(np.exp(outcome.values)):
        yield _Cause(
            Message("zeros without a logarithm"), FAILS if lost > _MANY else DOUBT,
            _sentence(
                Message(
                    "The outcome is the logarithm of small counts, and observations are missing in "
                    "units with low counts ({:.0%} of all).",
                    lost,
                ),
                Message("Zeros have no logarithm, so the sample is selected by the outcome."),
                _KEEP_COUNTS,
            ),
        )  # fmt: skip
        return
    # A tail becomes thinner towards its end; a truncated tail does not.
    sharp, units = blunt(outcome.values)
    if sharp > _BLUNT and units >= _SEVERAL:
        yield _Cause(
            Message("a floor"), DOUBT,
            _sentence(
                Message(
                    "Observations are missing in units with low outcomes ({:.0%} of all), and the "
                    "other values end at {:.3g} as if cut off there.",
                    lost, float(np.nanmin(outcome.values)),
                ),
                Message("The sample may be selected by the outcome, which biases the effect."),
                Message("Next: find out why these observations are missing, and add them to "
                        "the panel."),
            ),
        )  # fmt: skip


def _outliers(values: Array, missing: Array) -> Iterator[_Cause]:
    """Test if outliers were deleted."""
    if missing.sum() >= _LEAST:
        for sentence in far_from_others(values):
            yield _Cause(Message("outliers"), DOUBT, sentence)


def _bounds(fit: Fit, panel: Panel) -> Iterator[_Cause]:
    """Test if treated observations are censored at a bound of the outcome or a mediator."""
    if not fit.facts.adopted:
        return
    on = panel.treatment_path[panel.unit_codes, panel.time_codes]
    columns = {panel.roles.outcome: (panel.outcome, average_effect(fit).to_numpy().ravel())}
    for name in () if fit.facts.channels is None else fit.facts.mediators(panel):
        values = panel.mediators[:, panel.roles.mediators.index(name)]
        columns[name] = values, att(effects_on(fit, name)).to_numpy().ravel()
    for name, (values, effect) in columns.items():
        for end in _heaps(values):
            share = float((values == end)[on].mean())
            if share * abs(effect.mean()) > _HARM * effect.std():
                yield _Cause(Message("a bound"), DOUBT, _at_bound(name, end, share, effect))


def _heaps(values: Array) -> Iterator[float]:
    """Find bounds of a column with many equal values next to distinct values."""
    order = np.sort(values[np.isfinite(values)])
    ends = {order[-1]: order[order < order[-1]][::-1], order[0]: order[order > order[0]]}
    for end, others in ends.items():
        heap, near = order.size - others.size, others[: max(int(_NEAR * order.size), _FEWEST)]
        many = heap >= max(_LEAST, _HEAP * order.size)
        if many and end not in _NATURAL and np.unique(near).size > 0.5 * near.size:
            yield float(end)


def _at_bound(name: str, end: float, share: float, effect: Array) -> Message:
    return _sentence(
        Message(
            "{:.0%} of the treated observations have the value {:.5g} of {}, at which the column "
            "seems to be cut off (top-coded or winsorised).",
            share,
            end,
            name,
        ),
        Message(
            "These observations cannot show an effect, and the average effect may be too small by "
            "{:.2g}.",
            share * abs(effect.mean()),
        ),
        Message("Next: use the values before top-coding or winsorising."),
    )


def _unit(outcome: Measurements) -> Iterator[_Cause]:
    """Test if the outcome is log(1 + y) of a count with many zeros."""
    values = outcome.values[np.isfinite(outcome.values)]
    zeros = float((values == 0.0).mean())
    if zeros >= _ZEROS and values.min() >= 0.0 and _counts(np.expm1(outcome.values)):
        yield _Cause(
            Message("log(1 + y)"), DOUBT,
            _sentence(
                Message(
                    "The outcome is log(1 + y) of a count that is zero in {:.0%} of the "
                    "observations.",
                    zeros,
                ),
                Message(
                    "The size of the effect depends on the unit in which the count is measured."
                ),
                Message("Next: use the count itself or a rate as the outcome."),
            ),
        )  # fmt: skip


def _counts(values: Array) -> bool:
    """Return True if all values are whole numbers, including small ones."""
    finite = values[np.isfinite(values)]
    small = float((finite <= _SMALL + 0.5).mean())
    return step_of(values) >= 1.0 and small >= _SMALL_SHARE
