"""A step of reading is one file: one made here is found, taken and undone; a real one goes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import messy_books
import pytest

from bayes_nqp import Panel
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading import STEPS, Found, Reading, reading_of
from bayes_nqp.data.reading.steps import Step, step
from bayes_nqp.studies import new

ROLES = {"unit": "城市", "time": "年份", "cohort": "批复年份"}


@pytest.fixture
def toy() -> Any:
    @step("shouting", place=55)
    class Shouting(Step):
        label = Message("Exclamation marks")
        text = "Columns of numbers with an exclamation mark behind them."
        kind = list[str]

        def found(self, reading: Reading) -> Found | None:
            loud = [x for x in reading.frame if (reading.frame[x].astype(str).str[-1] == "!").any()]
            if not loud:
                return None
            return Found(loud, Message("somebody is excited"), len(reading.frame), "7!", "7")

        def applied(self, reading: Reading, value: Any) -> int:
            for name in value:
                quiet = reading.frame[name].astype(str).str.rstrip("!").astype(float)
                reading.frame = reading.frame.assign(**{name: quiet})
            return len(reading.frame)

    yield Shouting
    del STEPS["shouting"]


@pytest.mark.slow
def test_a_toy_step_is_proposed_read_and_undone(tmp_path: Path, toy: type[Step]) -> None:
    frame = messy_books.truth(1)
    known = frame["贷款余额"].to_numpy()
    path = tmp_path / "a.csv"
    frame.assign(贷款余额=[f"{x}!" for x in known]).to_csv(path, index=False)
    panel = Panel.from_file(path, **ROLES, outcome="贷款余额")
    assert "Exclamation marks (贷款余额): 80 cells" in panel.notes
    made = new(path, roles={"outcome": "贷款余额"})
    assert made.study is not None, made.problem
    assert made.study.panel.outcome.tolist() == panel.outcome.tolist()
    text = made.path.read_text(encoding="utf-8")
    assert tomllib.loads(text)["data"]["read"] == {"shouting": ["贷款余额"]}
    with pytest.raises(PanelError, match="must be numeric"):
        Panel.from_file(path, **ROLES, outcome="贷款余额", read={})


def test_a_real_step_may_be_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, known = messy_books.write("per_cent", tmp_path, 1)
    given = {"percent": ["财政支出比重"]}
    assert reading_of(path, given).frame["财政支出比重"].tolist() == known["财政支出比重"].tolist()
    places = {key: value for key, value in STEPS._places.items() if key != "percent"}
    monkeypatch.setattr(STEPS, "_places", places)
    read = reading_of(path, None)
    assert "percent" not in read.taken
    assert read.frame["财政支出比重"].str.endswith("%").all()
    with pytest.raises(PanelError, match="read='percent' is not a reading step"):
        reading_of(path, given)
