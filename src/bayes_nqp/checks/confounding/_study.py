"""Draws of channels, and how unmeasured confounding of each mediator moves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._refit import channels, refit
from bayes_nqp.checks._result import NotApplicable
from bayes_nqp.checks.confounding._flat import flat
from bayes_nqp.checks.confounding._panel import Bias, bias_of, correlation_of, patterns_of
from bayes_nqp.designs import AR1, IID
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import ALL, average_of, member_name, names_of
from bayes_nqp.fitting import lagged
from bayes_nqp.language import Message
from bayes_nqp.pooling import Complete

if TYPE_CHECKING:
    from bayes_nqp.designs import Mediation
    from bayes_nqp.estimands import Average, By
    from bayes_nqp.fitting import Fit

__all__ = ["Groups", "Study", "study_of"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Groups:
    """Effects of groups along paths, and what confounding adds to them.

    At a correlation effects are ``value − pull * strength(rho, curvature)``.

    Parameters
    ----------
    paths : tuple of str
        The mediators, all of them together if there are several, and "direct".
    average : Average
        With the groups' labels.
    """

    paths: tuple[str, ...]
    value: Array
    pull: Array
    curvature: Array
    average: Average


@dataclass(frozen=True, eq=False)
class Study:
    """A refit with flat deviations, and the bias of its slopes.

    Parameters
    ----------
    names : tuple of str
        Of mediators.
    effect : ndarray (draw, mediator, cell), mediators' units
        On mediators, those of ``lag`` periods before.
    slope : ndarray (draw, stratum, mediator), outcome units per unit of the mediator
        Of untreated rows, at the moderator's centre.
    bias : tuple of Bias
        By the mediator that is confounded.
    """

    fit: Fit
    names: tuple[str, ...]
    effect: Array
    slope: Array
    bias: tuple[Bias, ...]

    def groups(self, by: By, weights: str, balanced: int | None) -> Groups:
        """Average over the cells of groups.

        Parameters
        ----------
        by, weights, balanced
            As in `att`; not by unit.

        Raises
        ------
        StudyError
            If ``by`` is not something cells differ by.
        """
        effects = self.fit.effects
        if {member_name(effects), v.MEMBER} & set(names_of(by).values()):
            raise StudyError(
                f"by={by!r} asks for single units, whose channels are too uncertain for this",
                hint="by='region', or another name by which cells differ",
            )
        average = average_of(effects, by, weights, balanced)
        plan = self.fit.plan
        stratum = plan.table.stratum[~plan.cells.lead]
        direct = average.of_effects(effects, v.DIRECT).to_numpy()
        direct = direct.reshape(self.slope.shape[0], -1)
        value, pull = [], np.zeros((direct.shape[0], len(self.names), len(self.names) + 2,
                                    direct.shape[1]))  # fmt: skip
        for k in range(len(self.names)):
            part = np.stack(
                [self._part(average, self.effect[:, k], stratum == s)
                 for s in range(self.slope.shape[1])],
                axis=2,
            )  # fmt: skip
            via = average.of_effects(effects, self.names[k]).to_numpy()
            value.append(via.reshape(direct.shape))
            for j, bias in enumerate(self.bias):
                pull[:, j, k] = np.einsum("dgs,ds->dg", part, bias.slope[:, :, k])
        pull[:, :, -2] = pull[:, :, :-2].sum(axis=2)
        pull[:, :, -1] = -pull[:, :, -2]
        paths = (*self.names, ALL, v.DIRECT)
        values = np.stack([*value, sum(value, np.zeros(1)), direct], axis=1)
        values[..., average.weight == 0] = np.nan
        curvature = np.stack([bias.curvature for bias in self.bias], axis=1)
        if len(self.names) == 1:
            return Groups((paths[0], paths[2]), values[:, [0, 2]], pull[:, :, [0, 2]],
                          curvature, average)  # fmt: skip
        return Groups(paths, values, pull, curvature, average)

    @staticmethod
    def _part(average: Average, effect: Array, mine: npt.NDArray[np.bool_]) -> Array:
        """What the cells of a stratum contribute to the mean effect on a mediator."""
        cells = np.flatnonzero(mine)
        return np.asarray((average.cells[:, cells] @ effect[:, cells].T).T)


def study_of(fit: Fit) -> Study:
    """Refit with flat deviations, and work out the bias.

    An interaction, and what a moderator adds to a slope, are not biased: both are taken from
    the refit as they are.

    Parameters
    ----------
    fit : Fit
        Of a `Mediation`; keeps the refit.

    Raises
    ------
    NotApplicable
        If the bias is not known for the design.
    """
    design = channels(fit)
    _known(design)
    free = refit(fit, flat(design))
    plan, posterior = free.plan, free.posterior
    names = tuple(equation.name for equation in plan.equations[1:])
    outcome = plan.equations[0]
    patterns = patterns_of(outcome.problem, plan.frame.stratum)
    phi = np.stack([_flat(posterior, f"{name}__rho") for name in names], axis=1)
    sigma = np.stack([_flat(posterior, f"{name}__sigma") for name in names], axis=1)
    correlation = correlation_of(
        outcome.rows, plan.frame.treated[plan.kept], patterns, phi.mean(axis=0)
    )
    slope = posterior["outcome__b"].to_numpy()
    slope = slope.reshape(-1, *slope.shape[2:])
    bias = tuple(
        bias_of(
            patterns,
            j,
            phi_outcome=_flat(posterior, "outcome__rho"),
            phi_mediators=phi,
            sigma_outcome=_flat(posterior, "outcome__sigma"),
            sigma_mediators=sigma,
            correlation=correlation,
            strata=slope.shape[1],
            common=isinstance(design.facts.pooling, Complete),
        )
        for j in range(len(names))
    )
    effect = np.stack([_effect(free, name, design.lag) for name in names], axis=1)
    return Study(free, names, effect, slope, bias)


def _known(design: Mediation) -> None:
    if getattr(design, "vary_by", None) is not None:
        raise NotApplicable(
            Message(
                "Where slopes vary by unit their bias is not known; ask it of the same design "
                "with vary_by=None."
            )
        )
    if not isinstance(design.facts.noise, IID | AR1):
        name = type(design.facts.noise).__name__
        raise NotApplicable(
            Message(
                "Under {} only a part of the errors has innovations that could be confounded, as "
                "far as is known; ask it of the same design with errors=nqp.AR1().",
                name,
            )
        )


def _flat(posterior: xr.Dataset, name: str) -> Array:
    """Draws of a parameter; zeros for the autocorrelation of independent errors."""
    if name not in posterior:
        return np.zeros(posterior.sizes[v.CHAIN] * posterior.sizes[v.DRAW])
    return np.asarray(posterior[name].to_numpy().ravel())


def _effect(fit: Fit, name: str, lag: int) -> Array:
    plan = fit.plan
    own = fit.posterior[f"{name}__cell_effect"].to_numpy()
    whole = np.zeros((own.shape[0] * own.shape[1], plan.table.size))
    whole[:, ~plan.cells.lead] = own.reshape(-1, own.shape[2])
    return lagged(plan, whole, lag)[:, ~plan.cells.lead]
