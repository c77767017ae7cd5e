"""Results of a calibration: tables, a verdict and its origin."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import bdtr

from bayes_nqp._core.compat import as_before
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.templates import FactSheet
from bayes_nqp._core.validation import door
from bayes_nqp.calibration._uniformity import chi_square, ecdf_test, holm
from bayes_nqp.checks import Verdict

if TYPE_CHECKING:
    from bayes_nqp.model.designs import StaggeredDiD


_FAILS, _DOUBT = 0.01, 0.05
_SLACK: Final = 0.02
"""Tolerated shortfall of coverage from its nominal value, such as 0.93 instead of 0.95."""
_UNCONVERGED: Final = 0.01
"""Tolerated share of refits without convergence."""


@door
@dataclass(frozen=True, eq=False, repr=False)
class Calibration(FactSheet):
    """True values and the results of refits.

    Parameters
    ----------
    design : StaggeredDiD
        The refitted model.
    source : str
        Origin of the true values: "prior", "prior of another design" or "posterior".
    results : Dataset
        ``truth``, ``rank``, ``mean``, ``sd``, ``ess`` (replication, quantity); ``low``, ``high``
        (replication, quantity, prob), equal-tailed; ``passed``, ``tries``, ``rhat``,
        ``divergences`` (replication). NaN if a refit gave no draws. Attrs ``ranked`` (number of
        draws among which truths are ranked), ``seed``, ``panel_digest``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1).panel
    >>> found = nqp.calibrate(
    ...     nqp.StaggeredDiD(nqp.CompletePooling()), panel, 20, seed=1, progress=False
    ... )
    >>> found.source
    'prior'
    """

    design: StaggeredDiD
    source: str
    results: xr.Dataset

    @property
    def quantities(self) -> tuple[str, ...]:
        """Return the names of the calibrated quantities."""
        return tuple(str(name) for name in self.results["quantity"].to_numpy())

    @property
    def replications(self) -> int:
        """Return the number of simulated panels."""
        return int(self.results.sizes["replication"])

    @property
    def possible(self) -> int:
        """Return the number of possible ranks: one more than the number of draws."""
        return int(self.results.attrs["ranked"]) + 1

    @property
    def ranked(self) -> bool:
        """Return True if ranks should be uniform because truths come from a prior."""
        return self.source != "posterior"

    def only(self, names: Sequence[str]) -> Calibration:
        """Keep some quantities; tests of uniformity then adjust for these only.

        Raises
        ------
        StudyError
            If a quantity was not calibrated.
        """
        for name in names:
            if name not in self.quantities:
                raise StudyError(
                    f"{name!r} was not calibrated", hint=nearest(name, self.quantities)
                )
        return replace(self, results=self.results.sel(quantity=list(names)))

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """Return a table with one row for every quantity and nominal probability.

        Columns: ``coverage`` of equal-tailed intervals; ``mc_sd``, its Monte Carlo SD under nominal
        coverage; ``bias`` and ``rmse`` of posterior means; mean ``width``, in outcome units if
        applicable; and the number of ``replications``.
        """
        covered = self.results.dropna("replication", subset=["rank"])
        error = covered["mean"] - covered["truth"]
        inside = (covered["low"] <= covered["truth"]) & (covered["truth"] <= covered["high"])
        table = xr.Dataset(
            {
                "coverage": inside.mean("replication"),
                "bias": error.mean("replication"),
                "rmse": np.sqrt((error**2).mean("replication")),
                "width": (covered["high"] - covered["low"]).mean("replication"),
            }
        )
        count = covered.sizes["replication"]
        frame = table.to_dataframe(dim_order=["quantity", "prob"]).reset_index()
        frame = frame.rename(columns={"prob": "nominal"})
        nominal = frame["nominal"].to_numpy()
        frame.insert(3, "mc_sd", np.sqrt(nominal * (1.0 - nominal) / max(count, 1)))
        columns = ["quantity", "nominal", "coverage", "mc_sd", "bias", "rmse", "width"]
        return frame[columns].assign(replications=count)

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """Count the draws below the truth, among ``ranked`` nearly independent draws.

        The table has one row for every replication with draws and one column for every quantity.
        """
        self._must_be_ranked()
        table = self.results["rank"].to_pandas()
        assert isinstance(table, pd.DataFrame)
        return table.dropna().astype(np.int64)

    @cached_property
    def uniformity(self) -> pd.DataFrame:
        """Test the uniformity of the ranks of every quantity with two tests.

        The first test is Pearson's ``chi_square`` over up to 20 bins of equal width, with
        ``p_chi_square``. The second is ``p_ecdf``, the probability that the ECDF of uniform ranks
        departs at least as far from its pointwise binomial bands. ``p_adjusted`` is the smaller
        p-value after Holm's adjustment for all tests of all quantities: a value below 0.05 for any
        quantity rejects calibration, with at most this probability of a false alarm. ``mean_rank``
        is 0.5 for an unbiased posterior, below 0.5 if the posterior is too high. ``spread`` is the
        SD of ranks relative to uniform ranks, above 1 if the posterior is too narrow.
        """
        ranks, values = self.ranks, self.possible
        rows = []
        for name in ranks.columns:
            mine = ranks[name].to_numpy(dtype=np.float64)
            statistic, p = chi_square(mine, values)
            spread = float(np.std(mine)) / np.sqrt((values**2 - 1) / 12.0)
            mean = float(np.mean(mine)) / (values - 1)
            rows.append((str(name), statistic, p, ecdf_test(mine, values), mean, spread))
        columns = ["quantity", "chi_square", "p_chi_square", "p_ecdf", "mean_rank", "spread"]
        frame = pd.DataFrame(rows, columns=columns)
        tests = frame[["p_chi_square", "p_ecdf"]].to_numpy()
        adjusted = holm(tests.ravel()).reshape(tests.shape)
        frame.insert(4, "p_adjusted", np.fmin(adjusted[:, 0], adjusted[:, 1]))
        return frame

    @cached_property
    def refits(self) -> pd.DataFrame:
        """Return a table of replications with convergence diagnostics of the last refit."""
        names = ["passed", "tries", "rhat", "divergences"]
        table = self.results[names].to_dataframe()[names]
        return table.assign(passed=table["passed"] == 1, tries=table["tries"].astype(int))

    @property
    def verdict(self) -> Verdict:
        """Return the verdict: "passed", "caution" or "failed".

        With truths from a prior, the verdict is "failed" if an adjusted p-value of `uniformity` is
        below 0.01, and "caution" if it is below 0.05. With truths from a posterior, the verdict is
        "failed" if an interval covers significantly less than its nominal probability minus 0.02,
        and "caution" if it covers significantly less than nominal (one-sided binomial tests, Holm's
        adjustment, 5 %). The verdict is never "passed" if more than one percent of refits did not
        converge.
        """
        return self._judged[0]

    @property
    def sentence(self) -> str:
        """Return the verdict as a sentence."""
        return self._judged[1]

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 hash of the design, the source and all results."""
        seal = hashlib.sha256(as_before(repr((self.design, self.source, self.quantities))).encode())
        for name in sorted(map(str, self.results.data_vars)):
            seal.update(np.ascontiguousarray(self.results[name].values))
        return seal.hexdigest()

    @cached_property
    def _judged(self) -> tuple[Verdict, str]:
        if not self.results["rank"].notnull().any():
            return "failed", "No refit gave draws."
        verdict, sentences = self._by_ranks() if self.ranked else self._by_coverage()
        bad = ~self.refits["passed"]
        if bad.mean() > _UNCONVERGED and verdict == "passed":
            verdict = "caution"
        longer = int((self.refits["tries"] > 1).sum())
        if longer:
            sentences += f" {longer} of {self.replications} refits required longer runs"
            sentences += f"; {int(bad.sum())} still did not converge." if bad.any() else "."
        elif bad.any():
            sentences += f" {int(bad.sum())} of {self.replications} refits did not converge."
        return verdict, sentences

    def _by_ranks(self) -> tuple[Verdict, str]:
        table = self.uniformity.set_index("quantity")
        p, count = table["p_adjusted"], len(table)
        if p.isna().all():
            return "caution", "There are too few replications for a test."
        worst, least = str(p.idxmin()), float(p.min())
        if least >= _DOUBT:
            return "passed", (
                f"Ranks of {count} quantities are uniform (smallest adjusted p-value {least:.2g}, "
                f"{worst})."
            )
        bad = [str(name) for name in p.index[p < _DOUBT]]
        shape = _shape(table.loc[worst, "mean_rank"], table.loc[worst, "spread"])
        sentences = (
            f"Ranks of {len(bad)} of {count} quantities are not uniform: {', '.join(bad[:5])}"
            f"{', …' if len(bad) > 5 else ''} (smallest adjusted p-value {least:.2g}); for "
            f"{worst}, the posterior is {shape}."
        )
        return ("failed" if least < _FAILS else "caution"), sentences

    def _by_coverage(self) -> tuple[Verdict, str]:
        table = self.coverage
        count, nominal = int(table["replications"].iloc[0]), table["nominal"].to_numpy()
        hits = np.round(table["coverage"].to_numpy() * count)
        worst = table.iloc[int(np.argmin(table["coverage"].to_numpy() - nominal))]
        lowest = (
            f"the lowest is {worst['coverage']:.3f} of nominal {worst['nominal']:g} "
            f"({worst['quantity']}, Monte Carlo SD {worst['mc_sd']:.3f})"
        )
        below = holm(bdtr(hits, count, nominal)) < _DOUBT
        far = holm(bdtr(hits, count, np.maximum(nominal - _SLACK, 0.0))) < _DOUBT
        if not below.any():
            return "passed", f"No interval covers significantly less than nominal; {lowest}."
        names = list(dict.fromkeys(table.loc[below, "quantity"]))
        sentences = (
            f"Intervals of {', '.join(names[:5])}{', …' if len(names) > 5 else ''} cover too "
        )
        return ("failed" if far.any() else "caution"), f"{sentences}little; {lowest}."

    def _must_be_ranked(self) -> None:
        if not self.ranked:
            raise StudyError(
                "ranks of truths drawn from a posterior are not uniform, even for a correct model",
                hint="result.coverage, or nqp.calibrate(design, panel, source='prior')",
            )

    def _facts(self) -> list[tuple[str, str]]:
        most = max(self.results["prob"].to_numpy())
        table = self.coverage[self.coverage["nominal"] == most].set_index("quantity")["coverage"]
        shown = ", ".join(f"{name} {value:.3f}" for name, value in table.items() if name == "att")
        low = f"lowest {table.min():.3f} ({table.idxmin()})" if table.notna().any() else "none"
        return [
            ("verdict", self.verdict),
            ("truths from", self.source),
            ("replications", f"{self.replications} × {len(self.quantities)} quantities"),
            (f"{100 * most:.0f} % intervals", "; ".join(filter(None, [f"cover {shown}", low]))),
            ("answer", self.sentence),
        ]


def _shape(mean_rank: Any, spread: Any) -> str:
    """Interpret the mean and spread of a rank histogram."""
    off, wide = abs(mean_rank - 0.5) * np.sqrt(12.0), abs(spread - 1.0) * np.sqrt(2.5)
    if off >= wide:
        return "too low" if mean_rank > 0.5 else "too high"
    return "too narrow" if spread > 1.0 else "too wide"
