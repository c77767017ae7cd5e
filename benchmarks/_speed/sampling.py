"""Compressed against row by row: effective draws per second, at three sizes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks._speed import models, panels
from benchmarks._speed.measure import Line, Settings, default_sampler, seconds, times

from bayes_nqp import build

if TYPE_CHECKING:
    from benchmarks._speed.models import Run

SIZES = {"4 thousand": (300, 1.0), "40 thousand": (3_000, 10.0)}
MILLIONS = 307_692


def lines(settings: Settings) -> Iterator[Line]:
    design, sampler = models.iid_design(), settings.sampler()
    models.compressed(design, panels.panel(panels.frame(60)), settings.sampler(draws=50, tune=50))
    steps = float("nan")
    for rows, (units, bar) in SIZES.items():
        if settings.quick and units > 300:
            continue
        panel = panels.panel(panels.frame(units, rho=0.0))
        settings.say(f"compressed, {rows} rows")
        ours = models.compressed(design, panel, sampler)
        settings.say(f"row by row, {rows} rows")
        theirs = models.row_by_row(models.demeaned_model(design, panel), ours.rows, sampler)
        steps = theirs.steps / theirs.effective
        yield _rate(rows, "demeaned rows", ours, theirs, bar)
        yield _clock(rows, ours, theirs)
        for name, other in default_sampler().items():
            settings.say(f"compressed with {name}, {rows} rows")
            yield _default(rows, name, models.compressed(design, panel, other), theirs)
        if units <= 300:
            settings.say(f"nqp.build, {rows} rows")
            whole = build(design, panel)
            plain = models.row_by_row(whole, ours.rows, sampler, "outcome__cell_effect")
            yield _rate(rows, "`nqp.build`, unit effects as parameters", ours, plain, bar)
    yield from _millions(settings, steps)


def _rate(rows: str, rival: str, ours: Run, theirs: Run, bar: float) -> Line:
    ratio = ours.rate / theirs.rate
    good = ratio >= bar and ours.divergences == 0
    return Line(
        f"effective draws per second, {rows} rows, against {rival}",
        times(ratio),
        f"≥ {bar:g}×, no divergences",
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


def _default(rows: str, name: str, ours: Run, theirs: Run) -> Line:
    return Line(
        f"the same, {rows} rows, ours with {name}",
        times(ours.rate / theirs.rate),
        detail=f"{ours.rate:,.0f}/s against {theirs.rate:,.0f}/s; ESS {ours.effective:,.0f}; "
        f"sampling {ours.sampling}; ATT {ours.att:.4f}",
    )


def _millions(settings: Settings, steps: float) -> Iterator[Line]:
    units = MILLIONS // 10 if settings.quick else MILLIONS
    name = "400 thousand" if settings.quick else "4 million"
    design = models.iid_design()
    settings.say(f"{name} rows")
    panel = panels.panel(panels.frame(units, rho=0.0))
    ours = models.compressed(design, panel, settings.sampler())
    quick = models.density_compressed(design, panel)
    settings.say(f"gradient row by row, {name} rows")
    slow = models.gradient_of_rows(models.demeaned_model(design, panel))
    mine = quick * ours.steps / ours.effective
    other = slow * steps
    yield Line(
        f"effective draws per second, {name} rows: time per gradient × gradients per "
        "effective draw",
        times(other / mine),
        "≥ 1,000×, no divergences",
        None if settings.quick else other / mine >= 1_000 and ours.divergences == 0,
        f"gradient {seconds(quick)} against {seconds(slow)} (both measured at {name} rows); "
        f"gradients per effective draw {ours.steps / ours.effective:.1f} against {steps:.1f} "
        "(row by row: of the largest size above, and it grows with rows); "
        f"divergences {ours.divergences}",
    )
    for label, sampler in default_sampler().items():
        settings.say(f"{label}, {name} rows")
        run = models.compressed(design, panel, sampler)
        theirs = (os.cpu_count() or 1) / other
        yield Line(
            f"the same, {name} rows, ours with {label}",
            times(run.rate / theirs),
            detail=f"{run.rate:,.0f}/s measured, against {theirs:.2g}/s: a gradient after the "
            f"other on every core; sampling {run.sampling}",
        )
