"""Information for bug reports: versions, extras, threads, and a short fit with its figure."""

from __future__ import annotations

import platform
import sys
import time
import warnings
from collections.abc import Iterator

import bayes_nqp as nqp
from bayes_nqp._core.software import lacking, versions
from bayes_nqp._core.threads import n_threads

_FAR = 4.0
"""Posterior sd from the truth beyond which the fit of a second is wrong."""

type Symptom = tuple[str, str, bool]
"""What was looked at, what is there, and whether that is well."""


def symptoms() -> Iterator[Symptom]:
    """Run all tests of the installation."""
    yield "system", f"{platform.platform()}, {n_threads()} threads", True
    yield "terminal", f"writes {sys.stdout.encoding}", True
    extras = lacking()
    packages = {name for names in extras.values() for name in names}
    for name, number in versions().items():
        yield name, number, number != "missing" or name in packages
    for extra, names in extras.items():
        install = f"without {', '.join(names)}: pip install 'bayes-nqp[{extra}]'"
        yield f"extra {extra}", install if names else "installed", True
    yield from _fit()


def _fit() -> Iterator[Symptom]:
    """Fit a panel with a known effect, and draw it in Chinese."""
    simulated = nqp.simulation.staggered(units=60, periods=8, cohorts=(4, 6), strata={}, seed=1)
    began = time.perf_counter()
    fit = nqp.fit(nqp.StaggeredDiD(), simulated.panel, nqp.Importance(seed=1), progress=False)
    seconds = time.perf_counter() - began
    draws, truth = nqp.att(fit), float(nqp.att(simulated.truth).mean())
    mean, sd = float(draws.mean()), float(draws.std())
    answer = f"{mean:.2f} (sd {sd:.2f}), truth {truth:.2f}; {seconds:.1f} s; gate {fit.gate}"
    yield "fit", answer, abs(mean - truth) < _FAR * sd and fit.gate.passed
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        nqp.plots.event_study(fit, language="zh").canvas.draw()
    text = [str(x.message) for x in heard if issubclass(x.category, UserWarning)]
    yield "figure", "; ".join(text) or "drawn, in Chinese", not text
