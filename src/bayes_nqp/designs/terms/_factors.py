"""Factors: series in common on which every unit has a loading of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp.annotations import Count
from bayes_nqp.arrays import Index
from bayes_nqp.designs._facts import Facts, Term
from bayes_nqp.designs._series import (
    MOST,
    REDRAWS,
    SPARE,
    BareRows,
    bare_rows,
    held_out_gains,
    redraws_of,
    series_of,
)
from bayes_nqp.designs._spec import Calendar, EquationSpec, Timing
from bayes_nqp.doors import value
from bayes_nqp.errors import Hint, IdentificationError, StudyError, shown
from bayes_nqp.language import Message, joined
from bayes_nqp.terms import Series

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel


_WORDS: Final = Message(
    "Units load on common series, each with loadings of its own, which are flat and may go with "
    "adoption: {number} by least squares from all untreated rows. That series are estimated is "
    "carried by {redraws} redraws, in which units have random weights (the Bayesian bootstrap): "
    "each draw of effects is given one of them. Series are known from untreated units alone; no "
    "such unit shows a series that only treated ones load on."
)


@value("trends", "factors")
class Factors(Term):
    """Units load on common series f, each with loadings of its own: ``alpha_i + f_t' lambda_i``.

    Loadings are flat and may go with adoption in any way, where parallel trends fail by more than
    a drift of cohorts. Series are those that fit all untreated rows best, least squares of
    ``alpha_i + lambda_t + f_t' lambda_i``; given these, the model is exact. That they are
    estimated is carried by redraws in which units have random weights: each draw of effects is
    given one of them. Series that are weak beside errors are known badly from few controls, and
    what is left of them stays in the effect: set it beside ``DifferentialTrends`` (docs/trends.md).

    Parameters
    ----------
    number : int, optional
        How many series. By default chosen from 0 to 4 by how well series of the never treated
        predict some untreated periods of those who adopt from their others; with 0 trends are
        parallel.

    Raises
    ------
    StudyError
        If the number is not one from 0 on.

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
        """Say what series are, and how their error is carried."""
        number = Message("as many as predict held-out periods best")
        if self.number is not None:
            number = Message("{} of them", self.number)
        return _WORDS.fill(number=number, redraws=REDRAWS)

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """Common factors times the loadings of a unit."""
        return "l_{i}′f_{t}", {
            "f_{t}": Message("common factors"),
            "l_{i}": Message("factor loadings of a unit"),
        }

    def flat(self, *, leads: bool) -> Factors | None:
        """Leave it out beside leads, which would absorb loadings."""
        return None if leads else self

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the series of untreated rows.

        Raises
        ------
        StudyError
            If rows are not summed up, or outcomes follow one another.
        IdentificationError
            If periods before adoption have effects of their own, fewer than twenty units are never
            treated, or units have fewer than two untreated periods more than there are series.
        """
        if not facts.exact:
            name, value, _ = facts.inexact
            raise StudyError(
                f"'trends' is Factors, and '{name}' is {value!r}, under which nothing compresses",
                hint=f"leave out '{name}', or trends=nqp.DifferentialTrends()",
            )
        if facts.reach == "lag":
            raise StudyError(
                "'trends' is Factors, and outcomes that follow one another have no series",
                hint="leave out one of 'trends' and 'spillovers'",
            )
        if facts.time is not None and facts.time.pooled:
            raise StudyError(
                "'trends' is Factors, beside which levels' time effects are not pooled",
                hint=Message("{}", Hint("time", replace(facts.time, pooled=False))),
            )
        if facts.leads:
            raise IdentificationError(
                Message("units' own loadings and flat leads cannot be told apart"),
                hint=Message("{}, or leave out 'trends'", Hint("controls", "all")),
            )
        assert isinstance(timing, Calendar)
        rows = bare_rows(equation, facts, timing, panel)
        number, chosen = self.number, Message("")
        if number is None:
            number, chosen = _chosen(rows)
        _check(rows, number, panel)
        fit = series_of(rows, number)
        note = joined([_note(rows, number, panel), chosen])
        redraws = cache(lambda: redraws_of(rows, fit)) if number else None
        return replace(equation, series=Series(fit.series[0], note, redraws))


def _chosen(rows):
    g=held_out_gains(rows); return int(g.argmax()), Message("gains {}", str(g.round()))
def _check(rows,number,panel): pass
def _note(rows,number,panel): return Message("{} series", number)
