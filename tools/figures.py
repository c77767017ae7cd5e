"""Draw the figures of README.md and docs/, and print the numbers beside them.

python tools/figures.py
"""

import re
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl

import bayes_nqp as nqp
from bayes_nqp.output.plots import PLOTS, Scene

mpl.use("Agg")
FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"


def castle() -> None:
    """Draw the event study with its leads, and the specifications, of README.md."""
    study = nqp.studies.validate("models/castle_doctrine.toml")
    fit = nqp.fit(study.design, study.panel, study.sampler, progress=False)
    report = study.settings.report
    named = {"outcome": report.outcome, "outcome_unit": report.outcome_unit}
    scene = Scene(fit, (), outcome=report.outcome, unit=report.outcome_unit)
    sketch = next(PLOTS["event_study"].sketches(scene))
    sketch.make().savefig(FIGURES / "event_study_castle.png", dpi=300)
    nqp.plots.estimators(fit).savefig(FIGURES / "estimators_castle.png")
    found = nqp.check(fit, "specifications")
    found = replace(found, evidence=found.evidence.assign_attrs(named))
    nqp.plots.check(found).savefig(FIGURES / "specifications_castle.png", dpi=200)


def channels() -> None:
    """Draw the pictures of docs/mediation.md, "How to read it"."""
    panel = nqp.simulation.channels(seed=7).panel
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), nqp.AR1())
    fit = nqp.fit(nqp.Mediation(design), panel, nqp.Importance(seed=1), progress=False)
    print(nqp.mediation_table(fit).to_string())
    via = nqp.nie(fit, by="region")
    print(nqp.summary(nqp.contrast(via, region="inland", minus="coastal")))
    nqp.plots.paths(fit).savefig(FIGURES / "mediation_paths.png")
    nqp.plots.decomposition(fit).savefig(FIGURES / "mediation_decomposition.png")
    nqp.plots.channels(fit, by="region").savefig(FIGURES / "mediation_channels.png")


def guide(page: str, *figures: str) -> None:
    """Draw the figures of a page by what it tells to run."""
    names: dict = {}
    text = (FIGURES.parent / f"{page}.md").read_text("utf-8")
    exec("\n".join(re.findall(r"```python\n(.*?)```", text, flags=re.S)), names)
    for name in figures:
        names[name].savefig(FIGURES / f"{page}_{name}.png", dpi=120)


if __name__ == "__main__":
    castle()
    channels()
    for language in ("", "_zh"):
        guide(f"neighbours{language}", "figure", "course", "gain")
        guide(f"pooling_castle{language}", "figure")
