"""Estimates of the average effect under alternative specifications, and their comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from scipy.special import ndtri

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import IdentificationError, NotApplicable, PanelError, StudyError
from bayes_nqp._core.i18n import Message, Sized, decoded, encoded, listed, separated
from bayes_nqp.checks.shared._labels import called, labels, reason, texts_of
from bayes_nqp.checks.shared._verdicts import FAILING, HOLDS, Verdict, ladder, otherwise
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, convergence_of
from bayes_nqp.inference.fitting import (
    REFITS,
    SHORT,
    ExistingDraws,
    Fit,
    Numbers,
    batch,
    numbers_of,
    panel_of,
    quick_effects,
    require,
    reused_draws,
)
from bayes_nqp.model.designs import Design

FAR: Final = 2.0
"""Posterior SDs by which the estimate of an alternative may differ, if chance explains less."""
_WIDE: Final = 3.0
"""Ratio of SDs from which the conclusion of an alternative is too imprecise to count."""


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """An alternative specification.

    Parameters
    ----------
    label : str
        Name: a message, unless a user gave it.
    change : str
        Kind of change, likewise; groups the specifications.
    panel : Panel, optional
        Panel of the specification; by default that of the fit.
    reference : float, optional
        Estimate of the same target by the fit; its average effect by default.
    counts : bool, default True
        True if the verdict depends on it; False if it is shown for comparison only.
    fewer : bool, default False
        True if it uses fewer observations, controls or periods, so that its interval is wider even
        if the fit is correct. A conclusion that is lost for this reason alone does not count.
    """

    label: str
    change: str
    design: Design
    panel: Panel | None = None
    reference: float | None = None
    counts: bool = True
    fewer: bool = False


def compared(fitted: Fit, alternatives: Sequence[Alternative], work: str) -> xr.Dataset:
    """Estimate the average effect under other specifications, by short refits.

    Parameters
    ----------
    work : str
        Name of the work for the progress bar.

    Returns
    -------
    Dataset
        ``att`` (chain, draw, specification), outcome units, over cells from adoption on. The fit
        itself is first, with the name of `called`. Coordinates by specification: ``specification``,
        ``change``, ``reference`` (estimate of the same target by the fit), ``counts``, ``fewer``
        and ``gate_of``. Specifications that could not be fitted are named with the reason in the
        attr ``left_out``.

    Raises
    ------
    NotApplicable
        If the likelihood does not compress, so that refits would take too long; or if no
        specification can be fitted.
    """
    require(fitted, REFITS)
    tasks = [(other.design, other.panel or panel_of(fitted)) for other in alternatives]
    results = list(zip(alternatives, refitted_averages(fitted, tasks, work), strict=True))
    lost = [
        Message("{}: {}", other.label, *decoded(str(numbers["reason"])))
        for other, numbers in results
        if "reason" in numbers
    ]
    results = [(other, numbers) for other, numbers in results if "reason" not in numbers]
    if not results:
        raise NotApplicable(
            Message("None of the alternative models can be estimated ({}).", listed(lost, 3))
        )
    effect, first = average_effect(fitted), called(fitted)
    overall, fits = float(effect.mean()), [other for other, _ in results]
    every = [Alternative(first, first, fitted.design), *fits]
    gates = [str(fitted.gate), *(str(numbers["gate"]) for _, numbers in results)]
    columns = {
        "change": np.array([other.change for other in every]),
        "reference": [overall if x.reference is None else x.reference for x in every],
        "counts": np.array([other.counts for other in every]),
        "fewer": np.array([other.fewer for other in every]),
        "gate_of": np.array(gates, dtype=str),
    }
    draws = np.stack([thinned(effect), *(numbers["att"] for _, numbers in results)], axis=-1)
    return xr.Dataset(
        {"att": ((*v.SAMPLE_DIMS, "specification"), draws)},
        coords={
            v.CHAIN: np.arange(SHORT[0]),
            v.DRAW: np.arange(SHORT[1]),
            "specification": np.array([other.label for other in every], dtype=str),
            **{name: ("specification", column) for name, column in columns.items()},
            v.GATE: next((text for text in gates if text != v.PASSED), v.PASSED),
        },
        attrs={
            **{k: x for k, x in fitted.groups["effects"].attrs.items() if k != "factors"},
            "left_out": separated(lost),
            **labels([first, *(text for x in fits for text in (x.label, x.change))]),
        },
    )


def refitted_averages(
    fitted: Fit, tasks: Sequence[tuple[Design, Panel]], work: str
) -> list[Numbers]:
    """Estimate the average effect by a short fit of each design to its panel.

    Parameters
    ----------
    fitted : Fit
        Fit that caches the numbers and provides starting values.
    work : str
        Name of the work for the progress bar.

    Returns
    -------
    list of dict
        ``att`` (chain, draw) and ``gate``; or the ``reason`` for a missing estimate.
    """
    seed, values = int(fitted.sampler.seed or 0), reused_draws(fitted).values
    keys = [f"att {design!r} {panel.digest} {seed}" for design, panel in tasks]
    named = {k: (*task, seed, values) for k, task in zip(keys, tasks, strict=True)}
    results = batch(_short_average, named, store=numbers_of(fitted), work=work)
    return [results[key] for key in keys]


def _short_average(design: Design, panel: Panel, seed: int, values: Mapping[str, float]) -> Numbers:
    try:
        effects = quick_effects(design, panel, seed=seed, stock=ExistingDraws(values=values))
    except (IdentificationError, PanelError, StudyError) as error:
        return {"reason": np.array(encoded([reason(error)]))}
    draws = att(effects).transpose(*v.SAMPLE_DIMS)
    return {"att": draws.to_numpy(), "gate": np.array(convergence_of(effects))}


def after_adoption(effects: xr.Dataset) -> xr.Dataset:
    """Return effects without unit-level effects and without cells before adoption."""
    effects = effects.drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    if not schema.is_timed(effects):
        return effects
    return effects.isel({v.CELL: effects[v.EVENT_TIME].to_numpy() >= 0})


def average_effect(fitted: Fit) -> xr.DataArray:
    """Return draws of the average effect (chain, draw), outcome units."""
    return att(group_time_effects(fitted))


def thinned(draws: xr.DataArray) -> Array:
    """Return draws evenly spaced in rank, so that all specifications have as many.

    The mean is that of all draws, so that the average effect is the same number in every table. Its
    SD, interval and probability differ from those of all draws by at most one step of rank.
    """
    flat, number = draws.to_numpy().ravel(), SHORT[0] * SHORT[1]
    ranks = ((np.arange(number) + 0.5) * flat.size / number).astype(np.int64)
    draws_at_ranks = flat[np.sort(np.argsort(flat, kind="stable")[ranks])]
    return np.asarray(draws_at_ranks + (flat.mean() - draws_at_ranks.mean())).reshape(SHORT)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Comparison of alternative specifications with the first.

    Parameters
    ----------
    names : list of str
        Names of the specifications, that of the fit first.
    mean, sd : ndarray (specification), outcome units
        Mean and SD of their average effects.
    shift : ndarray (alternative)
        Distances from the estimate of the same target by the fit, in its posterior SDs.
    worst : int
        Index of the most distant alternative among the specifications.
    turned, lost, unsettled : list of str
        Alternatives with the opposite sign; with another conclusion; and without convergence.
    """

    verdict: Verdict
    names: list[str]
    mean: Array
    sd: Array
    shift: Array
    worst: int
    turned: list[str]
    lost: list[str]
    unsettled: list[str]

    @property
    def estimates(self) -> list[Sized]:
        """Average effects, with the SD of the fit, which determines their number of digits."""
        return [Sized(x, self.sd[0]) for x in self.mean]

    @property
    def span(self) -> tuple[int, float, float, str, float]:
        """Number of alternatives, their lowest and highest mean, and name and mean of the fit."""
        first, *others = self.estimates
        return len(others), min(others), max(others), self.names[0], first

    @property
    def differs(self) -> bool:
        """Return True if an alternative that converged has another sign, conclusion or estimate."""
        return self.verdict != HOLDS and bool(self.turned or self.lost or not self.unsettled)

    @property
    def farthest(self) -> tuple[str, float]:
        """Name of the most distant alternative, and its distance in posterior SDs."""
        return self.names[self.worst], self.shift[self.worst - 1]

    def sentence(self, same: Message, place: Message) -> Message:
        """Return the comparison in one sentence.

        Parameters
        ----------
        same : Message
            Sentence for the case in which all alternatives agree.
        place : Message
            Template for the names of alternatives, with one place: "under {}".
        """
        if self.turned:
            return Message(
                "The average effect changes sign {}.", place.fill(listed(self.turned, 4))
            )
        if self.lost:
            return Message(
                "The conclusion about the average effect changes {}.",
                place.fill(listed(self.lost, 4)),
            )
        if self.verdict == HOLDS:
            return same
        if self.unsettled:
            return Message("The refit {} did not converge.", place.fill(listed(self.unsettled, 4)))
        name, shift = self.farthest
        return Message(
            "The conclusion about the sign is unchanged, but the estimate moves by "
            "{:+.1f} posterior SDs of the fit {}.",
            shift,
            place.fill(name),
        )


def comparison(evidence: xr.Dataset, *, far: float = FAR, shared: bool = False) -> Comparison:
    """Compare every specification with the first.

    Parameters
    ----------
    evidence : Dataset
        As returned by `compared`.
    far : float, default 2
        Posterior SDs by which an estimate may differ.
    shared : bool, default False
        True if all alternatives share one probability of a false alarm, for example if a file has
        many columns; False if each has its own.

    Returns
    -------
    Comparison
        The verdict is "failed" if the interval of the fit excludes zero and an alternative lies
        more than a posterior SD on the other side. It is "caution" if an alternative has another
        conclusion (see `otherwise`), is far from the estimate of the same target by the fit, or did
        not converge. Distances that chance explains at 5 % do not count, nor do other conclusions
        of fewer data, nor signs at 0.5 %. Alternatives without ``counts`` are ignored.

    References
    ----------
    Hausman, J. A. (1978). Specification tests in econometrics. Econometrica 46(6), lemma 2.1.
    """
    counts = evidence["counts"].to_numpy()
    flat = evidence["att"].to_numpy().reshape(-1, counts.size)
    mean, sd = flat.mean(axis=0), flat.std(axis=0)
    low, high = np.quantile(flat[:, 0], (0.025, 0.975))
    sign = int(low > 0) - int(high < 0)
    gap = np.where(counts, mean - evidence["reference"].to_numpy(), 0.0)[1:]
    # If the fit is correct it is efficient, and var(b - a) = var b - var a for any other b.
    chance = np.sqrt(np.maximum(sd**2 - sd[0] ** 2, 0.0))
    shift = gap / sd[0]
    doubtful, failing = -ndtri([0.05 / 2.0, FAILING / 2.0])
    if shared:
        doubtful = -ndtri(0.05 / 2.0 / max(int(counts[1:].sum()), 1))
    distant = (np.abs(gap) > doubtful * chance[1:]) & (np.abs(shift) > far)
    moved = np.abs(mean - mean[0])
    opposite = (np.sign(mean) == -sign) & (sign != 0) & (moved > failing * chance)
    # With half the data, an effect of three SDs loses its sign in a third of samples.
    other = otherwise(float((flat[:, 0] > 0).mean()), (flat > 0).mean(axis=0))
    weak = evidence["fewer"].to_numpy() | (sd > _WIDE * sd[0])
    other &= ~weak | (moved > doubtful * chance)
    settled = evidence["gate_of"].to_numpy() == v.PASSED
    names = texts_of(evidence, "specification")
    turned, lost, unsettled = (
        [names[k] for k in range(1, len(names)) if counts[k] and true[k]]
        for true in (opposite & (np.abs(mean) > sd[0]), other, ~settled)
    )
    verdict = ladder(fails=turned, doubt=lost or distant.any() or unsettled)
    worst = 1 + int(np.argmax(np.abs(shift) * np.where(distant | ~distant.any(), 1.0, 0.0)))
    return Comparison(verdict, names, mean, sd, shift, worst, turned, lost, unsettled)
