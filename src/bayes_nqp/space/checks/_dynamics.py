"""Test of dynamics in the outcome against serially correlated errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import chdtrc

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, NQPError
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, detailed, equality, joined
from bayes_nqp.checks.shared import DOUBTFUL, FAILING, UNTOLD, Finding, Guide, asks, ladder, reason
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import (
    DYNAMIC,
    ROWS,
    Fit,
    covariate_names,
    covariate_slopes,
    lag_draws,
    panel_of,
    refit,
)
from bayes_nqp.model.designs import Design
from bayes_nqp.model.predictors import linked_name
from bayes_nqp.space.terms import SpatialLag

_BEFORE = "{} (before)"
_ALONE = Message(
    "Covariates that vary over time would help: their effect is spread over "
    "several periods only if the outcome is dynamic."
)
_ERRORS = Message(
    "Next: fit again with {0} and {1} in the design, and compare the long-run effects.",
    Code(
        "spillovers=nqp.SpatialLag(weights)",
        '[design] spillovers = { type = "SpatialLag", weights = "weights" }',
    ),
    Code("errors=nqp.AR1()", '[design] errors = { type = "AR1" }'),
)


@asks(
    "Does the outcome depend on its past, rather than the errors on theirs?",
    "dynamics",
    place=127,
    needs=(DYNAMIC, ROWS),
    guide=Guide(
        statistic=Message(
            "Wald tests, after covariates of the period before are added, of two sets "
            "of restrictions: those of AR(1) errors with a lag of the same period, and "
            "those of a dynamic outcome."
        ),
        thresholds=Message(
            "Passed: AR(1) errors are rejected (p below {0:.0%}) and dynamics are not. "
            "Caution: dynamics are rejected. Failed: dynamics are rejected at {1:.1%} "
            "and AR(1) errors are not. Inconclusive: neither is rejected.",
            DOUBTFUL,
            FAILING,
        ),
        failure=Message(
            "Persistence is in the errors and not in the outcome, so the data do not support "
            "the long-run effects of the model."
        ),
        remedy=Message(
            "fit again with {0} and {1} in the design, and report the long-run effects "
            "of both models",
            Code(
                "spillovers=nqp.SpatialLag(weights)",
                '[design] spillovers = { type = "SpatialLag", weights = "weights" }',
            ),
            Code("errors=nqp.AR1()", '[design] errors = { type = "AR1" }'),
        ),
        code=(
            "weights = nqp.spatial_weights.nearest(panel, k=8)\n"
            "lag = nqp.SpatialLag(weights)\n"
            "again = nqp.fit(design.replace(spillovers=lag, errors=nqp.AR1()), panel)"
        ),
        literature="Sargan (1980); Burridge (1981)",
        limits=Message("Without covariates that vary over time, dynamics cannot be rejected."),
    ),
)
def dynamics(fit: Fit) -> Finding:
    """Test a dynamic outcome against AR(1) errors.

    AR(1) errors with ``phi`` and a lag of the same period are a special case of a dynamic outcome
    with ``tau = phi`` and ``psi = -tau delta``, in which covariates of the period before have the
    slopes ``-tau beta`` and ``-tau theta``. The design is therefore refitted with covariates of the
    period before, which have no slope if the outcome is dynamic. Both sets of restrictions are
    tested with a Wald statistic, from the posterior mean and covariance.

    Effects by event time cannot distinguish the two models, because each can reproduce the time
    path of the other. Without covariates that vary over time only ``psi + tau delta`` is
    informative, and only against AR(1) errors.

    References
    ----------
    Sargan, J. D. (1980). Some tests of dynamic specification for a single equation. Econometrica
    48(4). Burridge, P. (1981). Testing for a common factor in a spatial autoregression model.
    """
    panel = panel_of(fit)
    names = [n for n in fit.facts.covariates_of(panel) if n in covariate_names(fit)]
    try:
        again = refit(fit, *_with_earlier(fit, panel, names)) if names else fit
    except NQPError as error:
        raise NotApplicable(
            Message(
                "The model with covariates of the period before cannot be fitted: {}.",
                reason(error),
            )
        ) from None
    restrictions = _restrictions(again, names)
    p = {name: _wald(draws) for name, draws in restrictions.items()}
    figure = Message(
        "p of AR(1) errors {2}; ψ + τδ {0:.3f} ± {1:.3f}",
        float(restrictions["errors"][:, 0].mean()), float(restrictions["errors"][:, 0].std()),
        equality(p["errors"]),
    )  # fmt: skip
    if names:
        figure = Message(
            "{}; p of dynamics {} ({} covariates of the period before)",
            figure, equality(p["outcomes"]), len(names),
        )  # fmt: skip
    evidence = xr.Dataset(
        {"p": ("restriction", list(p.values())),
         "restrictions": ("restriction", [x.shape[1] for x in restrictions.values()])},
        coords={"restriction": list(p)},
    )  # fmt: skip
    refuted = {name: value < DOUBTFUL for name, value in p.items()}
    verdict = ladder(
        fails=p["outcomes"] < FAILING and not refuted["errors"], doubt=refuted["outcomes"],
        untold=not refuted["errors"],
    )  # fmt: skip
    sentence = _sentence(refuted)
    if verdict == UNTOLD and not names:
        sentence = joined([sentence, detailed(_ALONE)])
    return Finding(verdict, figure, sentence, evidence, refit=None if again is fit else again)


def _sentence(refuted: dict[str, bool]) -> Message:
    if refuted["outcomes"] and not refuted["errors"]:
        finding = Message("The data reject a dynamic outcome in favour of AR(1) errors.")
        meaning = Message(
            "Policy effects then do not build up over time, and the data do not support the "
            "long-run effects of this model."
        )
        return joined([finding, meaning, advised(_ERRORS)])
    if refuted["outcomes"]:
        finding = Message(
            "The data reject both a dynamic outcome and AR(1) errors: covariates of "
            "the period before have separate effects."
        )
        meaning = Message(
            "The long-run effects rest on a specification that the data do not support."
        )
        step = Message(
            "Next: add covariates of the period before, {}, and compare the effects.",
            Code("nqp.StaggeredDiD(covariates=[...])", "[design] covariates = […]"),
        )
        return joined([finding, meaning, advised(step)])
    if refuted["errors"]:
        return Message("The data support a dynamic outcome and reject AR(1) errors.")
    finding = Message("The data do not distinguish a dynamic outcome from AR(1) errors.")
    meaning = Message("The long-run effects differ between the two models.")
    return joined([finding, meaning, advised(_ERRORS)])


def _with_earlier(fit: Fit, panel: Panel, names: list[str]) -> tuple[Design, Panel]:
    """Return the design and the panel with covariates of the period before added."""
    table = np.zeros((panel.unit_labels.size, panel.periods))
    columns = [panel.covariates]
    for name in names:
        table[panel.unit_codes, panel.time_codes] = panel.covariates[
            :, panel.roles.covariates.index(name)
        ]
        # First periods have their own intercepts, so the values there have no influence.
        columns.append(np.roll(table, 1, axis=1)[panel.unit_codes, panel.time_codes][:, None])
    called = [_BEFORE.format(name) for name in names]
    roles = replace(panel.roles, covariates=(*panel.roles.covariates, *called))
    wide = replace(panel, covariates=np.concatenate(columns, axis=1), roles=roles)
    changes: dict[str, Any] = {"covariates": [*names, *called]}
    term = fit.facts.term(SpatialLag)
    assert term is not None
    if isinstance(term.durbin, tuple):
        more = [_BEFORE.format(name) for name in names if name in term.durbin]
        changes["spillovers"] = replace(term, durbin=[*term.durbin, *more])
    return fit.variant(**changes), wide


def _restrictions(fit: Fit, names: list[str]) -> dict[str, Array]:
    """Return the restrictions of a dynamic outcome, and of AR(1) errors (draw, k)."""
    draws = lag_draws(fit)
    assert draws is not None
    delta, tau, psi = draws.reshape(-1, 3).T
    errors, outcomes, slopes = [psi + tau * delta], [], set(covariate_names(fit))
    for name in names:
        for now, before in (
            (name, _BEFORE.format(name)),
            (linked_name(name), linked_name(_BEFORE.format(name))),
        ):
            if before in slopes:
                beta, gamma = covariate_slopes(fit, [now, before]).reshape(-1, 2).T
                outcomes.append(gamma)
                errors.append(gamma + tau * beta)
    empty = np.zeros((len(tau), 0))
    return {
        "outcomes": np.stack(outcomes, axis=1) if outcomes else empty,
        "errors": np.stack(errors, axis=1),
    }


def _wald(draws: Array) -> float:
    """Return the tail probability of chi² at ``m'C^-1 m``; 1 if there is no restriction."""
    if not draws.shape[1]:
        return 1.0
    mean, covariance = draws.mean(axis=0), np.atleast_2d(np.cov(draws.T))
    return float(chdtrc(len(mean), mean @ np.linalg.solve(covariance, mean)))
