"""The picture of a check, by its kind of evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.process import quiet
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import CheckResult, title_of
from bayes_nqp.inference.fitting import once
from bayes_nqp.output.plots._notes import words
from bayes_nqp.output.plots._registry import DRAWERS, Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene

_FURTHER = ("replication", "slope_draw")
"""Dims of draws beside chains and their draws."""


def _sheets(scene: Scene) -> Iterator[Sketch]:
    translate = scene.translate
    for result in scene.checks:
        if result.kind in DRAWERS and result.evidence is not None:
            name = translate.name(title_of(result.name))
            title = name[:1].upper() + name[1:]
            yield Sketch(
                f"check_{result.name}",
                translate("{}.", title, context="caption"),
                partial(check, _named(result, scene), title="", **scene.look),
                partial(once, scene.given, ("evidence", result), partial(frame_of, result)),
            )


@plot(Message("Evidence of the check."), place=50, sheets=_sheets)
def check(
    result: CheckResult,
    *,
    prob: float = 0.95,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the evidence of a check.

    Parameters
    ----------
    result : CheckResult
        Result of a check, such as ``nqp.check(fit, "pretrends")``.
    prob : float, default 0.95
        Posterior probability of the intervals, equal-tailed.
    ax : Axes, optional
        Axes to draw into.
    title : str, optional
        Title of the figure; none by default.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If there is nothing to draw.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.check(nqp.check(fit, "pretrends", progress=False))
    """
    drawer = DRAWERS.get(result.kind)
    if drawer is None:
        raise StudyError(
            f"the check {result.name!r} has nothing to draw: {result.sentence}",
            hint="read its sentence and its evidence",
        )
    return drawer(result, Appearance(prob, ax, title, words(language, result), style))


def _named(result: CheckResult, scene: Scene) -> CheckResult:
    """Call the outcome in a check's evidence as the scene does."""
    if not isinstance(result.evidence, xr.Dataset | xr.DataArray):
        return result
    evidence, usual = result.evidence.copy(), str(scene.given.record.get("outcome", ""))
    variables = evidence.data_vars.values() if isinstance(evidence, xr.Dataset) else ()
    for part in (evidence, *variables):
        if part.attrs.get("outcome") == usual:
            part.attrs.update(scene.names)
    return replace(result, evidence=evidence)


def frame_of(result: CheckResult) -> pd.DataFrame:
    """Give the evidence of a check as one table.

    Returns
    -------
    DataFrame
        Draws are summarised by mean and the 2.5 % and 97.5 % quantiles.
    """
    evidence = result.evidence
    if isinstance(evidence, pd.DataFrame):
        return evidence
    assert evidence is not None
    dataset = evidence if isinstance(evidence, xr.Dataset) else evidence.to_dataset(name="value")
    parts = []
    for name, values in dataset.data_vars.items():
        dims = [dim for dim in (*v.SAMPLE_DIMS, *_FURTHER) if dim in values.dims]
        if dims and values.dtype.kind == "f":
            values = _summarised(values, dims)
        frame = (
            values.rename("value").to_dataframe().reset_index()
            if values.dims
            else pd.DataFrame({"value": [values.item()]})
        )
        frame.insert(0, "variable", str(name))
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _summarised(draws: xr.DataArray, dims: Sequence[str]) -> xr.DataArray:
    lacking = bool(draws.isnull().any())  # without, a column need not be looked at by itself
    with quiet(RuntimeWarning, "All-NaN slice"):  # groups without draws stay NaN
        ends = draws.quantile([0.025, 0.975], dims, skipna=lacking)
    parts = [draws.mean(dims), *(end.drop_vars("quantile") for end in ends)]
    dim = "statistic_of_draws"
    summaries: xr.DataArray = xr.concat(parts, dim=dim, coords="minimal", compat="override")
    return summaries.assign_coords({dim: ["mean", "lower", "upper"]})
