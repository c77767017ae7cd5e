"""How it was done: the model, its priors, the sampler, the words."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp import vocabulary as v
from bayes_nqp.compression import IID
from bayes_nqp.designs import Mediation
from bayes_nqp.reports._content import Block, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._sentences import listed
from bayes_nqp.tables._described import model_words
from bayes_nqp.tables._words import percent

__all__ = ["methods"]


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
    if isinstance(fit.design, Mediation):
        names = listed(context.channels, context.language)
        yield Paragraph(say["mediation_says"].format(mediators=names))
    posterior = fit.posterior
    yield Paragraph(
        say["sampling_says"].format(
            sampler=say[f"sampler_{type(fit.sampler).__name__}"],
            chains=posterior.sizes[v.CHAIN],
            draws=posterior.sizes[v.DRAW],
            gate=context.gate(),
        )
    )
    yield Paragraph(say["words_says"].format(percent(context.prob)), "quiet")


def _model(context: Context) -> str:
    say, panel = context.say, context.panel
    names = () if panel is None else panel.roles.covariates
    covariates = say["model_with_covariates"].format(listed(names, context.language))
    pooling = say["pool_says"].format(**model_words(context.fit, say, context.language))
    key = "model_staggered" if context.staggered else "model_exposure"
    design = context.fit.design
    design = design.design if isinstance(design, Mediation) else design
    controls = say[f"controls_{getattr(design, 'controls', 'all')}"]
    return say[key].format(
        controls=controls, covariates=covariates if names else "", pooling=pooling
    )


def _priors(context: Context) -> str:
    say, fit = context.say, context.fit
    design = fit.design.design if isinstance(fit.design, Mediation) else fit.design
    priors, whom = design.priors, design.effect.varying
    rho = (
        "" if isinstance(design.errors, IID) else say["prior_rho"].format(*map(_plain, priors.rho))
    )
    scales = {
        name: _plain(getattr(priors, name))
        for name in ("level", "drift", "contrast", "cohort", "cell", "member", "sigma")
    }
    return say["priors_says"].format(
        s=f"{fit.scale:.3g}",
        whom=say["whom_unit"] if whom in (None, v.UNIT) else whom,
        rho=rho,
        **scales,
    )


def _plain(number: float) -> str:
    return f"{number:g}"
