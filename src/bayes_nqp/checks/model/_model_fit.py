"""Check of model fit: posterior predictive tests of untreated observations.

The check also computes the consequence of a misfit for the average effect, for its standard
deviation and for its value. A model that misses the distribution of errors (correlation, tails or
variances) still gives a consistent average: with the influences ``psi_i`` of units (`_influences`),
its robust SD is compared with that of the model, and the largest ``|psi_i|`` with one SD. A model
that misses a movement of the treated relative to the others may miss the average itself. Under a
design that allows for this movement, the average is ``theta'``. Since that design includes the
fit's own as a special case, ``theta' - theta`` has the variance ``var(theta') - var(theta)`` if the
fit is right (Hausman 1978).

References
----------
Hausman, J. A. (1978). Specification tests in econometrics. Econometrica 46(6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from annotated_types import Ge

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable, NQPError
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import NOTHING, Message, advised, detailed, enumerated, joined
from bayes_nqp.checks.model._cluster import robust
from bayes_nqp.checks.model._clusters import clusters_by
from bayes_nqp.checks.model._eigenvalue import eigenvalue_shares
from bayes_nqp.checks.model._influences import influences, saturated_model
from bayes_nqp.checks.model._latent_fit import (
    latent_advice,
    latent_statistics,
    richer_errors,
    uniformity,
)
from bayes_nqp.checks.model._tail import Tail, phrase, tail_of
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.checks.shared import (
    GIVEN_PARALLEL,
    HOLDS,
    Finding,
    Guide,
    Verdict,
    asks,
    average_effect,
    convergence_text,
    ladder,
    reported_weights,
)
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import (
    RESIDUALS,
    ROWS,
    SEPARATE,
    UNITS,
    Fit,
    panel_of,
    refit,
    replications,
)
from bayes_nqp.model.designs import AR1, DifferentialTrends, Factors, structures
from bayes_nqp.model.likelihoods import robust_likelihood

_LIMIT, _FAR = 1.2, 1.5
"""Ratios of SDs above which a misfit leads to caution, and to failure."""
_CHANCE = 0.05
"""Probability of a larger ratio if the model is true."""
_MOVED, _LOST = 1.96, 2.58
"""SDs of the difference between two designs for the verdicts caution and failed."""
_LAST, _COMMON = "last pre-period", "eigenvalue"
_MOVEMENT: Final = ("pre-period", _COMMON)


@dataclass(frozen=True, slots=True)
class Harm:
    """Consequence of a misfit for the average effect.

    Parameters
    ----------
    doubtful, fatal : bool
        True if it exceeds what chance explains, and if the average should not be reported.
    sentence : Message
        Sentence with the numbers.
    """

    doubtful: bool
    fatal: bool
    sentence: Message


def harm_of(fit: Fit, names: Iterable[str]) -> list[Harm]:
    """Compute the consequence of each kind of misfit for the average effect.

    Parameters
    ----------
    names : iterable of str
        Statistics that the model does not reproduce.
    """
    missed = list(names)
    moving = [name for name in missed if any(part in name for part in _MOVEMENT)]
    harms = []
    if len(moving) < len(missed):
        harms.append(_of_errors(fit) if fit.facts.approximated else _of_shape(fit))
    if moving:
        last, common = all(_LAST in x for x in moving), any(_COMMON in x for x in moving)
        harms.append(_of_movement(fit, last=last, common=common))
    return [harm or _UNKNOWN for harm in harms]


_UNKNOWN: Final = Harm(
    True, True, Message("The consequence for the average effect could not be computed.")
)
_RATIO: Final = Message(
    "Clustered by unit, the standard error of the average effect is {:.2f} times that of the model."
)
_NARROW: Final = Message(
    "Clustered by unit, the standard error of the average effect is {:.2f} times that of the "
    "model, so its interval is too narrow."
)
_INFLUENCE: Final = Message(
    "Leaving out a single unit moves the average effect by up to {:.1f} posterior SDs."
)
_FIT: Final = Message("Next: fit again with {} in the design.")


def _of_shape(fit: Fit) -> Harm | None:
    """Compute the ratio of robust to model SD by unit, and the largest influence of a unit."""
    try:
        units = clusters_by(fit)
        weights = reported_weights(group_time_effects(fit))[1].toarray()[:1]
        model_frame, everywhere, errors = saturated_model(fit, weights)
        estimate = robust(model_frame, everywhere, errors, units.codes, units.unit_effect)
        values = influences(fit, weights[0], units.unit_effect)
    except (NotApplicable, NQPError):
        return None
    ratio = float(estimate.ratio[0])
    limit = float(estimate.quantile(1.0 - _CHANCE)[0])
    most = float(np.abs(values.values).max() / np.sqrt(values.model))
    narrow = ratio > max(_LIMIT, limit)
    sentences = [(_NARROW if narrow else _RATIO).fill(ratio), _INFLUENCE.fill(most)]
    if not narrow and most > 1.0:
        sentences.reverse()
    sentence = joined([sentences[0], detailed(sentences[1])])
    return Harm(narrow or most > 1.0, ratio > max(_FAR, limit), sentence)


def _of_errors(fit: Fit) -> Harm:
    """Compare the average with that under richer errors; without one there is caution."""
    other = richer_errors(fit)
    if other is None:
        return Harm(True, False, _UNKNOWN.sentence)
    hint, ratio, shift = other
    sentence = Message(
        "With {} in the design, the posterior SD of the average effect is {:.2f} times as large, "
        "and the average moves by {:.1f} SDs.",
        hint, ratio, shift,
    )  # fmt: skip
    return Harm(True, ratio > _FAR or shift > _LOST, sentence)


def _of_movement(fit: Fit, *, last: bool, common: bool) -> Harm | None:
    """Compute the average under a design that allows for the movement, in SDs of the difference.

    A movement shared by all units always leads to caution, as it may coincide with adoption later.
    """
    change = _roomier(fit, last=last)
    if not change:
        return None
    hint = Hint(*next(iter(change.items())))
    try:
        other = refit(fit, fit.variant(**change))
    except (NotApplicable, NQPError):
        return None
    draws, others = average_effect(fit), average_effect(other)
    shift, variance = float(others.mean() - draws.mean()), float(others.var() - draws.var())
    sds = abs(shift) / np.sqrt(max(variance, 0.1 * float(draws.var())))
    sentence = Message(
        "With {} in the design, the average effect is {:.3g} instead of {:.3g} (the difference "
        "is {:.1f} times its SD).",
        hint,
        float(others.mean()),
        float(draws.mean()),
        sds,
    )
    failed = convergence_text(other) != convergence_text(fit)
    return Harm(sds > _MOVED or failed or common, sds > _LOST and not failed, sentence)


def _roomier(fit: Fit, *, last: bool) -> dict[str, Any]:
    """Return the argument of a design that allows for the movement; empty if there is none."""
    if last and fit.takes("anticipation") and not fit.facts.anticipation:
        return {"anticipation": 1}
    if fit.takes("trends") and fit.facts.parallel:
        return {"trends": DifferentialTrends()}
    return {}


_MISFIT, _SURE = 0.03, 0.01
"""Joint p-values below which the model has a misfit, and a certain one."""


@asks(
    "Does the model reproduce the untreated outcomes that were observed?",
    "model fit",
    of="errors",
    place=130,
    needs=(ROWS, UNITS, RESIDUALS, SEPARATE),
    guide=Guide(
        statistic=Message(
            "Autocorrelation, tails, variances, common movements and pre-adoption differences "
            "of untreated observations, compared with replications from the posterior "
            "predictive distribution. If some are not reproduced: their consequence for the "
            "average effect.",
        ),
        thresholds=Message(
            "A misfit: fewer than {0:.0%} of replications have any statistic as far out as the"
            " observed one. Caution for a misfit of the error distribution: the clustered "
            "standard error exceeds the model's by a factor of {2:.1f} and beyond chance "
            "({4:.0%}), or one unit moves the average by more than one SD. Caution for a "
            "misfit of movements: a model that allows for them differs by {5:.2f} SDs of the "
            "difference, or all units move together. Failed: p < {1:.0%}, and a factor of "
            "{3:.1f} or a difference of {6:.2f} SDs.",
            _MISFIT,
            _SURE,
            _LIMIT,
            _FAR,
            _CHANCE,
            _MOVED,
            _LOST,
        ),
        failure=Message(
            "The model misses a feature of the data on which the average effect or its "
            "interval depends.",
        ),
        remedy=Message(
            "fit again with the missing feature in the design, for example {0}, {1}, {2} or {3}",
            Code("errors=nqp.AR1()", '[design] errors = { type = "AR1" }'),
            Code("errors=nqp.Heteroskedastic()", '[design] errors = { type = "Heteroskedastic" }'),
            Code("likelihood=nqp.StudentT()", '[design] likelihood = { type = "StudentT" }'),
            Code("trends=nqp.Factors()", '[design] trends = { type = "Factors" }'),
        ),
        code=(
            "again = nqp.fit(design.replace(errors=nqp.Heteroskedastic()), panel)\n"
            'nqp.check(again, "model_fit")'
        ),
        literature=(
            "Gelman, Meng and Stern (1996); Robins, van der Vaart and Ventura (2000); Hausman "
            "(1978)"
        ),
        limits=Message(
            "Posterior predictive p-values are conservative. Small common factors and linear "
            "trends of cohorts are not detected.",
        ),
    ),
)
def model_fit(fit: Fit, *, draws: Annotated[int, Ge(20)] = 500) -> Finding:
    """Compare untreated observations with replications from the posterior predictive distribution.

    The statistics concern assumptions of the model that least squares does not fit: autocorrelation
    of the residuals at lags 1 to 3 and partial autocorrelation at lag 2; kurtosis and largest size
    of the innovations; the ratio of the largest to the smallest standard deviation among strata and
    among periods; and differences of the treated from the others before adoption (slope, last
    period, size of steps). All are computed in the same way on observed and on replicated outcomes,
    net of unit effects, time effects and slopes; no effect enters them.

    A further statistic tests for common factors of untreated units beyond their time effects: the
    share of the largest eigenvalue of the covariance of their innovations, each period scaled to
    the same variance. Its replications are the same innovations with independent random signs,
    centred again, so that tails and unequal variances are kept; shocks that clusters share under
    the design are redrawn. It uses units that are untreated in every period of a window, and cannot
    detect linear trends.

    Each statistic has a two-sided posterior predictive p-value. They are tested jointly by the
    share of replications in which any statistic is as far out as the farthest observed one. Such
    p-values are conservative, since the parameters were fitted to the same data.

    The verdict concerns the average effect. If the distribution of errors is missed, the
    cluster-robust SD of the average is compared with that of the model. If a movement is missed, a
    design that allows for it is fitted: ``DifferentialTrends``, or one period of anticipation if
    only the last period before adoption is far out.

    Under a likelihood with latent outcomes, such as ``Poisson()``, statistics are those of working
    outcomes, such as ``log(y + 1/2)``; in addition, their skewness, the share of zeros and the mean
    of units at their zeros. Common factors are not tested. The consequence of a missed distribution
    is computed by a refit with a richer error structure. The figure contains the standard deviation
    of randomised quantile residuals of each observation given all others, which is 1 for a correct
    model.

    Parameters
    ----------
    draws : int, default 500
        Number of replications.

    References
    ----------
    Gelman, A., Meng, X.-L. and Stern, H. (1996). Posterior predictive assessment of model
    fitness via realized discrepancies. Statistica Sinica 6(4). Robins, J. M., van der Vaart, A.
    and Ventura, V. (2000). Asymptotic distribution of p values in composite null models.
    Journal of the American Statistical Association 95(452).
    """
    rows = Untreated(fit.model_frame)
    quantiles: Message = NOTHING
    attrs: dict[str, float] = {}
    if fit.facts.approximated:
        observed, replicated, residuals = latent_statistics(fit, rows, draws)
        _require_pairs(observed)
        tail = tail_of(observed, [replicated])
        sd, p = uniformity(residuals)
        attrs = {"quantile_residual_sd": sd, "quantile_residual_p": p}
        quantiles = Message("; SD of quantile residuals {:.2f}", sd)
    else:
        tail = _tail(fit, rows, draws)
    names, k = tail.outside or [tail.names[tail.worst]], tail.worst
    harms = harm_of(fit, names) if tail.overall < _MISFIT else []
    verdict = ladder(
        fails=tail.overall < _SURE and any(harm.fatal for harm in harms),
        doubt=any(harm.doubtful for harm in harms),
    )
    figure = Message(
        "p = {:.3f} over {} statistics; largest misfit: {} {:.3g}, replicated {:.3g} ± {:.2g}{}",
        tail.overall,
        len(tail.names),
        tail.names[k],
        tail.observed[k],
        tail.replicated[:, k].mean(),
        tail.replicated[:, k].std(),
        quantiles,
    )
    evidence = tail.dataset(
        predictive="posterior",
        outcome=str(fit.record.get("outcome", "")),
        **attrs,
        **{GIVEN_PARALLEL: int(fit.facts.parallel and _trends_alone(names, harms))},
    )
    return Finding(verdict, figure, _sentence(verdict, names, harms, fit), evidence, "predictive")


def _tail(fit: Fit, rows: Untreated, draws: int) -> Tail:
    """Compare statistics of observed outcomes with those of replications."""
    observed = _statistics(rows, rows.equation.rows.outcome[None], fit.scale)
    _require_pairs(observed)
    actual, signed = eigenvalue_shares(fit, rows, draws)
    parts = [
        {
            **_statistics(rows, part.outcome, fit.scale),
            **{name: values[part.draws] for name, values in signed.items()},
        }
        for part in replications(fit, draws=draws, seed=fit.sampler.seed or 0)
    ]
    return tail_of({**observed, **actual}, parts)


def _require_pairs(observed: dict[str, Array]) -> None:
    """Raise an error if no statistic of consecutive periods could be computed."""
    if "kurtosis of innovations" not in observed:
        raise NotApplicable(
            Message("Too few units have untreated observations in consecutive periods.")
        )


def _trends_alone(names: list[str], harms: list[Harm]) -> bool:
    """Return True if only differences before adoption are harmful; they are the last harm."""
    moving = [name for name in names if any(part in name for part in _MOVEMENT)]
    common, others = any(_COMMON in name for name in moving), harms[:-1]
    return bool(moving and harms) and not (common or any(harm.doubtful for harm in others))


def _statistics(rows: Untreated, outcome: Array, scale: float) -> dict[str, Array]:
    residuals, _, _ = rows.residuals(outcome)
    before = rows.before(outcome, residuals) if rows.model_frame.exposure is None else {}
    return {**rows.shape(residuals), **{name: x * scale for name, x in before.items()}}


def _sentence(verdict: Verdict, names: list[str], harms: list[Harm], fit: Fit) -> Message:
    if not harms:
        alike = Message(
            "Outcomes drawn from the model are like the observed ones in autocorrelation, tails, "
            "variances, common movements and pre-adoption differences."
        )
        power = Message("Posterior predictive p-values are conservative and miss small misfits.")
        return joined([alike, detailed(power)])
    missed = Message(
        "The model does not reproduce the observed {}.", enumerated(phrase(name) for name in names)
    )
    if verdict == HOLDS:
        harmless = Message("The average effect does not depend on this misfit.")
        return joined([missed, harmless, *(detailed(harm.sentence) for harm in harms)])
    first, *others = sorted(harms, key=lambda harm: (not harm.fatal, not harm.doubtful))
    steps = [x for x in _advice(fit) if any(x[0] in n for n in names)]
    # A misfit of movements is the last harm; the next step is for the worst harm.
    moved = first is harms[-1] and any(part in n for n in names for part in _MOVEMENT)
    steps.sort(key=lambda x: (x[0] in _MOVEMENT) != moved)
    details = [*(harm.sentence for harm in others), *(why for _, why, _ in steps)]
    step = next((step for *_, step in steps if step), NOTHING)
    return joined([missed, first.sentence, advised(step), *map(detailed, details)])


def _advice(fit: Fit) -> list[tuple[str, Message, Message]]:
    """Return a part of a statistic's name, the reason for a misfit of it, and the next step."""
    noise = fit.facts.noise
    advice: list[tuple[str, Message, Message]] = []
    if fit.facts.approximated:
        advice += latent_advice(fit)
    if not noise.correlated:
        serial = Message("Errors are correlated over time.")
        advice += [("autocorrelation", serial, _FIT.fill(Hint("errors", AR1())))]
    elif isinstance(noise, AR1):
        slow = Message("Autocorrelations do not decline as those of AR(1) errors do.")
        richer = [x for x in noise.richer if x.groups(panel_of(fit)) is None]
        step = _FIT.fill(Hint("errors", richer[-1])) if richer else NOTHING
        advice += [("autocorrelation", slow, step)]
    likelihood, robust = fit.facts.likelihood, robust_likelihood()
    if not (likelihood.robust or fit.facts.approximated):
        large = Message("Some changes are too large for {} errors.", likelihood.label)
        look = Message("Next: inspect the observations with the largest changes.")
        if robust is not None:
            look = Message(
                "Next: inspect the observations with the largest changes, or fit again with {} in "
                "the design.",
                Hint("likelihood", robust),
            )
        advice.append(("innovation", large, look))
    unequal = next(iter(structures("Heteroskedastic")), None)
    spread: Message = NOTHING
    if unequal is not None and noise.groups(panel_of(fit)) is None:
        strata = fit.facts.strata(panel_of(fit))
        by = strata[0] if len(strata) == 1 else None
        kind: Any = type(unequal)
        spread = _FIT.fill(Hint("errors", kind(noise, by=by)))
    apart = Message("Treated units diverged from untreated units before adoption.")
    trends = Message(
        "Next: compare the assumptions about trends, {}.", Hint("check", "assumptions")
    )
    common = Message("Untreated units move together beyond their time effects.")
    roomier = DifferentialTrends() if fit.takes("trends") and fit.facts.parallel else None
    shared = _FIT.fill(Hint("trends", roomier or Factors())) if fit.takes("trends") else NOTHING
    return [
        *advice,
        ("between strata", Message("Errors are larger in some strata than in others."), spread),
        ("between periods", Message("Errors are larger in some periods than in others."), NOTHING),
        ("pre-period", apart, trends),
        ("eigenvalue", common, shared),
    ]
