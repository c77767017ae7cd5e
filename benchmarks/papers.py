"""Published estimates again, and what the default designs and their checks say of the same data.

    python -m benchmarks.papers              (writes both tables into benchmarks/results/papers.md)

Data come by packages; `tests/against/papers.py` has the designs.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp.checks import run_checks
from bayes_nqp.checks.shared import DOUBT, FAILS, UNTOLD

from ._store import ROOT
from .earned import markdown

sys.path.insert(0, str(ROOT / "tests"))

from against.papers import PAPERS, Paper

PAGE, MARK = ROOT / "benchmarks" / "results" / "papers.md", "<!-- python -m benchmarks.papers -->"


def interval(effects: object) -> str:
    """Give mean and 95 % interval of the average effect."""
    draws = nqp.att(effects).to_numpy()
    numbers = draws.mean(), *np.quantile(draws, [0.025, 0.975])
    return "{} ({} to {})".format(*(signed(x, 3) for x in numbers))


def signed(number: float, digits: int) -> str:
    """Write a number with a minus sign and no zero before the point."""
    return f"{number:.{digits}f}".replace("-", "−").replace("0.", ".", 1)


def told(paper: Paper) -> list[str]:
    """One row: effects, and the checks that speak."""
    fit = paper.fitted()
    try:
        average = nqp.model_average(fit)
        weights = average.weights
        best = f"{interval(average)}; {weights.idxmax()} {weights.max():.0%}"
    except NotApplicable:
        best = ""
    verdicts = [(x.verdict, f"`{x.name}`") for x in run_checks(fit)]
    spoken = (
        ", ".join(name for verdict, name in verdicts if verdict == x)
        for x in (FAILS, DOUBT, UNTOLD)
    )
    return [paper.short, interval(fit), best, *spoken]


def tables() -> str:
    """Both of them."""
    printed = [["paper", "outcome and treatment", "published", "here"]]
    printed += [[x.name, x.about, signed(x.published, 3), signed(x.printed(), 4)] for x in PAPERS]
    ours = [
        [
            "paper", "average effect (95 %)", "average over designs; the likeliest", "failed",
            "caution", "inconclusive",
        ],
        *map(told, PAPERS),
    ]  # fmt: skip
    between = (
        "What the library says of the same panels by default, with errors that are correlated "
        "within units (AR(1)) and effects that differ:"
    )
    return f"{markdown(printed)}\n\n{between}\n\n{markdown(ours)}"


def main() -> None:
    """Write the page's tables."""
    warnings.filterwarnings("ignore")
    text = tables()
    print(text)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{MARK}\n")
    after = rest.partition(f"{MARK}\n")[2]
    PAGE.write_text(f"{before}{MARK}\n{text}\n{MARK}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
