"""Sensitivity to unmeasured confounding of mediators: coverage, and a city panel, as Markdown.

python -m benchmarks.confounding [--replications 60] [--cases 0 1 2 3] [--seed 1000]
python -m benchmarks.confounding --bias 30000
python -m benchmarks.confounding --shifts 6000
python -m benchmarks.confounding --cities city_nqpf_cbec_2010_2021.csv

Panels have 200 units, 12 periods, cohorts in periods 5, 7 and 9, a third never treated, two
regions; innovations of the first mediator and the outcome have the correlation .3. The interval
as if there were no confounding stands beside that of `nqp.mediation_sensitivity` at the true
correlation.
"""

from __future__ import annotations

import argparse
import time
from itertools import product
from pathlib import Path

import numpy as np
from benchmarks.china_cities import ROLES, line, read

import bayes_nqp as nqp
from bayes_nqp.data.simulation import Channel, channels
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import mediator_slopes, modes
from bayes_nqp.inference.fitting._draws import recovered
from bayes_nqp.inference.fitting._parameters import constrain
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import flat_deviations
from bayes_nqp.robustness.mediation._curves import strength
from bayes_nqp.robustness.mediation._fit import confounded_fit
from bayes_nqp.robustness.mediation._panel import bias_of, correlation_of, patterns_of

RHO = 0.3
SAMPLER = nqp.Importance(draws=500, chains=2, seed=1)
DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(["region"])))
CASES = {
    "one mediator, AR .5, outcome .5": (0.5, {"m": Channel(0.8, rho=0.5)}),
    "one mediator, AR .2, outcome .8": (0.8, {"m": Channel(0.8, rho=0.2)}),
    "one mediator, AR .8, outcome .2": (0.2, {"m": Channel(0.8, rho=0.8)}),
    "three mediators, AR .3, .6, .8, outcome .6, related .3": (
        0.6,
        {
            "m": Channel(0.8, rho=0.3),
            "second": Channel(0.8, slope=0.3, rho=0.6),
            "third": Channel(0.8, slope=0.0, rho=0.8),
        },
    ),
}


def simulated(case: str, seed: int, units: int = 200) -> nqp.simulation.Simulated:
    """One panel."""
    rho, mediators = CASES[case]
    return channels(
        mediators=mediators, units=units, cohorts=(5, 7, 9), never=1 / 3, rho=rho,
        confounding=RHO, related=0.3 if len(mediators) > 1 else 0.0, deviation_sd=0.3, seed=seed,
    )  # fmt: skip


def one(case: str, seed: int) -> dict[tuple[str, str, float], tuple[float, float]]:
    """Error of every path, and whether its interval covers, without confounding and at the truth.

    The fit has flat deviations already, as the refit of `nqp.mediation_sensitivity` does.
    """
    panel = simulated(case, seed)
    fit = nqp.fit(flat_deviations(DESIGN), panel.panel, SAMPLER, progress=False)
    out = {}
    for by in (None, "region"):
        curve = nqp.mediation_sensitivity(fit, "m", rho=[0, RHO], prior=None, by=by)
        for path in curve["path"].to_numpy():
            if path == "all mediators":
                continue
            truth = att(panel.truth, by, path=path).isel(chain=0, draw=0).to_numpy()
            for rho in (0.0, RHO):
                at = curve.sel(path=path, rho=rho)
                hit = (at["lower"].to_numpy() <= truth) & (truth <= at["upper"].to_numpy())
                error = at["estimate"].to_numpy() - truth
                out[by or "overall", str(path), rho] = (float(error.mean()), float(hit.mean()))
    study = confounded_fit(fit)
    b = mediator_slopes(study.fit)
    given = np.array([channel.slope for channel in CASES[case][1].values()])
    for rho in (0.0, RHO):
        curvature = study.bias[0].curvature[:, None, None]
        slopes = b.reshape(-1, *b.shape[2:]) - study.bias[0].slope * strength(
            np.array(rho), curvature
        )
        low, high = np.quantile(slopes, [0.025, 0.975], axis=0)
        for k, name in enumerate(study.names):
            hit = (low[:, k] <= given[k]) & (given[k] <= high[:, k])
            out["region", f"slope of {name}", rho] = (
                float((slopes.mean(axis=0)[:, k] - given[k]).mean()),
                float(hit.mean()),
            )
    return out


def slopes(design: nqp.Mediation, panel: nqp.Panel) -> tuple[np.ndarray, np.ndarray]:
    """Slopes at the mode of the parameters (stratum, mediator): as estimated, and at RHO."""
    model_frame = model_frame_of(design, panel)
    at = [mode.point[None] for mode in modes(design, panel)]
    outcome = model_frame.equations[0]
    found = recovered(model_frame, outcome, at[0], None).slopes
    given = [constrain(e, x[None]) for e, x in zip(model_frame.equations, at, strict=True)]
    phi, sigma = (np.array([[one[name].item() for one in given[1:]]]) for name in ("rho", "sigma"))
    patterns = patterns_of(outcome.problem, model_frame.codes.stratum)
    treated = model_frame.codes.treated[model_frame.kept]
    bias = bias_of(
        patterns, 0, phi_outcome=given[0]["rho"][0], phi_mediators=phi,
        sigma_outcome=given[0]["sigma"][0], sigma_mediators=sigma,
        correlation=correlation_of(outcome.rows, treated, patterns, phi[0]),
        strata=found.shape[1],
    )  # fmt: skip
    size = bias.slope.shape[2]
    freed = found[0].copy()
    freed[:, :size] -= bias.slope[0] * strength(np.array(RHO), bias.curvature[0])
    return found[0], freed


def shifts(units: int) -> None:
    """Slopes freed of the bias, with what treatment or a moderator adds to them."""
    print(line("added by", "AR of mediator, outcome", "slope", "freed", "added", "truth"))
    print(line("---", "---", "---:", "---:", "---:", "---:"))
    for added, phi in product(("treatment", "moderator"), ((0.5, 0.5), (0.2, 0.8), (0.8, 0.2))):
        by_treatment = added == "treatment"
        truth = 0.4 if by_treatment else 0.3
        one = Channel(0.8, rho=phi[0], interaction=truth if by_treatment else 0.0)
        panel = channels(
            mediators={"m": one}, units=units, cohorts=(5, 7, 9), never=1 / 3, rho=phi[1],
            confounding=RHO, deviation_sd=0.3, seed=5,
        ).panel  # fmt: skip
        design = DESIGN.replace(interaction=True)
        if not by_treatment:
            z = np.random.default_rng(1).normal(size=panel.n_units)[panel.unit_codes]
            frame = panel.frame.assign(z=z)
            frame[panel.roles.outcome] = panel.outcome + truth * z * panel.mediators[:, 0]
            panel = nqp.Panel.from_frame(frame, **{**panel.arguments, "moderators": ["z"]})
            design = DESIGN.replace(
                design=DESIGN.design.replace(moderator="z"), moderates=("a", "b")
            )
        plain, freed = (x.mean(axis=0) for x in slopes(flat_deviations(design), panel))
        print(
            line(added, f"{phi[0]}, {phi[1]}", f"{plain[0]:.3f}", f"{freed[0]:.3f}",
                 f"{freed[1]:.3f}", f"{one.slope}, {truth}"), flush=True,
        )  # fmt: skip


def bias(chosen: list[int], units: int, seed: int) -> None:
    """Bias of slopes in large panels, with flat and with random deviations."""
    print(line("panels", "slope of", "bias at ρ = 0", "at ρ = .3", "with random deviations"))
    print(line("---", "---", "---:", "---:", "---:"))
    for case in (list(CASES)[number] for number in chosen):
        panel = simulated(case, seed, units).panel
        given = np.array([channel.slope for channel in CASES[case][1].values()])
        parts = [*slopes(flat_deviations(DESIGN), panel), slopes(DESIGN, panel)[1]]
        for name, *found in zip(CASES[case][1], *(p.mean(axis=0) - given for p in parts),
                                strict=True):  # fmt: skip
            print(line(case, name, *(f"{x:+.4f}" for x in found)), flush=True)


def coverage(chosen: list[int], replications: int, seed: int) -> None:
    """Bias and coverage of the naive interval, and of that at the true correlation."""
    print(line("panels", "effect", "of", "bias at ρ = 0", "covers", "bias at ρ = .3", "covers"))
    print(line("---", "---", "---", "---:", "---:", "---:", "---:"))
    for number in chosen:
        case, begin = list(CASES)[number], time.perf_counter()
        found = [one(case, seed + k) for k in range(replications)]
        for by in ("overall", "region"):
            for path in dict.fromkeys(p for b, p, _ in found[0] if b == by):
                cells = []
                for rho in (0.0, RHO):
                    error, hit = np.mean([run[by, path, rho] for run in found], axis=0)
                    cells += [f"{error:+.3f}", f"{hit:.2f}"]
                plain = path == "direct" or path.startswith("slope")
                called = path if plain else f"via {path}"
                print(line(case, called, by, *cells), flush=True)
        seconds = time.perf_counter() - begin
        print(f"\n{replications} replications, {seconds:.0f} s\n", flush=True)


def cities(path: Path) -> None:
    """Crossing correlations of three channels of the city panel, overall and by region."""
    names = ["ln_green_inv_patents", "sh3", "findev"]
    rows = read(path)
    panel = nqp.Panel.from_frame(
        rows[rows["region"].notna()], **ROLES, strata=["region"], mediators=names
    )
    fit = nqp.fit(DESIGN, panel, nqp.Importance(seed=1), progress=False)
    begin = time.perf_counter()
    found = nqp.check(fit, "mediation_sensitivity", progress=False)
    print(f"{time.perf_counter() - begin:.1f} s. {found.verdict}: {found.sentence}\n")
    print(line("mediator", "region", "indirect, ρ = 0", "95 %", "crossing ρ", "95 %", "breakdown"))
    print(line("---", "---", "---:", "---:", "---:", "---:", "---:"))
    for k in np.flatnonzero(found.evidence["kind"] != "joint"):
        one = found.evidence.isel(quantity=k).sel(path="indirect")
        number = {name: float(one[name]) for name in one.data_vars if one[name].ndim == 0}
        print(
            line(
                one["mediator"].item(),
                one["label"].item() or "all",
                f"{number['original']:+.4f}",
                f"[{number['original_lower']:+.4f}, {number['original_upper']:+.4f}]",
                f"{number['crossing']:+.3f}",
                f"[{number['crossing_lower']:+.3f}, {number['crossing_upper']:+.3f}]",
                f"{number['breakdown']:+.3f}",
            )
        )


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cities", type=Path)
    parser.add_argument("--replications", type=int, default=60)
    parser.add_argument("--cases", type=int, nargs="*", default=list(range(len(CASES))))
    parser.add_argument("--bias", type=int, metavar="UNITS", help="bias in panels of that size")
    parser.add_argument("--shifts", type=int, metavar="UNITS", help="with an interaction")
    parser.add_argument("--seed", type=int, default=1000, help="of the first panel")
    given = parser.parse_args()
    if given.cities is not None:
        return cities(given.cities)
    if given.shifts is not None:
        return shifts(given.shifts)
    if given.bias is not None:
        return bias(given.cases, given.bias, given.seed)
    return coverage(given.cases, given.replications, given.seed)


if __name__ == "__main__":
    main()
