"""Designs that say how adopters would have moved, one value each, and what speaks for them.

On untreated rows, effects of treated cells flat, adopters have beside their time effects a mean of
their own at each of the last periods before adoption, ``g = (g_1, .., g_K)``, common to cohorts and
strata. A design that lets units respond k periods early has ``g_1, .., g_k ~ N(0, s^2)``, and zero
for what is earlier. With flat g the posterior given parameters x is ``N(m(x), V(x))``, so that, P
the prior covariance and expectations over draws of x,

    log p(y | k periods) - log p(y | none) = log E[N(m; 0, V + P)] - log E[N(m; 0, V)],

a Savage-Dickey ratio, once without a drift and once with it. Between the two stands the log Bayes
factor of parallel trends. The leads that a design does not free, ``(g_k+1, .., g_K)``, are its own
check: they are zero if it is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from bayes_nqp.checks.shared import reason
from bayes_nqp.checks.trends._bayes_factor import evidence_against_drift, untreated
from bayes_nqp.checks.trends._differential_trend import widened
from bayes_nqp.checks.trends._leads import freedom, tail_at
from bayes_nqp.designs import Design, DifferentialTrends
from bayes_nqp.errors import Hint, IdentificationError, NQPError
from bayes_nqp.fitting import REFITS, Fit, SlopeLaw, known_draws, once, panel_of, require, slope_law
from bayes_nqp.language import NOTHING, Message, listed
from bayes_nqp.panel import Panel

DRIFT_ODDS: Final = 2.0
"""Prior log odds of a drift; docs/truth.md says what they rest on."""
_NEAR = 3
"""Periods before adoption that have means of their own."""
_STANDS_OUT = 0.05
"""Tail probability of zero below which a mean stands out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A design beside the fit's: the same but for what is assumed of adopters before adoption.

    Parameters
    ----------
    name : Message
        In words.
    early : int, default 0, periods
        By which units may respond sooner than the fit's design lets them.
    drift : bool, default False
        Whether adopters may drift.
    """

    name: Message
    early: int = 0
    drift: bool = False

    def changes(self, fit: Fit) -> dict[str, object]:
        """Arguments by which it differs from the fit's design."""
        facts = fit.facts
        stated, ahead = facts.term(DifferentialTrends), facts.anticipation + self.early
        changes: dict[str, object] = {}
        if self.early:
            changes["anticipation"] = ahead
        if self.drift != (stated is not None) or facts.has("factors"):
            changes["trends"] = DifferentialTrends() if self.drift else None
        if self.drift and facts.leads:
            changes["controls"] = "all"
        return changes

    def design(self, fit: Fit) -> Design:
        """The design, as `fit` takes it."""
        return fit.design.variant(self.changes(fit))

    def hint(self, fit: Fit) -> Message:
        """What to write for it."""
        changes = self.changes(fit)
        return listed([Message("{}", Hint(*change)) for change in changes.items()], len(changes))


CANDIDATES: Final = (
    Candidate(Message("parallel trends")),
    Candidate(Message("a response or dip one period before adoption"), 1),
    Candidate(Message("a response two periods before adoption"), 2),
    Candidate(Message("differential trends"), drift=True),
    Candidate(
        Message("differential trends and a response or dip one period before adoption"), 1, True
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

    def log_posterior(self, drift_odds: float = DRIFT_ODDS) -> float:
        """Log posterior probability, up to a constant, by prior odds of a drift."""
        return self.value + drift_odds * self.candidate.drift


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
    own = next(x for x in CANDIDATES if not x.changes(fit))
    return _weighed(fit, own).tail


def last_period_alone(fit: Fit) -> bool:
    """Whether adopters stand out in the last period before adoption, and in none before it."""
    try:
        law = _means(fit, drift=False)
    except NQPError:
        return False
    if law is None or law.mean.size < 2:
        return False
    last, others = (_tail(fit, law, x) for x in (slice(1), slice(1, None)))
    return last < _STANDS_OUT <= others


def _freedom(fit: Fit) -> float:
    """Degrees of freedom of adopters against the never treated."""
    ever = np.asarray(panel_of(fit).cohort_codes) >= 0
    return freedom(int(ever.sum()), int((~ever).sum()))


def _tail(fit: Fit, law: SlopeLaw, which: slice) -> float:
    """Tail probability of zero of some of the means."""
    precision = np.linalg.pinv(law.covariance[which, which], hermitian=True)
    return tail_at(law.mean[which], precision, _freedom(fit))


def _means(fit: Fit, *, drift: bool) -> SlopeLaw | None:
    return once(fit, ("near", drift), partial(_near, fit, drift=drift))


def _weighed(fit: Fit, candidate: Candidate) -> Evidence:
    if not fit.takes("trends", "anticipation"):
        if not (candidate.early or candidate.drift):
            return Evidence(candidate, 0.0)
        return Evidence(candidate, reason=Message("this design has no such choice"))
    try:
        value, error = (
            once(fit, "drift", partial(evidence_against_drift, fit))
            if candidate.drift
            else (0.0, 0.0)
        )
        law = _means(fit, drift=candidate.drift)
        if law is None:
            if candidate.early:
                return Evidence(candidate, reason=Message("too few periods before adoption"))
            return Evidence(candidate, -value, error)
        if law.mean.size < candidate.early:
            return Evidence(candidate, reason=Message("too few periods before adoption"))
    except NQPError as refusal:
        return Evidence(candidate, reason=reason(refusal))
    later = slice(candidate.early, None)
    tail = _tail(fit, law, later) if law.mean[later].size else np.nan
    return Evidence(candidate, _ratio(law, candidate.early) - value, error, tail)


def _ratio(law: SlopeLaw, early: int) -> float:
    """Log marginal likelihood with means that are free, less that without (module)."""
    prior = np.diag(np.where(np.arange(law.mean.size) < early, law.s**2, 0.0))
    return law.log_density(prior) - law.log_density(np.zeros_like(prior))


def _near(fit: Fit, *, drift: bool) -> SlopeLaw | None:
    """The law of adopters' means just before adoption, outcome units."""
    require(fit, REFITS)
    panel, seed = panel_of(fit), int(fit.sampler.seed or 0)
    flat = untreated(fit.outcome_design, panel, fit.facts.noise)
    if drift:
        flat = flat.variant({"trends": DifferentialTrends()})
    for number in range(_NEAR, 0, -1):
        wider, names = _with_near(panel, fit.facts.anticipation, number)
        if not names:
            continue
        stated = flat.facts.covariates
        changes = {} if stated is None else {"covariates": (*stated, *names)}
        try:
            return slope_law(flat.variant(changes), wider, names, seed=seed, stock=known_draws(fit))
        except IdentificationError:
            continue
    return None


def _with_near(panel: Panel, ahead: int, number: int) -> tuple[Panel, tuple[str, ...]]:
    """Give a panel a covariate for each of the last untreated periods of adopters."""
    start = np.where(panel.cohort_codes >= 0, panel.cohort_codes - ahead, -1)[panel.unit_codes]
    distance = np.where(start >= 0, start - panel.time_codes, 0)
    columns = np.stack([distance == k for k in range(1, number + 1)]).astype(np.float64)
    if not columns.any(axis=1).all():
        return panel, ()
    return widened(panel, "period before adoption", columns)
