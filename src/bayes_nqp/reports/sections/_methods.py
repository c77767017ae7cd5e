"""How it was done: the model, its priors, the sampler, the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._confidence import Subject, needed_for
from bayes_nqp.designs.noise import Noise
from bayes_nqp.estimands import ENOUGH
from bayes_nqp.language import closed
from bayes_nqp.likelihoods import StudentT
from bayes_nqp.parameters import Correlation, HalfNormal
from bayes_nqp.pooling import Partial, Separate
from bayes_nqp.priors import Priors
from bayes_nqp.reports._content import Block, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._sentences import listed
from bayes_nqp.tables._described import model_words
from bayes_nqp.tables._words import percent

__all__ = ["methods"]

_SCALES = {"period": "cell"}
"""Fields of the priors, where they bear another name."""


def methods(context: Context) -> Iterator[Block]:
    """State the model with its priors, how it was sampled, and what words mean.

    Parameters
    ----------
    context : Context

    Yields
    ------
    Block
    """
    say, fit = context.say, context.fit
    yield Heading(say["methods"])
    yield Paragraph(_model(context))
    yield Paragraph(_priors(context))
    if fit.design.facts.channels:
        names = listed(context.channels, context.language)
        yield Paragraph(say["mediation_says"].format(mediators=names))
    posterior = fit.posterior
    yield Paragraph(
        closed(
            say["sampling_rows_says" if _heavy(context) else "sampling_says"].format(
                sampler=say[f"sampler_{type(fit.sampler).__name__}"],
                chains=posterior.sizes[v.CHAIN],
                draws=posterior.sizes[v.DRAW],
                gate=context.gate(),
            )
        )
    )
    yield Paragraph(context.joined(_scales(context)), "quiet")


def _scales(context: Context) -> Iterator[str]:
    """Say what likelihood and confidence mean, and how growth and differences are judged."""
    say, comma = context.say, context.say["ground_comma"]
    yield say["words_says"].format(percent(context.prob))
    subjects: dict[Subject, object] = {
        "average": True,
        "contrast": context.factors,
        "channel": context.channels,
    }
    needed = []
    for subject in (one for one, there in subjects.items() if there):
        names = needed_for(subject, adopted=context.staggered)
        checks = comma.join(say[f"check_{name}"] for name in names)
        needed.append(say[f"needed_{subject}"].format(checks))
    yield say["words_confidence"].format(needed=say["ground_and"].join(needed))
    if context.factors:
        yield say["words_contrasts"]
        if context.staggered:
            yield say["words_leads"]
    if context.staggered:
        yield say["words_growth"].format(ENOUGH)


def _model(context: Context) -> str:
    say, design = context.say, context.fit.design.outcome_design
    names = _covariates(context)
    covariates = say["model_with_covariates"].format(listed(names, context.language))
    pooling = say["pool_says"].format(**model_words(context.fit, say, context.language))
    key = "model_staggered" if context.staggered else "model_exposure"
    controls = say[f"controls_{getattr(design, 'controls', 'all')}"]
    text = say[key].format(
        controls=controls, covariates=covariates if names else "", pooling=pooling
    )
    said = [text]
    if _by_time(context):
        said.append(say["by_time_says"])
    if design.moderator is not None:
        key = "moderator_says" if context.staggered else "moderator_says_exposure"
        said.append(say[key].format(name=design.moderator))
    return context.joined(said)


def _by_time(context: Context) -> bool:
    return bool(getattr(context.fit.design.outcome_design, "by_time", False))


def _heavy(context: Context) -> bool:
    """Whether innovations are Student-t, and rows are sampled one by one."""
    return not context.fit.design.facts.compresses


def _covariates(context: Context) -> tuple[str, ...]:
    design = context.fit.design.outcome_design
    asked = design.covariates
    if asked is not None:
        return tuple(asked)
    if context.panel is not None:
        return context.panel.roles.covariates
    posterior = context.fit.posterior
    slopes = posterior["outcome__slope_label"] if "outcome__slope" in posterior else ()
    return tuple(str(name) for name in np.asarray(slopes) if str(name) != design.moderator)


def _priors(context: Context) -> str:
    say, language, design = context.say, context.language, context.fit.design.outcome_design
    priors, errors = design.priors, design.errors
    flat, normal, half = _pieces(context)
    rho = _priors_of_errors(errors, priors, say)
    likelihood = design.likelihood
    if isinstance(likelihood, StudentT) and likelihood.nu is None:
        rho += say["prior_nu"]
    whom = design.effect.varying
    whom = say["whom_unit"] if whom in (None, v.UNIT) else whom

    def stated(names: list[str]) -> str:
        parts = [
            say[f"prior_{x}"].format(_plain(getattr(priors, _SCALES.get(x, x))), whom=whom)
            for x in names
        ]
        return closed(listed(parts, language))

    listed_flat = listed([say[f"flat_{name}"] for name in flat], language)
    text = say["priors_says"].format(
        flat=listed_flat[0].upper() + listed_flat[1:],
        s=f"{context.fit.scale:.3g}",
        over=say["priors_over" if context.staggered else "priors_over_exposure"],
        normal=say["priors_normal"].format(stated(normal)) if normal else "",
        half=stated(half),
        rho=rho,
    )
    return text


def _priors_of_errors(errors: Noise, priors: Priors, say: Mapping[str, str]) -> str:
    """Word the priors of an error structure's parameters, by their kind."""
    text = ""
    for parameter in errors.parameters(2, priors):
        prior = parameter.prior
        if isinstance(prior, Correlation):
            text += say["prior_rho"].format(_plain(prior.a), _plain(prior.b))
        elif isinstance(prior, HalfNormal):
            text += say["prior_noise"].format(_plain(prior.scale))
        else:
            text += say["prior_other"].format(parameter.name, repr(prior))
    return text


def _pieces(context: Context) -> tuple[list[str], list[str], list[str]]:
    """What has a flat, a normal and a half-normal prior under a design."""
    design, timed = context.fit.design.outcome_design, context.staggered
    pooling = design.effect
    pooled, partial = not isinstance(pooling, Separate), isinstance(pooling, Partial)
    flat = ["unit", "time"]
    flat += ["covariates"] if _covariates(context) else []
    flat += [] if pooled else ["effects"]
    normal = ["level"] if pooled else []
    normal += ["drift"] if pooled and timed else []
    normal += ["contrast"] if partial and context.factors else []
    half = ["walk"] if pooled and timed else []
    half += ["cohort", "cell"] if partial and timed else []
    half += ["period"] if pooled and _by_time(context) else []
    half += ["member"] if pooling.varying is not None else []
    return flat, normal, [*half, "sigma"]


def _plain(number: float) -> str:
    return f"{number:g}"
