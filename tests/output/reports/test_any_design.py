"""A report says what its own design is: no policy where there is an exposure, no prior it lacks."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from doors import (
    SECTIONS,
    Alarm,
    Bullets,
    Context,
    Heading,
    NumberedTable,
    Paragraph,
    Sketch,
    averaged_equations,
    methods,
)
from exposed import exposed_frame, exposed_panel

import bayes_nqp as nqp
from bayes_nqp.checks import run_checks

SAMPLER = nqp.Importance(draws=150, chains=2, seed=1)
DESIGNS = {
    "periods": nqp.ContinuousExposure("trade", nqp.PartialPooling(["region"]), by_time=True),
    "flat": nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID()),
    "never": nqp.StaggeredDiD(
        nqp.PartialPooling(["region"], varying="unit"), nqp.AR1PlusNoise(), controls="never"
    ),
    "exposure": nqp.Mediation(
        nqp.ContinuousExposure("trade", nqp.PartialPooling(["region"]), moderator="finance"),
        mediators=["digital"],
    ),
}
_HAS = {
    "periods": {"The slope also differs by period", "for periods, and for groups", "higher trade"},
    "flat": {
        "effects of cells have flat priors",
        "untreated observations of units never or not yet",
    },
    "never": {
        "control group consists of never-treated units only",
        "ratio of noise",
        "SD 5s for the",
    },
    "exposure": {
        "estimation sample has 308 observations",
        "higher trade",
        "per unit of trade",
        "finance moderates",
        "deviation (",
        "SD 5s for",
    },
}
_LACKS = {
    "periods": {"treated observations", "another policy", "linear change per period"},
    "flat": {"estimation sample has", "normal with SD 5s", "changes between periods", "Beta("},
    "never": {"all untreated observations"},
    "exposure": {
        "treated observations",
        "another policy",
        "policy raised",
        "policy lowered",
        "linear change per period",
        "untreated observations",
        "cohorts",
    },
}


def fitted(name: str) -> nqp.Fit:
    if name in ("exposure", "periods"):
        frame = exposed_frame(1)
        frame.loc[[3, 40], "digital"] = None  # two rows that no equation can use
        panel = exposed_panel(frame)
    else:
        panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    return nqp.fit(DESIGNS[name], panel, SAMPLER, progress=False)


def words_of(context: Context) -> tuple[str, list[str]]:
    """All sentences of a report, and what it draws."""
    text, drawn = [], []
    for block in chain.from_iterable(section(context) for section in SECTIONS.values()):
        match block:
            case Heading(words) | Paragraph(words):
                text.append(words)
            case Bullets(items):
                text += items
            case Alarm(title, items):
                text += [title, *items]
            case Sketch():
                drawn.append(block.stem)
    return "\n".join(text), drawn


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_the_report_speaks_of_its_own_design(name: str) -> None:
    fit = fitted(name)
    factors = ("region",) if name != "flat" else ()
    text, drawn = words_of(Context(fit, (), by=factors, outcome="exports", title="t"))
    for some in _HAS[name]:
        assert some in text, some
    for some in _LACKS[name]:
        assert some not in text, some
    assert ("moderation" in drawn) == (name == "exposure")
    assert ("event_study" in drawn) == (name in ("flat", "never"))
    chinese, same = words_of(Context(fit, (), "zh", by=factors, outcome="出口", title="t"))
    assert same == drawn
    assert len(chinese.splitlines()) == len(text.splitlines())
    assert "{" not in text + chinese


def spoken(context: Context) -> list[str]:
    """Every sentence below the answer, and what its tables show."""
    said: list[str] = []
    sections = (section for name, section in SECTIONS.items() if name != "short")
    for block in chain.from_iterable(section(context) for section in sections):
        match block:
            case Paragraph(text):
                said += text.split(". ")
            case Bullets(items) | Alarm(_, items):
                said += [part for text in items for part in text.split(". ")]
            case NumberedTable():
                said.append(f"{block.table.title} {block.table.rows}")
    return [text for text in said if len(text) > 30]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*DESIGNS, "in space"])
def test_below_the_answer_nothing_is_said_twice(name: str) -> None:
    if name == "in space":
        made = nqp.simulation.channels_in_space(units=40, periods=6, cohorts=(4,), seed=1)
        weights = nqp.spatial_weights.nearest(made.panel, 4)
        design = nqp.StaggeredDiD(
            nqp.CompletePooling(), spillovers=nqp.SpatialLag(weights, lag=False)
        )
        fit = nqp.fit(nqp.Mediation(design, links=weights), made.panel, SAMPLER, progress=False)
    else:
        fit = fitted(name)
    checks = tuple(run_checks(fit, ["identification"]))
    said = spoken(Context(fit, checks, outcome="exports", title="t"))
    assert [text for text in set(said) if said.count(text) > 1] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["never", "exposure"])
def test_a_fit_without_its_rows_has_the_same_methods(name: str, tmp_path: Path) -> None:
    fit = fitted(name)
    bare = nqp.load(fit.save(tmp_path / "fit.nc", rows=False))
    assert bare.panel is None
    for language in ("en", "zh"):
        contexts = [Context(one, (), language, by=("region",)) for one in (fit, bare)]
        told = [[block.text for block in methods(one)] for one in contexts]  # type: ignore[union-attr]
        # without rows no other model is estimated, so nothing is averaged
        averaged = [block.text for block in averaged_equations(contexts[0])]  # type: ignore[union-attr]
        assert bool(averaged) == (name == "never")
        assert [text for text in told[0] if text not in averaged] == told[1]


def test_innovations_with_heavy_tails_are_stated() -> None:
    fit = fitted("flat")
    heavy = replace(fit, design=fit.design.replace(likelihood=nqp.StudentT()))
    text = "\n".join(block.text for block in methods(Context(heavy, ())))  # type: ignore[union-attr]
    assert "Student-t" in text
    assert "Gamma(2, 0.1)" in text
    assert "likelihood of each observation" in text
    assert "integrated out" not in text


def test_what_the_exposure_of_linked_units_does_is_said_in_short() -> None:
    frame = exposed_frame(1)
    others = frame.groupby("year")["trade"].transform("mean")
    share = frame["province"].astype("category").cat.codes % 3 / 9.0
    frame["near"] = others - share * frame["trade"]
    panel = exposed_panel(frame, covariates=["near"])
    fit = nqp.fit(nqp.ContinuousExposure("trade", nqp.PartialPooling(["region"])), panel, SAMPLER)
    context = Context(fit, [], "en", linked={"near": "trade"})
    said = " ".join(x.text for x in SECTIONS["short"](context) if isinstance(x, Paragraph))
    assert "Per unit of near" in said
    assert "not this slope" in said  # the grade is of a unit's own exposure
    assert "more near" not in said
    assert "per unit of trade" in said
    other = replace(context, linked={"near": "digital"})
    said = " ".join(x.text for x in SECTIONS["short"](other) if isinstance(x, Paragraph))
    assert "unit of near" not in said
