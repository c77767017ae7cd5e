"""Statistics, verdict and sentences of the check of the spatial form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr

from bayes_nqp._core.i18n import (
    Message,
    advised,
    chance,
    equality,
    joined,
)
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    HOLDS,
    UNTOLD,
    Verdict,
)
from bayes_nqp.space.checks._form_posteriors import FORMS
from bayes_nqp.space.checks._spatial_ml import Restriction

LEVEL, SURE = 0.05, 0.001
"""Sizes of the tests below which the verdict is caution, and failed."""
TOLD = 0.9
"""Probability of SAR or of SEM among the two above which the data distinguish them."""
_ERRORS = (
    "spillovers=nqp.SpatialLag(fit.design.spillovers.weights, error=True), "
    "effect=nqp.CompletePooling(varying=None)"
)
_CALL = "spillovers=nqp.SpatialLag(fit.design.spillovers.weights{})"
BOTH = Message(
    "Next: compare the average effect over spatial forms with nqp.weights_probabilities(fit, "
    "weights)."
)
_NEXT = Message("Next: fit again with {} in the design.")
_UNTOLD = joined(
    [
        Message(
            "The data do not distinguish a spatial lag of the outcome (SAR) from "
            "spatial errors (SEM)."
        ),
        Message("Under spatial errors there are no spillover effects, so these remain uncertain."),
        advised(BOTH),
    ]
)
_NO_SPILLOVERS = Message(
    "Under spatial errors there are no spillover effects, so the estimated "
    "ones may be shared shocks."
)
_MISSTATED = Message("The estimated spillover effects may be biased under the wrong spatial form.")


def figure_of(tests: Mapping[str, Restriction], evidence: xr.Dataset) -> Message:
    sar, sem, slx = (tests[form] for form in ("SAR", "SEM", "SLX"))
    figure = Message(
        "SDM against SAR: Wald {:.1f}, LR {:.1f} (p {}); against SEM: Wald {:.1f}, "
        "LR {:.1f} (p {}); {} restrictions each; against SLX: LR {:.1f} (p {})",
        sar.wald, sar.ratio, equality(sar.ratio_p), sem.wald, sem.ratio, equality(sem.ratio_p),
        sar.freedom, slx.ratio, equality(slx.ratio_p),
    )  # fmt: skip
    if "probability" not in evidence:
        return Message(
            "{}; no marginal likelihoods, because W links units with different time effects", figure
        )
    less = evidence["log_marginal"] - evidence["log_marginal"].sel(form="SDM")
    return Message(
        "{}; log Bayes factor over SDM: SAR {:+z.1f}, SEM {:+z.1f}; probability of "
        "SDM {}, SAR {}, SEM {}",
        figure, *less.sel(form=["SAR", "SEM"]).to_numpy(),
        *(chance(x, 2) for x in evidence["probability"].to_numpy()),
    )  # fmt: skip


def disputes_of(
    form: str, p: Mapping[str, float], marginal: Mapping[str, float]
) -> Sequence[Message]:
    """Return the disagreements of likelihood ratio and marginal likelihoods.

    A restricted form is compared alone. A Durbin model is compared by the form with the highest
    marginal likelihood, or by both restricted forms if this is the Durbin model.
    """
    best = max(marginal, key=marginal.__getitem__, default=form)
    alone = best if form == "SDM" else form
    out = []
    for name in ("SAR", "SEM") if alone == "SDM" else (alone,):
        if name not in marginal:
            continue
        more, rejected = marginal[name] - marginal["SDM"], p[name] < LEVEL
        numbers = name, equality(p[name]), abs(more)
        if rejected and more > 0.0:
            out.append(
                Message(
                    "The likelihood ratio rejects {} (p {}), but its log marginal likelihood "
                    "is {:.1f} above that of SDM.", *numbers,
                )
            )  # fmt: skip
        if not rejected and more <= 0.0:
            out.append(
                Message(
                    "The likelihood ratio does not reject {} (p {}), but its log marginal "
                    "likelihood is {:.1f} below that of SDM.", *numbers,
                )
            )  # fmt: skip
    return out


def verdict_of(form: str, p: Mapping[str, float], lag: float) -> tuple[Verdict, Message]:
    """Judge the form of a fit.

    Parameters
    ----------
    p : mapping of str to float
        p values of SAR, SEM and SLX.
    lag : float
        Probability of SAR among SAR and SEM.
    """
    apart = {name: value < LEVEL for name, value in p.items()}
    if not apart["SAR"] and not apart["SEM"]:
        apart |= {"SAR": lag <= 1.0 - TOLD, "SEM": lag >= TOLD}
    if form == "SDM":
        return _durbin(apart)
    if p[form] < LEVEL and (form != "SAR" or apart["SEM"]):
        return (FAILS if p[form] < SURE else DOUBT), sentence_of_rejection(form)
    supported = Message(
        "The spatial Durbin model does not explain the data better than the form of this fit, {}.",
        form,
    )
    if form == "SLX":
        return HOLDS, supported
    other = "SEM" if form == "SAR" else "SAR"
    if apart[form] and form == "SAR":
        finding = Message(
            "The data favour spatial errors (SEM) over a spatial lag of the outcome (SAR)."
        )
        sentence = joined([finding, _NO_SPILLOVERS, advised(_NEXT.fill(_ERRORS))])
        return (FAILS if p[form] < SURE else DOUBT), sentence
    if apart[form]:
        finding = Message(
            "The data favour a spatial lag of the outcome (SAR) over spatial errors (SEM)."
        )
        meaning = Message(
            "Under a spatial lag there are spillover effects, which this model excludes."
        )
        return DOUBT, joined(
            [finding, meaning, advised(_NEXT.fill(_CALL.format(", durbin=False")))]
        )
    if not apart[other]:
        return UNTOLD, _UNTOLD
    return HOLDS, supported


def _durbin(apart: Mapping[str, bool]) -> tuple[Verdict, Message]:
    """Judge a Durbin model by the restricted forms that are rejected."""
    if apart["SAR"] and apart["SEM"] and not apart["SLX"]:
        finding = Message(
            "The spatial lag of the outcome adds nothing to treatment and covariates "
            "of neighbours (SLX is enough)."
        )
        return HOLDS, joined([finding, advised(_NEXT.fill(_CALL.format(", lag=False")))])
    if apart["SAR"] and apart["SEM"]:
        return HOLDS, Message(
            "The data reject a spatial lag alone (SAR) and spatial errors alone (SEM), "
            "and support the spatial Durbin model."
        )
    if apart["SAR"]:
        finding = Message(
            "The data do not reject spatial errors (common factor restriction of the Durbin model)."
        )
        return DOUBT, joined([finding, _NO_SPILLOVERS, advised(_NEXT.fill(_ERRORS))])
    if apart["SEM"]:
        finding = Message(
            "Treatment and covariates of neighbours add nothing to the spatial lag of "
            "the outcome (SAR is enough)."
        )
        return HOLDS, joined([finding, advised(_NEXT.fill(_CALL.format(", durbin=False")))])
    return UNTOLD, _UNTOLD


def plainly(sentence: Message) -> Message:
    """Return a chain of sentences without marks."""
    return Message("{}", sentence)


def sentence_of_rejection(form: str) -> Message:
    """Return the finding that a form is rejected, its meaning and the next step."""
    if form == "SEM":
        finding = Message(
            "The data reject spatial errors alone (SEM): outcomes, treatment or "
            "covariates of neighbours matter."
        )
    elif form == "SLX":
        finding = Message(
            "The data support a spatial lag of the outcome in addition to treatment "
            "and covariates of neighbours."
        )
    else:
        finding = Message(
            "The data reject a spatial lag alone (SAR): treatment or covariates of "
            "neighbours have separate effects."
        )
    return joined([finding, _MISSTATED, advised(_NEXT.fill(_CALL.format("")))])


def table_of_tests(tests: Mapping[str, Mapping[str, Restriction]]) -> xr.Dataset:
    """Return test statistics by error structure and form."""
    names = ("wald", "wald_p", "ratio", "ratio_p", "freedom")
    dims = ("errors", "restricted")
    numbers = {
        name: (dims, [[getattr(x, name) for x in forms.values()] for forms in tests.values()])
        for name in names
    }
    coords = {"errors": list(tests), "restricted": list(tests["iid"]), "form": list(FORMS)}
    return xr.Dataset(numbers, coords)
