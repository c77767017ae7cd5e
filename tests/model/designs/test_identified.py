"""Columns that cannot be told from effects, from one another, or from the outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.model_frame import model_frame_of

EFFECTS = {
    "partial": nqp.PartialPooling(),
    "none": nqp.PartialPooling(varying=None),
    "complete": nqp.CompletePooling(),
    "separate": nqp.NoPooling(),
}


def panel_of(*, seed: int = 3, only: object = None, **roles: Any) -> nqp.Panel:
    """Columns that are, or are made of, treatment, time, units, the outcome or one another."""
    panel = staggered(units=60, periods=9, cohorts=(4, 6), never=0.4, seed=seed).panel
    rng = np.random.default_rng(seed)
    cohort = panel.cohort_codes[panel.unit_codes]
    post = ((cohort >= 0) & (panel.time_codes >= cohort)).astype(float)
    unit, time, y = panel.unit_codes, panel.time_codes.astype(float), panel.outcome
    x, z = rng.normal(size=(2, panel.n_rows))
    region, first = panel.strata_codes["region"][unit], cohort[cohort >= 0].min()
    frame = panel.frame.assign(
        post=post, far=1e9 + 1e5 * post, tiny=1e-9 * post - 4,
        dose=post * (1 + 2 * (cohort > first)),
        never=1.0 - post, x=x, z=z, twin=2 * x + 3, total=x + z, mixed=post - 2 * x,
        year=time, late=(time > 5) * 1.0, place=region * np.sqrt(time), between=unit / 9 + time**2,
        near=post + 0.0066 * rng.normal(size=panel.n_rows), trend=unit * time, event=post * z,
        rescaled=3 * y + 7, shifted=y - 0.3 * time + unit, part=y - x, almost=y + 1e-3 * z,
        post_like=post + (unit == 0) * (time == 2), channel=z + post, channel2=5 - 2 * (z + post),
    )  # fmt: skip
    return nqp.Panel.from_frame(frame, **{**panel.arguments, **roles})


def refused(design: nqp.StaggeredDiD | nqp.Mediation | nqp.ContinuousExposure, **roles: Any) -> str:
    with pytest.raises((IdentificationError, PanelError)) as caught:
        model_frame_of(design, panel_of(**roles))
    assert caught.value.hint
    return str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("name", ["post", "far", "tiny", "never"])
def test_treatment_as_a_covariate_is_refused_by_name(effect: str, name: str) -> None:
    said = refused(nqp.StaggeredDiD(EFFECTS[effect]), covariates=["x", name])
    assert f"covariate {name!r}: the effects of treatment explain it fully" in said
    assert "covariate 'x'" not in said


def test_what_differs_by_cohort_is_spanned_by_cells_where_cells_have_effects() -> None:
    for effect in ("partial", "separate"):
        said = refused(nqp.StaggeredDiD(EFFECTS[effect]), covariates=["dose"])
        assert "covariate 'dose': the effects of treatment explain it fully" in said
    model_frame_of(nqp.StaggeredDiD(nqp.CompletePooling()), panel_of(covariates=["dose"]))


@pytest.mark.slow
@pytest.mark.parametrize("time", [None, nqp.TimeEffects(), nqp.TimeEffects(["region"])])
def test_a_function_of_time_is_refused_by_name(time: nqp.TimeEffects | None) -> None:
    design = nqp.StaggeredDiD(time=time)
    for name in ("year", "late", "between"):
        assert f"covariate {name!r}: unit and time effects explain" in refused(
            design, covariates=[name, "x"]
        )


def test_a_function_of_level_and_time_counts_where_time_effects_are_by_level() -> None:
    said = refused(nqp.StaggeredDiD(time=nqp.TimeEffects(["region"])), covariates=["place"])
    assert "covariate 'place': unit and time effects explain it fully" in said
    model_frame_of(nqp.StaggeredDiD(time=nqp.TimeEffects()), panel_of(covariates=["place"]))


@pytest.mark.slow
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize(
    ("covariates", "parts"),
    [
        (["x", "twin"], ["'x'", "'twin'"]),
        (["x", "z", "total"], ["'x'", "'z'", "'total'"]),
        (["mixed", "z", "x"], ["'mixed'", "'x'", "effects of treatment"]),
    ],
)
def test_a_linear_function_names_all_its_parts(
    effect: str, covariates: list[str], parts: list[str]
) -> None:
    said = refused(nqp.StaggeredDiD(EFFECTS[effect]), covariates=covariates)
    for part in parts:
        assert part in said
    if "mixed" in covariates:
        assert "'z'" not in said


@pytest.mark.slow
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize(
    ("covariates", "names"),
    [
        (["rescaled"], ["rescaled"]),
        (["shifted", "z"], ["shifted"]),
        (["part", "z", "x"], ["part", "x"]),
    ],
)
def test_the_outcome_among_covariates_is_refused(
    effect: str, covariates: list[str], names: list[str]
) -> None:
    said = refused(nqp.StaggeredDiD(EFFECTS[effect]), covariates=covariates)
    listed = ", ".join(f"covariate {name!r}" for name in names)
    assert f"the outcome 'outcome' is an exact linear function of {listed} and of unit" in said


@pytest.mark.slow
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("name", ["near", "trend", "event", "almost", "x", "post_like"])
def test_what_can_be_told_apart_is_taken(effect: str, name: str) -> None:
    panel = panel_of(covariates=[name])
    model_frame_of(nqp.StaggeredDiD(EFFECTS[effect]), panel)


def test_a_correlation_with_treatment_of_nine_tenths_of_all_thousandths_is_taken() -> None:
    frame = panel_of().frame
    assert 0.9997 < np.corrcoef(frame["near"], frame["post"])[0, 1] < 1.0
    assert np.corrcoef(frame["almost"], frame["outcome"])[0, 1] > 0.999999


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_units_of_measurement_do_not_matter(scale: float, offset: float) -> None:
    panel = panel_of(covariates=["near", "x"])
    frame = panel.frame.assign(near=lambda f: (f["near"] + offset) * scale)
    model_frame_of(nqp.StaggeredDiD(), nqp.Panel.from_frame(frame, **panel.arguments))
    frame = panel.frame.assign(near=(panel.frame["post"] + offset) * scale)
    with pytest.raises(IdentificationError, match="covariate 'near': the effects of treatment"):
        model_frame_of(nqp.StaggeredDiD(), nqp.Panel.from_frame(frame, **panel.arguments))


def test_constant_within_units_is_named_though_rounding_moves_it() -> None:
    panel = panel_of(covariates=["x", "z"])
    tenth = (panel.unit_codes + 1) / 3.0
    moved = tenth * (1.0 + 2e-16 * (panel.time_codes % 2))
    frame = panel.frame.assign(z=moved)
    with pytest.raises((PanelError, IdentificationError), match=r"'z'.*unit effects"):
        model_frame_of(nqp.StaggeredDiD(), nqp.Panel.from_frame(frame, **panel.arguments))


@pytest.mark.slow
@pytest.mark.parametrize("errors", [nqp.IID(), nqp.AR1(), nqp.AR1PlusNoise()])
def test_errors_do_not_matter(errors: Any) -> None:
    design = nqp.StaggeredDiD(errors=errors)
    assert "covariate 'post'" in refused(design, covariates=["post"])
    model_frame_of(design, panel_of(covariates=["near"]))


def test_student_t_is_held_to_the_same() -> None:
    design = nqp.StaggeredDiD(likelihood=nqp.StudentT())
    assert "covariate 'post'" in refused(design, covariates=["post"])


def test_a_baseline_that_treatment_is_made_of_is_refused() -> None:
    panel = panel_of(covariates=["x"])
    ever = (panel.cohort_codes >= 0)[panel.unit_codes].astype(float)
    frame = panel.frame.assign(ever=ever, size=panel.unit_codes * 1.0)
    panel = nqp.Panel.from_frame(frame, **panel.arguments)
    with pytest.raises(IdentificationError, match="baseline 'ever × "):
        model_frame_of(nqp.StaggeredDiD(baseline=("ever",)), panel)
    model_frame_of(nqp.StaggeredDiD(baseline=("size",)), panel)


# Channels, exposures, moderators


@pytest.mark.slow
@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"mediators": ["rescaled"]}, "outcome 'outcome' is an exact linear function of mediator"),
        ({"mediators": ["shifted", "x"]}, "mediator 'shifted'"),
        ({"mediators": ["post"]}, "mediator 'post': the effects of treatment explain"),
        ({"mediators": ["channel", "channel2"]}, "mediator 'channel2': it is a linear function"),
        ({"mediators": ["channel"], "covariates": ["channel2"]}, "covariate 'channel2'"),
        ({"mediators": ["channel"], "covariates": ["year"]}, "covariate 'year'"),
    ],
)
@pytest.mark.parametrize("effect", ["partial", "separate"])
def test_channels(roles: dict[str, Any], words: str, effect: str) -> None:
    design = nqp.Mediation(nqp.StaggeredDiD(EFFECTS[effect]))
    assert words in refused(design, **roles)


@pytest.mark.slow
@pytest.mark.parametrize("effect", EFFECTS)
def test_an_exposure_as_covariate_mediator_or_outcome_is_refused(effect: str) -> None:
    design = nqp.ContinuousExposure("channel", EFFECTS[effect])
    said = refused(design, exposures=["channel"], covariates=["channel2"])
    assert "covariate 'channel2': the effects of the exposure 'channel' explain it fully" in said
    said = refused(nqp.Mediation(design), exposures=["channel"], mediators=["channel2"])
    assert "mediator 'channel2'" in said
    said = refused(nqp.ContinuousExposure("shifted", EFFECTS[effect]), exposures=["shifted"])
    assert "is an exact linear function of the exposure 'shifted'" in said
    model_frame_of(design, panel_of(exposures=["channel"], covariates=["post", "x"]))


def test_the_outcome_as_a_moderator_is_refused() -> None:
    for name in ("rescaled", "shifted"):
        frame = panel_of(moderators=[name])
        if name == "shifted":
            shifted = frame.frame["outcome"] + frame.unit_codes
            frame = nqp.Panel.from_frame(frame.frame.assign(shifted=shifted), **frame.arguments)
        with pytest.raises(IdentificationError, match=f"moderator '{name}' is the outcome"):
            model_frame_of(nqp.StaggeredDiD(moderator=name), frame)
    model_frame_of(nqp.StaggeredDiD(moderator="almost"), panel_of(moderators=["almost"]))


def test_a_moderator_of_cohorts_is_no_covariate() -> None:
    model_frame_of(nqp.StaggeredDiD(moderator="dose"), panel_of(moderators=["dose"]))


def test_an_index_and_its_indicators(tmp_path: object) -> None:
    panel = panel_of(covariates=["part", "x"])
    with pytest.raises(IdentificationError, match="covariate 'part', covariate 'x'"):
        nqp.fit(nqp.StaggeredDiD(), panel, progress=False)


def test_the_reasons_exist_in_chinese() -> None:
    cases: list[tuple[Any, dict[str, Any]]] = [
        (nqp.StaggeredDiD(), {"covariates": ["post"]}),
        (nqp.StaggeredDiD(), {"covariates": ["year", "x", "twin"]}),
        (nqp.StaggeredDiD(), {"covariates": ["mixed", "x"]}),
        (nqp.StaggeredDiD(), {"covariates": ["part", "x"]}),
        (nqp.ContinuousExposure("shifted"), {"exposures": ["shifted"]}),
        (nqp.ContinuousExposure("channel"), {"exposures": ["channel"], "covariates": ["channel2"]}),
    ]
    for design, roles in cases:
        with pytest.raises(IdentificationError) as caught:
            model_frame_of(design, panel_of(**roles))
        error = caught.value
        chinese = Message("{}: {}", error.what, error.where).in_("zh")
        for word in ("effects", "linear", "explain", "covariate", "exposure "):
            assert word not in chinese
