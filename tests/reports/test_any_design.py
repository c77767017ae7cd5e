"""A report says what its own design is: no policy where there is an exposure, no prior it lacks."""

from __future__ import annotations

from itertools import chain

import pytest
from exposed import exposed_frame, exposed_panel

import bayes_nqp as nqp
from bayes_nqp.reports._content import Alarm, Bullets, Heading, Paragraph
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.reports.sections import SECTIONS

SAMPLER = nqp.IMH(draws=150, chains=2, seed=1)
DESIGNS = {
    "flat": nqp.StaggeredDiD(nqp.Separate(varying=None), nqp.IID()),
    "never": nqp.StaggeredDiD(
        nqp.Partial(["region"], varying="unit"), nqp.AR1Noise(), controls="never"
    ),
    "exposure": nqp.Mediation(
        nqp.ContinuousExposure("trade", nqp.Partial(["region"]), moderator="finance"),
        mediators=["digital"],
    ),
}
_HAS = {
    "flat": {"effects of cells have flat priors", "untreated rows, of units never or not yet"},
    "never": {"never-treated units are the only controls", "ratio of noise", "sd 5s for the"},
    "exposure": {
        "308 rows enter the fit",
        "More trade",
        "per 1 of trade",
        "finance moderates",
        "deviation (",
        "sd 5s for",
    },
}
_LACKS = {
    "flat": {"enter the fit", "normal with sd 5s", "period to period", "Beta("},
    "never": {"All untreated rows"},
    "exposure": {"policy raised", "policy lowered", "growth a period", "untreated rows", "cohorts"},
}


def fitted(name: str) -> nqp.Fit:
    if name == "exposure":
        frame = exposed_frame(1)
        frame.loc[[3, 40], "digital"] = None  # two rows that no equation can use
        panel = exposed_panel(frame)
    else:
        panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    return nqp.fit(DESIGNS[name], panel, SAMPLER, progress=False)


def words_of(context: Context) -> tuple[str, list[str]]:
    """All sentences of a report, and what it draws."""
    text, drawn = [], []
    for block in chain.from_iterable(section(context) for section in SECTIONS):
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
    assert ("event_study" in drawn) == (name != "exposure")
    chinese, same = words_of(Context(fit, (), "zh", by=factors, outcome="出口", title="t"))
    assert same == drawn
    assert len(chinese.splitlines()) == len(text.splitlines())
    assert "{" not in text + chinese
