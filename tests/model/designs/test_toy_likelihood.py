"""A likelihood is one file: one of outside goes all the way, and a real one can be taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from frozen import frozen_bytes
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp._core.vocabulary import Link
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.model.likelihoods import Likelihood
from bayes_nqp.numerics.sampling import sample_model
from bayes_nqp.studies import json_schema

Array = npt.NDArray[np.float64]


@door
@dataclass(frozen=True, slots=True)
class Counts(Likelihood):
    """Counts whose log rate has the errors."""

    link: ClassVar[Link] = "log"
    scale: ClassVar[float | None] = 0.4
    scale_words: ClassVar[Message | None] = Message("a usual spread of logs of rates")
    label: ClassVar[Message] = Message("counts")

    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """``e^(y o - e^o) / y!``."""
        import pymc as pm

        pm.Poisson(name, mu=pm.math.exp(location), **rows)

    def observed(
        self, outcome: Array, values: Sequence[Array], generator: np.random.Generator
    ) -> Array:
        """Counts."""
        return generator.poisson(np.exp(outcome)).astype(np.float64)

    def refusal(self, outcome: Array, flat: Sequence[npt.NDArray[np.int64]]) -> PanelError | None:
        """What counts nothing, and levels that nothing bounds from below."""
        if (outcome < 0).any() or (outcome != outcome.round()).any():
            return PanelError("the outcome holds no counts", hint="whole numbers from 0 up")
        if any((np.bincount(x, outcome)[np.unique(x)] == 0).any() for x in flat):
            return PanelError("a unit or a period has no events", hint="leave it out")
        return None

    def words(self, errors: str) -> Message:
        """Errors of the log rate."""
        return Message("{} of the log rate of toy counts", errors)


register("likelihood")(Counts)
SIZE = 0.3
"""Logs of the rate, for one of the simulated outcome."""
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), nqp.IID(), likelihood=Counts())
SAMPLER = nqp.NUTS(seed=1, draws=400, tune=400, chains=2, cores=1)
MADE = nqp.simulation.staggered(
    units=14, periods=6, cohorts=(3, 4), strata={}, rho=0.0, sigma=0.4, seed=2
)


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    rate = np.exp(3.0 + SIZE * MADE.panel.outcome)
    return MADE.panel.with_outcome(np.random.default_rng(1).poisson(rate).astype(np.float64))


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


def test_rows_come_as_they_are(panel: nqp.Panel) -> None:
    equation = model_frame_of(DESIGN, panel).equations[0]
    np.testing.assert_array_equal(equation.rows.outcome, panel.outcome)
    assert equation.scale == 0.4
    assert model_frame_of(DESIGN, panel, scale=0.5).equations[0].scale == 0.5
    with pytest.raises(PanelError, match="no counts"):
        model_frame_of(DESIGN, panel.with_outcome(panel.outcome + 0.5))
    first = panel.frame["unit"].to_numpy() == panel.frame["unit"].to_numpy()[0]
    with pytest.raises(PanelError, match="no events"):
        model_frame_of(DESIGN, panel.with_outcome(np.where(first, 0.0, panel.outcome)))


@pytest.fixture(scope="module")
def model(panel: nqp.Panel) -> Any:
    return nqp.to_pymc(DESIGN, panel)


def _unseen(values: dict[str, Array], panel: nqp.Panel) -> Array:
    """Logs of rates (draw, row), by hand: unit, period, effect, error."""
    model_frame = model_frame_of(DESIGN, panel)
    frame, cell = model_frame.codes, model_frame.cell_of_row
    effect = np.pad(values["cell_effect"], ((0, 0), (0, 1)))[:, cell]
    errors = values["sigma"][:, None, None] * values["z_errors"]
    return np.asarray(
        values["alpha"][:, frame.unit]
        + values["time_effects"][:, 0, frame.time]
        + effect
        + errors[:, frame.unit, frame.time]
    )


NAMES = ("alpha", "time_effects", "cell_effect", "sigma", "z_errors")


@pytest.mark.slow
def test_its_density_is_the_one_by_hand(model: Any, panel: nqp.Panel) -> None:
    import pymc as pm
    from pytensor.compile.mode import Mode

    point = {
        name: np.random.default_rng(k).normal(0.3, 0.5, np.shape(value))
        for k, (name, value) in enumerate(model.initial_point().items())
    }
    outputs = model.replace_rvs_by_values([model[f"outcome__{name}"] for name in NAMES])
    outputs.append(model.logp(vars=[model["outcome__rows"]]))
    # Python, not compiled: it is evaluated once.
    function = pm.compile(model.value_vars, outputs, mode=Mode("py", None))
    *values, rows = function(**point)
    drawn = {name: np.asarray(x)[None] for name, x in zip(NAMES, values, strict=True)}
    rates = np.exp(_unseen(drawn, panel)[0])
    np.testing.assert_allclose(rows, stats.poisson.logpmf(panel.outcome, rates).sum(), rtol=1e-9)


@pytest.mark.slow
def test_its_posterior_is_that_of_the_density_by_hand(model: Any, panel: nqp.Panel) -> None:
    """Under a flat prior of a unit's level, ``E[sum_t e^o_it | y] = sum_t y_it``: the mean score
    is zero, and so is that of every period."""
    names = [f"outcome__{name}" for name in NAMES]
    sampler = nqp.NUTS(seed=2, draws=400, tune=300, chains=1, cores=1)
    chains = sample_model(model, sampler, names, progress=False)
    values = {name: np.asarray(chains.values[f"outcome__{name}"])[0] for name in NAMES}
    rates, frame = np.exp(_unseen(values, panel)), model_frame_of(DESIGN, panel).codes
    for codes in (frame.unit, frame.time):
        scores = (panel.outcome - rates) @ (codes[:, None] == np.unique(codes))
        error = scores.std(axis=0) / np.sqrt(100)
        assert (np.abs(scores.mean(axis=0)) < 4.0 * error).all()


def test_truth_is_found_in_logs(fit: nqp.Fit) -> None:
    draws, truth = nqp.att(fit), SIZE * float(nqp.att(MADE.truth).mean())
    assert abs(float(draws.mean()) - truth) < 3.0 * float(draws.std())
    assert float(draws.std()) < 0.5 * truth
    assert draws.attrs["link"] == fit.effects.attrs["link"] == "log"
    assert fit.effects.attrs["scale"] == "log points"
    share, tau = nqp.relative_effects(fit), np.exp(draws) - 1.0
    assert abs(float(share.mean() - tau.mean())) < float(share.std())


def test_new_rows_are_counts(panel: nqp.Panel) -> None:
    design = DESIGN.replace(priors=nqp.Priors(wide=3.0))
    rows = nqp.prior_predictive(design, panel, draws=50, seed=1)
    outcome = rows["outcome"].to_numpy()
    assert (outcome >= 0).all()
    assert (outcome == outcome.round()).all()
    assert rows.attrs["link"] == "log"


@pytest.mark.slow
def test_it_is_saved_stated_and_found_by_studies(fit: nqp.Fit, tmp_path: Path) -> None:
    loaded = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert loaded.facts.likelihood == Counts()
    assert loaded.effects.attrs["link"] == "log"
    assert decode(encode(DESIGN)) == DESIGN
    assert "Counts" in str(json_schema())
    with pytest.raises(StudyError, match=r"Counts\(\)"):
        nqp.StaggeredDiD(likelihood="counts")  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="NUTS"):
        nqp.fit(DESIGN, fit.panel, nqp.Importance(seed=1), progress=False)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_fits_of_earlier_versions_are_on_the_scale_of_the_outcome(tmp_path: Path) -> None:
    (tmp_path / "fit.nc").write_bytes(frozen_bytes("staggered"))
    with pytest.warns(UserWarning, match="no digest"):
        effects = nqp.load(tmp_path / "fit.nc").effects
    assert effects.attrs["link"] == "identity"


def test_a_link_that_nobody_knows_is_refused(fit: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="'cloglog'"):
        nqp.att(fit.effects.assign_attrs(link="cloglog"))
    old = fit.effects.copy()
    del old.attrs["link"]
    assert "log points" not in repr(nqp.summary(nqp.att(old)))


def test_checks_of_errors_of_the_outcome_say_why_not(fit: nqp.Fit) -> None:
    table = nqp.check(fit, progress=False).set_index("check")
    for name in ("model_fit", "error_model", "prior_predictive"):
        assert table["verdict"][name] == "not applicable"
        assert "(log)" in table["sentence"][name]
    reasons = table["sentence"][table["verdict"] == "not applicable"]
    assert not [x for x in reasons if "Its fit cannot be made" in x]
    assert table["verdict"]["convergence"] in ("passed", "caution", "failed")


@pytest.mark.parametrize(
    ("language", "points"), [("en", "log points"), ("zh", "对数点")], ids=["en", "zh"]
)
def test_effects_are_said_to_be_in_logs(
    fit: nqp.Fit, tmp_path: Path, language: str, points: str
) -> None:
    checks = [nqp.check(fit, name, progress=False) for name in ("convergence", "identification")]
    nqp.report(
        fit, tmp_path / "out", checks=checks, formats=["html"], language=language,
        outcome="accidents", outcome_unit="cars", progress=False,
    )  # fmt: skip
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert text.count(points) >= 4
    assert "cars" not in text
    assert "exp(x)" in text
    assert "of the log rate of toy counts" in text
    checklist = text.index("审稿人清单" if language == "zh" else "Referee&#39;s checklist")
    assert "Student" not in text[:checklist]  # rows of the checklist name both likelihoods
    assert "a usual spread of logs of rates" in text
    table = nqp.table(fit, "effects", language=language).to_markdown()
    assert points in table
    assert "Relative" in nqp.table(fit, "estimands").to_markdown()
    axes = nqp.plots.event_study(fit, language=language).axes
    assert any(points in ax.get_ylabel() + ax.get_xlabel() for ax in axes)
    assert "log points" in repr(fit)
    assert "in log points" in repr(nqp.summary(nqp.att(fit)))
