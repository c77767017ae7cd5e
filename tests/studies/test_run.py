"""A run writes all results or none."""

from __future__ import annotations

import errno
import json
import shutil
import tomllib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from doors import _run
from matplotlib.image import imread
from small_study import STUDY, write_study

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ConvergenceError, StudyError
from bayes_nqp._core.io import checksum, place
from bayes_nqp._core.parallel import workers
from bayes_nqp.studies import Outcome, _fits, _write_reports, run, validate

pytestmark = pytest.mark.xdist_group("studies")

WRITERS = ("write_table", "write_reports", "write_study", "write_provenance")
TABLES = (
    "summary.csv", "event_study.csv", "contrasts.csv", "checks.csv", "model_average.csv",
)  # fmt: skip
FIGURES = {
    "adoption",
    "check_convergence",
    "check_identification",
    "event_study",
    "event_study_地区",
    "forest",
    "caterpillar",
    "model_average",
}


def test_everything_is_written(outcome: Outcome) -> None:
    names = {p.relative_to(outcome.folder).as_posix() for p in outcome.folder.rglob("*.*")}
    figures = {f"figures/{name}.{end}" for name in FIGURES for end in ("png", "svg", "csv")}
    assert names == {*TABLES, *figures, "posterior.nc", "study.toml", "provenance.json"}
    assert [p.name for p in outcome.folder.parent.iterdir()] == ["cities"]


@pytest.mark.parametrize("name", TABLES)
def test_tables_open_in_excel_and_carry_the_gate(outcome: Outcome, name: str) -> None:
    assert (outcome.folder / name).read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(outcome.folder / name, encoding="utf-8-sig")
    assert set(table["gate"]) == {str(outcome.fit.gate)}
    assert len(table)


@pytest.mark.slow
def test_the_summary_is_what_the_estimands_say(outcome: Outcome) -> None:
    table = pd.read_csv(outcome.folder / "summary.csv", encoding="utf-8-sig")
    assert table["by"].tolist() == ["overall", "地区", "地区", "cohort", "cohort"]
    assert table["level"].tolist() == ["overall", "内陆", "沿海", "2015", "2016"]
    for end, source in (("", nqp.model_average(outcome.fit)), ("_as_fitted", outcome.fit)):
        draws = nqp.att(source, "地区").sel(地区="沿海")
        assert table[f"mean{end}"][2] == pytest.approx(float(draws.mean()), rel=1e-5)
        assert table[f"upper{end}"][2] == pytest.approx(float(draws.quantile(0.975)), rel=1e-3)
    assert set(table["interval"]) == {"95 % equal-tailed"}
    assert table["rows"][0] == table["rows"][1:3].sum()


def test_contrasts_say_which_time_effects(outcome: Outcome) -> None:
    table = pd.read_csv(outcome.folder / "contrasts.csv", encoding="utf-8-sig")
    assert table[["strata", "level", "minus", "time_effects"]].values.tolist() == [
        ["地区", "内陆", "沿海", "by 地区"]
    ]


@pytest.mark.slow
def test_figures_are_fit_for_print(outcome: Outcome) -> None:
    for path in (outcome.folder / "figures").glob("*.png"):
        assert imread(path).shape[1] > 1200


@pytest.mark.slow
def test_the_posterior_can_be_read_again(outcome: Outcome) -> None:
    again = nqp.load(outcome.folder / "posterior.nc")
    assert again.digest == outcome.fit.digest


def test_the_sampler_is_the_one_that_the_study_names(outcome: Outcome) -> None:
    assert outcome.fit.sampler == nqp.Importance(draws=100, chains=2, seed=7)
    assert dict(outcome.fit.posterior.sizes).items() >= {"chain": 2, "draw": 100}.items()


def test_the_study_as_run_gives_the_same_study(outcome: Outcome) -> None:
    path = outcome.folder / "study.toml"
    again = validate(path)
    assert again.design == outcome.study.design
    assert again.sampler == outcome.fit.sampler
    assert again.panel.digest == outcome.study.panel.digest
    assert (again.by, again.checks) == (outcome.study.by, outcome.study.checks)
    assert tomllib.loads(path.read_text(encoding="utf-8"))["data"]["file"] == "../../cities.csv"


def test_a_seed_that_nobody_gave_is_written(tmp_path: Path) -> None:
    text = STUDY.replace("seed = 7\n", "").replace('["convergence", "identification"]', "[]")
    outcome = run(write_study(tmp_path, text), tmp_path / "out", progress=False)
    written = tomllib.loads((outcome.folder / "study.toml").read_text(encoding="utf-8"))
    assert outcome.fit.sampler.seed is not None
    assert written["sampler"]["seed"] == outcome.fit.sampler.seed


def test_provenance_has_a_checksum_of_every_file(outcome: Outcome) -> None:
    record = json.loads((outcome.folder / "provenance.json").read_text(encoding="utf-8"))
    files = {p for p in outcome.folder.rglob("*") if p.is_file() and p.name != "provenance.json"}
    assert record["files"] == {p.relative_to(outcome.folder).as_posix(): checksum(p) for p in files}
    assert record["data"]["digest"] == outcome.study.panel.digest
    assert record["data"]["sha256"] == checksum(outcome.study.path.with_name("cities.csv"))
    assert (record["seed"], record["command"]) == (7, "typed")
    assert record["versions"]["bayes-nqp"]


def reused(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    """Use the fit of the session instead of sampling, and draw no figures."""
    monkeypatch.setattr(_fits, "fit", lambda *a, **k: outcome.fit)
    monkeypatch.setattr(_write_reports, "sketches", lambda *_: ())


def remains(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def test_a_folder_that_is_there_is_refused_before_sampling(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(_fits, "fit")
    out = study.parent / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(StudyError, match=r"already exists(.|\n)*renames the old one to out\.1"):
        run(study, out, progress=False)
    assert remains(out) == {"mine.txt"}


@pytest.mark.slow
def test_force_moves_aside_and_never_deletes(
    study: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    reused(monkeypatch, outcome)
    out = study.parent / "out"
    for _ in range(3):
        last = run(study, out, force=True, progress=False)
    assert remains(study.parent) == {"cities.csv", "study.toml", "out", "out.1", "out.2"}
    assert last.moved == study.parent / "out.2"
    assert all((study.parent / name / "summary.csv").exists() for name in ("out", "out.1"))


def test_force_does_not_move_the_study_itself(study: Path) -> None:
    with pytest.raises(StudyError, match=r"contains 'study.toml' and is not moved"):
        run(study, study.parent, force=True, progress=False)
    assert remains(study.parent) == {"cities.csv", "study.toml"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "failure"),
    [
        *((place, KeyboardInterrupt()) for place in (*WRITERS, "run_checks")),
        ("run_checks", RuntimeError("broken")),
    ],
)
def test_a_failure_midway_leaves_nothing(
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
    outcome: Outcome,
    where: str,
    failure: BaseException,
) -> None:
    reused(monkeypatch, outcome)

    def fail(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr(_run, where, fail)
    with pytest.raises(type(failure)):
        run(study, study.parent / "new" / "out", progress=False)
    assert remains(study.parent) == {"cities.csv", "study.toml"}


@pytest.mark.slow
@pytest.mark.parametrize("where", WRITERS)
def test_a_fault_of_one_writer_costs_its_file(
    study: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, where: str
) -> None:
    reused(monkeypatch, outcome)

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(_run, where, fail)
    with pytest.warns(UserWarning, match="could not be created: RuntimeError: broken"):
        done = run(study, study.parent / "out", progress=False)
    assert done.omissions
    assert (done.folder / "posterior.nc").is_file()


@pytest.mark.slow
def test_a_failure_under_force_leaves_what_was_there(
    study: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    reused(monkeypatch, outcome)
    out = study.parent / "out"
    run(study, out, progress=False)
    before = checksum(out / "provenance.json")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_run, "write_study", full)
    with pytest.raises(StudyError, match="the disk is full, so nothing was written"):
        run(study, out, force=True, progress=False)
    assert remains(study.parent) == {"cities.csv", "study.toml", "out"}
    assert checksum(out / "provenance.json") == before


def test_an_interrupted_fit_is_no_result(
    study: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    stopped = replace(outcome.fit, record={**outcome.fit.record, "interrupted": 1.0})
    monkeypatch.setattr(_fits, "fit", lambda *a, **k: stopped)
    with pytest.raises(KeyboardInterrupt):
        run(study, study.parent / "out", progress=False)
    assert remains(study.parent) == {"cities.csv", "study.toml"}


def test_a_place_that_cannot_be_written(study: Path) -> None:
    out = study / "out"
    with pytest.raises(StudyError, match=r"cannot be written: a part of its path is a file"):
        run(study, out, progress=False)


def test_a_failed_move_puts_back_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").touch()

    def failing() -> None:
        with place(out, force=True) as ready:
            shutil.rmtree(ready.draft)
            ready.finish()

    with pytest.raises(StudyError, match="cannot be written"):
        failing()
    assert remains(tmp_path) == {"out"}
    assert remains(out) == {"old"}


@pytest.mark.slow
def test_strict_raises_after_writing(
    study: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    reused(monkeypatch, outcome)
    assert outcome.failures, "100 draws cannot pass the gate"
    out = study.parent / "out"
    with pytest.raises(ConvergenceError, match="marked as failed: convergence diagnostics failed"):
        run(study, out, strict=True, progress=False)
    assert (out / "summary.csv").exists()
    assert "failed" in pd.read_csv(out / "summary.csv")["gate"][0]


@pytest.mark.slow
def test_no_strata_still_gives_every_table(tmp_path: Path) -> None:
    text = STUDY.replace('strata = ["地区"]\n', "")
    text = text.replace('run = ["convergence", "identification"]', "run = []").replace(
        'varying = "unit"', 'varying = "none"'
    )
    path = write_study(tmp_path, text)
    done = run(path, tmp_path / "out", progress=False)
    assert done.checks == ()
    assert len(done.tables["contrasts.csv"]) == 0
    assert "gate" in done.tables["contrasts.csv"]
    assert not (tmp_path / "out" / "figures" / "caterpillar.png").exists()
    assert np.isfinite(done.tables["event_study.csv"]["mean"]).all()
    assert validate(tmp_path / "out" / "study.toml").design.effect.varying is None


@pytest.mark.slow
def test_workers_compute_refits_and_are_in_the_record(
    study: Path, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    reused(monkeypatch, outcome)
    sent: list[int] = []

    class Here(ThreadPoolExecutor):
        def submit(self, *call: object) -> Future[Any]:  # type: ignore[override]
            sent.append(1)
            return super().submit(*call)  # type: ignore[arg-type]

    monkeypatch.setattr(_run, "workers", lambda number: workers(Here(number)))
    head = study.read_text(encoding="utf-8").partition("[checks]")[0]
    checks = '[checks]\nrun = ["placebo_space"]\n[checks.placebo_space]\nrepetitions = 130\n'
    found = []
    for name, table in (("there", "[run]\nworkers = 2\n"), ("here", "")):
        study.write_text(f"{head}{checks}{table}", encoding="utf-8")
        found.append(run(study, study.parent / name, progress=False, fresh=True).checks[0].digest)
    assert found[0] == found[1]
    assert len(sent) >= 2  # some sixty deals a task
    record = (study.parent / "there" / "study.toml").read_text(encoding="utf-8")
    assert "[run]\nworkers = 2" in record
    study.write_text(f"{head}{checks}[run]\nworkers = 0\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"run\.workers"):
        run(study, study.parent / "none", progress=False)
