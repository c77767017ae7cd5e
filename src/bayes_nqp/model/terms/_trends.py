"""Differential trends of treated units, with sizes estimated from pre-adoption periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from annotated_types import Ge

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import IdentificationError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.predictors import ProcessPart
from bayes_nqp.model.priors import scale_prior
from bayes_nqp.model.specification import EquationSpec, Facts, Term, Timing
from bayes_nqp.numerics.parameters import Scale

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


type _Scale = Annotated[float, Ge(0)]

LEAST = 3
"""Untreated periods that a cohort of each stratum must have."""
_WORDS: Final = Message(
    "Treated units may follow a differential trend relative to never-treated units. It is"
    " the sum of a line and a random walk that all treated units share, of a line and a "
    "walk of each stratum if there are several, and of a line and a walk of each cohort. "
    "Their sizes are estimated from pre-adoption periods, and effects are deviations from"
    " the differential trend. No pre-adoption period can reveal a shock that begins with "
    "adoption. Prior scales in multiples of s (zero if left out): {line:g} for the slopes"
    " of shared lines, {walk:g} for the steps of shared walks, {cohort_line:g} and "
    "{cohort_walk:g} for those of cohorts."
)


@value("trends", "differential")
class DifferentialTrends(Term):
    """Differential trends of treated cohorts: a line and a random walk each.

    Treated units of stratum s and cohort k have ``b t + w_t + b_s t + w_st + b_k t + w_kt`` in
    addition to their time effects, with t centred; with one stratum, b and w are absent. The walks
    start in the first period, so that pre-adoption periods determine the size of steps after
    adoption. Effects exclude the differential trend. A scale of zero removes its component.

    Parameters
    ----------
    line : float, default 0.5, multiples of s per period
        Standard deviation of ``b``, the line of all treated units, and of ``b_s``, that of a
        stratum.
    walk : float, default 0.25, multiples of s
        Prior scale (half-normal) of the steps of ``w``, the walk of all treated units, and of
        ``w_s``, that of a stratum.
    cohort_line : float, default 0.1, multiples of s per period
        Prior scale (half-normal) of the standard deviation of ``b_k``, by cohort.
    cohort_walk : float, default 0.25, multiples of s
        Prior scale (half-normal) of the steps of ``w_k``, by cohort.

    Raises
    ------
    StudyError
        If a scale is below zero, or all are zero.

    References
    ----------
    Rambachan, A. and Roth, J. (2023). A more credible approach to parallel trends. Review of
    Economic Studies 90(5). Here the line corresponds to their smoothness restriction, and steps
    after adoption are as large as before.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> trends = nqp.DifferentialTrends(line=0.5)
    >>> design = nqp.StaggeredDiD(trends=trends)
    >>> trends.walk
    0.25
    """

    line: _Scale = 0.5
    walk: _Scale = 0.25
    cohort_line: _Scale = 0.1
    cohort_walk: _Scale = 0.25

    role = "drift"

    def __post_init__(self) -> None:
        if not any(asdict(self).values()):
            raise StudyError("all scales of 'trends' are 0", hint="trends=None")

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the components of the differential trend, and their priors."""
        return _WORDS.fill(**asdict(self))

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """Lines and random walks of the strata and cohorts of treated units."""
        lines = ["φ_{s}"] * bool(self.line) + ["φ_{k}"] * bool(self.cohort_line)
        walks = ["r_{st}"] * bool(self.walk) + ["r_{kt}"] * bool(self.cohort_walk)
        meanings = {"A_{i}": Message("1 for units that are ever treated")}
        parts = walks
        if lines:
            parts = [f"({' + '.join(lines)}) t" if len(lines) > 1 else f"{lines[0]} t", *walks]
            meanings[", ".join(lines)] = Message("linear differential trends of treated units")
        if walks:
            meanings[", ".join(walks)] = Message("random-walk differential trends of treated units")
        return f"A_{{i}} [{' + '.join(parts)}]", meanings

    def flat(self, *, leads: bool) -> None:
        """Omit the term in saturated models, whose cells absorb differential trends."""
        return

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the differential trend of treated units as processes.

        Raises
        ------
        IdentificationError
            If periods before adoption have effects, or a stratum has no never-treated units, or no
            cohort with three untreated periods.
        """
        if facts.leads:
            raise IdentificationError(
                Message("differential trends and flat leads are not separately identified"),
                hint="controls='all', or leave out 'trends'",
            )
        factors = dict.fromkeys([*facts.strata(panel), *facts.time_strata(panel)])
        common = np.zeros(panel.unit_labels.size, dtype=np.int64)
        codes = np.stack([common, *(panel.strata_codes[f] for f in factors)], axis=1)
        table, stratum = np.unique(codes, axis=0, return_inverse=True)
        cohort = np.asarray(panel.cohort_codes, dtype=np.int64)
        names = [
            " × ".join(panel.levels[f][k] for f, k in zip(factors, row[1:], strict=True))
            for row in table
        ]
        _check(panel, stratum.ravel(), np.where(cohort < 0, -1, cohort - facts.anticipation), names)
        parts = _parts(self, stratum.ravel(), cohort, panel.periods)
        return replace(equation, processes=(*equation.processes, *parts))


def _parts(
    trends: DifferentialTrends, stratum: Index, cohort: Index, n_periods: int
) -> Sequence[ProcessPart]:
    """Return ``b t + w_t`` of all treated units, of each stratum, and of each cohort of a stratum.

    Without the first, differential trends of many strata would average out in the overall effect.
    """
    ever = cohort >= 0
    t = np.asarray(np.arange(n_periods) - 0.5 * (n_periods - 1), dtype=np.float64)
    loadings = {"line": t[:, None], "walk": np.asarray(np.tri(n_periods)[:, 1:])}
    alone = np.unique(np.stack([stratum, cohort]), axis=1, return_inverse=True)[1].ravel()
    shared = {"line": (trends.line, False), "walk": (trends.walk, True)}
    apart = {"line": (trends.cohort_line, True), "walk": (trends.cohort_walk, True)}
    parts = [
        ("common_trend", np.where(ever, 0, -1), shared, True),
        ("trend", np.where(ever, stratum, -1), shared, False),
        ("cohort_trend", np.where(ever, alone, -1), apart, False),
    ]
    out = []
    for name, owner, sizes, common in parts[np.unique(stratum[ever]).size == 1 :]:
        kinds = [kind for kind, (size, _) in sizes.items() if size > 0.0]
        scales = [
            Scale(f"{name}_{kind}", scale_prior(sizes[kind][0]), estimated=sizes[kind][1])
            for kind in kinds
        ]
        if scales:
            out.append(ProcessPart(name, owner, [loadings[x] for x in kinds], scales, common))
    return out


def _check(panel: Panel, stratum: Index, start: Index, names: Sequence[str]) -> None:
    """See that each stratum has never treated units, and a cohort with some untreated periods."""
    unit, time = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)
    before = (start[unit] >= 0) & (time < start[unit])
    seen = np.unique(np.stack([stratum[unit], start[unit], time])[:, before], axis=1)
    pairs, counts = np.unique(seen[:2], axis=1, return_counts=True)
    adopts = np.unique(stratum[start >= 0])
    lacking = np.setdiff1d(adopts, stratum[start < 0])
    if lacking.size:
        raise IdentificationError(
            Message("differential trends need units that are never treated in each stratum"),
            where=shown([names[int(k)] for k in lacking]),
            hint="a design with fewer strata, or trends=None",
        )
    short = np.setdiff1d(adopts, pairs[0][counts >= LEAST])
    if short.size:
        raise IdentificationError(
            Message(
                "differential trends need a cohort with {} untreated periods in each stratum", LEAST
            ),
            where=shown([names[int(k)] for k in short]),
            hint="a panel that starts earlier, a design with fewer strata, or trends=None",
        )
