"""The guide for assistants: complete, short, and in the wheel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS
from bayes_nqp.cli import main


def test_guide_is_printed_and_written(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["bayes-nqp", "guide"])
    with pytest.raises(SystemExit):
        main()
    printed = capfd.readouterr().out
    monkeypatch.setattr("sys.argv", ["bayes-nqp", "guide", "--out", str(tmp_path / "guide.md")])
    with pytest.raises(SystemExit):
        main()
    assert (tmp_path / "guide.md").read_text(encoding="utf-8") == printed
    assert len(printed.encode()) <= 30_500
    ours = (x.name for x in CHECKS.values() if x.find.__module__.startswith("bayes_nqp."))
    for name in [*nqp.__all__, *ours]:
        assert f"- `{name}`: " in printed, name


@pytest.mark.slow
def test_code_of_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, units = np.random.default_rng(1), np.repeat(np.arange(24), 8)
    years, first = (
        np.tile(np.arange(2010, 2018), 24),
        np.where(units < 12, 2014 + units % 2, np.nan),
    )
    effect = 1.0 * (years >= first)
    frame = pd.DataFrame({
        "city": [f"city {x}" for x in units], "year": years, "first_treated_year": first,
        "region": np.where(units % 3 > 0, "inland", "coastal"),
        "ln_gdp": rng.normal(size=units.size), "y": effect + rng.normal(size=units.size),
    })  # fmt: skip
    frame.to_excel(tmp_path / "cities.xlsx", index=False)
    text = (Path(nqp.__file__).parent / "cli" / "guide.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("nqp.check(fit)  ")[0]
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(code, names)
    assert isinstance(names["fit"], nqp.Fit)
