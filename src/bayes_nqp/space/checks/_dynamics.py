"""Whether outcomes follow those of the period before, or errors do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import chdtrc

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, NQPError
from bayes_nqp._core.i18n import Message, equality, joined
from bayes_nqp.checks.shared import DOUBTFUL, FAILING, UNTOLD, Finding, asks, ladder, reason
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
    "Covariates that move over time could tell: their effect is spread over periods in the one "
    "case and not in the other."
)


@asks(
    "Do outcomes follow those of the period before, or do errors?",
    "dynamics",
    place=127,
    needs=(DYNAMIC, ROWS),
)
def dynamics(fit: Fit) -> Finding:
    """Tell outcomes that follow those of the period before from errors that do (AR(1)).

    Errors with ``phi`` beside a lag of the same period are a special case of outcomes of the period
    before with ``tau = phi`` and ``psi = -tau delta``, in which covariates of the period before
    have the slopes ``-tau beta`` and ``-tau theta``. So the design is fitted again with covariates
    of the period before, which dynamics leave without a slope. Both sets of restrictions have a
    Wald statistic, from the posterior's mean and covariance.

    Effects by event time cannot tell the two apart, since each has a course of effects that is the
    other's. Without covariates that move over time only ``psi + tau delta`` says something, and
    only against errors.

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
        raise NotApplicable(Message("Its fit cannot be made: {}.", reason(error))) from None
    restrictions = _restrictions(again, names)
    p = {name: _wald(draws) for name, draws in restrictions.items()}
    figure = Message(
        "ψ + τδ {:.3f} ± {:.3f}; errors instead p {}",
        float(restrictions["errors"][:, 0].mean()), float(restrictions["errors"][:, 0].std()),
        equality(p["errors"]),
    )  # fmt: skip
    if names:
        figure = Message(
            "{}, outcomes p {} ({} covariates of the period before)",
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
        sentence = joined([sentence, _ALONE])
    return Finding(verdict, figure, sentence, evidence, refit=None if again is fit else again)


def _sentence(refuted: dict[str, bool]) -> Message:
    if refuted["outcomes"] and not refuted["errors"]:
        return Message(
            "What stays of the past is in the errors: covariates act as they would beside AR(1) "
            "errors, and policy effects do not feed on. Try SpatialLag(weights) with "
            "errors=nqp.AR1()."
        )
    if refuted["outcomes"]:
        return Message(
            "Covariates of the period before matter by themselves, neither as dynamics nor as "
            "AR(1) errors have it. Long run effects rest on a form that these data do not bear out."
        )
    if refuted["errors"]:
        return Message("Outcomes follow those of the period before, and AR(1) errors would not do.")
    return Message(
        "AR(1) errors beside a lag of the same period would do as well. Effects of the long run "
        "differ between the two: report both."
    )


def _with_earlier(fit: Fit, panel: Panel, names: list[str]) -> tuple[Design, Panel]:
    """The design and the panel with covariates of the period before as well."""
    table = np.zeros((panel.unit_labels.size, panel.periods))
    columns = [panel.covariates]
    for name in names:
        table[panel.unit_codes, panel.time_codes] = panel.covariates[
            :, panel.roles.covariates.index(name)
        ]
        # First periods have a level of their own, so that what stands there is of no account.
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
    """What is zero if outcomes follow those of the period before, and if errors do (draw, k)."""
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
    """Tail of chi² at ``m'C^-1 m``; 1 of no restriction."""
    if not draws.shape[1]:
        return 1.0
    mean, covariance = draws.mean(axis=0), np.atleast_2d(np.cov(draws.T))
    return float(chdtrc(len(mean), mean @ np.linalg.solve(covariance, mean)))
