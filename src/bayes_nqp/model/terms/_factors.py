"""Factors: common factors with unit-specific loadings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.exceptions import Hint, IdentificationError, StudyError, shown
from bayes_nqp._core.i18n import NOTHING, Message, joined
from bayes_nqp._core.types import Count
from bayes_nqp._core.validation import value
from bayes_nqp.model.latent_factors import (
    BLOCKS,
    LEAST,
    REDRAWS,
    SPARE,
    NetRows,
    held_out_gains,
    net_rows,
    redraws_of,
    series_of,
)
from bayes_nqp.model.predictors import Series
from bayes_nqp.model.specification import Calendar, EquationSpec, Facts, Term, Timing
from bayes_nqp.model.terms._trends import DifferentialTrends

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_WORDS: Final = Message(
    "Units have unit-specific loadings on common factors (interactive fixed effects). "
    "Loadings have flat priors and may be related to adoption. {number} by least squares "
    "on all untreated observations, net of unit effects, time effects and covariates. The"
    " estimation error of factors enters through {redraws} redraws with random weights of"
    " units (the Bayesian bootstrap): each posterior draw of effects uses one of them. "
    "Factors on which only treated units load cannot be estimated."
)


_FOR_CHOICE: Final = next(n for n in range(2, 99) if n - -(-n // BLOCKS) >= 2 + SPARE)
"""Untreated periods of which the rest, once a block is held out, is enough for one factor."""


@value("trends", "factors")
class Factors(Term):
    """Interactive fixed effects: common factors with loadings of each unit, ``alpha_i + f_t' l_i``.

    Loadings have flat priors and may be related to adoption in any way. Factors are estimated by
    least squares on all untreated observations (never treated and not yet treated units), net of
    unit effects, time effects and covariates. Adding any function of time to the outcome therefore
    changes no effect. Given the factors, the model is exact. Their estimation error enters through
    redraws with random weights of units. Weak factors are estimated poorly, and their remainder
    biases the effect: compare with ``DifferentialTrends`` (docs/trends.md).

    Parameters
    ----------
    number : int, optional
        Number of factors. By default from 1 to 4, chosen by predictions of held-out untreated
        observations of all units.

    Raises
    ------
    StudyError
        If the number is below zero.

    References
    ----------
    Bai, J. (2009). Panel data models with interactive fixed effects. Econometrica 77(4).
    Xu, Y. (2017). Generalized synthetic control method. Political Analysis 25(1).
    Rubin, D. (1981). The Bayesian bootstrap. Annals of Statistics 9(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> design = nqp.StaggeredDiD(trends=nqp.Factors(2))
    >>> design.trends
    Factors(number=2)
    """

    number: Count | None = None

    role = "factors"
    with_channels = False
    of_sums = False
    with_dose = False

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the factors, and how their estimation error enters."""
        number = Message("Their number is chosen by held-out observations, and they are estimated")
        if self.number is not None:
            number = Message(
                "{n} factor is estimated", plural="{n} factors are estimated", n=self.number
            )
        return _WORDS.fill(number=number, redraws=REDRAWS)

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """Common factors times the loadings of a unit."""
        return "l_{i}′f_{t}", {
            "f_{t}": Message("common factors"),
            "l_{i}": Message("factor loadings of a unit"),
        }

    def flat(self, *, leads: bool) -> Factors | None:
        """Omit the term in models with leads, which would absorb loadings."""
        return None if leads else self

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the factors of untreated observations.

        Raises
        ------
        StudyError
            If the data are not reduced to sufficient statistics, or the outcome depends on its lag.
        IdentificationError
            If periods before adoption have effects, if too few units are untreated in a period, if
            no number of factors predicts held-out observations better than none, or if least
            squares do not converge.
        """
        if not facts.exact:
            name, value, _ = facts.inexact
            raise StudyError(
                f"'trends' is Factors, and '{name}' is {value!r}: no sufficient statistics",
                hint=f"leave out '{name}', or trends=nqp.DifferentialTrends()",
            )
        if facts.reach == "lag":
            raise StudyError(
                "'trends' is Factors, which cannot be combined with a lag of the outcome",
                hint="leave out one of 'trends' and 'spillovers'",
            )
        if facts.time is not None and facts.time.pooled:
            raise StudyError(
                "'trends' is Factors, which cannot be combined with pooled time effects",
                hint=Message("{}", Hint("time", replace(facts.time, pooled=False))),
            )
        if facts.leads:
            raise IdentificationError(
                Message("unit-specific loadings and flat leads are not separately identified"),
                hint=Message("{}, or leave out 'trends'", Hint("controls", "all")),
            )
        assert isinstance(timing, Calendar)
        rows = net_rows(equation, facts, timing, panel)
        number, note = _chosen(rows) if self.number is None else _stated(self.number)
        _check(rows, number, panel)
        fit = series_of(rows, number)
        redraws = partial(redraws_of, rows, number) if number else None
        note = joined([note, _without_loadings(rows, number, panel)])
        return replace(equation, series=Series(fit.series[0], note, redraws))


def _stated(number: int) -> tuple[int, Message]:
    return number, Message(
        "{n} common factor with loadings of each unit",
        plural="{n} common factors with loadings of each unit",
        n=number,
    )


def _chosen(rows: NetRows) -> tuple[int, Message]:
    """Choose the number that predicts best, or refuse."""
    gains = held_out_gains(rows)
    others = Message(
        "{}; {}; or {}, which states the number",
        Hint("trends", DifferentialTrends()),
        Hint("trends", None),
        Hint("trends", Factors(1)),
    )
    if not gains.size:
        raise IdentificationError(
            Message(
                "the number of common factors cannot be chosen: half of the units need {} or more "
                "untreated periods, of which a quarter is held out",
                _FOR_CHOICE,
            ),
            hint=others,
        )
    listed = ", ".join(f"{x:.0f}" for x in gains[1:])
    number = int(gains.argmax())
    if not number:
        raise IdentificationError(
            Message(
                "common factors do not predict held-out untreated observations better than "
                "parallel trends: with 1, 2, … factors, log predictive densities less that without "
                "any are {}",
                listed,
            ),
            hint=others,
        )
    return number, Message(
        "{n} common factor with loadings of each unit, chosen by predictions of held-out untreated "
        "observations (with 1, 2, … factors, log predictive densities less that without any: "
        "{gains})",
        plural="{n} common factors with loadings of each unit, chosen by predictions of held-out "
        "untreated observations (with 1, 2, … factors, log predictive densities less that without "
        "any: {gains})",
        n=number,
        gains=listed,
    )


def _check(rows: NetRows, number: int, panel: Panel) -> None:
    """Require enough periods, and untreated units in each of them."""
    periods = rows.seen.shape[1]
    if number > periods - 2:
        raise IdentificationError(
            Message(
                "a model of {} common factors needs {} periods, and there are {}",
                number,
                number + 2,
                periods,
            ),
            hint=Message("{}", Hint("trends", Factors(max(periods - 2, 0)))),
        )
    units = rows.enough(number)
    untreated, levels = rows.seen[units].sum(axis=0), (rows.known[units] != 0).T @ rows.seen[units]
    needed = number + (levels > 0).sum(axis=0) + LEAST if number else np.zeros(periods)
    short = np.flatnonzero(rows.seen.any(axis=0) & (untreated < needed))
    if short.size:
        raise IdentificationError(
            Message(
                "a model of {} common factors needs {} untreated units in every period, each with "
                "{} untreated periods, and {} periods have fewer",
                number,
                int(needed.max()),
                number + 1 + SPARE,
                short.size,
            ),
            where=shown([str(panel.time_labels[t]) for t in short]),
            hint=Message(
                "a panel without these periods; fewer factors; or {}",
                Hint("trends", DifferentialTrends()),
            ),
        )


def _without_loadings(rows: NetRows, number: int, panel: Panel) -> Message:
    """Name treated units with too few untreated periods to estimate their loadings."""
    short = (
        np.flatnonzero(~rows.enough(number) & rows.treated) if number else np.zeros(0, dtype=int)
    )
    if not short.size:
        return NOTHING
    return Message(
        "{n} treated unit has fewer than {least} untreated periods, too few to estimate "
        "its loadings: it does not enter the estimation of factors, and its effects are "
        "estimated by pooling ({names})",
        plural="{n} treated units have fewer than {least} untreated periods, too few to "
        "estimate their loadings: they do not enter the estimation of factors, and "
        "their effects are estimated by pooling ({names})",
        n=short.size,
        least=number + 1 + SPARE,
        names=shown([str(panel.unit_labels[k]) for k in short]),
    )
