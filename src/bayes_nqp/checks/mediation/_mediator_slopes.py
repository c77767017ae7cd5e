"""Test of constant, linear slopes of the mediators in the equation of the outcome."""

from __future__ import annotations

from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, detailed, joined, listed, spanned
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, effects_on, finding_of
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILING,
    FAILS,
    HOLDS,
    Finding,
    Guide,
    Verdict,
    asks,
    beside,
    certain,
    ladder,
)
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import (
    ADOPTION,
    CHANNELS,
    REFITS,
    ROWS,
    UNITS,
    Fit,
    covariate_slopes,
    refit,
    total_fit,
)

_DOUBT: Final = 0.01
"""Tail probability of zero below which a slope that should be zero gets the verdict caution."""
_APART: Final = 3
"""Columns added for a mediator; the last is the additional slope of units that ever adopt."""
_COLUMNS: Final = 60
"""Number of slopes of strata up to which each stratum has its own slope."""
_PLAIN: Final = Message("common slope")
_TREATED: Final = Message("change of the slope under the policy")
_BENT: Final = Message("change of the slope per unit of the mediator")
_ADOPTERS: Final = Message("slope of ever-treated units minus that of never-treated units")
_PATH: Final = Message("slope relevant for the indirect effect")


@asks(
    "Are the slopes of mediators linear and the same with and without the policy?",
    "slopes of mediators",
    of="channels",
    place=244,
    needs=(CHANNELS, ADOPTION, ROWS, UNITS, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Coefficients of three additional columns for each mediator: its product "
            "with the treatment, its square, and its product with an indicator of "
            "ever-treated units."
        ),
        thresholds=Message(
            "Caution: zero has a tail probability below {0:.0%}, divided by the number "
            "of columns. Failed: below {1:.1%}, and the slope relevant for the "
            "indirect effect differs from the common slope by more than one posterior "
            "SD and more than chance.",
            _DOUBT,
            FAILING,
        ),
        failure=Message(
            "The common slope is mostly that of untreated observations, so the indirect effect "
            "may be biased for treated units."
        ),
        remedy=Message(
            "fit the model with {} and compare the indirect effects",
            Code("nqp.Mediation(..., interaction=True)", "[channels] interaction = true"),
        ),
        code="again = nqp.fit(fit.design.replace(interaction=True), panel)\nnqp.nie(again)",
        literature="Hausman (1978)",
        limits=Message("Nonlinearity other than a quadratic term is not detected."),
    ),
)
def mediator_slopes(fit: Fit) -> Finding:
    """Let slopes of mediators differ by policy and by ever-treated status, and be nonlinear.

    An indirect effect ``a b`` assumes one slope for observations with and without the policy, and
    for low and high values of the mediator. The equation of the outcome gets three columns with
    flat priors for each mediator, whose slope is flat in each stratum: its product with the
    treatment, its square, and its product with an indicator of ever-treated units (if some stratum
    has other units too). If treated observations or ever-treated units have another slope, the
    effect of the policy through the mediator depends on this slope, but the slope of the fit is
    mainly that of untreated observations. If there is no evidence for a separate slope of
    ever-treated units, the other columns are judged without it. The check fails only if the policy
    affects the mediator and the relevant slope differs by more than its uncertainty explains
    (Hausman 1978).

    Returns
    -------
    Finding
        Its evidence has slopes of each mediator, outcome units per unit of it.
    """
    _ask(fit)
    names = fit.facts.mediators(fit.rows)
    plain, rich, changed = _slopes(fit, names)
    columns = rich.shape[1] - 1
    lines: list[EvidenceRow] = []
    for name, now, every, slopes in zip(names, plain, rich, _without(rich), strict=True):
        moved = att(effects_on(fit, name)).to_numpy().ravel()
        # ((m)² − (m − a)²) / a = 2 m − a, on average over treated observations, with m centred
        path = slopes[0] + slopes[1] + slopes[3:].sum(axis=0) - slopes[2] * moved.mean()
        counts = bool(certain(moved)) and _far(now, path)
        lines.append(drawn(name, _PLAIN, now, scale="slope"))
        added = ((_TREATED, slopes[1]), (_BENT, 2.0 * slopes[2]), (_ADOPTERS, every[-1]))
        for quantity, draws in added[:columns]:
            verdict = _judged(draws, columns * len(names), counts=counts)
            lines.append(drawn(name, quantity, draws, verdict, "slope"))
        lines.append(drawn(name, _PATH, path, scale="slope"))
    pairs = zip(*([x for x in lines if x.quantity == y] for y in (_PLAIN, _PATH)), strict=True)
    parts = [
        Message(
            "{!s}: common slope {:.3g}, slope relevant for the indirect effect {}",
            now.mediator,
            now.value,
            spanned(path.value, path.lower, path.upper),
        )
        for now, path in pairs
    ]
    figure = Message("slopes: {}", listed(parts, len(parts)))
    return finding_of(lines, figure, _sentence(lines), [fit, changed], refit=changed)


def _ask(fit: Fit) -> None:
    facts = fit.facts
    assert facts.channels is not None
    if facts.channels.interaction or "b" in facts.moderated:
        raise NotApplicable(
            Message("The design already lets the slopes of mediators differ between observations.")
        )
    if facts.reach != "none":
        raise NotApplicable(
            Message(
                "Mediators of other units enter the outcome in this model, which the check "
                "does not allow."
            )
        )
    if facts.lag:
        raise NotApplicable(
            Message(
                "The model uses lagged mediators. Run the check on a fit with {}.", Hint("lag", 0)
            )
        )


def _slopes(fit: Fit, names: tuple[str, ...]) -> tuple[Array, Array, Fit]:
    """Return draws of plain slopes (mediator, draw), and of slopes with further columns, and a fit.

    The latter are (mediator, column, draw). The last of four columns is the additional slope of
    ever-treated units, if it is identified.

    Slopes b_s of strata are averaged to one, ``sum_s w_s b_s`` with w_s the share of treated
    observations. If strata differ, a common slope would look like another slope of treated
    observations.
    """
    alone = total_fit(fit)
    panel, on = alone.rows, alone.model_frame.codes.treated
    stratum = alone.model_frame.codes.stratum[panel.unit_codes]
    if (stratum.max() + 1) * len(names) > _COLUMNS:
        stratum = np.zeros_like(stratum)
    share = np.bincount(stratum[on], minlength=stratum.max() + 1) / on.sum()
    adopts = (np.asarray(panel.cohort_codes) >= 0)[panel.unit_codes]
    apart = np.unique(stratum[adopts]).size + np.unique(stratum[~adopts]).size > share.size
    plain: dict[str, Array] = {}
    rich: dict[str, Array] = {}
    for name in names:
        values = panel.mediators[:, panel.roles.mediators.index(name)]
        centred = values - values[on].mean()
        by_stratum = {f"{name} in stratum {k}": values * (stratum == k) for k in range(share.size)}
        plain |= by_stratum
        rich |= by_stratum | {f"{name} × treated": centred * on, f"{name}²": centred**2}
        rich |= {f"{name} × adopts": values * adopts} if apart else {}
    covariates = alone.facts.covariates_of(panel)

    def with_columns(columns: dict[str, Array]) -> tuple[Array, Fit]:
        rows, added = beside(panel, columns)
        richer = refit(alone, alone.variant(covariates=(*covariates, *added)), rows)
        slopes = covariate_slopes(richer, added).reshape(-1, len(added)).T
        return slopes.reshape(len(names), -1, slopes.shape[1]), richer

    first, _ = with_columns(plain)
    every, richer = with_columns(rich)
    base, added = (np.einsum("s,msd->md", share, x[:, : share.size]) for x in (first, every))
    return base, np.concatenate([added[:, None], every[:, share.size :]], axis=1), richer


def _without(slopes: Array) -> Array:
    """Condition slopes on those of ever-treated units being zero if there is no evidence for them.

    For normal draws of all slopes x, draws given that some of them, e, are zero are
    ``x - C V⁻¹ e``, with C the covariance of x and e, and V that of e.
    """
    number, columns, _ = slopes.shape
    flat = slopes.reshape(number * columns, -1)
    adopters = [k * columns + columns - 1 for k in range(number)] if columns > _APART else []
    silent = [
        k for k in adopters if _judged(flat[k], len(adopters) * _APART, counts=False) == HOLDS
    ]
    if not silent:
        return slopes
    covariance = np.cov(flat)
    regression = np.linalg.solve(covariance[np.ix_(silent, silent)], covariance[silent])
    return np.asarray((flat - regression.T @ flat[silent]).reshape(slopes.shape))


def _far(plain: Array, path: Array) -> bool:
    move = abs(path.mean() - plain.mean())
    chance = 1.96 * np.sqrt(max(path.var() - plain.var(), 0.0))
    return bool(move > max(plain.std(), chance))


def _judged(draws: Array, number: int, *, counts: bool) -> Verdict:
    tail = 2.0 * min((draws > 0).mean(), (draws < 0).mean()) * number
    return ladder(fails=tail < FAILING and counts, doubt=tail < _DOUBT)


def _sentence(lines: list[EvidenceRow]) -> Message:
    bad = {
        x: [y.mediator for y in lines if y.quantity == x and y.verdict in (DOUBT, FAILS)]
        for x in (_TREATED, _BENT, _ADOPTERS)
    }
    parts = []
    if bad[_TREATED]:
        parts.append(
            Message(
                "{} has another effect on the outcome under the policy than without it.",
                listed(bad[_TREATED]),
            )
        )
    if bad[_ADOPTERS]:
        parts.append(
            Message(
                "{} has another effect on the outcome in ever-treated units than in "
                "others, also before the policy.",
                listed(bad[_ADOPTERS]),
            )
        )
    step = Message(
        "Next: fit nqp.Mediation again with {} and compare the indirect effects.",
        Hint("interaction", True),
    )
    if bad[_BENT]:
        if not parts:
            step = Message(
                "Next: replace the mediator by a transformation to which the outcome "
                "responds linearly, for example its logarithm."
            )
        parts.append(
            Message(
                "The effect of {} on the outcome depends on the value of the mediator "
                "(nonlinearity).",
                listed(bad[_BENT]),
            )
        )
    if not parts:
        return Message(
            "The data are compatible with one linear slope of each mediator, with and "
            "without the policy."
        )
    first, *others = parts
    meaning = Message(
        "The common slope is then not the slope relevant for the indirect effect, "
        "which may be biased."
    )
    return joined([first, meaning, advised(step), *map(detailed, others)])
