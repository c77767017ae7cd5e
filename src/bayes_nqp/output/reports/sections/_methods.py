"""Methods: the model, its priors and the sampler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Numeral, Translator, enumerated, separated
from bayes_nqp.effects.estimands import EXITS
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import Parameter
from bayes_nqp.numerics.sampling import NUTS
from bayes_nqp.output.reports._averaged_equations import averaged_equations
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._equation import covariates_of, equation_of
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.reports._scales import scales
from bayes_nqp.output.tables import model_words

_SCALES = {"period": "cell"}
"""Fields of the priors, where they bear another name."""


_CONTROLS: Final = {
    "all": Message(
        "The control group consists of all untreated observations of units never or not "
        "yet treated."
    ),
    "never": Message(
        "The control group consists of never-treated units only: each group and cohort "
        "has its own effect in every period before adoption except the last."
    ),
}
_AFTER: Final = {
    True: Message(
        "Observations after the end of the policy are not controls. They have separate effects by "
        "path, with a mean course in periods since exit and separate prior scales."
    ),
    False: Message(
        "Observations after the end of the policy are controls, which assumes that the effect ends "
        "with the policy."
    ),
}
_ON_LINK: Final = {
    "log": Message(
        "Effects are in log points: an effect of x multiplies the expected outcome by exp(x)."
    ),
    "logit": Message("Effects are in log odds: an effect of x multiplies the odds by exp(x)."),
}
_FLAT: Final = {
    "unit": Message("unit effects"),
    "time": Message("time effects"),
    "covariates": Message("coefficients of covariates"),
    "effects": Message("effects of cells"),
}
_PRIOR: Final = {
    "level": Message("{}s for the overall effect"),
    "drift": Message("{}s for its linear change per period"),
    "contrast": Message("{}s for the difference between two levels of a factor"),
    "walk": Message("{}s for other changes between periods"),
    "cohort": Message("{}s for cohorts"),
    "cell": Message("{}s for single cells"),
    "member": Message("{}s for random effects of {whom}"),
    "sigma": Message("{}s for innovations"),
    "period": Message("{}s for periods, and for groups within periods"),
}
_SAMPLER: Final = {
    "Importance": Message("importance sampling"),
    "NUTS": Message("the No-U-Turn sampler (NUTS)"),
}


@section(place=90)
def methods(context: Context) -> Iterator[Block]:
    """State the equation, the priors and the sampling method."""
    translate, fit = context.translate, context.fit
    method = Message("Methods", context="difference-in-differences")
    yield Heading(translate(method if fit.facts.adopted else Message("Methods")))
    yield equation_of(context)
    yield from averaged_equations(context)
    yield Paragraph(_model(context))
    for term in fit.facts.terms:
        yield Paragraph(translate(term.words(fit.effects.attrs)))
    yield Paragraph(_priors(context))
    yield from _channels(context)
    yield _sampling(context)
    if not context.tells("appendix"):
        yield Paragraph(context.joined(scales(context)), "quiet")


def _channels(context: Context) -> Iterator[Block]:
    """Describe the mediator equations."""
    translate, channels = context.translate, context.fit.facts.channels
    if not channels:
        return
    yield Paragraph(
        translate(
            "The indirect effect through a mediator is the product of paths a and b, "
            "computed in each draw and cell."
        )
    )
    yield Paragraph(context.joined(_slopes_of_mediators(context)))
    if channels.links is not None:
        yield Paragraph(
            translate(
                "Mediators of neighbouring units (spatial weights {}) enter the outcome "
                "equation; their slopes have flat priors and are common to all groups.",
                channels.links.name,
            )
        )


def _slopes_of_mediators(context: Context) -> list[Message]:
    """State the priors of path b, and the conditioning of the joint posterior."""
    facts = context.fit.facts
    if facts.pooling.flat:
        slopes = Message("Slopes of mediators (path b) have flat priors and differ by group.")
    elif "strata" in facts.pooling.pieces and context.factors:
        slopes = Message(
            "The slope of a mediator (path b) has a flat prior. Its difference between "
            "two levels of a factor is normal with SD {}s per within-unit SD of the "
            "mediator; with five or more levels the scale is estimated.",
            _plain(facts.priors.contrast),
        )
    else:
        slopes = Message(
            "The slope of a mediator (path b) has a flat prior and is the same in all groups."
        )
    if facts.joined:
        return [slopes]
    return [
        slopes,
        Message(
            "Equations are sampled separately and their draws paired. The joint posterior"
            " is conditional on the scales and autocorrelations of each equation and on "
            "the correlations of mediator errors."
        ),
    ]


def _sampling(context: Context) -> Block:
    """Describe the sampling method."""
    translate, fit = context.translate, context.fit
    posterior, sampler = fit.posterior, type(fit.sampler).__name__
    return Paragraph(
        translate(
            (
                "All parameters were sampled jointly, with the likelihood of each "
                "observation, by {sampler} in {chains} chains of {draws:,} draws. "
                "Convergence diagnostics: {gate}."
            )
            if fit.facts.by_rows or isinstance(fit.sampler, NUTS)
            else (
                "Scales, autocorrelation, error SD and linear coefficients were sampled by "
                "{sampler} in {chains} chains of {draws:,} draws, from a Gaussian approximation of "
                "each observation, with exact importance weights. Convergence diagnostics: {gate}."
            )
            if fit.facts.approximated
            else (
                "Scales, autocorrelation and error SD were sampled by {sampler} in "
                "{chains} chains of {draws:,} draws, with linear coefficients integrated "
                "out exactly; coefficients were then drawn exactly. Convergence "
                "diagnostics: {gate}."
            ),
            sampler=_SAMPLER.get(sampler, sampler),
            chains=posterior.sizes[v.CHAIN],
            draws=posterior.sizes[v.DRAW],
            gate=context.gate(),
        )
    )


def _model(context: Context) -> str:
    translate, facts = context.translate, context.fit.facts
    link = facts.likelihood.link
    pooling = Message(
        "Effects: {effects}; errors: {errors}; time effects: {time}.",
        **model_words(context.fit, translate),
    )
    sentences = [_CONTROLS["never" if facts.leads else "all"]] if context.staggered else []
    if EXITS.met(context.fit):
        sentences.append(_AFTER[True])
    elif context.panel is not None and context.staggered and context.panel.ends:
        sentences.append(_AFTER[False])
    sentences += [pooling, *([_ON_LINK[link]] if link in _ON_LINK else [])]
    if facts.by_period:
        sentences.append(Message("The slope also differs by period."))
    if facts.moderator is not None:
        moderator = Message(
            "{name} moderates the effect: each treated observation adds a group-specific "
            "slope times the deviation of {name} from its mean over treated observations."
            if context.staggered
            else "{name} moderates the slope: each exposed observation adds a "
            "group-specific slope times the deviation of {name} from its mean over "
            "exposed observations.",
            name=facts.moderator,
        )
        sentences.append(moderator)
    return context.joined(sentences)


def _priors(context: Context) -> str:
    translate, facts = context.translate, context.fit.facts
    priors, errors = facts.priors, facts.noise
    flat, normal, half = _pieces(context)
    of_terms = (x for term in facts.terms for x in term.parameters(2, priors))
    parameters = facts.likelihood.parameters
    whom = facts.varying
    whom = translate("units", context="whom") if whom in (None, v.UNIT) else whom
    deviations = ""
    if not facts.deviations.gaussian:
        deviations = translate("; random effects of {} are {}", whom, facts.deviations.words())
    rho = deviations + _priors_of(
        [*errors.parameters(2, priors), *of_terms, *parameters], translate
    )

    sds = (_PRIOR[name].fill(_plain(getattr(priors, name))) for name in normal)
    flat_priors = translate(enumerated(_FLAT[name] for name in flat))
    text = translate(
        "{flat} have flat priors. Other priors are stated in multiples of s = {s}, {spread}: "
        "{normal}{scales}{rho}.",
        flat=flat_priors[0].upper() + flat_priors[1:],
        s=Numeral(f"{context.fit.scale:.3g}"),
        spread=translate.name(facts.likelihood.scale_words or _spread(context)),
        normal=translate("normal with SD {}; ", translate(enumerated(sds))) if normal else "",
        scales=translate(separated(_scales_of(priors, half, whom))),
        rho=rho,
    )
    return text


def _spread(context: Context) -> Message:
    """Return the definition of ``s`` if it is computed from the outcome."""
    if context.staggered:
        return Message(
            "the within-unit standard deviation of the outcome in untreated observations"
        )
    return Message(
        "the within-unit standard deviation of the outcome, per within-unit standard "
        "deviation of the exposure"
    )


def _priors_of(parameters: Iterable[Parameter], translate: Translator) -> str:
    """Describe the priors of error parameters."""
    return "".join(
        translate("; {} is {}", x.prior.subject(x.name, x.meaning), x.prior.words())
        for x in parameters
    )


def _scales_of(priors: Priors, names: Iterable[str], whom: str) -> Iterator[Message]:
    """Describe the priors of scales, grouped by family."""
    stated = [(name, priors.scale(_SCALES.get(name, name))) for name in names]
    for family in dict.fromkeys(prior / prior.scale for _, prior in stated):
        scales = enumerated(
            _PRIOR[name].fill(_plain(prior.scale), whom=whom)
            for name, prior in stated
            if prior / prior.scale == family
        )
        yield family.over(scales)


def _pieces(context: Context) -> tuple[list[str], list[str], list[str]]:
    """Return the parameters with a flat prior, a normal prior, and a prior on their scale."""
    facts, timed = context.fit.facts, context.staggered
    pieces = frozenset() if facts.pooling.flat else facts.pooling.pieces
    flat = ["unit", "time"]
    flat += ["covariates"] if covariates_of(context) else []
    flat += ["effects"] if facts.pooling.flat else []
    normal = ["level"] if "curve" in pieces else []
    normal += ["drift"] if "curve" in pieces and timed else []
    normal += ["contrast"] if "strata" in pieces and context.factors else []
    half = ["walk"] if "curve" in pieces and timed else []
    half += [x for x in ("cohort", "cell") if x in pieces and timed]
    half += ["period"] if pieces and facts.by_period else []
    half += ["member"] if facts.varying is not None else []
    return flat, normal, [*half, "sigma"]


def _plain(number: float) -> Numeral:
    return Numeral(f"{number:g}")
