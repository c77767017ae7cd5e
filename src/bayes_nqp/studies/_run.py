"""Run of a study: fit, check, write."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

import pandas as pd

from bayes_nqp._core.exceptions import ConvergenceError, speaking
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp._core.interrupts import heed
from bayes_nqp._core.io import place, text_path, write_csv
from bayes_nqp._core.parallel import workers
from bayes_nqp._core.partial_failures import collected, omitted, warn
from bayes_nqp._core.progress import listening
from bayes_nqp._core.validation import door
from bayes_nqp.checks import CheckResult, run_checks
from bayes_nqp.inference.fitting import Fit, Store
from bayes_nqp.output.reports import Context
from bayes_nqp.studies._comparison_designs import beside_tables
from bayes_nqp.studies._fits import fit_of, fits_beside
from bayes_nqp.studies._outcome import Outcome
from bayes_nqp.studies._record import write_provenance, write_study
from bayes_nqp.studies._result_store import store_folder
from bayes_nqp.studies._study import Study, validate
from bayes_nqp.studies._tables import tables_of
from bayes_nqp.studies._write_reports import report_context, write_reports


@door
@speaking("toml")
def run(
    path: str | Path,
    out: str | Path,
    *,
    force: bool = False,
    strict: bool = False,
    fresh: bool = False,
    progress: bool = True,
    listener: Callable[[str], None] | None = None,
    watcher: Callable[[Context], None] | None = None,
    command: str = "",
) -> Outcome:
    """Run a study and write its results, all or none.

    Fits, refits and results of checks are stored as soon as they are computed. The folder is the
    user's cache, or the one in the environment variable ``BAYES_NQP_STORE`` ("none" stores
    nothing). Stored results are identified by all their inputs: an interrupted run continues where
    it stopped and produces the same bytes as an uninterrupted one. If the store exceeds 4 GB, the
    results that were not used for the longest time are deleted (``BAYES_NQP_LIMITS=kept:1e9``
    limits it to 1 GB).

    An error in one table, figure, section or format of the report omits only that part. The other
    parts are written and mention the omission, as do a warning, ``provenance.json`` and the
    outcome.

    Parameters
    ----------
    path : str or Path
        A .toml file.
    out : str or Path
        Folder of the results; it must not exist.
    force : bool, default False
        If True, move an existing folder to ``out.1``, ``out.2``, …
    strict : bool, default False
        If True, raise after writing all results if the convergence diagnostics or a check fail.
    fresh : bool, default False
        If True, ignore stored results and compute everything again.
    progress : bool, default True
        If True, show the progress bar of the sampler.
    listener : callable, optional
        Called with a short description of each step.
    watcher : callable, optional
        Called with the contents of the report as they grow: first with the fit alone, then after
        each check.
    command : str, optional
        Command line, for the record.

    Raises
    ------
    StudyError
        If the study is invalid, or the folder exists or cannot be written.
    PanelError
        If the data are malformed.
    IdentificationError
        If the data cannot identify the effects of the design.
    ConvergenceError
        With ``strict``, if the convergence diagnostics or a check fail.
    KeyboardInterrupt
        If the run was interrupted; no results are written then.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import tomli_w
    >>> import bayes_nqp as nqp
    >>> folder = Path(mkdtemp())
    >>> roles = {"unit": "state", "time": "year", "cohort": "cohort", "outcome": "l_homicide"}
    >>> text = tomli_w.dumps({
    ...     "title": "Short", "data": {"dataset": "castle_doctrine", **roles},
    ...     "checks": {"run": ["convergence"]}, "figures": {"draw": []},
    ...     "report": {"formats": ["html"]},
    ... })
    >>> size = (folder / "short.toml").write_text(text, encoding="utf-8")
    >>> outcome = nqp.studies.run(folder / "short.toml", folder / "out", progress=False)
    >>> outcome.fit.gate.passed
    True
    """
    began = time.perf_counter()
    notify = _heeding(listener)
    notify(Message("reading the study and its data"))
    study, out = validate(path), text_path(out, "'out'")
    store = Store(store_folder(), fresh=fresh)
    for name in (*study.by, *study.mediators):
        text_path(name, "a file named after the column")
    processes = study.settings.run.workers
    with (
        place(out, force=force, guarded=_inputs(study)) as ready,
        collected() as omissions,
        nullcontext() if processes is None else workers(processes),
    ):
        fitted = fit_of(study, store, progress, notify)
        others = fits_beside(study, store, progress, notify)
        checks = _checked(study, fitted, others, watcher, notify)
        notify(Message("writing tables"))
        tables = _write_tables(study, fitted, others, checks, ready.draft)
        with omitted(Message("The report")), listening(lambda what, *_: notify(what)):
            context = report_context(study, fitted, others, checks, tables)
            write_reports(study, context, tables, ready.draft, notify)
        notify(Message("writing the posterior draws"))
        with omitted(Message("The file {}", "posterior.nc")):
            fitted.save(ready.draft / "posterior.nc")
        with omitted(Message("The file {}", "study.toml")):
            write_study(study, fitted, ready.draft / "study.toml", out)
        seconds = time.perf_counter() - began
        with omitted(Message("The file {}", "provenance.json")):
            write_provenance(study, fitted, checks, ready.draft, command, seconds)
        heed()
        ready.finish()
    warn(omissions, study.settings.report.language)
    fate = (ready.moved, seconds, tuple(store.reused), store.fault, tuple(omissions))
    outcome = Outcome(study, fitted, tuple(checks), tables, out, *fate)
    if strict:
        _see_that_nothing_failed(outcome)
    return outcome


def _inputs(study: Study) -> tuple[Path, ...]:
    """Return the input files, which results must not overwrite."""
    folder = study.address.folder if study.address is not None else None
    paths = (study.path, study.source, folder, *study.files.values(), Path.cwd())
    return tuple(path for path in paths if path is not None)


def _checked(
    study: Study,
    fitted: Fit,
    others: Mapping[str, Fit],
    watcher: Callable[[Context], None] | None,
    notify: Callable[[str], None],
) -> list[CheckResult]:
    """Run the study's checks, and call the watcher after each."""
    seen: list[CheckResult] = []

    def show(*results: CheckResult) -> None:
        seen.extend(results)
        if watcher is not None:
            watcher(report_context(study, fitted, others, tuple(seen), {}))

    show()
    with listening(lambda what, done, total: notify(Message("{} {}/{}", what, done, total))):
        return run_checks(fitted, study.checks, options=study.check_options, after=show)


def _write_tables(
    study: Study,
    fitted: Fit,
    others: Mapping[str, Fit],
    checks: list[CheckResult],
    folder: Path,
) -> dict[str, pd.DataFrame]:
    """Write all tables that exist, by file name."""
    tables = tables_of(study, fitted, checks)
    with omitted(Message("The table {}", "spatial.csv")):
        tables |= beside_tables(study.settings, fitted, others)
    for name, table in tables.items():
        with omitted(Message("The table {}", name)):
            write_table(table, folder / name)
    return tables


def _see_that_nothing_failed(outcome: Outcome) -> None:
    if outcome.failures:
        raise ConvergenceError(
            Message(
                "warning: the results failed a check and are marked as failed: {}",
                separated(outcome.failures),
            ),
            where=str(outcome.folder),
            hint="see checks.csv there",
        )


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as a .csv file that Excel displays correctly."""
    write_csv(table, path, digits=6)


def _heeding(listener: Callable[[str], None] | None) -> Callable[[str], None]:
    """Report each step, unless the program was asked to stop during the previous one."""

    def told(step: str) -> None:
        heed()
        if listener is not None:
            listener(step)

    return told
