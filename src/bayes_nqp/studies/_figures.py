"""The figures of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from bayes_nqp import plots, schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult, leads_of
from bayes_nqp.effects import cell_effects
from bayes_nqp.files import file_name, write, writing
from bayes_nqp.fitting import Fit
from bayes_nqp.plots import DRAWERS
from bayes_nqp.studies._study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw"]

_DPI = 300
_DIAGRAMS = 6
"""Groups that one figure of channels holds."""


def draw(
    folder: Path,
    study: Study,
    fit: Fit,
    checks: Sequence[CheckResult],
    say: Callable[[str], None],
) -> None:
    """Write every figure of a study as a .png.

    Parameters
    ----------
    folder : Path
        Is made.
    say : callable
        Told each figure's name.
    """
    with writing(folder):
        folder.mkdir()
    for name, make in _figures(study, fit, checks):
        say(f"drawing {name}")
        figure = make()
        path = folder / f"{file_name(name)}.png"
        write(path, lambda file, figure=figure: figure.savefig(file, format="png", dpi=_DPI))  # type: ignore[misc]


def _figures(
    study: Study, fit: Fit, checks: Sequence[CheckResult]
) -> Iterator[tuple[str, Callable[[], Figure]]]:
    report, effects = study.settings.report, _labelled(study, cell_effects(fit))
    look: dict[str, Any] = {"prob": report.prob, "language": report.language}
    evidence = next((c.evidence for c in checks if c.name == "pretrends"), None)

    def study_of(factor: str | None) -> Figure:
        before = leads_of(evidence, factor) if isinstance(evidence, xr.Dataset) else None
        return plots.event_study(effects, by=factor, leads=before, weights=report.weights, **look)

    factors = [name for name in study.factors if name in schema.factors(effects)]
    if schema.is_timed(effects):
        yield "adoption", lambda: plots.adoption(study.panel, language=report.language)
        yield "event_study", lambda: study_of(None)
    for name in factors if schema.is_timed(effects) else ():
        yield f"event_study_{name}", lambda name=name: study_of(name)  # type: ignore[misc]
    yield (
        "forest",
        lambda: plots.forest(effects, by=factors or None, weights=report.weights, **look),
    )
    if study.mediators:
        yield from _channel_figures(fit, effects, factors, {**look, "weights": report.weights})
    for one in checks:
        if one.kind in DRAWERS:
            yield f"check_{one.name}", lambda one=one: plots.check(one, **look)  # type: ignore[misc]
    if v.DEVIATION in effects:
        yield "league", lambda: plots.league(effects, weights=report.weights, **look)


def _channel_figures(
    fit: Fit, effects: xr.Dataset, factors: Sequence[str], look: Mapping[str, Any]
) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """How the policy reaches the outcome: path diagrams, parts of the effect, channels compared."""
    yield "paths", lambda: plots.paths(fit, **look)
    along = v.EVENT_TIME if schema.is_timed(effects) else v.TIME
    yield "decomposition", lambda: plots.decomposition(effects, by=along, **look)
    yield "channels", lambda: plots.channels(effects, **look)
    for name in factors:
        if len(set(effects[name].to_numpy().tolist())) > _DIAGRAMS:
            continue
        yield f"paths_{name}", lambda name=name: plots.paths(fit, by=name, **look)  # type: ignore[misc]
        yield (
            f"decomposition_{name}",
            lambda name=name: plots.decomposition(effects, by=[name, along], **look),  # type: ignore[misc]
        )
        yield f"channels_{name}", lambda name=name: plots.channels(effects, by=name, **look)  # type: ignore[misc]


def _labelled(study: Study, effects: xr.Dataset) -> xr.Dataset:
    """Name the outcome as the study does."""
    report = study.settings.report
    names = {"outcome": report.outcome, "outcome_unit": report.outcome_unit}
    return effects.assign_attrs({k: text for k, text in names.items() if text is not None})
