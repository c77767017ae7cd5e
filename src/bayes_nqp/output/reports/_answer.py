"""Numbers of the answer on the first page of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, chance, separated
from bayes_nqp._core.software import versions
from bayes_nqp.checks import REPORTED, VERDICTS, Confidence, ModelAverage, title_of
from bayes_nqp.effects.estimands import att, nie, relative_effects
from bayes_nqp.output.reports._confidence import graded, grounds_of
from bayes_nqp.output.reports._content import Strip, Tile, Tiles
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._group_differences import groups_of
from bayes_nqp.output.reports._posterior import Posterior, posterior_of, printed, sureness
from bayes_nqp.output.tables import TONES, percent


class Answer:
    """Answer of a report: the numbers of its paragraph, its tiles and ``answer.json``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def average(self) -> Posterior:
        """Return the reported average effect."""
        return self._posterior(att(self._context.effects, weights=self._context.weights))

    @cached_property
    def fitted(self) -> Posterior | None:
        """Return the average effect under parallel trends; None without a model average."""
        if self._context.average is None:
            return None
        return self._posterior(att(self._context.fitted, weights=self._context.weights))

    @cached_property
    def share(self) -> Posterior | None:
        """Return the effect as a share of the untreated level; None without outcome scale."""
        return self._share(self._context.effects)

    def _share(self, effects: xr.Dataset) -> Posterior | None:
        context = self._context
        if context.outcome_scale == "log":
            return self._posterior(xr.apply_ufunc(np.expm1, att(effects, weights=context.weights)))
        if context.outcome_scale != "level" and v.UNTREATED not in effects:
            return None
        try:
            return self._posterior(relative_effects(effects, weights=context.weights))
        except StudyError:  # an untreated level that may be zero
            return None

    @cached_property
    def breakdown(self) -> float | None:
        """Return the breakdown value, in multiples of the largest pre-adoption step."""
        result = self._context.found("trend_sensitivity")
        evidence = None if result is None or result.verdict != REPORTED else result.evidence
        if not isinstance(evidence, xr.Dataset) or "breakdown" not in evidence:
            return None
        value = float(evidence["breakdown"].to_numpy().ravel()[0])
        return value if np.isfinite(value) else None

    def tiles(self) -> Tiles:
        """Return the four numbers of the answer."""
        return Tiles(tuple(self._tiles()))

    def _tiles(self) -> Iterator[Tile]:
        translate, first, unit = self._context.translate, self.average, self._context.effect_unit
        average = self._context.average is not None
        name = Message("Average effect, model average") if average else Message("Average effect")
        ends = (printed(x, first.sd) for x in (first.lower, first.upper))
        yield Tile(
            translate(name),
            translate("{} {}", printed(first.mean, first.sd), unit).strip(),
            translate("{} to {} ({})", *ends, percent(first.prob)),
        )
        if self.share is not None:
            share, name = self.share, Message("In % of the untreated level")
            interval = translate("{:+.1%} to {:+.1%}", share.lower, share.upper)
            if first.decided:
                yield Tile(translate(name), translate("{:+.1%}", share.mean), interval)
            else:
                yield Tile(translate(name), interval, translate("{}", percent(share.prob)))
        name, p = Message("Probability of an effect above zero"), first.p_positive
        if first.decided and not first.positive:
            name, p = Message("Probability of an effect below zero"), first.p_direction
        yield Tile(translate(name), translate("{}", chance(p)))
        yield Tile(
            translate("Confidence"),
            translate(graded(self._confidence.grade)),
            grounds_of(self._confidence, translate),
        )

    def strip(self) -> Strip | None:
        """Return a summary of all checks; None if no check was run."""
        checks, translate = self._context.checks, self._context.translate
        if not checks:
            return None
        order = list(TONES)
        ordered = sorted(checks, key=lambda result: order.index(result.verdict))
        marks = [
            (translate("{}: {}", title_of(x.name), VERDICTS[x.verdict]), TONES[x.verdict])
            for x in ordered
        ]
        tally = Counter(str(result.verdict) for result in checks)
        counts = [
            Message("{} {}", VERDICTS[x], tally[x], context="count") for x in order if tally[x]
        ]
        text = translate("Number of checks: {} ({}).", len(checks), separated(counts))
        return Strip(tuple(marks), text)

    def facts(self) -> dict[str, object]:
        """Return the answer as values for ``answer.json``."""
        context, confidence, first = self._context, self._confidence, self.average
        average = context.average
        return {
            "title": context.title,
            "author": context.author,
            "date": context.date,
            "outcome": context.outcome or context.usual_outcome,
            "unit": context.effect_unit,
            "weights": context.weights,
            "posterior": "as fitted" if average is None else "model average",
            "average": _plain(first),
            "average_as_fitted": _plain(self.fitted),
            "families": None if average is None else _families(average),
            "share_of_untreated_level": _plain(self.share),
            "direction": ("raised" if first.positive else "lowered") if first.decided else None,
            "likelihood": str(sureness(first.p_direction)) if first.decided else None,
            "confidence": {**asdict(confidence), "grade": confidence.grade},
            "breakdown": self.breakdown,
            "groups": self._groups(context.effects),
            "groups_as_fitted": None if average is None else self._groups(context.fitted),
            "mediators": self._mediators(),
            "checks": {result.name: result.verdict for result in context.checks},
            "gate": str(context.fit.gate),
            "converged": context.fit.gate.passed,
            "version": versions()["bayes-nqp"],
        }

    @property
    def _confidence(self) -> Confidence:
        return self._context.confidence("average")

    def _groups(self, effects: xr.Dataset) -> dict[str, dict[str, object]]:
        return {
            factor: {
                str(level): _plain(self._posterior(draws.isel({factor: k})))
                for k, level in enumerate(draws[factor].to_numpy().tolist())
            }
            for factor, draws in groups_of(self._context, effects).items()
        }

    def _mediators(self) -> dict[str, object] | None:
        context = self._context
        if not context.channels:
            return None
        via = nie(context.effects, weights=context.weights, mediators=list(context.channels))
        return {name: _plain(self._posterior(via.sel(mediator=name))) for name in context.channels}

    def _posterior(self, draws: xr.DataArray) -> Posterior:
        return posterior_of(draws, self._context.prob)


def _plain(posterior: Posterior | None) -> dict[str, float] | None:
    if posterior is None:
        return None
    names = ("mean", "sd", "lower", "upper", "p_positive", "prob")
    return {name: float(getattr(posterior, name)) for name in names}


def _families(average: ModelAverage) -> dict[str, dict[str, float | None]]:
    """Return prior and posterior probabilities; empty if no candidate model is identified."""
    return {
        str(name): {str(key): float(x) if np.isfinite(x) else None for key, x in line.items()}
        for name, line in average.families.iterrows()
    }
