"""Headline of a printed fit: the average effect, its unit, and suggested next steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp._core.validation import attribute


@attribute("Fit", bare=True)
def _headline(fit: nqp.Fit) -> list[tuple[str, str]]:
    """The answer in a few lines: outcome, average effect with its 95 % interval, rows, checks."""
    from bayes_nqp.checks import needed_for, reported_posterior

    effects = fit.effects
    timed = schema.is_timed(effects)
    lines = [("outcome", str(effects.attrs.get("outcome", "")) or "the outcome")]
    try:
        draws = nqp.att(fit)
        answer = _answer(draws.to_numpy()) + _unit(fit)
        if not (fit.facts.adopted and fit.facts.parallel and fit.panel is not None):
            lines.append(("effect", answer))
        else:
            posterior = reported_posterior(fit, compute=False)
            average = "nqp.model_average(fit), fit.table()"
            if posterior.average is not None:
                average = _answer(nqp.att(posterior.effects).to_numpy()) + _unit(fit)
            lines += [("effect", f"{answer}, under parallel trends"), ("average", average)]
        rows = f"{int(draws[v.ROWS])} treated" if timed else f"{int(draws[v.ROWS])} exposed"
    except NQPError as error:
        lines.append(("effect", f"no average: {error.what}"))
        rows = ""
    if fit.panel is not None:
        size = f"{fit.panel.n_rows:,} of {fit.panel.n_units:,} units"
        rows = f"{size}; {rows}" if rows else size
    lines.append(("rows", rows))
    if v.INDIRECT in schema.path_roles(effects).values():
        lines.append(("channels", "nqp.nie(fit), nqp.nde(fit), nqp.mediation_table(fit)"))
    names = ", ".join(map(repr, needed_for("average", adopted=timed)))
    return [*(line for line in lines if line[1]), ("to ask", f"fit.check(name): {names}")]


def _answer(draws: npt.NDArray[np.float64]) -> str:
    from bayes_nqp.output.tables import decimals_for, written

    flat = draws.ravel()
    decimals = decimals_for([float(flat.std(ddof=1))], None)
    mean, low, high = (
        written(float(x), "number", decimals)
        for x in (flat.mean(), *np.quantile(flat, (0.025, 0.975)))
    )
    chance = written(float((flat > 0).mean()), "chance", 3)
    return f"{mean} [{low}, {high}] on average, P(> 0) {chance}"


def _unit(fit: nqp.Fit) -> str:
    identity = schema.link_of(fit.effects) == v.IDENTITY
    return "" if identity else f", in {schema.effect_unit(fit.effects.attrs)}"
