"""How often the truth lies in the intervals of the shipped studies, over fresh panels.

    python -m benchmarks.studies --seeds 20 [--only city_pilot_zones ...] [--store FOLDER]

Every study of models/ with a simulated panel is fitted to panels of other seeds, as the study
says and without its checks; its own truth table is then counted. With --store an interrupted run
goes on.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import tomllib
from itertools import repeat
from pathlib import Path

import numpy as np
import pandas as pd
import tomli_w
from loky import ProcessPoolExecutor

MODELS = Path(__file__).resolve().parents[1] / "models"
FIRST = 1001
"""Seeds count from here: none is a study's own."""


def replicate(name: str, seed: int, store: Path) -> pd.DataFrame:
    """Fit a study to the panel of another seed."""
    from bayes_nqp import fit
    from bayes_nqp.effects.effects import group_time_effects
    from bayes_nqp.studies import validate
    from bayes_nqp.studies._truth import truth_table

    kept = store / f"{name}_{seed}.json"
    if kept.is_file():
        return pd.DataFrame(json.loads(kept.read_text(encoding="utf-8")))
    settings = tomllib.loads((MODELS / f"{name}.toml").read_text(encoding="utf-8"))
    settings["data"].setdefault("options", {})["seed"] = seed
    settings.setdefault("sampler", {})["seed"] = seed
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.toml"
        path.write_text(tomli_w.dumps(settings), encoding="utf-8")
        study = validate(path)
    began = time.perf_counter()
    fitted = fit(study.design, study.panel, study.sampler, progress=False)
    table = truth_table(study, fitted, group_time_effects(fitted))
    table = table.assign(
        study=name, seed=seed, passed=fitted.gate.passed, seconds=time.perf_counter() - began
    )
    kept.write_text(table.to_json(orient="records"), encoding="utf-8")
    return table


def simulated() -> list[str]:
    """Name the studies of simulated panels."""
    found = {p.stem: tomllib.loads(p.read_text(encoding="utf-8")) for p in MODELS.glob("*.toml")}
    return sorted(name for name, text in found.items() if "simulation" in text["data"])


def counted(table: pd.DataFrame) -> pd.DataFrame:
    """Count intervals that hold the truth, by study and estimand."""
    kind = table["by"].where(table["by"] != "all", "overall")
    kind = kind.where(table["estimand"] == "effect", "contrast, " + kind)
    path = table["path"].where(
        table["path"].isin(["total", "direct", "received"]), "via a mediator"
    )
    groups = table.assign(of=kind, path=path, error=table["mean"] - table["truth"])
    rows = []
    for (name, of, along), some in groups.groupby(["study", "of", "path"], sort=False):
        spread = some["sd"].mean()
        # Intervals of one panel are correlated: the error of coverage is that over panels.
        by_panel = some.groupby("seed")["inside"].mean()
        rows.append(
            {
                "study": name,
                "estimand": of,
                "path": along,
                "intervals": len(some),
                "coverage": some["inside"].mean(),
                "mc_error": by_panel.std(ddof=1) / np.sqrt(len(by_panel)),
                "bias_in_sd": some["error"].mean() / spread,
                "z_sd": ((some["mean"] - some["truth"]) / some["sd"]).std(ddof=1),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    store = args.store or Path(tempfile.mkdtemp())
    store.mkdir(parents=True, exist_ok=True)
    tasks = [
        (name, seed)
        for name in args.only or simulated()
        for seed in range(args.first, args.first + args.seeds)
    ]
    with ProcessPoolExecutor(args.workers) as pool:
        tables = list(pool.map(replicate, *zip(*tasks, strict=True), repeat(store)))
    whole = pd.concat(tables, ignore_index=True)
    panels = whole.groupby("study").agg(
        panels=("seed", "nunique"), passed=("passed", "mean"), seconds=("seconds", "median")
    )
    print(panels.round(3).to_markdown())
    print()
    print(counted(whole).round(3).to_markdown(index=False))


if __name__ == "__main__":
    main()
