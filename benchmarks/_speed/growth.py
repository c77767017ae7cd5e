"""What grows with the data: sampling at 4 million rows, memory, and refits with more units."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks._speed import models, panels
from benchmarks._speed.measure import (
    Line,
    Settings,
    Watch,
    best,
    fresh,
    seconds,
    times,
)
from benchmarks._speed.sampling import MILLIONS


def rows_lines(settings: Settings) -> Iterator[Line]:
    import bayes_nqp as nqp

    units = MILLIONS // 10 if settings.quick else MILLIONS
    name = "400 thousand" if settings.quick else "4 million"
    design, sampler = models.iid_design(), nqp.Importance(seed=1)
    small = panels.panel(panels.frame(300, rho=0.0))
    large = panels.panel(panels.frame(units, rho=0.0))
    models.compressed(design, small, sampler)
    found: dict[str, Watch] = {}
    # In turns, so that a busy neighbour slows both.
    for _ in range(2):
        for key, panel in (("small", small), ("large", large)):
            settings.say(f"sampling, {key} panel")
            run = models.compressed(design, panel, sampler).sampling
            found[key] = min(found.get(key, run), run, key=lambda w: w.wall)
    ratio = found["large"].wall / found["small"].wall
    yield Line(
        f"sampling at {name} rows ÷ at 4 thousand",
        times(ratio),
        "≤ 1.2×",
        ratio <= 1.2,
        f"{found['large']} and {found['small']}, best of 2; by CPU "
        f"{times(found['large'].cpu / found['small'].cpu)}",
    )


def memory_lines(settings: Settings) -> Iterator[Line]:
    units = MILLIONS // 10 if settings.quick else MILLIONS
    settings.say("memory")
    found = fresh(["memory", "--units", str(units)])
    extra = found["peak"] - found["before"]
    ratio = extra / found["input"]
    yield Line(
        f"peak memory at {units * panels.PERIODS:,} rows ÷ input",
        times(ratio),
        "a small multiple (≤ 8×)",
        ratio <= 8,
        f"input {found['input']:.0f} MB; panel, plan and fit add {extra:.0f} MB to a process of "
        f"{found['before']:.0f} MB that holds the input; panel {seconds(found['panel'])}, "
        f"plan {seconds(found['plan'])}, fit {seconds(found['fit'])}",
    )


def units_lines(settings: Settings) -> Iterator[Line]:
    import bayes_nqp as nqp

    many = 3_000 if settings.quick else 30_000
    design, sampler = nqp.StaggeredDiD(), nqp.Importance(seed=1)
    small, large = (panels.panel(panels.frame(n)) for n in (300, many))
    nqp.fit(design, small, sampler, progress=False)
    took = []
    for panel in (small, large):
        settings.say(f"refit, {panel.unit_labels.size} units")
        took.append(best(lambda p=panel: nqp.fit(design, p, sampler, progress=False), 2))
    ratio = took[1].wall / took[0].wall
    yield Line(
        f"unit deviations, AR(1): whole refit at {many:,} units ÷ at 300",
        times(ratio),
        "≤ 1.2×",
        ratio <= 1.2,
        f"{took[1]} and {took[0]}, best of 2; by CPU {times(took[1].cpu / took[0].cpu)}",
    )
