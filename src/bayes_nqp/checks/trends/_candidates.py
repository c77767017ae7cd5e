"""Designs that say how adopters would have moved, one value each, and what speaks for them.

On untreated rows, effects of treated cells flat, adopters have beside their time effects a mean of
their own at each of the last periods before adoption, ``g = (g_1, .., g_K)``, common to cohorts and
strata. A design that lets units respond k periods early has ``g_1, .., g_k ~ N(0, s^2)``, and zero
for what is earlier. With g of density one the posterior given parameters x is ``N(m(x), V(x))``, so
that, P the prior covariance and the expectation over draws of x,

    log p(y | k periods) = log p(y | flat g) + log E[N(m; 0, V + P)],

once without a drift and once with it; without means, ``log p(y)`` is integrated directly: at P = 0
the expectation rests on few draws where m is far from zero. Between the two stands the log Bayes
factor of parallel trends. The leads that a design does not free, ``(g_k+1, .., g_K)``, are its own
check: they are zero if it is true. With t_d their tail probability under design d, w_d its
posterior probability and pi_d its prior one, evidence counts by the share that they leave standing,

    z = sum_d w_d min(1, t_d / .05),    log w*_d = log pi_d + z log p(y | d) + constant:

where leads contradict all that has evidence, the largest of it says nothing of effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from scipy.special import softmax

from bayes_nqp.arrays import Array
from bayes_nqp.checks.shared import marginal, reason
from bayes_nqp.checks.trends._bayes_factor import evidence_against_drift, untreated
from bayes_nqp.checks.trends._differential_trend import widened
from bayes_nqp.checks.trends._leads import freedom, tail_at
from bayes_nqp.designs import Design, DifferentialTrends, Dip, Term
from bayes_nqp.errors import Hint, IdentificationError, NQPError
from bayes_nqp.fitting import REFITS, Fit, SlopeLaw, known_draws, once, panel_of, require, slope_law
from bayes_nqp.language import NOTHING, Message, listed
from bayes_nqp.panel import Panel

DRIFT_ODDS: Final = 1.5
"""Prior log odds of a drift; docs/truth.md says what they rest on."""
_NEAR = 3
"""Periods before adoption that have means of their own."""
_STANDS_OUT = 0.05
"""Tail probability of zero below which a mean stands out."""
CONTRADICTED: Final = 0.05
"""Tail probability of a design's own leads below which they contradict it."""

LINES: Final = DifferentialTrends(walk=0.0, cohort_walk=0.0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A design beside the fit's: the same but for what is assumed of adopters before adoption.

    Parameters
    ----------
    name : Message
        In words.
    early : int, default 0, periods
        By which units may respond sooner than the fit's design lets them.
    trends : Term, optional
        How adopters may move otherwise than the others.
    """

    name: Message
    early: int = 0
    trends: Term | None = None

    @property
    def drift(self) -> bool:
        """Whether adopters may drift."""
        return self.trends is not None and self.trends.role == "drift"

    def changes(self, fit: Fit) -> dict[str, object]:
        """Arguments by which it differs from the fit's design."""
        facts = fit.facts
        stated = next((x for x in facts.terms if x.argument == "trends"), None)
        changes: dict[str, object] = {}
        if self.early:
            changes["anticipation"] = facts.anticipation + self.early
        if _kind(self.trends) != _kind(stated):
            changes["trends"] = self.trends
        if self.trends is not None and facts.leads:
            changes["controls"] = "all"
        return changes

    def design(self, fit: Fit) -> Design:
        """The design, as `fit` takes it."""
        return fit.design.variant(self.changes(fit))

    def hint(self, fit: Fit) -> Message:
        """What to write for it."""
        changes = self.changes(fit)
        return listed([Message("{}", Hint(*change)) for change in changes.items()], len(changes))


def _kind(trends: Term | None) -> tuple[str, int]:
    """What a term lets adopters do, whatever its scales."""
    if isinstance(trends, DifferentialTrends):
        return trends.role, trends.walk == trends.cohort_walk == 0.0
    return ("", 0) if trends is None else (trends.role, getattr(trends, "periods", 0))


CANDIDATES: Final = (
    Candidate(Message("parallel trends")),
    Candidate(Message("a response one period before adoption"), 1),
    Candidate(Message("a response two periods before adoption"), 2),
    Candidate(Message("adoption after a bad or good period"), trends=Dip()),
    Candidate(Message("adoption after three bad or good periods"), trends=Dip(3)),
    Candidate(Message("a drift along lines"), trends=LINES),
    Candidate(Message("differential trends"), trends=DifferentialTrends()),
    Candidate(
        Message("differential trends and a response one period before adoption"),
        1,
        DifferentialTrends(),
    ),
)
"""Whoever adds a design adds a line."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What untreated rows say of a candidate.

    Parameters
    ----------
    value : float
        Log marginal likelihood less that of parallel trends; missing where there is none.
    error : float
        Its Monte-Carlo error.
    tail : float
        Tail probability of zero of the leads that the design does not free; missing without any.
    reason : Message
        Why there is no evidence.
    """

    candidate: Candidate
    value: float = np.nan
    error: float = 0.0
    tail: float = np.nan
    reason: Message = NOTHING


def probabilities(evidence: Sequence[Evidence], drift_odds: float = DRIFT_ODDS) -> Array:
    """Probabilities of designs, as far as their own leads let evidence speak (module).

    Parameters
    ----------
    evidence : sequence of Evidence
        Of designs that have some.
    drift_odds : float, default 1.5
        Prior log odds of a drift.

    Returns
    -------
    ndarray (design)
        Their sum is one.
    """
    value = np.array([x.value for x in evidence])
    prior = np.array([drift_odds * x.candidate.drift for x in evidence])
    tail = np.array([x.tail for x in evidence])
    standing = np.where(np.isnan(tail), 1.0, np.minimum(1.0, tail / CONTRADICTED))
    z = softmax(prior + value) @ standing
    return np.asarray(softmax(prior + z * value))


def evidence_of(fit: Fit) -> tuple[Evidence, ...]:
    """Weigh every candidate on untreated rows; the fit keeps what it rests on.

    Returns
    -------
    tuple of Evidence
        In the order of `CANDIDATES`.
    """
    return once(fit, "candidates", lambda: tuple(_weighed(fit, x) for x in CANDIDATES))


def own_leads(fit: Fit) -> float:
    """Tail probability of zero of the means just before adoption that a fit's design does not free.

    Returns
    -------
    float
        Missing where the panel cannot tell any.
    """
    stated = next((x for x in fit.facts.terms if x.argument == "trends"), None)
    return _weighed(fit, Candidate(Message("as fitted"), trends=stated)).tail


def last_period_alone(fit: Fit) -> bool:
    """Whether adopters stand out in the last period before adoption, and in none before it."""
    try:
        law = _means(fit, None)
    except NQPError:
        return False
    if law is None or law.mean.size < 2:
        return False
    last, others = (_tail(fit, law, x) for x in (slice(1), slice(1, None)))
    return last < _STANDS_OUT <= others


def _freedom(fit: Fit) -> float:
    """Degrees of freedom of adopters against the never treated."""
    panel = panel_of(fit)
    ever = panel.cohort_codes >= 0
    return freedom(panel.counts[ever].sum(), panel.counts[~ever].sum())


def _tail(fit: Fit, law: SlopeLaw, which: slice) -> float:
    """Tail probability of zero of some of the means."""
    precision = np.linalg.pinv(law.covariance[which, which], hermitian=True)
    return tail_at(law.mean[which], precision, _freedom(fit))


def _means(fit: Fit, trends: Term | None) -> SlopeLaw | None:
    return once(fit, ("near", trends), partial(_near, fit, trends))


def _weighed(fit: Fit, candidate: Candidate) -> Evidence:
    trends, early = candidate.trends, candidate.early
    if not fit.takes("trends", "anticipation"):
        if trends is None and not early:
            return Evidence(candidate, 0.0)
        return Evidence(candidate, reason=Message("this design has no such choice"))
    lines, error = _number(trends), 0.0
    try:
        law = _means(fit, trends)
        value = 0.0
        if trends is not None and not lines:
            against, error = once(fit, "drift", partial(evidence_against_drift, fit))
            value = -against
    except NQPError as refusal:
        return Evidence(candidate, reason=reason(refusal))
    if law is None and not (early or lines):
        return Evidence(candidate, value, error)
    # A dip known worse than by its prior is one of all periods before adoption: their level.
    vague = law is not None and lines and trends != LINES and _alone(law) > law.s**2
    if law is None or law.mean.size < lines + early or vague:
        return Evidence(candidate, reason=Message("too few periods before adoption"))
    later = slice(lines + early, None)
    tail = _tail(fit, law, later) if law.mean[later].size else np.nan
    return Evidence(candidate, value + _ratio(fit, candidate, law), error, tail)


def _number(trends: Term | None) -> int:
    """Columns of its own by which a term's evidence is known: the dip's, or a common line's."""
    return int(trends == LINES or getattr(trends, "role", "") == "dip")


def _variances(fit: Fit, trends: Term | None, law: SlopeLaw) -> list[float]:
    """Prior variances of a term's own columns."""
    if trends != LINES:
        return [law.s**2] * _number(trends)
    # One slope b for all adopters, N(0, n V), V its variance without means near adoption: what a
    # single unit would tell (Kass, Wasserman), 1/n = 1/n_1 + 1/n_0.
    panel = panel_of(fit)
    ever = round(panel.counts[panel.cohort_codes >= 0].sum())
    never = panel.n_units - ever
    return [_alone(law) / (1.0 / max(ever, 1) + 1.0 / max(never, 1))]


def _alone(law: SlopeLaw) -> float:
    """Variance of a term's first column where adopters have no means near adoption."""
    return float(1.0 / np.linalg.pinv(law.covariance, hermitian=True)[0, 0])


def _ratio(fit: Fit, candidate: Candidate, law: SlopeLaw) -> float:
    """Log marginal likelihood with slopes that are free, less that without (module)."""
    trends, early = candidate.trends, candidate.early
    free = [*_variances(fit, trends, law), *[law.s**2] * early]
    if not free:
        return 0.0
    prior = np.diag([*free, *[0.0] * (law.mean.size - len(free))])
    return law.log_density(prior) - _at_zero(fit, trends, law)


def _at_zero(fit: Fit, trends: Term | None, law: SlopeLaw) -> float:
    """``log E[N(m; 0, V)] = log p(y) - log p(y | flat slopes)``, both integrated directly.

    Where the first has no likelihood of its own, or is of other rows, by the expectation.
    """
    panel = panel_of(fit)
    flat = untreated(fit.outcome_design, panel, fit.facts.noise)
    drift = trends is not None and not _number(trends)
    try:
        without = marginal(fit, flat.variant({"trends": trends}) if drift else flat, panel)
    except NQPError:
        without = None
    if without is None or np.isnan(law.flat) or without.free != law.free:
        return law.log_density(np.zeros_like(law.covariance))
    return without.value - law.flat


def _near(fit: Fit, trends: Term | None) -> SlopeLaw | None:
    """The law of a term's own columns and of adopters' means just before adoption."""
    require(fit, REFITS)
    panel = panel_of(fit)
    flat = untreated(fit.outcome_design, panel, fit.facts.noise)
    dips: tuple[str, ...] = ()
    if trends == LINES:
        ever = np.asarray(panel.cohort_codes)[panel.unit_codes] >= 0
        line = (ever * (panel.time_codes - panel.time_codes.mean())).astype(np.float64)
        panel, dips = widened(panel, "line of adopters", line[None])
    elif trends is not None:
        flat = flat.variant({"trends": trends})
        dips = (Dip.column,) * _number(trends)
    added = () if trends != LINES else dips
    seed, stock = int(fit.sampler.seed or 0), known_draws(fit)
    for number in range(_NEAR, -len(dips), -1):
        wider, names = _with_near(panel, fit.facts.anticipation, number)
        if not (names or dips):
            continue
        stated = flat.facts.covariates
        changes = {} if stated is None else {"covariates": (*stated, *added, *names)}
        try:
            return slope_law(flat.variant(changes), wider, (*dips, *names), seed=seed, stock=stock)
        except IdentificationError:
            continue
    return None


def _with_near(panel: Panel, ahead: int, number: int) -> tuple[Panel, tuple[str, ...]]:
    """Give a panel a covariate for each of the last untreated periods of adopters."""
    start = np.where(panel.cohort_codes >= 0, panel.cohort_codes - ahead, -1)[panel.unit_codes]
    distance = np.where(start >= 0, start - panel.time_codes, 0)
    columns = np.array([distance == k for k in range(1, number + 1)], dtype=np.float64)
    if not number or not columns.any(axis=1).all():
        return panel, ()
    return widened(panel, "period before adoption", columns)
