"""Candidate models of treated units' untreated outcomes, and the evidence for each.

On untreated observations, with flat effects of treated cells, treated units have in addition to
their time effects a mean at each of the last periods before adoption, ``g = (g_1, .., g_K)``,
common to cohorts and strata. A response that begins k periods early builds up,
``g_j = a q_j``, j = 1, .., k, and is zero before, ``a ~ N(0, s^2)``. With probability 1/2, q has
the shape that a dip of 1, .., k - 1 periods leaves, each equally likely, ``(1, .., 1, r, r^2,
..)``, where r is the autocorrelation of the errors over one period. With probability 1/4, q is one
throughout, as for a level shift. Otherwise ``q_j = l^(j - 1)``, l uniform on (0, 1). If a dip, a
shift and a response leave the same trace, their log evidence therefore differs by a few units at
most. With a flat density of g the posterior given parameters x is ``N(m(x), V(x))``. With P the
prior covariance and the expectation over draws of x,

    log p(y | k periods) = log p(y | flat g) + log E[N(m; 0, V + P)],

once without and once with differential trends. Without means, ``log p(y)`` is integrated directly:
at P = 0 the expectation would rest on few draws if m is far from zero. The two are linked by
the log Bayes factor of parallel trends. The leads that a design does not free,
``(g_k+1, .., g_K)``, test the design: they are zero if it is true.

Prior probabilities belong to three families of assumptions (`PRIOR`): parallel trends, differential
trends, and an event just before adoption. Candidates of one family share its probability by their
`share`, so that pi_d = P(family) share_d / (sum of shares of the family's identified candidates).
With t_d the tail probability of a candidate's free leads and w_d its posterior probability, the
evidence is tempered by the share of candidates that their leads do not reject,

    z = sum_d w_d min(1, t_d / .05),    log w*_d = log pi_d + z log p(y | d) + constant:

if leads reject every candidate with high evidence, the largest evidence identifies no effect.

Common factors (`Factors`) are a candidate of the family of differential trends if untreated
observations clearly prefer them. Flat loadings have no marginal likelihood. The evidence is the log
predictive density of held-out untreated observations, less that under parallel trends and less
``log(n) / 2`` for each of the k (T - 1 - k) free elements of k factors (Schwarz), n the number of
units. The predictive density already penalises factors that are estimated without the held-out
observations, so this evidence is too low rather than too high. Below `CLEAR`, factors are no
candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np
from scipy.special import logsumexp, softmax

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, IdentificationError, NQPError, StudyError, nearest
from bayes_nqp._core.i18n import NOTHING, Message, listed
from bayes_nqp.checks.model import error_means
from bayes_nqp.checks.shared import REFUTED, reason
from bayes_nqp.checks.trends._bayes_factor import evidence_against_differential_trend
from bayes_nqp.checks.trends._near_adoption import (
    LINES,
    at_zero,
    near_adoption,
    own_columns,
    tail_of_means,
    variance_alone,
)
from bayes_nqp.inference.fitting import Fit, SlopeLaw, once, panel_of
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import (
    AshenfelterDip,
    Calendar,
    Design,
    DifferentialTrends,
    Factors,
    PreAdoptionShift,
    Term,
    held_out_gains,
    net_rows,
)

type Family = Literal["parallel", "differential", "event"]
PRIOR: Final[Mapping[Family, float]] = {"parallel": 0.3, "differential": 0.5, "event": 0.2}
"""Prior probabilities of the families of assumptions (reasons: docs/trends.md)."""
FAMILIES: Final[Mapping[Family, Message]] = {
    "parallel": Message("parallel trends"),
    "differential": Message("differential trends"),
    "event": Message("an event just before adoption"),
}
"""The families in words: anticipation, Ashenfelter's dip and level shifts are events."""
_GRID: Final = (np.arange(10) + 0.5) / 10
"""Midpoints of the uniform prior of l, the rate at which a response builds up."""
_FADES, _STAYS = 0.5, 0.25
"""Prior probabilities that a response has the shape of a dip, and that it is constant."""
_STANDS_OUT = 0.05
"""Tail probability of zero below which a mean differs from zero."""
CLEAR: Final = 10.0
"""Log evidence of common factors over parallel trends from which they are a candidate."""
CONTRADICTED: Final = 0.05
"""Tail probability of a candidate's free leads below which they reject it."""
_PRIOR_HINT: Final = 'prior={"parallel": 0.3, "differential": 0.5, "event": 0.2}, summing to 1'


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate model: the design of the fit with another assumption about pre-adoption outcomes.

    Parameters
    ----------
    name : Message
        Name in words.
    early : int, default 0, periods
        Number of further periods by which units may respond before adoption.
    trends : Term, optional
        Term for the untreated outcomes of treated units.
    share : float, default 1
        Share of the prior probability of its family, relative to other candidates of the family.
    """

    name: Message
    early: int = 0
    trends: Term | None = None
    share: float = 1.0

    @property
    def differential_trend(self) -> bool:
        """Return True if treated units may follow differential trends."""
        return self.trends is not None and self.trends.role == "drift"

    @property
    def factors(self) -> bool:
        """Return True if units have their own loadings on common factors."""
        return self.trends is not None and self.trends.role == "factors"

    @property
    def family(self) -> Family:
        """Family of assumptions of the candidate."""
        if self.differential_trend or self.factors:
            return "differential"
        return "event" if self.early or self.trends is not None else "parallel"

    def changes(self, fit: Fit) -> dict[str, object]:
        """Return the arguments in which the candidate differs from the design of the fit."""
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
        """Return the design, with "drop" if only this candidate leaves effects unidentified."""
        design = fit.design.variant(self.changes(fit))
        if fit.takes("unidentified"):
            try:
                model_frame_of(design, panel_of(fit))
            except IdentificationError:
                return design.variant({"unidentified": "drop"})
        return design

    def hint(self, fit: Fit) -> Message:
        """Return the arguments of the candidate as code."""
        changes = self.changes(fit)
        return listed([Message("{}", Hint(*change)) for change in changes.items()], len(changes))


def _kind(trends: Term | None) -> object:
    """Return the kind of a term, regardless of its scales."""
    if isinstance(trends, DifferentialTrends):
        return trends.role, trends.walk == trends.cohort_walk == 0.0
    return trends


CANDIDATES: Final = (
    Candidate(Message("parallel trends")),
    Candidate(Message("anticipation one period before adoption"), 1),
    Candidate(Message("anticipation two periods before adoption"), 2),
    Candidate(Message("anticipation three periods before adoption"), 3),
    Candidate(Message("Ashenfelter's dip of one period"), trends=AshenfelterDip()),
    Candidate(Message("Ashenfelter's dip of two periods"), trends=AshenfelterDip(2)),
    Candidate(Message("Ashenfelter's dip of three periods"), trends=AshenfelterDip(3)),
    Candidate(Message("a level shift three periods before adoption"), trends=PreAdoptionShift()),
    Candidate(Message("a linear differential trend"), trends=LINES, share=4.0),
    Candidate(Message("differential trends"), trends=DifferentialTrends()),
    Candidate(
        Message("differential trends and anticipation of one period"),
        1,
        DifferentialTrends(),
    ),
)
"""Candidate models of the average; a new one needs one line here."""
CHOICES: Final = (
    Candidate(
        Message("selection of all treated units after one unusual period"),
        trends=AshenfelterDip(at_once=True),
    ),
    Candidate(
        Message("selection of all treated units after three unusual periods"),
        trends=AshenfelterDip(3, at_once=True),
    ),
)
"""Compared but not averaged: a business cycle of treated units looks the same."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of untreated observations for a candidate.

    Parameters
    ----------
    value : float
        Log marginal likelihood less that of parallel trends; missing if it does not exist.
    error : float
        Monte Carlo error of the value.
    tail : float
        Tail probability of zero of the leads that the design does not free; missing without any.
    reason : Message
        Reason for missing evidence.
    """

    candidate: Candidate
    value: float = np.nan
    error: float = 0.0
    tail: float = np.nan
    reason: Message = NOTHING


def prior_of(prior: Mapping[str, float] | None) -> dict[Family, float]:
    """Return prior probabilities of all families.

    Parameters
    ----------
    prior : mapping of str to float, optional
        Probabilities of some or all families; the others share the rest in the default ratio.

    Raises
    ------
    StudyError
        If a name is not a family, a value is not a probability, or the sum is not one.
    """
    if prior is None:
        return dict(PRIOR)
    for name, value in prior.items():
        if name not in PRIOR:
            raise StudyError(
                f"'prior' names {name!r}, which is not a family of assumptions",
                hint=nearest(str(name), PRIOR),
            )
        if not 0 <= value <= 1:
            raise StudyError(f"prior[{name!r}] is {value!r}, not a probability", hint=_PRIOR_HINT)
    defaults = {name: p for name, p in PRIOR.items() if name not in prior}
    left, share = 1.0 - sum(prior.values()), sum(defaults.values())
    if left < -1e-9 or (not defaults and left > 1e-9):
        total = f"{sum(prior.values()):.4g}"
        raise StudyError(f"the probabilities of 'prior' add up to {total}, not 1", hint=_PRIOR_HINT)
    return {
        name: float(prior[name]) if name in prior else max(left, 0.0) * p / share
        for name, p in PRIOR.items()
    }


def probabilities(evidence: Sequence[Evidence], prior: Mapping[Family, float] = PRIOR) -> Array:
    """Compute posterior probabilities of candidates, tempered by their leads (see the module).

    Parameters
    ----------
    evidence : sequence of Evidence
        Evidence of candidates, without missing values.
    prior : mapping of str to float
        Prior probabilities of all families.

    Returns
    -------
    ndarray (candidate)
        Probabilities that sum to one. Families without evidence are left out; the others keep the
        ratio of their prior probabilities.
    """
    value = np.array([x.value for x in evidence])
    family, share = zip(*((x.candidate.family, x.candidate.share) for x in evidence), strict=True)
    total = {
        name: sum(s for f, s in zip(family, share, strict=True) if f == name) for name in prior
    }
    pi = np.array([prior[f] * s / total[f] for f, s in zip(family, share, strict=True)])
    if not pi.any():
        raise StudyError(
            "'prior' gives no probability to the families that this panel identifies",
            hint=_PRIOR_HINT,
        )
    with np.errstate(divide="ignore"):
        log_prior = np.log(pi)
    tail = np.array([x.tail for x in evidence])
    standing = np.where(np.isnan(tail), 1.0, np.minimum(1.0, tail / CONTRADICTED))
    z = softmax(log_prior + value) @ standing
    return np.asarray(softmax(log_prior + z * value))


def family_probabilities(
    evidence: Sequence[Evidence], prior: Mapping[Family, float] = PRIOR
) -> dict[Family, float]:
    """Compute posterior probabilities of the families with evidence for at least one candidate."""
    comparable = [x for x in evidence if not x.reason]
    out: dict[Family, float] = {}
    for x, p in zip(comparable, probabilities(comparable, prior), strict=True):
        out[x.candidate.family] = out.get(x.candidate.family, 0.0) + float(p)
    return out


def log_bayes_factor(
    posterior: Mapping[Family, float], prior: Mapping[Family, float] = PRIOR
) -> float:
    """Compute the log Bayes factor of parallel trends against the other families, by their prior.

    Posterior log odds less prior log odds; missing if parallel trends have no alternative.
    """
    others = [name for name in posterior if name != "parallel"]
    p, q = posterior.get("parallel", 0.0), sum(posterior[name] for name in others)
    pi, other = prior["parallel"], sum(prior[name] for name in others)
    if min(p, pi, other) <= 0:
        return np.nan
    return float(np.log(p / max(q, np.finfo(float).tiny)) - np.log(pi / other))


def evidence_of(fit: Fit) -> tuple[Evidence, ...]:
    """Compute the evidence for every candidate from untreated observations; the fit caches it.

    Returns
    -------
    tuple of Evidence
        In the order of `CANDIDATES`; common factors last, if observations clearly prefer them.
    """

    def weighed() -> tuple[Evidence, ...]:
        factors = _factors(fit)
        return (*(_weighed(fit, x) for x in CANDIDATES), *(() if factors is None else (factors,)))

    return once(fit, "candidates", weighed)


def _factors(fit: Fit) -> Evidence | None:
    """Compute the evidence for common factors; None unless observations clearly prefer them."""
    facts, model = fit.facts, fit.model_frame.model
    timing = model.timing
    if not (fit.takes("trends", "anticipation") and facts.exact and facts.reach == "none"):
        return None
    # Shared shocks of groups are factors too, so the two are not compared here.
    if not isinstance(timing, Calendar) or facts.shared_by:
        return None
    rows = net_rows(model.equations[0], facts, timing.without_leads(), model.panel)
    gains = held_out_gains(rows)
    units, periods = float(rows.counts.sum()), rows.seen.shape[1]
    number = np.arange(gains.size)
    values = gains - 0.5 * number * (periods - 1 - number) * np.log(units)
    if not values.size or values.max() < CLEAR:
        return None
    best = int(values.argmax())
    stated = fit.facts.term(Factors)
    trends = stated if stated is not None and stated.number in (None, best) else Factors(best)
    candidate = Candidate(
        Message("{n} common factor", plural="{n} common factors", n=best), trends=trends
    )
    # Coefficients just before adoption are not tested: each would need a fit with factors.
    return Evidence(candidate, float(values[best]), 0.0)


def chosen(fit: Fit) -> Evidence | None:
    """Return the evidence for selection of all treated units at one date, if clearly preferred.

    Returns
    -------
    Evidence or None
        The selection with the highest evidence, if this exceeds that of every candidate and
        `REFUTED` plus the log of the number of models, and its leads do not reject it.
    """
    choices = [_weighed(fit, x) for x in CHOICES]
    every = (*evidence_of(fit), *choices)
    answers = [x for x in every if not x.reason and x.candidate.changes(fit)]
    most = max(answers, key=lambda x: x.value, default=None)
    limit = REFUTED + np.log(max(len(answers), 1))
    if most not in choices or most.value < limit or most.tail < CONTRADICTED:
        return None
    return most


def own_leads(fit: Fit) -> float:
    """Return the tail probability of zero of the pre-adoption means that a design does not free.

    Returns
    -------
    float
        Missing if the panel identifies none.
    """
    stated = next((x for x in fit.facts.terms if x.argument == "trends"), None)
    return _weighed(fit, Candidate(Message("as fitted"), trends=stated)).tail


def last_period_alone(fit: Fit) -> bool:
    """Return True if treated units differ in the last period before adoption and never before."""
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
            against, error = once(fit, "drift", partial(evidence_against_differential_trend, fit))
            value = -against
    except NQPError as refusal:
        return Evidence(candidate, reason=reason(refusal))
    if law is None and not (early or lines):
        return Evidence(candidate, value, error)
    # A dip with a posterior wider than its prior covers all periods before adoption.
    vague = law is not None and lines and trends != LINES and variance_alone(law) > law.s**2
    if law is None or law.mean.size < lines + early or vague:
        return Evidence(candidate, reason=Message("too few periods before adoption"))
    later = slice(lines + early, None)
    tail = tail_of_means(fit, law, later) if law.mean[later].size else np.nan
    return Evidence(candidate, value + _ratio(fit, candidate, law), error, tail)


def _variances(fit: Fit, trends: Term | None, law: SlopeLaw) -> list[float]:
    """Return the prior variances of a term's columns."""
    if trends != LINES:
        return [law.s**2] * own_columns(trends)
    # Unit-information prior of a common slope b (Kass, Wasserman): N(0, n V), V its variance
    # without means near adoption, 1/n = 1/n_1 + 1/n_0.
    panel = panel_of(fit)
    ever = round(panel.counts[panel.cohort_codes >= 0].sum())
    never = panel.n_units - ever
    return [variance_alone(law) / (1.0 / max(ever, 1) + 1.0 / max(never, 1))]


def _ratio(fit: Fit, candidate: Candidate, law: SlopeLaw) -> float:
    """Compute the log marginal likelihood with free slopes, less that without (see the module)."""
    trends, early = candidate.trends, candidate.early
    variances = _variances(fit, trends, law)
    if not (variances or early):
        return 0.0
    shapes, weights = _shapes(fit, early) if early > 1 else (np.ones((1, early)), np.ones(1))
    log = np.empty(len(shapes))
    for k, q in enumerate(shapes):
        # Prior covariance P of (b, g), g = a (q, 0, ..): s^2 q q' and the variance of b.
        prior = np.diag([*variances, *np.zeros(law.mean.size - len(variances))])
        means = slice(len(variances), len(variances) + early)
        prior[means, means] = law.s**2 * np.outer(q, q)
        log[k] = law.log_density(prior)
    return float(logsumexp(log, b=weights)) - at_zero(fit, trends, law)


def _shapes(fit: Fit, early: int) -> tuple[Array, Array]:
    """Return possible shapes of an early response (shape, period), and their prior weights."""
    means = np.array([list(error_means(fit).values())])
    v = fit.facts.noise.covariance(panel_of(fit).periods, means)[0]
    r = np.clip(v[-1, -2] / v[-1, -1], 0.0, 1.0)
    j = np.arange(early)
    dips = [r ** np.maximum(j - d, 0) for d in range(early - 1)]
    weights = [_FADES / len(dips)] * len(dips) + [_STAYS]
    weights += [(1.0 - _FADES - _STAYS) / _GRID.size] * _GRID.size
    return np.array([*dips, np.ones(early), *(_GRID[:, None] ** j)]), np.array(weights)
