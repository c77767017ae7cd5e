"""Hints are values: Python in a notebook, TOML where a study is written."""

from __future__ import annotations

import copy
import pickle
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import Hint, NQPError, StudyError, speaking
from bayes_nqp._core.hints import Code, evidence_of
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS

VALUES = [
    Hint("errors", nqp.AR1()),
    Hint("effect", nqp.PartialPooling(strata=(), varying="unit")),
    Hint("time", nqp.TimeEffects(["region"], pooled=True)),
    Hint("unidentified", "drop"),
    Hint("lag", 2),
]


@pytest.mark.parametrize("hint", VALUES, ids=lambda hint: hint.argument)
def test_hints_run_on_paste(hint: Hint) -> None:
    name, _, text = str(hint).partition("=")
    assert name == hint.argument
    assert eval(text, {"nqp": nqp}) == hint.value
    with speaking("toml"):
        table, _, line = str(hint).partition("] ")
    assert table in ("[design", "[channels")
    stated = tomllib.loads(line)[hint.argument]
    if isinstance(stated, dict):
        assert getattr(nqp, stated.pop("type"))(**stated) == hint.value
    else:
        assert stated == hint.value


def test_a_sampler_is_a_table_of_its_own() -> None:
    hint = Hint("sampler", nqp.Importance(proposals=20_000))
    assert str(hint) == "sampler=nqp.Importance(proposals=20_000)"
    with speaking("toml"):
        assert str(hint) == '[sampler] type = "Importance", proposals = 20_000'
        assert str(Hint("vary_by", None)) == "[channels] # vary_by"


def test_errors_hold_what_to_try() -> None:
    panel = nqp.simulation.staggered(units=20, periods=6, cohorts=(3,), seed=1).panel
    frame = panel.frame.assign(w=np.arange(len(panel.frame)) + 1.0)
    weighted = nqp.Panel.from_frame(frame, **{**panel.arguments, "weights": "w"})
    with pytest.raises(NQPError, match="Try: leave 'weights' out") as caught:
        nqp.fit(nqp.StaggeredDiD(), weighted, progress=False)
    assert caught.value.hints == (Hint("errors", nqp.IID()),)


def test_a_study_reads_toml(tmp_path: Path) -> None:
    panel = nqp.simulation.staggered(units=20, periods=6, cohorts=(3,), seed=1).panel
    frame = panel.frame.assign(w=np.arange(len(panel.frame)) + 1.0)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    study = tmp_path / "study.toml"
    study.write_text(
        'title = "x"\n[data]\nfile = "rows.csv"\nunit = "unit"\ntime = "time"\n'
        'cohort = "cohort"\noutcome = "outcome"\nweights = "w"\n',
        encoding="utf-8",
    )
    with pytest.raises(StudyError) as caught:
        nqp.studies.validate(study)
    assert '[design] errors = { type = "IID" }' in str(caught.value)
    assert "nqp." not in str(caught.value)


def test_checks_speak_as_who_asks_writes() -> None:
    panel = nqp.simulation.staggered(rho=0.9, seed=8).panel
    design = nqp.StaggeredDiD(nqp.PartialPooling(varying=None), nqp.IID())
    fit = nqp.fit(design, panel, nqp.Importance(draws=300, seed=1), progress=False)
    result = nqp.check(fit, "model_fit", progress=False)
    assert "errors=nqp.AR1()" in result.sentence
    assert "errors=nqp.AR1()" in result.said("zh")
    with speaking("toml"):
        result = nqp.check(fit, "model_fit", progress=False)
        for language in ("en", "zh"):
            assert '[design] errors = { type = "AR1" }' in result.said(language)


def test_code_has_a_form_for_studies() -> None:
    step = Message("Next: fit {}.", Code("nqp.Mediation(..., lag=1)", "[channels] lag = 1"))
    assert str(step) == step.in_("en") == "Next: fit nqp.Mediation(..., lag=1)."
    with speaking("toml"):
        assert step.in_("en") == "Next: fit [channels] lag = 1."
        details = Message("{}", evidence_of("timing"))
        assert details.in_("en") == "the details of this check in the report"
        assert details.in_("zh") == "报告中该检验的明细"
    assert pickle.loads(pickle.dumps(step)).in_("en") == str(step)
    assert copy.deepcopy(details).in_("zh") == 'nqp.check(fit, "timing").evidence'


def test_remedies_of_checks_are_keys_in_studies() -> None:
    """Only names of functions that no study has remain in the remedies of a study."""
    remedies = {check.name: check.guide.remedy for check in CHECKS.values() if check.guide}
    assert "nqp.Mediation(..., lag=1)" in remedies["timing"]
    with speaking("toml"):
        python = {
            name: left
            for name, remedy in remedies.items()
            if (left := re.findall(r"nqp\.\w+(?:\.\w+)?\(", Message("{}", remedy).in_("en")))
        }
    allowed = {
        "spatial_form": ["nqp.weights_probabilities("],
        "spatial_lag": ["nqp.spatial_weights.nearest("],
        "spatial_weights": ["nqp.weights_probabilities("],
    }
    assert python == allowed
