"""The estimating equation of a fit, built from the facts of its design."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bayes_nqp._core.i18n import Message, crossed, enumerated, separated
from bayes_nqp.effects.estimands import EXITS
from bayes_nqp.inference.fitting import covariate_names
from bayes_nqp.output.reports._content import DisplayedEquation
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.tables import strata_of, time_strata

_LEFT: Final = {"identity": "y_{it}", "log": "log E(y_{it})", "logit": "logit E(y_{it})"}
_DATA: Final = frozenset("ABDLMPRSZdmwxyz")
"""Symbols of data: the same in the equations of all mediators."""
_SYMBOL: Final = re.compile(r"(\w)_\{")


def equation_of(context: Context) -> DisplayedEquation:
    """State the equations of the outcome, of mediators and of errors, and their symbols."""
    return _Builder(context).equation()


def covariates_of(context: Context) -> tuple[str, ...]:
    """Name the covariates of the design, without its moderator."""
    facts = context.fit.facts
    if facts.covariates is not None:
        return tuple(facts.covariates)
    if context.panel is not None:
        return context.panel.roles.covariates
    return tuple(name for name in covariate_names(context.fit) if name != facts.moderator)


class _Builder:
    """Builder of equations: collects addends and the definitions of symbols."""

    def __init__(self, context: Context) -> None:
        self._context, self._facts = context, context.fit.facts
        self._channels = self._facts.channels
        self._strata = strata_of(context.fit)
        self._s = "s" if self._strata else ""
        self._meanings: dict[str, Message] = {}
        panel = context.panel
        self._ends = EXITS.met(context.fit) or (panel is not None and panel.ends)

    def equation(self) -> DisplayedEquation:
        """Put the lines together."""
        means, facts = self._meanings, self._facts
        means["i"], means["t"] = Message("unit"), Message("period")
        if self._strata:
            means["s"] = Message("group ({})", crossed(self._strata))
        levels, effect, moderation = [*self._levels()], self._effect(), self._moderation()
        controls = [*self._controls()]
        direct, path_a = [effect], [effect]
        if moderation:
            direct += [moderation] * (not self._channels or "direct" in facts.moderated)
            path_a += [moderation] * ("a" in facts.moderated)
        outcome = [*levels, *direct, *controls, *self._mediators(), "ε_{it}"]
        lines = [f"{_LEFT[facts.likelihood.link]} = {' + '.join(outcome)}"]
        if self._channels:
            mediator = [*levels, *path_a, *controls, "ε_{it}"]
            lines.append(f"M_{{jit}} = {' + '.join(map(_of_mediator, mediator))}")
        lines.append(self._errors())
        words = (Message("{}: {}", symbol, meaning) for symbol, meaning in means.items())
        plain = (line.replace("_{}", "") for line in lines)
        where = self._context.translate("where {}.", separated(words))
        return DisplayedEquation(tuple(plain), where)

    def _levels(self) -> Iterator[str]:
        """State unit effects and time effects."""
        by = time_strata(self._context.fit)
        group = "" if not by else self._s if by == self._strata else "g"
        yield "α_{i}"
        yield f"λ_{{{group}t}}"
        self._meanings["α_{i}"] = Message("unit effects")
        meaning = Message("time effects, common to all units")
        if by:
            meaning = Message("time effects by {}", crossed(by))
            if self._facts.time is not None and self._facts.time.pooled:
                meaning = Message("time effects by {}, partially pooled", crossed(by))
        self._meanings[f"λ_{{{group}t}}"] = meaning

    def _effect(self) -> str:
        """State the effect of the policy or of the exposure, and pre-adoption coefficients."""
        facts, means = self._facts, self._meanings
        index, meaning, treated = self._effect_index()
        parts = [f"τ_{{{index}}}"]
        means[parts[0]] = meaning
        if facts.varying == "unit":
            parts.append("u_{i}")
            means["u_{i}"] = Message("random effect of the treatment by unit")
        elif facts.varying is not None:
            parts.append("u_{v(i)}")
            means["u_{v(i)}"] = Message("random effect of the treatment by {}", facts.varying)
        effect = f"({' + '.join(parts)}) {treated}" if len(parts) > 1 else f"{parts[0]} {treated}"
        if facts.adopted:
            means["D_{it}"] = Message("1 once unit i is treated, 0 before")
            if self._ends:
                means["D_{it}"] = Message("1 while unit i is treated, 0 otherwise")
            if facts.anticipation:
                means["D_{it}"] = Message(
                    "1 from {n} period before adoption on, 0 earlier",
                    plural="1 from {n} periods before adoption on, 0 earlier",
                    n=facts.anticipation,
                )
        else:
            means["d_{it}"] = Message("exposure ({})", str(facts.exposure))
        if EXITS.met(self._context.fit):
            after = index if index.endswith("kt") else index.removesuffix("e") + "x"
            effect += f" + θ_{{{after}}} A_{{it}}"
            means[f"θ_{{{after}}}"] = Message("effect that remains after exit")
            means["A_{it}"] = Message("1 after the treatment of unit i has ended, 0 otherwise")
            if after.endswith("x"):
                means["x"] = Message("periods since exit")
        if facts.leads:
            effect += f" + π_{{{index}}} L_{{it}}"
            means[f"π_{{{index}}}"] = Message("pre-adoption coefficients (leads)")
            means["L_{it}"] = Message("1 in periods before adoption, except the last")
        return effect

    def _effect_index(self) -> tuple[str, Message, str]:
        """Return the subscripts of effects, their definitions and the multiplied variables."""
        facts, direct = self._facts, bool(self._channels)
        if not facts.adopted:
            meaning = Message("direct effect") if direct else Message("slope of the exposure")
            return f"{self._s}{'t' if facts.by_period else ''}", meaning, "d_{it}"
        pieces = {*facts.pooling.pieces}
        if facts.pooling.flat or pieces & {"cohort", "cell"}:
            index = f"{self._s}kt"
            self._meanings["k"] = Message("cohort (first treated period)")
            if self._ends:
                self._meanings["k"] = Message("path (entries and exits up to period t)")
        else:
            index = f"{self._s if 'strata' in pieces else ''}e"
            self._meanings["e"] = Message("periods since adoption")
        meaning = Message("effect of the policy")
        return index, Message("direct effect of the policy") if direct else meaning, "D_{it}"

    def _moderation(self) -> str:
        """State how a moderator changes effects; empty without one."""
        if self._facts.moderator is None:
            return ""
        slope = f"γ_{{{self._s}}}"
        self._meanings["m_{it}"] = Message("moderator ({}), with mean m̄", self._facts.moderator)
        self._meanings[slope.replace("_{}", "")] = Message("change of the effect by the moderator")
        return f"{slope} (m_{{it}} − m̄) {'D' if self._facts.adopted else 'd'}_{{it}}"

    def _controls(self) -> Iterator[str]:
        """State covariates, baseline columns and the addends of further terms."""
        facts, means = self._facts, self._meanings
        if names := covariates_of(self._context):
            yield "x_{it}′β_{}"
            means["x_{it}"] = Message("covariates ({})", enumerated(names))
        if facts.baseline:
            yield "z_{i}′ξ_{t}"
            means["z_{i}"] = Message("first values of {}", enumerated(facts.baseline))
            means["ξ_{t}"] = Message("their coefficients in each period")
        for term in facts.terms:
            addend, meanings = term.formula
            if addend:
                yield addend if facts.adopted else addend.replace("D_{", "d_{")
            means |= meanings

    def _mediators(self) -> Iterator[str]:
        """State the addends of mediators in the outcome equation."""
        channels, means = self._channels, self._meanings
        if not channels:
            return
        mediator = f"M_{{ji,t−{channels.lag}}}" if channels.lag else "M_{jit}"
        slope, s = f"b_{{j{self._s}}}", self._s
        parts = [slope]
        names = enumerated(self._context.channels)
        means["M_{jit}"] = Message("mediator j ({})", names)
        path_a = "a" + next(x for x in means if x.startswith("τ"))[1:].replace("{", "{j")
        means[path_a] = Message("effect of the policy on mediator j (path a)")
        if not self._facts.adopted:
            means[path_a] = Message("effect of the exposure on mediator j (path a)")
        means[slope] = Message("effect of mediator j on the outcome (path b)")
        if channels.interaction:
            parts.append("h_{j} D_{it}")
            means["h_{j}"] = Message("change of path b by treatment")
        if "b" in self._facts.moderated:
            parts.append(f"q_{{j{s}}} (m_{{it}} − m̄)")
            means[f"q_{{j{s}}}"] = Message("change of path b by the moderator")
        sum_of = f"({' + '.join(parts)})" if parts[1:] else slope
        yield f"Σ_{{j}} {sum_of} {mediator}"
        means[f"{path_a} {slope}"] = Message("indirect effect through mediator j")
        if channels.links is not None:
            yield "Σ_{j} c_{j} Σ_{l} w_{il} M_{jlt}"
            means["c_{j}"] = Message("effect of the mediators of linked units, the same everywhere")
            means["w_{il}"] = Message("spatial weights ({})", channels.links.name)

    def _errors(self) -> str:
        """State the distribution of errors."""
        facts = self._facts
        law, variance, meanings = facts.noise.formula
        self._meanings |= meanings
        likelihood = facts.likelihood
        letter = "N" if likelihood.latent else likelihood.distribution
        if letter == "F":
            self._meanings["F"] = Message("distribution of innovations ({})", likelihood.label)
        innovations = "e_{it}" if law else "ε_{it}"
        return f"{law + ',  ' if law else ''}{innovations} ~ {letter}(0, {variance})"


def _of_mediator(addend: str) -> str:
    """State an addend of the equation of mediator j, with coefficients of that equation."""
    addend = addend.replace("τ_", "a_")
    return _SYMBOL.sub(lambda x: x[0] if x[1] in _DATA else f"{x[0]}j", addend)
