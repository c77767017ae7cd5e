"""Designs that say how adopters would have moved, one value each, and what speaks for them.

On untreated rows, effects of treated cells flat, adopters have beside their time effects a mean of
their own at each of the last periods before adoption, ``g = (g_1, .., g_K)``, common to cohorts and
strata. A response k periods early has built up, ``g_j = a q_j``, j = 1, .., k, and zero before,
``a ~ N(0, s^2)``. With probability 1/2 q is what a dip of 1, .., k - 1 periods leaves, each alike,
``(1, .., 1, r, r^2, ..)``, r being what errors keep of themselves over a period; with 1/4 it is one
throughout, as of a level that shifted; else ``q_j = l^(j - 1)``, l uniform on (0, 1). So none of
these has more than some nats over a response for a mark that both would leave. With g of density
one the posterior given parameters x is ``N(m(x), V(x))``, so that, P the prior covariance and the
expectation over draws of x,

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
from scipy.special import logsumexp, softmax

from bayes_nqp.arrays import Array
from bayes_nqp.checks.model import error_means
from bayes_nqp.checks.shared import REFUTED, reason
from bayes_nqp.checks.trends._bayes_factor import evidence_against_drift
from bayes_nqp.checks.trends._near_adoption import (
    LINES,
    at_zero,
    near_adoption,
    own_columns,
    tail_of_means,
    variance_alone,
)
from bayes_nqp.designs import Design, DifferentialTrends, Dip, LevelShift, Term
from bayes_nqp.errors import Hint, IdentificationError, NQPError
from bayes_nqp.fitting import Fit, SlopeLaw, once, panel_of
from bayes_nqp.language import NOTHING, Message, listed
from bayes_nqp.planning import plan_of

DRIFT_ODDS: Final = 1.5
"""Prior log odds of a drift; docs/truth.md says what they rest on."""
_GRID: Final = (np.arange(10) + 0.5) / 10
"""Midpoints over which l, of a response that builds up by itself, is uniform."""
_FADES, _STAYS = 0.5, 0.25
"""Prior probabilities that a response looks like a dip, and that it is there at once."""
_STANDS_OUT = 0.05
"""Tail probability of zero below which a mean stands out."""
CONTRADICTED: Final = 0.05
"""Tail probability of a design's own leads below which they contradict it."""


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
        """The design, as `fit` takes it, without rows whose effects it alone cannot identify."""
        design = fit.design.variant(self.changes(fit))
        if fit.takes("unidentified"):
            try:
                plan_of(design, panel_of(fit))
            except IdentificationError:
                return design.variant({"unidentified": "drop"})
        return design

    def hint(self, fit: Fit) -> Message:
        """What to write for it."""
        changes = self.changes(fit)
        return listed([Message("{}", Hint(*change)) for change in changes.items()], len(changes))


def _kind(trends: Term | None) -> object:
    """What a term lets adopters do, whatever its scales."""
    if isinstance(trends, DifferentialTrends):
        return trends.role, trends.walk == trends.cohort_walk == 0.0
    return trends


CANDIDATES: Final = (
    Candidate(Message("parallel trends")),
    Candidate(Message("a response one period before adoption"), 1),
    Candidate(Message("a response two periods before adoption"), 2),
    Candidate(Message("a response three periods before adoption"), 3),
    Candidate(Message("adoption after a bad or good period"), trends=Dip()),
    Candidate(Message("adoption after two bad or good periods"), trends=Dip(2)),
    Candidate(Message("adoption after three bad or good periods"), trends=Dip(3)),
    Candidate(Message("a level that changed three periods before adoption"), trends=LevelShift()),
    Candidate(Message("a drift along lines"), trends=LINES),
    Candidate(Message("differential trends"), trends=DifferentialTrends()),
    Candidate(
        Message("differential trends and a response one period before adoption"),
        1,
        DifferentialTrends(),
    ),
)
"""Whoever adds a design adds a line."""
CHOICES: Final = (
    Candidate(
        Message("a choice of all adopters after a bad or good period"), trends=Dip(at_once=True)
    ),
    Candidate(
        Message("a choice of all adopters after three bad or good periods"),
        trends=Dip(3, at_once=True),
    ),
)
"""Asked beside these, and not averaged: a cycle of adopters leaves the same mark."""


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


def preferred(fit: Fit) -> Evidence | None:
    """Find what untreated rows clearly prefer to parallel trends, where it is no drift.

    Returns
    -------
    Evidence or None
        The candidate or choice for which most speaks, if that is `REFUTED` nats and the log of the
        number asked, and its own leads do not contradict it.
    """
    weighed = (*evidence_of(fit), *(_weighed(fit, x) for x in CHOICES))
    answers = [x for x in weighed if not x.reason and x.candidate.changes(fit)]
    most = max(answers, key=lambda x: x.value, default=None)
    limit = REFUTED + np.log(max(len(answers), 1))
    if most is None or most.candidate.drift or most.value < limit or most.tail < CONTRADICTED:
        return None
    return most


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
        law = near_adoption(fit, None)
    except NQPError:
        return False
    if law is None or law.mean.size < 2:
        return False
    last, others = (tail_of_means(fit, law, x) for x in (slice(1), slice(1, None)))
    return last < _STANDS_OUT <= others


def _weighed(fit: Fit, candidate: Candidate) -> Evidence:
    trends, early = candidate.trends, candidate.early
    if not fit.takes("trends", "anticipation"):
        if trends is None and not early:
            return Evidence(candidate, 0.0)
        return Evidence(candidate, reason=Message("this design has no such choice"))
    lines, error = own_columns(trends), 0.0
    try:
        law = near_adoption(fit, trends, early + 1)
        value = 0.0
        if trends is not None and not lines:
            against, error = once(fit, "drift", partial(evidence_against_drift, fit))
            value = -against
    except NQPError as refusal:
        return Evidence(candidate, reason=reason(refusal))
    if law is None and not (early or lines):
        return Evidence(candidate, value, error)
    # A dip known worse than by its prior is one of all periods before adoption: their level.
    vague = law is not None and lines and trends != LINES and variance_alone(law) > law.s**2
    if law is None or law.mean.size < lines + early or vague:
        return Evidence(candidate, reason=Message("too few periods before adoption"))
    later = slice(lines + early, None)
    tail = tail_of_means(fit, law, later) if law.mean[later].size else np.nan
    return Evidence(candidate, value + _ratio(fit, candidate, law), error, tail)


def _variances(fit: Fit, trends: Term | None, law: SlopeLaw) -> list[float]:
    """Prior variances of a term's own columns."""
    if trends != LINES:
        return [law.s**2] * own_columns(trends)
    # One slope b for all adopters, N(0, n V), V its variance without means near adoption: what a
    # single unit would tell (Kass, Wasserman), 1/n = 1/n_1 + 1/n_0.
    panel = panel_of(fit)
    ever = round(panel.counts[panel.cohort_codes >= 0].sum())
    never = panel.n_units - ever
    return [variance_alone(law) / (1.0 / max(ever, 1) + 1.0 / max(never, 1))]


def _ratio(fit: Fit, candidate: Candidate, law: SlopeLaw) -> float:
    """Log marginal likelihood with slopes that are free, less that without (module)."""
    trends, early = candidate.trends, candidate.early
    variances = _variances(fit, trends, law)
    if not (variances or early):
        return 0.0
    shapes, weights = _shapes(fit, early) if early > 1 else (np.ones((1, early)), np.ones(1))
    log = np.empty(len(shapes))
    for k, q in enumerate(shapes):
        # P of (b, g), g = a (q, 0, ..): s^2 q q' beside b's own.
        prior = np.diag([*variances, *np.zeros(law.mean.size - len(variances))])
        means = slice(len(variances), len(variances) + early)
        prior[means, means] = law.s**2 * np.outer(q, q)
        log[k] = law.log_density(prior)
    return float(logsumexp(log, b=weights)) - at_zero(fit, trends, law)


def _shapes(fit: Fit, early: int) -> tuple[Array, Array]:
    """What a response of some periods may look like (shape, period), and prior weights."""
    means = np.array([list(error_means(fit).values())])
    v = fit.facts.noise.covariance(panel_of(fit).periods, means)[0]
    r = np.clip(v[-1, -2] / v[-1, -1], 0.0, 1.0)
    j = np.arange(early)
    dips = [r ** np.maximum(j - d, 0) for d in range(early - 1)]
    weights = [_FADES / len(dips)] * len(dips) + [_STAYS]
    weights += [(1.0 - _FADES - _STAYS) / _GRID.size] * _GRID.size
    return np.array([*dips, np.ones(early), *(_GRID[:, None] ** j)]), np.array(weights)
