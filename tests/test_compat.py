"""What earlier versions called otherwise is answered, with one warning a name."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bayes_nqp as nqp
from bayes_nqp._core import compat
from bayes_nqp._core.compat import as_before, current_study, module_of
from bayes_nqp._core.renamed import MODULES, NAMES, STAY
from bayes_nqp.checks import CHECKS, CheckResult
from bayes_nqp.effects.estimands import ESTIMANDS
from bayes_nqp.model.codec import decode

MODULE_CODE = (
    "import importlib, sys, warnings; warnings.simplefilter('ignore'); import bayes_nqp; "
    "[importlib.import_module(f'bayes_nqp.{x}') for x in sys.argv[1:]]"
)


@pytest.fixture(autouse=True)
def untold() -> Iterator[None]:
    told = set(compat._TOLD)
    compat._TOLD.clear()
    yield
    compat._TOLD.update(told)


@pytest.mark.parametrize("kind", ["value", "function", "estimand"])
def test_every_old_public_name_is_the_new_one(kind: str) -> None:
    for old, new in NAMES[kind].items():
        with pytest.warns(FutureWarning, match=f"nqp.{old} is now called nqp.{new}"):
            assert getattr(nqp, old) is getattr(nqp, new)
        assert getattr(nqp, old) is getattr(nqp, new)  # and is not said again
        assert old not in nqp.__all__


@pytest.mark.slow
def test_every_old_module_is_the_new_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MODULE_CODE, *MODULES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with pytest.warns(FutureWarning, match="bayes_nqp.designs is now called bayes_nqp.model.*"):
        from bayes_nqp.designs import Term  # type: ignore[import-not-found]
    from bayes_nqp.model import designs

    assert Term is designs.Term
    assert designs.__spec__.name == "bayes_nqp.model.designs"


def test_public_modules_keep_their_names_without_a_warning() -> None:
    for name in STAY:
        assert module_of(f"bayes_nqp.{name}")
        assert getattr(nqp, name).__name__ == module_of(f"bayes_nqp.{name}")


def test_old_checks_plots_and_estimands_are_found() -> None:
    for registry, kind in ((CHECKS, "check"), (ESTIMANDS, "estimand")):
        for old, new in NAMES[kind].items():
            with pytest.warns(FutureWarning, match=f"'{old}' is now called '{new}'"):
                assert registry[old].name == new
            assert old not in list(registry)


def test_studies_and_files_may_hold_old_names(tmp_path: Path) -> None:
    with pytest.warns(FutureWarning, match="'Complete' is now called 'CompletePooling'"):
        assert decode({"type": "Complete"}) == nqp.CompletePooling()
    study = {
        "data": {"outcome": "Dip"},
        "design": {"terms": [{"type": "Dip"}], "effect": "Complete", "errors": "Unequal"},
        "checks": {"run": ["routine", "support"], "reach": {"lengths": [1]}},
    }
    with pytest.warns(FutureWarning):
        new = current_study(study)
    assert new["data"]["outcome"] == "Dip"  # a column
    assert new["design"]["terms"][0]["type"] == "AshenfelterDip"
    assert (new["design"]["effect"], new["design"]["errors"]) == (
        "CompletePooling",
        "Heteroskedastic",
    )
    assert new["checks"] == {
        "run": ["referee", "identification"],
        "spatial_decay": {"lengths": [1]},
    }


def test_a_verdict_equals_its_old_word_with_a_warning() -> None:
    result = CheckResult("pretrends", "?", "failed", "", "")
    with pytest.warns(FutureWarning, match="the verdict 'fails' is now called 'failed'"):
        assert result.verdict == "fails"
    with pytest.warns(FutureWarning, match="the verdict 'holds' is now called 'passed'"):
        assert result.verdict != "holds"
    assert result.verdict == "failed"
    assert result.verdict in {"failed"}
    assert pickle.loads(pickle.dumps(result)).verdict == "failed"
    assert repr(result.verdict) == "'failed'"


def test_digests_are_those_of_the_old_names() -> None:
    assert as_before("A(effect=CompletePooling(), x=(NoPooling(),))") == (
        "A(effect=Complete(), x=(Separate(),))"
    )
