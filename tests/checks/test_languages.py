"""Every check answers in English and in Chinese, and both say the same numbers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from doors import REASONS, Judged, applicable, convergence_words, leave_out

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp.checks import CHECKS, CheckResult, check_table, run_checks
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.fitting import DYNAMIC, IN_SPACE, LAGGED, LINKED

SOURCE = Path(nqp.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")
SAMPLER = nqp.Importance(draws=250, chains=2, seed=1)
OPTIONS = {
    "placebo_space": {"repetitions": 20},
    "placebo_mixed": {"repetitions": 20},
    "influence": {"refits": 1},
    "model_fit": {"draws": 60},
    "prior_predictive": {"draws": 60},
    "placebo_outcome": {"outcome": "noise"},
    "mediator_placebo": {"placebo": "noise"},
}


WITH_PLACES = {
    name
    for name, each in CHECKS.items()
    if each.suits is not None or {LAGGED, LINKED, IN_SPACE, DYNAMIC} & set(each.needs)
}
"""Asked of panels that tell where units are."""


def numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+(?:\.\d+)?", text))


def agree(english: str, chinese: str) -> bool:
    """Both say something, one of them in Chinese, with the same numbers."""
    return bool(CHINESE.search(chinese)) and numbers(english) == numbers(chinese)


@pytest.fixture(scope="module")
def results() -> dict[str, CheckResult]:
    """All checks of one fit with two channels, and those of the total effect."""
    panel = staggered(units=40, periods=8, cohorts=(3, 4, 5), never=0.4, sigma=0.4, seed=2).panel
    generator = np.random.default_rng(3)
    frame = panel.frame
    first = np.where(panel.cohort_codes < 0, 99, panel.cohort_codes)[panel.unit_codes]
    treated = panel.time_codes >= first
    frame = frame.assign(
        tech=treated + 0.5 * generator.standard_normal(panel.n_rows),
        credit=0.5 - 1.0 * treated + 0.5 * generator.standard_normal(panel.n_rows),
        noise=generator.standard_normal(panel.n_rows),
    )
    frame[panel.roles.outcome] = panel.outcome + 0.5 * frame["tech"] + 0.5 * frame["credit"]
    arguments = {**panel.arguments, "mediators": ["tech", "credit"]}
    panel = nqp.Panel.from_frame(frame, **arguments)
    design = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(varying=None)))
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    assert {
        *applicable(fit),
        "dose_response",
        "exposure_heterogeneity",
        "future_exposure",
        "past_exposure",
        "indicators",
        "assumptions",
        "placebo_mixed",
        "composition",
        "eligible_support",
        "ineligible_units",
        "carry_over",
        "exit_timing",
        "path_support",
        *WITH_PLACES,
    } == set(CHECKS)
    return {one.name: one for one in run_checks(fit, CHECKS, options=OPTIONS)}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_answers_in_both_languages(name: str, results: dict[str, CheckResult]) -> None:
    one = results[name]
    assert agree(one.said("en"), one.said("zh")), one.said("zh")
    assert one.said("en") == one.sentence
    assert agree(one.question, one.asked("zh"))
    if one.figure:
        assert agree(one.figure_in("en"), one.figure_in("zh")), one.figure_in("zh")
    assert " 。" not in one.said("zh")
    assert ". " not in re.sub(r"nqp\.\S+", "", one.said("zh"))


def test_the_list_of_checks_follows_the_language(results: dict[str, CheckResult]) -> None:
    table = check_table(results.values(), "zh")
    assert table["sentence"].map(lambda x: bool(CHINESE.search(x))).all()
    assert table["verdict"].tolist() == [one.verdict for one in results.values()]
    pd.testing.assert_frame_equal(
        pd.DataFrame(check_table(results.values())),
        pd.DataFrame(check_table(results.values(), "en")),
    )
    with pytest.raises(StudyError, match="'language' is 'de'"):
        check_table(results.values(), "de")  # type: ignore[arg-type]


def test_a_table_of_the_list_speaks_chinese(results: dict[str, CheckResult]) -> None:
    table = nqp.table(check_table(results.values()), language="zh")
    cells = {str(x) for x in table.to_frame().reset_index().to_numpy().ravel()}
    notes = " ".join(table.notes)
    for one in results.values():
        assert one.asked("zh") in cells
        # The first clause of the figure stands in a cell, all of it in the notes.
        figure = one.figure_in("zh")
        whole = figure or one.said("zh")
        assert not figure or any(cell and figure.startswith(cell) for cell in cells)
        assert whole in cells or whole.rstrip(".。") in notes


@pytest.mark.parametrize("text", REASONS[1:])
def test_reasons_of_cells_are_known(text: Message) -> None:
    assert agree(text, text.in_("zh"))
    assert not re.search("[a-z]{3}", text.in_("zh"))


def test_errors_of_identification_are_messages() -> None:
    """Every text that can end in a check, as the source has it."""
    texts = [text for path in SOURCE.rglob("*.py") for text in _raised(path)]
    assert len(texts) > 12
    assert set(texts) == {"Message"}


def _raised(path: Path) -> list[str]:
    """What the first arguments of IdentificationError are in a file."""
    return [
        getattr(getattr(node.args[0], "func", None), "id", ast.unparse(node.args[0]))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "IdentificationError"
        and node.args
    ]


def test_a_fit_that_cannot_be_made_says_so_in_both_languages() -> None:
    check = type(leave_out)("x", "Is it?", _fails)
    one = check(None)  # type: ignore[arg-type]
    assert one.verdict == "not applicable"
    assert agree(one.said(), one.said("zh"))
    assert one.said("zh").startswith(
        "所需的拟合无法进行：受政策影响的 2 个观测中，有 1 个的效应不可识别"
    )


def _fails(fit: object) -> None:
    place = Message("({}cohort {}, time {})", "coastal, ", 2005, 2006)
    raise IdentificationError(
        Message(
            "the effects of {:,} of {:,} observations affected by the policy are not identified",
            1,
            2,
        ),
        where=separated(Message("{}: {}", place, reason) for reason in REASONS[2:0:-1]),
    )


def test_gates_are_told() -> None:
    gate = "failed: 2 divergences; R-hat 1.030 (rho); bulk ESS 300 (att); E-BFMI 0.20"
    assert agree(gate, convergence_words(gate).in_("zh"))
    assert convergence_words("passed").in_("zh") == "通过"


@pytest.mark.parametrize("what", [Message("under {}"), Message("{}", context="left out")])
@pytest.mark.parametrize("part", ["turned", "lost", "unsettled", "far"])
def test_comparisons_are_told(what: Message, part: str) -> None:
    name = Message("without cohort {}", "5")
    lists = {
        key: [name] if key == part else [] for key in ("turned", "lost", "unsettled", "weaker")
    }
    mean, sd = np.array([1.0, 3.3]), np.array([1.0, 1.0])
    judged = Judged("caution", ["as fitted", name], mean, sd, np.array([2.345]), 1, **lists)
    sentence = judged.sentence(Message("Same."), what)
    assert agree(sentence, sentence.in_("zh"))
    assert "  " not in sentence
