"""Identification of an equation's columns: tests of collinearity with effects and outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError, shown
from bayes_nqp._core.i18n import Message, either, listed
from bayes_nqp.data.reading import joined_rows
from bayes_nqp.inference.model_frame._model_frame import Equation
from bayes_nqp.model.predictors import SLOPE, LocalPart, SlopeKind, SlopePart
from bayes_nqp.numerics.linear_gaussian import absorbed_products, net_of
from bayes_nqp.numerics.parameters import FLAT

_LEFT = 1e-9
"""Share of a column's variation within units below which it counts as zero."""
_SHOWN = 6
"""Number of columns that a message lists."""
_SHARE = 1e-4
"""Share of a column's spread below which another does not contribute to it."""


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """Names in messages: the outcome, its first columns, the treatment, and effects.

    ``certain`` is True if effects alone cannot fit the outcome perfectly, unless it was constructed
    from them.
    """

    outcome: Message
    covariates: Sequence[Message]
    effects: Message
    spanned: Message
    certain: bool


@dataclass(frozen=True, eq=False)
class _Column:
    """A column by its loadings on the slots of every block; a plain one shifts no effect."""

    name: Message
    loadings: tuple[Array, ...]
    effect: bool
    plain: bool


def check_identified(equation: Equation, roles: ColumnNames, effects: Sequence[object]) -> None:
    """Refuse columns, and outcomes, that effects and other columns explain perfectly.

    Effects of these parts are treated as free here, whatever their priors: a covariate in their
    span would otherwise be identified only by these priors. Moderated effects keep their priors.
    """
    flat = _columns(equation, roles)
    if not flat and roles.certain:
        return
    products = absorbed_products(equation.problem, equation.gaussian)
    plain = [column for column in flat if column.plain]
    problems = _collinear(equation, products, flat, roles, [])
    if not problems:
        problems = _collinear(equation, products, plain, roles, effects)
    if problems:
        places = [Message("{}: {}", name, why) for name, (why, _) in problems.items()]
        raise IdentificationError(
            Message(
                "covariates, mediators, moderators or slopes are collinear with unit effects, "
                "time effects, the effects of treatment or one another"
            ),
            where=joined_rows(places[:_SHOWN], max(len(places) - _SHOWN, 0)),
            hint="; ".join(dict.fromkeys(hint for _, hint in problems.values())),
        )
    flat.sort(key=lambda column: not column.plain)
    _check_outcome(equation, products, flat, roles, effects)


def _columns(equation: Equation, roles: ColumnNames) -> list[_Column]:
    """Return columns with flat coefficients."""
    flat, at = [], 0
    for part in equation.globals:
        labels, start = part.labels, at
        at += part.columns.shape[1]
        if part.scale != FLAT or part.place != "slopes":
            continue
        shift = isinstance(part, SlopePart) and part.kind is not SlopeKind.MEDIATOR
        if part.name == SLOPE:
            names = list(roles.covariates)
        elif isinstance(part, SlopePart):
            role = Message("moderated effect {!r}") if shift else Message("mediator {!r}")
            names = [role.fill(label) for label in part.flat]
        else:
            names = [Message("{}, {}", roles.effects, label) for label in labels]
        for k, name in enumerate(names):
            blocks = equation.problem.blocks
            loadings = tuple(np.append(b.columns[:, start + k], 0.0) for b in blocks)
            effect = part.name != SLOPE and not isinstance(part, SlopePart)
            flat.append(_Column(name, loadings, effect, plain=not effect and not shift))
    return flat


def _nuisance(
    equation: Equation, effects: Sequence[object] | None
) -> tuple[list[Index], list[list[Array]]]:
    """Return free slots, and loadings of other flat coefficients, by block: time effects.

    If there are effects, flat cells are included, and those that are given.
    """
    problem = equation.problem
    effects, bare = effects or (), effects is None
    cells = any(isinstance(part, LocalPart) for part in effects)
    wide: list[int] = []
    at = 0
    for part in equation.globals:
        span = range(at, at + part.columns.shape[1])
        at += part.columns.shape[1]
        taken = any(part is effect for effect in effects) and not cells
        if (part.place == "time" and part.scale == FLAT) or taken:
            wide += span
    local, columns = [], []
    for block in problem.blocks:
        cell = block.local_position >= block.n_levels * problem.n_periods
        asked_positions = (block.local_scale == FLAT) & ~(cell & bare) | (cell & cells)
        local.append(np.unique(block.local_position[asked_positions]))
        columns.append([np.append(block.columns[:, k], 0.0) for k in wide])
    return local, columns


def _net(
    equation: Equation,
    products: Sequence[Array],
    columns: Sequence[_Column],
    effects: Sequence[object] | None,
) -> tuple[Array, Array, int]:
    """Return cross-products of columns and outcome, net of nuisances and raw, and their rank."""
    local, wide = _nuisance(equation, effects)
    outcome = [np.eye(len(s))[:, -1] for s in products]
    tested = [
        np.column_stack([*(c.loadings[b] for c in columns), outcome[b]])
        for b in range(len(products))
    ]
    joined = [np.column_stack([*w, t]) for w, t in zip(wide, tested, strict=True)]
    gram, rank = net_of(products, local, joined, len(wide[0]) if wide else 0)
    before = sum((t.T @ s @ t for s, t in zip(products, tested, strict=True)), np.zeros_like(gram))
    return gram, np.diag(before), rank


def _collinear(
    equation: Equation,
    products: Sequence[Array],
    columns: Sequence[_Column],
    roles: ColumnNames,
    effects: Sequence[object],
) -> dict[Message, tuple[Message, str]]:
    """Return columns without independent variation: the reason, and advice."""
    if not columns:
        return {}
    gram, before, _ = _net(equation, products, columns, effects)
    _, sources = _dependent(gram[:-1, :-1], before[:-1])
    if not sources:
        return {}
    by_time, _, _ = _net(equation, products, columns, None)
    problems: dict[Message, tuple[Message, str]] = {}
    for k, places in sources.items():
        name = columns[k].name
        others = [columns[j].name for j in places if not columns[j].effect]
        effect = bool(effects) or any(columns[j].effect for j in places)
        if before[k] <= 0.0:
            why = Message("unit effects explain it fully: within units it varies only by rounding")
            hint = Message(
                "leave {} out, or let its baseline value shift trends (baseline=[…])", name
            )
        elif by_time[k, k] <= _LEFT * before[k]:
            why = Message("unit and time effects explain it fully")
            hint = Message(
                "leave {} out: time effects already include all shocks common to units in a period",
                name,
            )
        elif not others:
            why = Message("{} explain it fully", roles.spanned)
            hint = Message("leave {} out: the effects of the design already include it", name)
        else:
            by = listed(others)
            why = (
                Message(
                    "it is a linear function of {}, {} and unit and time effects", by, roles.spanned
                )
                if effect
                else Message("it is a linear function of {} and unit and time effects", by)
            )
            hint = Message("leave out one of {}", shown([*others, name]))
        problems.setdefault(name, (why, hint))
    return problems


def _dependent(gram: Array, before: Array) -> tuple[list[int], dict[int, list[int]]]:
    """Return columns that earlier ones do not explain; the others, with those that explain them."""
    free: list[int] = []
    sources: dict[int, list[int]] = {}
    for k in range(len(gram)):
        weights = _solved(gram, free, k)
        if gram[k, k] <= _LEFT * before[k] or before[k] <= 0.0:
            sources[k] = []
        elif gram[k, k] - gram[k, free] @ weights <= _LEFT * before[k]:
            sources[k] = _parts(gram, free, weights, gram[k, k])
        else:
            free.append(k)
    return free, sources


def _solved(gram: Array, free: Sequence[int], k: int) -> Array:
    if not free:
        return np.zeros(0)
    size = np.sqrt(np.diag(gram)[list(free)])
    scaled = gram[np.ix_(free, free)] / np.outer(size, size)
    return np.asarray(np.linalg.solve(scaled, gram[list(free), k] / size) / size)


def _parts(gram: Array, free: Sequence[int], weights: Array, square: float) -> list[int]:
    """Return columns with a share in a linear function of them."""
    size = np.abs(weights) * np.sqrt(np.diag(gram)[list(free)])
    return [j for j, s in zip(free, size, strict=True) if s > _SHARE * np.sqrt(square)]


def _check_outcome(
    equation: Equation,
    products: Sequence[Array],
    columns: Sequence[_Column],
    roles: ColumnNames,
    effects: Sequence[object],
) -> None:
    """Refuse an outcome that columns, or a continuous exposure, explain up to rounding."""
    gram, before, rank = _net(equation, products, columns, effects)
    free, _ = _dependent(gram[:-1, :-1], before[:-1])
    # More coefficients than observations explain anything.
    if equation.problem.free - rank - len(free) < 1 or before[-1] <= 0.0:
        return
    if gram[-1, -1] <= _LEFT * before[-1]:
        if roles.certain:
            return
        names = [roles.effects]
    else:
        weights = _solved(gram, free, -1)
        if gram[-1, -1] - gram[-1, free] @ weights > _LEFT * gram[-1, -1]:
            return
        names = [columns[k].name for k in _parts(gram, free, weights, gram[-1, -1])]
    raise IdentificationError(
        Message(
            "the {} is an exact linear function of {} and of unit and time effects",
            roles.outcome,
            listed(names),
        ),
        where=Message("{} observations, up to rounding", equation.rows.outcome.size),
        hint=Message(
            "leave out {}: it is the outcome in other units, or a component of the outcome",
            either(names[:6]),
        ),
    )
