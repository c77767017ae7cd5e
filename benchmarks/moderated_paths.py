"""Coverage of effects along a channel whose legs are both moderated, as Markdown.

python -m benchmarks.moderated_paths [--replications 60] [--seed 1]
python -m benchmarks.moderated_paths --conditional 400 --seed 5000

Panels have 120 units, 10 periods, two regions, cohorts in periods 4 and 6, two fifths never
treated, AR(1) errors. With z the moderator less 5, a unit's effect on the mediator is
1 + .5 z + own (own of sd .4), the slope .8 + .3 z, the direct effect 1 + .4 z + own (sd .2). The
second command has the bias of conditional means at given parameters, on other panels and without
sampling.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from benchmarks.china_cities import line

import bayes_nqp as nqp
from bayes_nqp.data.simulation import staggered
from bayes_nqp.effects.estimands import att

SAMPLER = nqp.Importance(draws=500, chains=2, seed=1)
DESIGN = nqp.Mediation(
    nqp.StaggeredDiD(nqp.PartialPooling(["region"]), moderator="finance"),
    moderates=("a", "b", "direct"),
)
LOW, HIGH = 4.0, 6.0


def simulated(seed: int) -> tuple[nqp.Panel, dict[str, float]]:
    """One panel, and its true effects on the treated rows."""
    plain = staggered(
        units=120, periods=10, cohorts=(4, 6), never=0.4, level=1.0, deviation_sd=0.2, rho=0.3,
        sigma=0.5, seed=seed,
    )  # fmt: skip
    panel, rng = plain.panel, np.random.default_rng(seed)
    cohort = panel.cohort_codes[panel.unit_codes]
    treated = (cohort >= 0) & (panel.time_codes >= cohort)
    z, own = (x[panel.unit_codes] for x in rng.normal(size=(2, panel.n_units)) * [[1.0], [0.4]])
    effect = 1 + 0.5 * z + own
    tech = 3 + rng.normal(0, 0.8, panel.n_rows) + treated * effect
    frame = panel.frame.assign(finance=z + 5, tech=tech)
    frame[panel.roles.outcome] = panel.outcome + 0.4 * z * treated + (0.8 + 0.3 * z) * tech
    more = {"mediators": ["tech"], "moderators": ["finance"]}

    def at(value: float) -> float:
        return float(((1 + 0.5 * value + own) * (0.8 + 0.3 * value))[treated].mean())

    rest = float(att(plain.truth).item())
    via = float((effect * (0.8 + 0.3 * z))[treated].mean())
    direct = rest + 0.4 * float(z[treated].mean())
    truth = {
        "via tech": via, "direct": direct, "total": via + direct,
        "via tech at 4": at(LOW - 5), "via tech at 6": at(HIGH - 5),
        "via tech, 6 − 4": at(HIGH - 5) - at(LOW - 5), "direct, 6 − 4": 0.8,
    }  # fmt: skip
    return nqp.Panel.from_frame(frame, **{**panel.arguments, **more}), truth


def one(seed: int) -> dict[str, tuple[float, bool]]:
    """Error of every effect, and whether its interval holds the truth."""
    panel, truth = simulated(seed)
    fit = nqp.fit(DESIGN, panel, SAMPLER, progress=False)
    ends = nqp.moderated(fit, [LOW, HIGH], path="tech")
    draws = {
        "via tech": nqp.nie(fit, mediators="tech"), "direct": nqp.nde(fit),
        "total": nqp.total(fit), "via tech at 4": ends.isel(finance=0),
        "via tech at 6": ends.isel(finance=1),
        "via tech, 6 − 4": nqp.moderated_difference(fit, LOW, HIGH, path="tech"),
        "direct, 6 − 4": nqp.moderated_difference(fit, LOW, HIGH, path="direct"),
    }  # fmt: skip
    found = {}
    for name, values in draws.items():
        low, high = np.quantile(values, [0.025, 0.975])
        found[name] = (float(values.mean()) - truth[name], bool(low <= truth[name] <= high))
    return found


def conditional(replications: int, seed: int) -> None:
    """Bias of conditional means of both paths."""
    errors = []
    for k in range(replications):
        panel, truth = simulated(seed + k)
        found = nqp.posterior_mean(DESIGN, panel, rho=0.15, sigma=0.6, scale_deviation=0.3)
        via, direct = nqp.nie(found, mediators="tech").item(), nqp.nde(found).item()
        errors.append([via - truth["via tech"], direct - truth["direct"]])
    mean, sd = np.mean(errors, axis=0), np.std(errors, axis=0, ddof=1)
    for name, one, spread in zip(("via tech", "direct"), mean, sd, strict=True):
        print(line(name, f"{one:+.4f}", f"({spread / np.sqrt(replications):.4f})"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conditional", type=int, default=0)
    asked = parser.parse_args()
    if asked.conditional:
        conditional(asked.conditional, asked.seed)
        return
    begin = time.perf_counter()
    runs = [one(asked.seed + k) for k in range(asked.replications)]
    print(line("effect", "bias", "(s.e.)", "95 % covers"))
    print(line("---", "---:", "---:", "---:"))
    for name in runs[0]:
        error = np.array([run[name][0] for run in runs])
        covers = np.mean([run[name][1] for run in runs])
        se = error.std(ddof=1) / np.sqrt(error.size)
        print(line(name, f"{error.mean():+.3f}", f"({se:.3f})", f"{covers:.2f}"))
    print(f"\n{asked.replications} replications, {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
