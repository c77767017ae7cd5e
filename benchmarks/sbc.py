"""Run: python -m benchmarks.sbc; an interrupted run goes on where it stopped.

Simulation-based calibration of model and sampler: truths drawn from the prior, ranked among draws
of refits. Writes its section of benchmarks/results/calibration.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import bayes_nqp as nqp
from bayes_nqp._core.threads import within
from bayes_nqp.calibration import Calibration, calibrate
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.fitting import Kept
from bayes_nqp.model.errors import Noise

ROOT = Path(__file__).resolve().parents[1]
SEED = 20180418
BAR, SHORT = 500, " (the bar asks for 500)"
SAMPLER = nqp.Importance(draws=500)
REGIONS = ("east", "north", "south", "west", "centre")
PARAMETERS = (
    "scale_walk", "scale_strata_region", "scale_cohort", "scale_cell", "scale_deviation", "level",
    "drift", "rho", "noise", "sigma", "scale_trend_walk", "scale_cohort_trend_line",
    "scale_cohort_trend_walk", "scale_common_trend_walk", "scale_shocks", "shocks_rho",
)  # fmt: skip
MARK = "<!-- simulation-based calibration: python -m benchmarks.sbc -->"
HEAD = """## Simulation-based calibration

Made by `make calibrate`, which runs `python -m benchmarks.sbc`; an interrupted run goes on where it
stopped, and `--collect` writes this section from the replications that are there.

Every replication draws all parameters from the prior, simulates the outcome of a panel's own rows,
refits by 4 chains of {draws} draws of `Importance` (with ten times the proposals where the
convergence gate is not passed: none is left out), and ranks each truth among {ranked} draws,
evenly spaced over the chains
(`nqp.calibrate(design, panel, replications, sampler=nqp.Importance(draws={draws}), seed={seed})`).
`s`, on
which priors are stated, is held; unit effects and time effects are arbitrary. If model and sampler
are right, ranks are uniform (Talts et al. 2018).

**The test**: Pearson's χ² over 20 bins, and the ECDF of ranks against its simultaneous band
(Säilynoja et al. 2022), with Holm's adjustment for both tests of all quantities of a table; what is
below .05 is **bold**. *Mean rank* is above .5 where the posterior is too low, below where too high;
*spread*, the ranks' standard deviation over that of uniform ones, is above 1 if it is too narrow.
"""
ESTIMANDS = ("att", "coastal − inland", "centre − east", "att[event_time=3]")
SHORT_PANEL = {"periods": 9, "cohorts": (4, 5, 6, 7, 8)}
FIVE = {**SHORT_PANEL, "strata": {"region": REGIONS}}


@dataclass(frozen=True, slots=True)
class Case:
    """A panel, of whose outcome only s is used, and the errors and terms of its design."""

    text: str
    errors: Noise
    shape: Mapping[str, object] = field(default_factory=lambda: FIVE)
    trends: nqp.DifferentialTrends | None = None
    shocks: nqp.ClusterTimeEffects | None = None

    def panel(self) -> nqp.Panel:
        """Where provinces have shocks, twelve of them, whichever cohort units are of."""
        panel = staggered(**self.shape, seed=1).panel
        if self.shocks is None:
            return panel
        home = [f"p{code % 12:02d}" for code in panel.unit_codes]
        return nqp.Panel.from_frame(panel.frame.assign(province=home), **panel.arguments)


CASES = {
    "ar1": Case("the panel of the coverage study: 60 × 14, two regions", nqp.AR1(), {}),
    "ar1-regions": Case("60 × 9, five regions, five batches: every scale is there", nqp.AR1()),
    "iid": Case("60 × 9, five regions, five batches; independent errors", nqp.IID()),
    "ar1-noise": Case("60 × 9, five regions, five batches; AR(1) and white noise",
    nqp.AR1PlusNoise()),
    "trends": Case(
        "60 × 9, two regions, five batches; differential trends of each region's adopters",
        nqp.AR1(), SHORT_PANEL, nqp.DifferentialTrends(),
    ),
    "lasting-shocks": Case(
        "60 × 9, two regions, five batches; AR(1) errors, shocks of twelve provinces that last",
        nqp.AR1(), SHORT_PANEL, shocks=nqp.ClusterTimeEffects("province", errors=nqp.AR1()),
    ),
}  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sbc", description=__doc__)
    parser.add_argument("--replications", type=int, default=1000, help="a case")
    parser.add_argument("--case", action="append", choices=list(CASES), help="all by default")
    parser.add_argument("--workers", type=int, default=1, help="threads")
    parser.add_argument("--store", type=Path, default=ROOT / ".cache" / "sbc")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "results" / "calibration.md"
    )
    parser.add_argument("--collect", action="store_true", help="only what is there already")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args()


def run(name: str, options: argparse.Namespace) -> Calibration:
    case = CASES[name]
    design = nqp.StaggeredDiD(
        nqp.PartialPooling(["region"]), case.errors, trends=case.trends, shocks=case.shocks
    )
    with within(options.workers):
        return calibrate(
            design, case.panel(), options.replications, sampler=SAMPLER, seed=SEED,
            store=options.store / name, progress=not options.quiet,
        )  # fmt: skip


def section(results: dict[str, Calibration], text: str) -> str:
    """The section of the page, from its mark to the end; other cases stay as the text has them."""
    parts = [MARK, HEAD.format(ranked=99, draws=SAMPLER.draws, seed=SEED)]
    before = dict(x.split(":", 1) for x in text.split("\n### ")[1:])
    for name, case in CASES.items():
        if name in results:
            parts += [f"### {name}: {case.text}\n", *_case(results[name])]
        elif name in before:
            parts += [f"### {name}:{before[name].rstrip()}\n"]
    return "\n".join(parts)


def _case(result: Calibration) -> list[str]:
    chosen = result.only([q for q in (*PARAMETERS, *ESTIMANDS) if q in result.quantities])
    return [
        f"{result.replications} replications{_short(result)}. Of the "
        f"{len(chosen.quantities)} quantities below:"
        f" *{chosen.verdict}*. {chosen.sentence}\n",
        f"Of all {len(result.quantities)} quantities: *{result.verdict}*. {result.sentence}\n",
        _table(chosen),
    ]


def _short(result: Calibration) -> str:
    return "" if result.replications >= BAR else SHORT


def _table(chosen: Calibration) -> str:
    covered = chosen.coverage.pivot(index="quantity", columns="nominal", values="coverage")
    lines = [
        "| quantity | mean rank | spread | p, χ² | p, ECDF | adjusted | covered by 50 % | 95 % |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in chosen.uniformity.itertuples():
        adjusted = f"{row.p_adjusted:.3f}"
        half, most = covered.loc[row.quantity, 0.5], covered.loc[row.quantity, 0.95]
        lines.append(
            f"| {row.quantity} | {row.mean_rank:.3f} | {row.spread:.3f} | {row.p_chi_square:.3f} | "
            f"{row.p_ecdf:.3f} | {adjusted if row.p_adjusted >= 0.05 else f'**{adjusted}**'} | "
            f"{half:.3f} | {most:.3f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    options = arguments()
    results = {}
    for name in options.case or CASES:
        if options.collect:
            # Exactly those that a run, with one worker, has finished: none is computed.
            options.replications = len(Kept(options.store / name))
            if options.replications == 0:
                continue
        results[name] = run(name, options)
        print(name, results[name], sep="\n", flush=True)
    if results:
        before, _, after = options.out.read_text(encoding="utf-8").partition(MARK)
        page = f"{before.rstrip()}\n\n{section(results, after)}"
        options.out.write_text(page, encoding="utf-8")
        print(f"wrote {options.out.name}")


if __name__ == "__main__":
    main()
