"""Every check answers in English and in Chinese, and both say the same numbers."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest
from doors import (
    REASONS,
    Judged,
    Said,
    applicable,
    gate_words,
    joined,
    labelled,
    leave_out,
    listed,
    reason,
    said,
    separated,
    told,
    words,
)
from hypothesis import given
from hypothesis import strategies as st

import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS, CheckResult, check_table, run_checks
from bayes_nqp.errors import IdentificationError, StudyError
from bayes_nqp.simulation import staggered

pytestmark = pytest.mark.xdist_group("languages")

SOURCE = Path(nqp.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")
SAMPLER = nqp.Importance(draws=250, chains=2, seed=1)
OPTIONS = {
    "placebo_space": {"permutations": 20},
    "influence": {"refits": 1},
    "model_fit": {"draws": 60},
    "prior_predictive": {"draws": 60},
    "placebo_outcome": {"outcome": "noise"},
    "mediator_placebo": {"placebo": "noise"},
}


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
    design = nqp.Mediation(nqp.StaggeredDiD(nqp.Partial(varying=None)))
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    assert {*applicable(fit), "future_exposure", "indicators"} == set(CHECKS)
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
    for one in results.values():
        assert one.asked("zh") in cells
        assert (one.figure_in("zh") or one.said("zh")) in cells


def test_both_languages_are_kept() -> None:
    one = said("{:.2f} of {}", "{1} 中的 {0:.2f}", 0.125, labelled("as fitted"))
    assert (one, one.zh) == ("0.12 of as fitted", "基准模型中的 0.12")
    for again in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert (str(again), again.zh) == (str(one), one.zh)
    assert joined([one, "", Said("b", "乙")]).zh == f"{one.zh}乙"
    assert separated([one, "b"]).zh == f"{one.zh}；b"


@given(st.lists(st.sampled_from(["att", "overall", "x"]), max_size=9), st.integers(1, 9))
def test_lists_say_how_many_more_there_are(names: list[str], most: int) -> None:
    found = listed([labelled(name) for name in names], most)
    assert numbers(found) == numbers(found.zh)


@given(
    st.sampled_from(
        [
            "without cohort {}", "without region = {}", "{} periods of anticipation",
            "time effects by {}", "by {}, pooled", "att[event_time={}]", "att[region={}]",
            "exposure {} ahead", "with {}", "effect priors × {}", "no deviations by {}",
        ]
    ),
    st.integers(0, 9999),
)  # fmt: skip
def test_labels_keep_what_they_name(label: str, number: int) -> None:
    one = labelled(label.format(number))
    assert agree(one, one.zh)


def test_names_of_the_users_own_stay() -> None:
    assert labelled("数字化").zh == "数字化" == labelled("数字化")
    assert labelled("my design").zh == "my design"


@pytest.mark.parametrize("text", REASONS[1:])
def test_reasons_of_cells_are_known(text: str) -> None:
    assert agree(text, reason(text).zh)
    assert not re.search("[a-z]{3}", reason(text).zh)


def test_errors_of_identification_are_known() -> None:
    """Every text that can end in a check, as the source has it."""
    found = [text for path in SOURCE.rglob("*.py") for text in _raised(path)]
    assert len(found) > 12
    for text in found:
        assert CHINESE.search(reason(text).zh), text
        assert not re.search("[a-z]{4,} [a-z]{2,} [a-z]{2,}", reason(text).zh), text


def _raised(path: Path) -> list[str]:
    """First arguments of IdentificationError in a file, placeholders filled."""
    made = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id != "IdentificationError" or not node.args:
            continue
        parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]]
        text = "".join(str(x.value) if isinstance(x, ast.Constant) else "7" for x in parts)
        made.append(text.replace("7=7", "treatment=7"))
    return made


def test_a_fit_that_cannot_be_made_says_so_in_both_languages() -> None:
    check = type(leave_out)("x", Said("Is it?", "是否？"), _fails)
    one = check(None)  # type: ignore[arg-type]
    assert one.verdict == "not applicable"
    assert agree(one.said(), one.said("zh"))
    assert one.said("zh").startswith("所需的拟合无法进行：2 个单元格中有 1 个的效应不可识别")


def _fails(fit: object) -> None:
    raise IdentificationError(
        "1 of 2 cells have effects that the data do not identify",
        where=f"(coastal, cohort 2005, time 2006): {REASONS[2]}; (x): {REASONS[1]}",
    )


def test_gates_are_told() -> None:
    gate = "failed: 2 divergences; R-hat 1.030 (rho); bulk ESS 300 (att); E-BFMI 0.20"
    assert agree(gate, gate_words(gate).zh)
    assert gate_words("passed").zh == "通过"


@pytest.mark.parametrize(("what", "chinese"), [("under", "在“{}”设定下"), ("", "{}后")])
@pytest.mark.parametrize("part", ["turned", "lost", "unsettled", "far"])
def test_comparisons_are_told(what: str, chinese: str, part: str) -> None:
    name = Said("without cohort 5", "剔除批次 5")
    lists = {key: [name] if key == part else [] for key in ("turned", "lost", "unsettled")}
    far = said("{} ({:+.1f} posterior sd)", "{}（{:+.1f} 个后验标准差）", name, 2.345)
    found = Judged("in doubt", np.array([2.3]), 1, far=far, **lists)
    sentence = found.sentence(Said("Same.", "相同。"), Said(what, chinese))
    assert agree(sentence, sentence.zh)
    assert "  " not in sentence


def test_figures_and_sentences_use_the_same_words() -> None:
    say = words("zh")
    for key, text in say.items():
        label = key.removeprefix("channel_")
        if key.startswith("channel_") and label in ("as fitted", "indirect effect", "delay"):
            assert labelled(label).zh == text
    assert told(labelled("overall"), "zh") == say["overall"]


def _templates() -> list[tuple[str, str]]:
    """Every pair of texts that the source of checks holds side by side."""
    pairs = []
    for path in (SOURCE / "checks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("said", "Said"):
                texts = [x.value for x in node.args[:2] if isinstance(x, ast.Constant)]
                if len(texts) == 2:
                    pairs.append((texts[0], texts[1]))
    return pairs


def _numeric(template: str) -> set[tuple[str, str]]:
    """Places of the numbers that a template holds, with their formats."""
    fields = [part for part in Formatter().parse(template) if part[1] is not None]
    placed = [(name or str(k), form or "") for k, (_, name, form, _) in enumerate(fields)]
    return {(place, form) for place, form in placed if form}


@pytest.mark.parametrize(("english", "chinese"), _templates())
def test_templates_hold_the_same_numbers(english: str, chinese: str) -> None:
    assert _numeric(english) == _numeric(chinese)
    bare = [re.sub(r"\{[^}]*\}", "", text) for text in (english, chinese)]
    assert numbers(bare[0]) == numbers(bare[1])
    if re.search("[a-z]{3} [a-z]{2}", bare[0]):
        assert CHINESE.search(bare[1])


def test_there_are_many_templates() -> None:
    assert len(_templates()) > 150
