"""Compressed against row by row: effective draws per second, at three sizes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks._speed import models, panels
from benchmarks._speed.measure import Line, Settings, times

from bayes_nqp import Importance, to_pymc

if TYPE_CHECKING:
    from benchmarks._speed.models import Run

SIZES = {"4 thousand": (300, 5.9), "40 thousand": (3_000, 50.0)}
MILLIONS = 307_692


def lines(settings: Settings) -> Iterator[Line]:
    design, sampler = models.iid_design(), settings.sampler()
    default = Importance(seed=1)
    models.compressed(design, panels.panel(panels.frame(60)), default)
    steps = float("nan")
    for rows, (units, bar) in SIZES.items():
        if settings.quick and units > 300:
            continue
        panel = panels.panel(panels.frame(units, rho=0.0))
        settings.say(f"compressed, {rows} rows")
        ours = models.compressed(design, panel, default)
        settings.say(f"row by row, {rows} rows")
        theirs = models.row_by_row(models.demeaned_model(design, panel), ours.rows, sampler)
        steps = theirs.steps / theirs.effective
        yield _rate(rows, "demeaned rows", ours, theirs, bar)
        yield _clock(rows, ours, theirs)
        if units <= 300:
            settings.say(f"nqp.to_pymc, {rows} rows")
            whole = to_pymc(design, panel)
            plain = models.row_by_row(whole, ours.rows, sampler, "outcome__cell_effect")
            yield _rate(rows, "`nqp.to_pymc`, unit effects as parameters", ours, plain, bar)
    yield from _millions(settings, steps)


def _rate(rows: str, rival: str, ours: Run, theirs: Run, bar: float) -> Line:
    ratio = ours.rate / theirs.rate
    good = ratio >= bar
    return Line(
        f"effective draws per second, {rows} rows, against {rival}",
        times(ratio),
        f"≥ {bar:g}×",
        good,
        f"{ours.rate:,.0f}/s against {theirs.rate:,.0f}/s (by CPU "
        f"{times(ours.frugality / theirs.frugality)}); ESS {ours.effective:,.0f} and "
        f"{theirs.effective:,.0f}; divergences {ours.divergences} and {theirs.divergences}; "
        f"ATT {ours.att:.4f} and {theirs.att:.4f}",
    )


def _clock(rows: str, ours: Run, theirs: Run) -> Line:
    return Line(
        f"wall clock, {rows} rows, against demeaned rows",
        times(theirs.sampling.wall / ours.sampling.wall),
        detail=f"sampling {ours.sampling} against {theirs.sampling}; whole, compilation included, "
        f"{ours.whole} against {theirs.whole}",
    )


def _millions(settings: Settings, steps: float) -> Iterator[Line]:
    units = MILLIONS // 10 if settings.quick else MILLIONS
    name = "400 thousand" if settings.quick else "4 million"
    design = models.iid_design()
    settings.say(f"{name} rows")
    panel = panels.panel(panels.frame(units, rho=0.0))
    run = models.compressed(design, panel, Importance(seed=1))
    settings.say(f"gradient row by row, {name} rows")
    other = models.gradient_of_rows(models.demeaned_model(design, panel)) * steps
    theirs = (os.cpu_count() or 1) / other
    yield Line(
        f"effective draws per second, {name} rows, against gradients on every core",
        times(run.rate / theirs),
        "≥ 2,565×",
        None if settings.quick else run.rate >= 2_565 * theirs,
        f"{run.rate:,.0f}/s measured, against {theirs:.2g}/s; sampling {run.sampling}; {steps:.1f} "
        "gradients an effective draw, as at the largest size above",
    )
