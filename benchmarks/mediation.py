"""Run: python -m benchmarks.mediation; an interrupted run goes on where it stopped.

Recovery of direct, indirect and total effects on simulated panels, with the posterior's 95 %
intervals. Writes the section "Recovery" of benchmarks/results/mediation.md.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp.data.simulation import CHANNELS, channels
from bayes_nqp.inference.fitting import Kept, batch

ROOT = Path(__file__).resolve().parents[1]
SEED = 700_000
BAR = 0.93
DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), nqp.AR1()))
NULL = "idle"
OTHERS = tuple(name for name in CHANNELS if name != NULL)
GROUPS = ("overall", "inland", "coastal", "inland − coastal")
KNOWN = {
    "rho": 0.5, "sigma": 1.0, "scale_walk": 0.1, "scale_cohort": 0.1, "scale_cell": 0.1,
    "scale_deviation": 0.2,
}  # fmt: skip
OTHER_SEED, TOGETHER = 900_000, 25
SCORES = ("truth", "mean", "sd", "lower", "upper", "positive")
BEGIN = "<!-- recovery: python -m benchmarks.mediation -->"
END = "<!-- end of recovery -->"


def estimands(effects: object) -> dict[str, xr.DataArray]:
    """Every quantity that is judged, from draws or from the truth."""
    whole, direct, via = nqp.total(effects), nqp.nde(effects), nqp.nie(effects)
    paths = {"total": whole, "direct": direct} | {
        str(name): via.sel(mediator=name) for name in via["mediator"].to_numpy()
    }
    by_whole, by_direct = nqp.total(effects, by="region"), nqp.nde(effects, by="region")
    by_via = nqp.nie(effects, by="region")
    by_region = {"total": by_whole, "direct": by_direct} | {
        str(name): by_via.sel(mediator=name) for name in by_via["mediator"].to_numpy()
    }
    found = {}
    for name in (*paths, *(f"{a} − {b}" for a, b in pairs())):
        one, _, other = name.partition(" − ")
        groups = {"overall": paths, **dict.fromkeys(GROUPS[1:3], by_region)}
        for group, source in groups.items():
            draws = source[one] - source[other] if other else source[one]
            found[f"{name} | {group}"] = draws if group == "overall" else draws.sel(region=group)
        found[f"{name} | {GROUPS[3]}"] = found[f"{name} | inland"] - found[f"{name} | coastal"]
    return found


def pairs() -> list[tuple[str, str]]:
    """Channels that are compared."""
    names = list(CHANNELS)
    return [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]


def replicate(replication: int, draws: int) -> dict[str, Any]:
    """One panel, one fit: for every quantity its truth and its posterior's summary."""
    simulated = channels(seed=SEED + replication)
    sampler = nqp.Importance(draws=draws, chains=2, seed=SEED + replication)
    fit = nqp.fit(DESIGN, simulated.panel, sampler, progress=False)
    known, found = estimands(simulated.truth), estimands(nqp.group_time_effects(fit))
    table = []
    for name, sample in found.items():
        values = sample.to_numpy().ravel()
        low, high = np.quantile(values, [0.025, 0.975])
        table.append(
            (known[name].item(), values.mean(), values.std(), low, high, (values > 0).mean())
        )
    slopes = fit.posterior["outcome__b"].mean(["chain", "draw"]).to_numpy()
    return {
        "quantity": np.array(list(found)),
        "scores": np.array(table),
        "slopes": slopes,
        "rhat": np.array(fit.gate.rhat),
    }


def exact(block: int) -> dict[str, Any]:
    """Errors of conditional means at known parameters, on panels of their own."""
    errors, names = [], np.array([])
    for k in range(TOGETHER):
        simulated = channels(seed=OTHER_SEED + TOGETHER * block + k)
        effects = nqp.posterior_mean(DESIGN, simulated.panel, **KNOWN)
        known, found = estimands(simulated.truth), estimands(effects)
        errors.append([found[name].item() - known[name].item() for name in found])
        names = np.array(list(found))
    return {"quantity": names, "off": np.array(errors)}


def scores(results: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a replication and quantity."""
    frames = []
    for k, result in enumerate(results):
        frame = pd.DataFrame(result["scores"], columns=list(SCORES))
        parts = pd.Series(result["quantity"]).str.split(" | ", regex=False)
        frames.append(frame.assign(name=parts.str[0], group=parts.str[1], replication=k))
    table = pd.concat(frames, ignore_index=True)
    covered = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    return table.assign(
        covered=covered, off=table["mean"] - table["truth"], width=table["upper"] - table["lower"]
    )


def coverage_table(table: pd.DataFrame) -> str:
    """Coverage of every quantity, and of its stratum contrast."""
    grouped = table.groupby(["name", "group"], sort=False)["covered"].mean().unstack()
    lines = [line("effect", *GROUPS), line("---", *["---:"] * len(GROUPS))]
    for name in dict.fromkeys(table["name"]):
        shares = (grouped.loc[name, group] for group in GROUPS)
        lines.append(line(name, *(f"{x:.3f}" if x >= BAR else f"**{x:.3f}**" for x in shares)))
    return "\n".join(lines)


def bias_table(table: pd.DataFrame, others: list[dict[str, Any]]) -> str:
    """Truth, bias, its standard error, and the posterior's sd beside the error's."""
    names = ("effect", "group", "truth", "bias", "(s.e.)", "posterior sd", "sd of error", "(s.e.)")
    lines = [line(*names, "other panels"), line("---", "---", *["---:"] * 7)]
    spread = np.concatenate([x["off"] for x in others]).std(axis=0) if others else None
    for k, ((name, group), part) in enumerate(table.groupby(["name", "group"], sort=False)):
        sd, count = part["off"].std(), len(part)
        lines.append(
            line(
                name, group, f"{part['truth'].mean():+.3f}", f"{part['off'].mean():+.4f}",
                f"({sd / np.sqrt(count):.4f})", f"{part['sd'].mean():.3f}", f"{sd:.3f}",
                f"({sd / np.sqrt(2 * count):.3f})", "" if spread is None else f"{spread[k]:.3f}",
            )
        )  # fmt: skip
    return "\n".join(lines)


def null_table(table: pd.DataFrame) -> str:
    """How often the channel without effect is taken for one, or set above another."""
    lines = [line("event", *GROUPS[:3]), line("---", *["---:"] * 3)]
    wide = table.pivot(index="replication", columns=["name", "group"], values="positive")
    rows: dict[str, list[float]] = {}
    for group in GROUPS[:3]:
        own = wide[NULL, group]
        events = {f"95 % interval of {NULL} leaves out 0": (own > 0.975) | (own < 0.025)}
        beaten = {other: 1.0 - wide[f"{other} − {NULL}", group] for other in OTHERS}
        for other, chance in beaten.items():
            for level in (0.5, 0.9, 0.95):
                events[f"P({NULL} > {other}) > {level:g}"] = chance > level
        every = pd.concat(beaten.values(), axis=1).min(axis=1)
        events[f"P({NULL} > each other channel) > 0.9"] = every > 0.9
        for other in OTHERS:
            mean = wide[other, group]
            events[f"95 % interval of {other} leaves out 0"] = (mean > 0.975) | (mean < 0.025)
        for name, event in events.items():
            rows.setdefault(name, []).append(float(event.mean()))
    lines += [line(name, *(f"{x:.3f}" for x in shares)) for name, shares in rows.items()]
    return "\n".join(lines)


def line(*cells: object) -> str:
    """One line of a table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def section(
    results: list[dict[str, Any]], others: list[dict[str, Any]], asked: int, draws: int
) -> str:
    """The section of the page."""
    table, count = scores(results), len(results)
    grouped = table.groupby(["name", "group"], sort=False)["covered"].mean()
    shares: list[tuple[tuple[str, str], float]] = list(grouped.items())  # type: ignore[arg-type]
    missed = [f"{a} ({b}) {x:.3f}" for (a, b), x in shares if x < BAR]
    rhat = np.array([float(result["rhat"]) for result in results])
    short = "" if count >= asked else f", of the {asked} that were asked for"
    error = np.sqrt(0.95 * 0.05 / count)
    told = "\n".join(
        f"- *{n}*: effect on the mediator {c.level:g} + {c.growth:g} a period, slope {c.slope:g}"
        f" (inland − coastal: {c.contrast:g})"
        for n, c in CHANNELS.items()
    )
    return f"""{BEGIN}
## Recovery

Made by `python -m benchmarks.mediation --replications {asked}`; an interrupted run goes on where it
stopped, `--collect` writes this section from the replications that are there: {count}{short}.

Every replication is a panel of `nqp.simulation.channels(seed={SEED} + r)`: 120 units, 12 periods,
seven batches, 30 % never treated, two regions, AR(1) errors with autocorrelation .5 and innovation
sd 1 in each of the four equations, direct effect .4, unit deviations (sd .2) of every effect:

{told}

It is fitted by `Mediation(StaggeredDiD(PartialPooling(["region"], varying="unit"), AR1()))` with
default
priors and 2 chains of {draws} draws of `Importance`. No fit is left out, whatever the gate says
(R-hat of the worst quantity: median {np.median(rhat):.3f}, highest {rhat.max():.3f}). The truth is
the sample mean effect of the treated rows, unit deviations included. The
Monte-Carlo error of a coverage of .95 is {error:.3f}; the bar is {BAR:.2f}, and what misses it is
**bold**: {len(missed)} of {len(grouped)}{": " + "; ".join(missed) if missed else ""}.

### Coverage of 95 % intervals

{coverage_table(table)}

### The channel without effect

Shares of replications.

{null_table(table)}

### Bias

*Other panels*: sd of the error of conditional means at given parameters (`nqp.posterior_mean`,
no sampling) on {TOGETHER * len(others)} panels with other seeds (from {OTHER_SEED}). Where the
*sd of error* is apart from it by some of its standard errors, these replications are luckier or
less lucky than others.

{bias_table(table, others)}
{END}
"""


def write(path: Path, text: str) -> None:
    """Put the section in its place on the page, or at its end."""
    page = path.read_text(encoding="utf-8") if path.exists() else "# Mediation\n"
    before, found, rest = page.partition(BEGIN)
    after = rest.partition(END)[2].lstrip("\n") if found else ""
    path.write_text(
        f"{before.rstrip()}\n\n{text}" + (f"\n{after}" if after else ""), encoding="utf-8"
    )


def arguments() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mediation", description=__doc__)
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--others", type=int, default=1000, help="panels without sampling")
    parser.add_argument("--draws", type=int, default=500, help="a chain, of two")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--store", type=Path, default=ROOT / ".cache" / "mediation")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "results" / "mediation.md"
    )
    parser.add_argument("--collect", action="store_true", help="only what is there already")
    return parser.parse_args()


def main() -> None:
    """Run what is missing, and write the section."""
    options = arguments()
    # Processes find functions by their module's name, which is not that of a script.
    from benchmarks import mediation

    kept = Kept(options.store)
    tasks = {f"{options.draws}-{r:05d}": (r, options.draws) for r in range(options.replications)}
    blocks = {f"exact-{k:05d}": (k,) for k in range(options.others // TOGETHER)}
    if options.collect:
        results = [kept[key] for key in tasks if key in kept]
        others = [kept[key] for key in blocks if key in kept]
    else:
        with nqp.workers(options.workers):
            others = list(batch(mediation.exact, blocks, store=kept, work="panels").values())
            results = list(
                batch(mediation.replicate, tasks, store=kept, work="replications").values()
            )
    text = section(results, others, options.replications, options.draws)
    print(text)
    write(options.out, text)


if __name__ == "__main__":
    main()
