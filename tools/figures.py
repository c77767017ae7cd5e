"""Draw the figures of README.md and docs/.

python -m tools.figures             all of them
python -m tools.figures PAGE …      those of pages, by the code of the page
"""

import re
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
from tools import examples

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
    found = nqp.check(fit, "specifications")
    found = replace(found, evidence=found.evidence.assign_attrs(named))
    nqp.plots.check(found).savefig(FIGURES / "specifications_castle.png", dpi=200)


def page(name: str) -> None:
    """Draw the figures of a page with the code of the page.

    A figure ``figures/PAGE_NAME.png`` is the variable ``NAME`` of the program; others stay.
    """
    text = examples.path_of(name).read_text("utf-8")
    _, names = examples.run(name, text)
    for figure in re.findall(rf"figures/{re.escape(name)}_(\w+)\.png", text):
        if figure in names:
            names[figure].savefig(FIGURES / f"{name}_{figure}.png", dpi=120)


if __name__ == "__main__":
    if not sys.argv[1:]:
        castle()
    for guide in sys.argv[1:] or examples.runnable():
        page(guide)
