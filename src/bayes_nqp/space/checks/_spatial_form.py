"""Tests of the form of a spatial model: SDM against SAR, SEM and SLX."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit, softmax

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, PanelError, StudyError
from bayes_nqp._core.i18n import Message, advice_of, advised, chance, detailed, joined, unadvised
from bayes_nqp._core.types import Positive
from bayes_nqp.checks.model import error_means
from bayes_nqp.checks.shared import DOUBT, HOLDS, UNTOLD, Finding, Guide, asks, ladder, reason
from bayes_nqp.inference.fitting import LINKED, ROWS, UNITS, Fit, panel_of, refit
from bayes_nqp.inference.model_frame import ModelFrame, model_frame_of
from bayes_nqp.model.designs import Design
from bayes_nqp.model.pooling import single_curve
from bayes_nqp.model.predictors import TimeEffects
from bayes_nqp.numerics.linear_gaussian import LogDeterminant
from bayes_nqp.space.checks._balanced import covariates_of
from bayes_nqp.space.checks._form_posteriors import FORMS, marginals, posteriors
from bayes_nqp.space.checks._neighbour_weights import named
from bayes_nqp.space.checks._spatial_form_words import (
    BOTH,
    LEVEL,
    SURE,
    TOLD,
    disputes_of,
    figure_of,
    plainly,
    sentence_of_rejection,
    table_of_tests,
    verdict_of,
)
from bayes_nqp.space.checks._spatial_ml import Forms, independent
from bayes_nqp.space.checks._weights_probabilities import weights_probabilities
from bayes_nqp.space.terms import SpatialLag

_ALONE = Message(
    "The two criteria disagree on the spatial form, so estimated spillover "
    "effects depend on the form chosen."
)
_BY_RATIO = Message("The likelihood ratio alone gives this result:")


@asks(
    "Is the form of the spatial model (SAR, SEM, SLX, SDM) supported by the data?",
    "spatial form",
    of="outcome",
    place=175,
    needs=(LINKED, ROWS, UNITS),
    guide=Guide(
        statistic=Message(
            "Likelihood ratio and Wald tests of the spatial Durbin model (SDM) against "
            "the spatial lag (SAR), spatial errors (SEM) and spatially lagged "
            "covariates (SLX), and posterior probabilities of SDM, SAR and SEM."
        ),
        thresholds=Message(
            "Caution: the likelihood ratio rejects the form of the fit at {0:.0%}, or "
            "SEM explains as much as SDM, or likelihood ratio and marginal likelihoods "
            "disagree. Failed: it rejects at {1:.1%}. Inconclusive: neither SAR nor "
            "SEM is rejected and neither has a probability of {2:g} or more among the "
            "two. A fit with spatial errors and W X is judged by its odds against SDM.",
            LEVEL,
            SURE,
            TOLD,
        ),
        failure=Message(
            "The spatial form is misspecified, so estimated spillover effects may be biased or "
            "spurious."
        ),
        remedy=Message(
            "compare the average effect over spatial forms with nqp.weights_probabilities(fit, "
            "weights) and report the spread"
        ),
        code=(
            'matrices = {"W": nqp.spatial_weights.nearest(panel, k=8)}\n'
            "nqp.weights_probabilities(fit, matrices).table"
        ),
        literature=("Elhorst (2014); Burridge (1981); LeSage (2014); Kass and Wasserman (1995)"),
        limits=Message("The weights are taken as given; 'spatial_weights' compares them."),
    ),
)
def spatial_form(fit: Fit, *, theta_sd: Positive | None = None) -> Finding:
    """Test the spatial Durbin model (SDM) against SAR, SEM and SLX.

    SAR has ``theta = 0``: only the outcomes of linked units enter. SEM has ``theta = -delta beta``:
    there are no spillovers, and errors are spatially correlated. SLX has ``delta = 0``: treatment
    and covariates of linked units enter, without feedback. Each restriction has a Wald and a
    likelihood ratio statistic, by maximum likelihood on contrasts whitened by the errors of the
    Durbin model, net of time effects by level; and again with errors independent over time, as
    papers print them. The verdict uses the likelihood ratio on whitened contrasts, because the Wald
    statistic of a common factor depends on how the restriction is written. SAR and SEM have as many
    parameters and are not nested. If neither is rejected, their odds by marginal likelihood (by
    likelihood if there is none) distinguish them from nine to one on. All forms have effects on one
    curve (a level and a slope in event time; an exposure has one slope), no unit-level random
    effects, as SEM requires, and W X of every column.

    The evidence also has the posterior of theta and of ``theta + delta beta`` in the Durbin model,
    and log marginal likelihoods of SDM, SAR and SEM with probabilities under equal prior odds. A
    marginal likelihood depends on the prior of theta: it has unit information (an SD of
    ``sqrt(units)`` posterior SDs), for treatment also the prior of the design, half of it centred
    on ``theta = 0`` and half on ``theta = -delta beta``, so that neither SAR nor SEM is favoured.
    There is no marginal likelihood if W links units with different time effects, because the
    likelihood is then adjusted.

    Likelihood ratio and marginal likelihoods may disagree: the form with the highest marginal
    likelihood is rejected, or this form is the Durbin model and a restricted form is not rejected.
    The sentence reports this, and the verdict is "caution".

    The Durbin model does not include spatial errors with W X (SDEM). A fit with these is compared
    with the Durbin model by odds from marginal likelihoods, as in `nqp.weights_probabilities`:
    passed from nine to one in favour, caution from nine to one against, failed from 999 to one
    against.

    If mediators of linked units enter the equation of the outcome, the check uses that equation,
    given mediators; in the total effect their innovations would be shocks shared by linked units.

    There is no Hausman test: unit effects have flat priors in every design, and no model with
    random ones is fitted as an alternative.

    Parameters
    ----------
    theta_sd : float, optional
        Prior SD of coefficients of linked units' covariates instead of unit information, in
        multiples of ``s`` by within-unit SD of W x; those of treatment then have the priors of the
        design alone.

    References
    ----------
    Elhorst, J. P. (2014). Spatial Econometrics: From Cross-Sectional Data to Spatial Panels.
    Burridge, P. (1981). Testing for a common factor in a spatial autoregression model. Kass, R. E.
    and Wasserman, L. (1995). A reference Bayesian test for nested hypotheses.
    """
    if _term(fit).form == "SDEM":
        return _errors_beside(fit)
    designs = _designs(fit)
    try:
        durbin = refit(fit, designs["SDM"])
    except (PanelError, StudyError) as error:
        why = Message("The spatial Durbin model cannot be fitted: {}.", reason(error))
        raise NotApplicable(why) from None
    tests = {
        "whitened": _forms(durbin, designs["SAR"], white=True).restrictions(),
        "iid": _forms(durbin, designs["SAR"], white=False).restrictions(),
    }
    evidence = table_of_tests(tests).merge(posteriors(durbin))
    evidence.attrs |= named(_term(fit).weights.aligned(panel_of(fit).unit_labels))
    marginal = marginals(fit, durbin, designs, theta_sd)
    if marginal:
        evidence["log_marginal"] = ("form", [marginal[form] for form in FORMS])
        evidence["probability"] = ("form", softmax(evidence["log_marginal"].to_numpy()))
    ours = tests["whitened"]
    p = {form: x.ratio_p for form, x in ours.items()}
    # log L(SAR) - log L(SEM) is half the difference of the likelihood ratio statistics.
    form, by_ratio = _term(fit).form, 0.5 * (ours["SEM"].ratio - ours["SAR"].ratio)
    lead = marginal["SAR"] - marginal["SEM"] if marginal else by_ratio
    verdict, sentence = verdict_of(form, p, float(expit(lead)))
    figure = figure_of(ours, evidence)
    if disputes := disputes_of(form, p, marginal):
        _, sentence = verdict_of(form, p, float(expit(by_ratio)))
        first, *others = disputes
        more = [*others, _BY_RATIO, unadvised(sentence), advice_of(sentence)]
        parts = [first, _ALONE, advised(BOTH), *(detailed(plainly(x)) for x in more if x)]
        verdict, sentence = DOUBT, joined(parts)
    return Finding(verdict, figure, sentence, evidence, refit=durbin)


def _errors_beside(fit: Fit) -> Finding:
    """Judge spatial errors with W X (SDEM) by their odds against the Durbin model.

    Raises
    ------
    NotApplicable
        If either has no marginal likelihood.
    """
    weights = _term(fit).weights
    answer = weights_probabilities(fit, {weights.name: weights}, forms=("SDM", "SDEM"))
    if answer.left_out:
        raise NotApplicable(Message("{}", answer.left_out[0][1]))
    lag = float(answer.forms["SDM"])
    figure = Message("probability of SDM {}, SDEM {}", chance(lag, 2), chance(1.0 - lag, 2))
    verdict = ladder(fails=lag >= 1.0 - SURE, doubt=lag >= TOLD, untold=lag > 1.0 - TOLD)
    sentence = {
        HOLDS: Message(
            "The data favour spatial errors (SDEM) over a spatial lag of the outcome (SDM)."
        ),
        UNTOLD: joined(
            [
                Message(
                    "The data do not distinguish spatial errors (SDEM) from a spatial lag of "
                    "the outcome (SDM)."
                ),
                Message(
                    "Spillover effects that pass through the outcomes of neighbours remain "
                    "uncertain."
                ),
                advised(BOTH),
            ]
        ),
    }.get(verdict, sentence_of_rejection("SLX"))
    return Finding(verdict, figure, sentence, answer.table)


def _term(fit: Fit) -> SpatialLag:
    term = fit.facts.term(SpatialLag)
    assert term is not None
    return term


def _designs(fit: Fit) -> dict[str, Design]:
    """Return designs of the three forms, by name.

    Raises
    ------
    NotApplicable
        If the design is not compatible with spatial errors.
    """
    facts, term = fit.facts, _term(fit)
    if term.dynamics:
        raise NotApplicable(
            Message(
                "The outcome depends on the period before, but the check compares forms "
                "within a period. The check 'dynamics' tests dynamic models."
            )
        )
    if term.receivers:
        raise NotApplicable(
            Message(
                "The check needs a common spillover coefficient for all units; run it on a "
                "fit without 'receivers'."
            )
        )
    if facts.moderator is not None:
        raise NotApplicable(
            Message(
                "Spatial errors, one of the forms compared, are not available with a "
                "moderator of the effect."
            )
        )
    if len(facts.terms) > 1 or (facts.time and facts.time.pooled):
        raise NotApplicable(
            Message(
                "Spatial errors, one of the forms compared, are not available with "
                "differential trends, shared shocks or pooled time effects."
            )
        )
    time = TimeEffects(facts.time_strata(panel_of(fit)))
    terms = {
        "SDM": replace(term, durbin=True, error=False, lag=True),
        "SAR": replace(term, durbin=False, error=False, lag=True),
        "SEM": replace(term, durbin=False, error=True, lag=True),
    }
    return {
        form: fit.variant(spillovers=each, effect=single_curve(), time=time)
        for form, each in terms.items()
    }


def _forms(durbin: Fit, plain: Design, *, white: bool) -> Forms:
    """Return observations of the three forms, whitened by the errors of the Durbin model.

    Parameters
    ----------
    plain : Design
        Design without columns of linked units.
    """
    panel, model_frame = panel_of(durbin), model_frame_of(plain, panel_of(durbin))
    equation, frame, spec = (
        model_frame.equations[0],
        model_frame.codes,
        model_frame.model.equations[0],
    )
    lag, linked = spec.lag, spec.linked
    assert lag is not None
    assert linked is not None
    assert isinstance(lag.log_determinant, LogDeterminant)
    rows, columns = equation.rows, _columns(model_frame)
    table = np.zeros((frame.n_units, frame.n_periods, 1 + len(columns)))
    table[rows.unit, rows.time] = np.stack([panel.outcome / equation.scale, *columns], axis=1)
    levels = np.equal.outer(frame.level, np.unique(frame.level)).astype(np.float64)
    values = np.array([list(error_means(durbin).values())])
    covariance = durbin.facts.noise.covariance(frame.n_periods, values)[0]
    x = table[..., 1:]
    return Forms.of_panel(
        table[..., 0], x[..., independent(x, levels, linked.links)], levels, linked.links,
        covariance if white else np.eye(frame.n_periods), lag.log_determinant,
    )  # fmt: skip


def _columns(model_frame: ModelFrame) -> list[Array]:
    """Return treatment (level, slope in event time) or exposure, then covariates."""
    cell, exposure = model_frame.cell_of_row[model_frame.kept], model_frame.exposure
    treated = np.where(cell >= 0, 1.0, 0.0)
    columns = [treated, treated * model_frame.table.event_time[cell]]
    if exposure is not None:
        columns = [exposure.values[model_frame.kept]]
    return columns + covariates_of(model_frame)
