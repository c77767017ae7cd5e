"""Checks that refit: other models, other rows, other adoptions; each holding and failing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from doors import after_adoption, judged

import bayes_nqp as nqp
from bayes_nqp import plots
from bayes_nqp._core import progress
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.threads import within
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.fitting import Kept, batch

SAMPLER = nqp.Importance(draws=500, chains=2, seed=4)
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(varying="unit"))


@pytest.fixture(scope="session")
def calm() -> nqp.Fit:
    """A fit whose assumptions are true, with a clear effect."""
    panel = staggered(effect="flat", level=2.0, seed=5).panel
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


@pytest.fixture(scope="session")
def trending() -> nqp.Fit:
    """Treated units that drift away from the others from the first period on."""
    panel = staggered(effect="flat", level=0.0, trend=0.3, seed=5).panel
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "name", ["specifications", "leave_out", "control_group", "anticipation", "placebo_time"]
)
def test_it_holds_where_assumptions_are_true(calm: nqp.Fit, name: str) -> None:
    found = nqp.check(calm, name, progress=False)
    assert found.verdict == "passed", found
    assert found.figure


@pytest.mark.slow
def test_specifications_change_one_choice_each(calm: nqp.Fit) -> None:
    result = nqp.check(calm, "specifications", progress=False)
    evidence = result.evidence
    assert result.details.endswith("For comparison only: independent errors.")
    assert int(evidence["counts"].sum()) + 1 == evidence["specification"].size
    names = evidence["specification"].to_numpy().tolist()
    assert names[0] == "as fitted"
    assert {"independent errors", "complete pooling", "no pooling", "never-treated controls"} < set(
        names
    )
    assert len(set(names)) == len(names)
    own = evidence["att"].isel(specification=0)
    # Whatever draws are shown, the fit's average effect is one number.
    att = nqp.att(calm)
    assert float(own.mean()) == pytest.approx(float(att.mean()), rel=1e-9)
    assert float(own.std()) == pytest.approx(float(att.std()), rel=0.01)
    ends = [0.025, 0.2, 0.8, 0.975]
    np.testing.assert_allclose(own.quantile(ends), att.quantile(ends), atol=0.04 * att.std())
    assert not evidence["counts"].sel(specification="independent errors")


@pytest.mark.slow
def test_specifications_fail_where_a_drift_between_strata_is_taken_for_an_effect() -> None:
    simulated = staggered(effect="flat", level=-1.5, never=0.5, seed=6, sigma=0.5)
    panel = simulated.panel
    coastal = panel.strata_codes["region"][panel.unit_codes] == panel.levels[
        "region"
    ].tolist().index("coastal")
    kept = coastal | (panel.cohort_codes[panel.unit_codes] < 0)
    drift = panel.where(kept)
    coastal = coastal[kept]
    drift = drift.with_outcome(drift.outcome + 1.0 * coastal * drift.time_codes)
    common = DESIGN.replace(time=nqp.TimeEffects(), errors=nqp.IID())
    fit = nqp.fit(common, drift, SAMPLER, progress=False)
    found = nqp.check(fit, "specifications", progress=False)
    assert found.verdict == "failed", found
    assert "time effects by region" in found.sentence


def test_a_design_of_ones_own_is_another_specification(calm: nqp.Fit) -> None:
    own = {"wide": DESIGN.replace(priors=nqp.Priors(level=50))}
    evidence = nqp.check(calm, "specifications", designs=own, progress=False).evidence
    assert evidence["change"].sel(specification="wide") == "your specification"
    with pytest.raises(StudyError, match="'designs' has"):
        nqp.check(calm, "specifications", designs={"x": "AR(2)"}, progress=False)


@pytest.mark.slow
def test_leave_out_fails_where_one_cohort_is_the_effect() -> None:
    def effect(cells):  # type: ignore[no-untyped-def]
        return np.where(cells["cohort"] == 5, 8.0, -0.8)

    panel = staggered(effect=effect, seed=7, sigma=0.5, deviation_sd=0.1).panel
    fit = nqp.fit(DESIGN, panel, SAMPLER, progress=False)
    found = nqp.check(fit, "leave_out", progress=False)
    assert found.verdict == "failed", found
    assert "without cohort 5" in found.sentence


@pytest.mark.slow
def test_leave_out_compares_what_is_left_with_the_same_cells(calm: nqp.Fit) -> None:
    evidence = nqp.check(calm, "leave_out", progress=False).evidence
    effects = after_adoption(nqp.group_time_effects(calm))
    inland = effects.isel(cell=effects["region"].to_numpy() == "inland")
    reference = evidence["reference"].sel(specification="without region = coastal")
    assert float(reference) == pytest.approx(float(nqp.att(inland).mean()))


def test_leave_out_takes_groups_of_units(calm: nqp.Fit) -> None:
    panel = calm.panel
    assert panel is not None
    with pytest.raises(StudyError, match=r"'groups' names the column 'provinc'"):
        nqp.check(calm, "leave_out", groups="provinc", progress=False)
    with pytest.raises(PanelError, match="changes within units"):
        nqp.check(calm, "leave_out", groups=panel.roles.time, progress=False)
    one = nqp.Panel.from_frame(panel.frame.assign(all="all"), **panel.arguments)
    with pytest.raises(StudyError, match="'groups' names 'all', which is the same for all units"):
        nqp.check(replace(calm, panel=one), "leave_out", groups="all", progress=False)
    evidence = nqp.check(calm, "leave_out", groups="region", progress=False).evidence
    assert "without region = inland" in evidence["specification"]


@pytest.mark.slow
def test_another_control_group_is_told_apart() -> None:
    # Independent errors do not absorb the drift, so not yet treated units pass it on.
    panel = staggered(effect="flat", level=0.0, trend=0.3, seed=5).panel
    fit = nqp.fit(DESIGN.replace(errors=nqp.IID()), panel, SAMPLER, progress=False)
    found = nqp.check(fit, "control_group", progress=False)
    assert found.verdict == "caution", found
    assert "follow different trends" in found.sentence


def test_anticipation_fails_where_effects_begin_early() -> None:
    panel = staggered(effect="flat", level=2.0, seed=5).panel
    codes = np.asarray(panel.cohort_codes)
    late = panel.with_cohorts(np.where(codes >= 0, np.minimum(codes + 1, 13), -1))
    fit = nqp.fit(DESIGN, late, SAMPLER, progress=False)
    found = nqp.check(fit, "anticipation", progress=False)
    assert found.verdict == "failed", found
    assert found.evidence.attrs["before"] == pytest.approx(2.0, abs=0.7)


def test_a_placebo_outcome_must_be_named_and_must_not_respond(calm: nqp.Fit) -> None:
    assert nqp.check(calm, "placebo_outcome", progress=False).verdict == "not applicable"
    panel = calm.panel
    assert panel is not None
    with pytest.raises(StudyError, match="the outcome of the fit itself"):
        nqp.check(calm, "placebo_outcome", outcome=panel.roles.outcome, progress=False)
    noise = np.random.default_rng(1).normal(size=panel.n_rows)
    frame = panel.frame.assign(noise=noise, echo=panel.outcome)
    fit = nqp.fit(DESIGN, nqp.Panel.from_frame(frame, **panel.arguments), SAMPLER, progress=False)
    assert nqp.check(fit, "placebo_outcome", outcome="noise", progress=False).verdict == "passed"
    assert nqp.check(fit, "placebo_outcome", outcome="echo", progress=False).verdict == "failed"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mean", "sd", "fewer", "verdict"),
    [
        (0.4, 0.36, True, "passed"), (0.4, 0.36, False, "caution"), (0.0, 0.36, True, "caution"),
        (0.4, 0.8, False, "passed"), (-1.2, 0.8, False, "caution"),
    ],
    ids=["wider alone", "as many data", "moved too", "far wider", "far wider, and moved"],
)  # fmt: skip
def test_fewer_data_lose_no_conclusion_by_width_alone(
    calm: nqp.Fit, mean: float, sd: float, fewer: bool, verdict: str
) -> None:
    """.6 ± .25 has a sign; half of its data have none at .4 ± .36, which chance explains."""
    evidence = nqp.check(calm, "leave_out", progress=False).evidence
    assert evidence["fewer"].to_numpy().tolist() == [False] + [True] * (evidence["fewer"].size - 1)
    evidence = evidence.isel(specification=[0, 1]).copy(deep=True)
    normal = np.random.default_rng(1).standard_normal(evidence["att"].shape[:2])
    normal = (normal - normal.mean()) / normal.std()
    evidence["att"][..., 0], evidence["att"][..., 1] = 0.6 + 0.25 * normal, mean + sd * normal
    evidence["reference"][:] = [0.6, mean]
    evidence["fewer"][:] = [False, fewer]
    assert judged(evidence).verdict == verdict


@pytest.mark.filterwarnings("ignore:labels need a Chinese")
def test_pictures_show_every_specification(calm: nqp.Fit) -> None:
    found = nqp.check(calm, "leave_out", progress=False)
    for language in ("en", "zh"):
        ax = plots.check(found, language=language).axes[0]
        labels = [tick.get_text() for tick in ax.get_yticklabels()]
        assert sum("5" in label for label in labels) == 1


def test_what_chance_explains_is_no_distance(calm: nqp.Fit) -> None:
    evidence = nqp.check(calm, "specifications", progress=False).evidence.copy(deep=True)
    evidence = evidence.isel(specification=[0, 1]).assign_coords(
        counts=("specification", [True, True])
    )
    sd, mean = float(evidence["att"][..., 0].std()), float(evidence["att"][..., 0].mean())
    normal = np.random.default_rng(1).standard_normal(evidence["att"].shape[:2])
    normal = (normal - normal.mean()) / normal.std()

    def verdict(shift: float, width: float) -> str:
        evidence["att"][..., 1] = mean + sd * (shift + width * normal)
        evidence["reference"][:] = mean
        return judged(evidence, far=1.5).verdict

    # The difference to an estimate with the variance k² has k² - 1: 1.73 for 2, 0.46 for 1.1.
    assert verdict(1.7, 1.1) == verdict(-1.7, 1.1) == "caution"
    assert verdict(1.7, 2.0) == verdict(3.3, 2.0) == "passed"
    assert verdict(4.2, 2.0) == "caution"


def test_alternatives_that_do_not_count_do_not_decide(calm: nqp.Fit) -> None:
    evidence = nqp.check(calm, "specifications", progress=False).evidence.copy(deep=True)
    evidence["att"][:, :, 1] = -evidence["att"][:, :, 1]
    assert judged(evidence).verdict in ("passed", "failed")
    counted = evidence.assign_coords(
        counts=("specification", np.arange(evidence.sizes["specification"]) == 1)
    )
    assert judged(counted).verdict == "failed"
    left = evidence.assign_coords(
        counts=("specification", np.arange(evidence.sizes["specification"]) != 1)
    )
    assert judged(left).verdict == "passed"


def test_options_are_named_in_errors(calm: nqp.Fit) -> None:
    with pytest.raises(StudyError, match=r"no option 'repetition'.*\n.*repetitions"):
        nqp.check(calm, "placebo_space", repetition=30)
    with pytest.raises(StudyError, match="requires the name of one check"):
        nqp.check(calm, repetitions=30)


def _count(folder: str, number: int) -> dict[str, np.ndarray]:
    path = Path(folder) / "calls"
    path.write_text(path.read_text() + f"{number} " if path.exists() else f"{number} ")
    if number == 2 and not (Path(folder) / "go").exists():
        raise KeyboardInterrupt
    return {"twice": np.array([2.0 * number])}


def test_an_interrupted_batch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    tasks = {f"task {k}/4": (str(tmp_path), k) for k in range(4)}
    kept = Kept(tmp_path / "kept")
    heard: list[tuple[str, int, int]] = []
    with within(1), pytest.raises(KeyboardInterrupt):
        batch(_count, tasks, store=kept)
    assert sorted(kept) == ["task 0/4", "task 1/4"]
    (tmp_path / "go").touch()
    with within(1), progress.listening(lambda *said: heard.append(said)):
        found = batch(_count, tasks, store=kept, work="counting")
    assert [float(one["twice"][0]) for one in found.values()] == [0.0, 2.0, 4.0, 6.0]
    assert (tmp_path / "calls").read_text().split() == ["0", "1", "2", "2", "3"]
    assert heard[0] == ("counting", 2, 4)
    assert heard[-1] == ("counting", 4, 4)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("anticipation", {"periods": "2"}),
        ("placebo_time", {"periods": 0}),
        ("placebo_space", {"repetitions": "many"}),
        ("placebo_outcome", {"outcome": 3}),
        ("error_model", {"cluster": ["region"]}),
        ("error_model", {"event_times": "yes"}),
        ("model_fit", {"draws": 0}),
        ("prior_predictive", {"draws": 1.5}),
        ("prior_sensitivity", {"threshold": "small"}),
        ("trend_sensitivity", {"grid": ["a"]}),
        ("specifications", {"designs": ["AR1"]}),
        ("leave_out", {"groups": 3}),
        ("influence", {"refits": "all"}),
    ],
)
def test_a_wrong_option_is_named(calm: nqp.Fit, name: str, options: dict[str, object]) -> None:
    with pytest.raises(StudyError, match=next(iter(options))):
        nqp.check(calm, name, progress=False, **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pretrends", "placebo_time", "time_effects", "leave_out"])
def test_refits_row_by_row_are_not_begun(calm: nqp.Fit, name: str) -> None:
    heavy = replace(calm, design=calm.design.replace(likelihood=nqp.StudentT()))
    found = nqp.check(heavy, name, progress=False)
    assert found.verdict == "not applicable"
    assert "sample every coefficient" in found.sentence


def _asked_in(folder: Path, heard: list[int], fit: nqp.Fit) -> nqp.CheckResult:
    with progress.listening(lambda what, done, total: heard.append(done)):
        return nqp.check(fit, "placebo_space", repetitions=200, store=folder)


@pytest.mark.slow
def test_a_store_is_found_again_for_300_units(tmp_path: Path) -> None:
    panel = staggered(units=300, periods=5, cohorts=(2, 3), seed=2).panel
    design, sampler = nqp.StaggeredDiD(errors=nqp.IID()), nqp.Importance(draws=100, seed=1)

    def again() -> nqp.Fit:
        return nqp.fit(design, panel, sampler, progress=False)

    def stop(what: str, done: int, total: int) -> None:
        if done == 2:  # of some sixty deals each
            raise KeyboardInterrupt

    fit = again()
    with pytest.raises(KeyboardInterrupt), progress.listening(stop):
        nqp.check(fit, "placebo_space", repetitions=200)
    # What it has by then goes to the store as well.
    heard: list[int] = []
    first = _asked_in(tmp_path, heard, fit)
    assert heard[0] == 2
    fit.save(tmp_path / "fit.nc")
    for other in (again(), nqp.load(tmp_path / "fit.nc")):
        later: list[int] = []
        assert _asked_in(tmp_path, later, other).digest == first.digest
        assert later == []
    numbers = [name for name in Kept(tmp_path) if "placebo" in name]
    del Kept(tmp_path)[numbers[0]]
    found: list[int] = []
    with progress.listening(lambda what, done, total: found.append(done)):
        nqp.check(again(), "placebo_space", repetitions=199, store=tmp_path)
    assert found[0] >= 2  # all but what was taken away, and the last, which is another


def test_a_store_that_cannot_be_is_refused(calm: nqp.Fit, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", ""):
        with pytest.raises(StudyError, match="'store'"):
            nqp.check(calm, "identification", store=folder)
