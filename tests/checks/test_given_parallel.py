"""Where units diverged before adoption: one next step, and no verdict that counts twice."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from doors import SECTIONS, Context, Paragraph, checked, clearest_strata, trends_first

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp._core.i18n import advice_of
from bayes_nqp.checks import CheckResult, confidence_of, weighed
from bayes_nqp.data.simulation import staggered


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    """Treated units have another linear trend than the others."""
    parallel = staggered(units=60, periods=10, cohorts=(5, 7), strata={}, seed=3).panel
    frame = parallel.frame
    apart = 0.8 * frame["time"] * frame["cohort"].notna()
    return parallel.with_outcome(parallel.outcome + apart.to_numpy(dtype=float))


def fitted(panel: nqp.Panel, **changes: object) -> nqp.Fit:
    sampler = nqp.Importance(draws=500, chains=2, seed=1)
    return nqp.fit(nqp.StaggeredDiD().replace(**changes), panel, sampler, progress=False)


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    return fitted(panel)


@pytest.fixture(scope="module")
def results(fit: nqp.Fit) -> dict[str, CheckResult]:
    names = ("anticipation", "pretrends", "model_fit", "displacement", "control_group")
    return {name: nqp.check(fit, name, progress=False) for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["anticipation", "model_fit", "displacement"])
def test_checks_that_assume_parallel_trends_have_the_next_step_of_pretrends(
    results: dict[str, CheckResult], name: str
) -> None:
    first, result = results["pretrends"], results[name]
    assert first.verdict == "failed"
    assert str(advice_of(result.sentence)) == str(advice_of(first.sentence)) != ""
    assert result.sentence.count("Next:") == 1
    assert 'next step is that of nqp.check(fit, "pretrends")' in result.details


@pytest.mark.slow
def test_a_result_has_one_next_step(results: dict[str, CheckResult]) -> None:
    assert "anticipation=1" not in results["anticipation"].sentence
    assert "anticipation=1" not in results["anticipation"].details
    assert str(results["anticipation"]).count("Next:") == 1


@pytest.mark.slow
def test_a_check_without_a_next_step_is_unchanged(results: dict[str, CheckResult]) -> None:
    passed = results["control_group"]
    assert passed.verdict == "passed"
    assert (str(advice_of(passed.sentence)), passed.details) == ("", "")


@pytest.mark.slow
def test_a_design_without_parallel_trends_keeps_its_next_steps(
    panel: nqp.Panel, results: dict[str, CheckResult]
) -> None:
    fit = fitted(panel, errors=nqp.IID(), trends=nqp.DifferentialTrends())
    result = results["anticipation"]
    assert trends_first(result, fit) is result


@pytest.mark.slow
def test_a_misfit_of_trends_alone_does_not_count_for_an_average(
    results: dict[str, CheckResult],
) -> None:
    failed = results["model_fit"]
    assert failed.verdict == "failed"
    assert weighed(failed)
    core = [CheckResult(x, "?", "passed", "", "") for x in ("identification", "trend_sensitivity")]
    every = [*core, results["pretrends"], failed]
    assert confidence_of(every).failed == ("pretrends", "model_fit")
    average = confidence_of(every, support=0.9, averaged=True)
    assert (average.grade, average.failed) == ("high", ())
    shape = CheckResult("model_fit", "?", "failed", "", "")
    assert confidence_of([*every[:-1], shape], support=0.9, averaged=True).grade == "low"


@pytest.mark.slow
def test_a_report_of_an_average_is_not_contradicted_by_tests_of_parallel_trends(
    fit: nqp.Fit, results: dict[str, CheckResult]
) -> None:
    influence = CheckResult("influence", "?", "failed", "", "")
    trends = [results[x] for x in ("anticipation", "pretrends", "model_fit")]
    for few, meaning in (
        (trends, "model average allows for other trends"),
        ([*trends, influence], "reject some"),
    ):
        context = Context(fit, tuple(few), "en")
        assert context.average is not None
        lead = next(x for x in SECTIONS["short"](context) if isinstance(x, Paragraph))
        assert ("1 failed check contradicts" in lead.text) == (influence in few)
        assert "model fit" not in lead.text
        notes = [x.text for x in SECTIONS["failures"](context) if isinstance(x, Paragraph)]
        assert meaning in notes[0]


def test_the_table_of_checks_is_used_by_reports_of_its_fit_alone(
    fit: nqp.Fit, panel: nqp.Panel
) -> None:
    table = nqp.check(fit, ["convergence", "pretrends"], language="zh", progress=False)
    evidence = [x.evidence is not None for x in checked(fit, table)]
    assert evidence == [x.evidence is not None for x in checked(fit, [*table.results])]
    rows = checked(fit, table[table["check"] == "pretrends"])
    assert [x.name for x in rows] == ["pretrends"]
    assert rows[0].said("zh") == nqp.check(fit, "pretrends", progress=False).said("zh")
    with pytest.raises(StudyError, match="checks of this fit"):
        checked(fitted(panel, errors=nqp.IID()), table)


def test_a_table_of_checks_prints_verdicts_in_its_language_and_explains_missing_columns(
    fit: nqp.Fit,
) -> None:
    table = nqp.check(fit, ["convergence"], language="zh", progress=False)
    assert "通过" in repr(table)
    assert "通过" in table._repr_html_()
    assert table["verdict"].tolist() == ["passed"]
    for key, words in (("no_such", "checks: convergence"), ("pretrends", "nqp.check(fit, 'pre")):
        with pytest.raises(NQPError, match=re.escape(words)) as error:
            table[key]
        assert isinstance(error.value, KeyError)


@pytest.mark.slow
def test_a_model_average_can_be_tabulated(fit: nqp.Fit) -> None:
    average = nqp.model_average(fit)
    table = nqp.table(average).to_frame()
    assert table["Mean"].iloc[0] == pytest.approx(float(nqp.att(average).mean()))


def test_strata_are_named_only_if_others_did_not_diverge() -> None:
    levels = dict.fromkeys(("region = east", "region = west", "size = large", "size = small"))
    judged = SimpleNamespace(levels=levels, apart=["region = east", "region = west"])
    assert clearest_strata(judged) == []
    judged.apart.append("size = small")
    assert clearest_strata(judged) == ["size = small"]
