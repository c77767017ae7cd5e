"""A continuous exposure: what it is equal to, what it does not depend on, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from exposed import exposed_frame, exposed_panel
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.numerics.linear_gaussian import density as density_of

FLAT = nqp.ContinuousExposure("trade", nqp.NoPooling(varying=None), nqp.IID())


def two_way(frame, *columns, by=None):
    """Take unit effects and (level ×) time effects out of columns, by dummies."""
    unit = np.unique(frame["province"], return_inverse=True)[1]
    node = frame["year"].astype(str) + ("" if by is None else frame[by])
    node = np.unique(node, return_inverse=True)[1]
    x = np.concatenate(
        [(unit[:, None] == np.unique(unit)), (node[:, None] == np.unique(node))], axis=1
    ).astype(float)
    q = np.stack(columns, axis=1)
    return q - x @ np.linalg.lstsq(x, q, rcond=1e-10)[0]


def ragged(seed=1, **changes):
    frame = exposed_frame(seed, **changes)
    return frame[np.random.default_rng(0).random(len(frame)) > 0.1].reset_index(drop=True)


def density(panel, design):
    equation = model_frame_of(design, panel).equations[0]
    x = np.linspace(-0.5, 0.4, len(equation.problem.space))
    return float(density_of(equation.gaussian, x[None])[0])


def test_flat_slopes_are_least_squares():
    frame = ragged()
    effects = nqp.posterior_mean(FLAT, exposed_panel(frame))
    by_region = nqp.att(effects, by="region").squeeze(drop=True)
    for region in ("coastal", "inland"):
        mine = frame[frame["region"] == region]
        y, d = two_way(mine, mine["y"], mine["trade"]).T
        expected = (d @ y) / (d @ d)
        assert float(by_region.sel(region=region)) == pytest.approx(expected, rel=1e-9)


def test_the_posterior_of_a_common_slope_in_closed_form():
    """With independent errors the slope's precision is d'd / sigma^2 plus that of its prior."""
    frame = ragged(2)
    panel = exposed_panel(frame, strata=[])
    design = nqp.ContinuousExposure("trade", nqp.CompletePooling(varying=None), nqp.IID())
    y, d = two_way(frame, frame["y"], frame["trade"]).T
    free = len(frame) - frame["province"].nunique() - frame["year"].nunique() + 1
    s, size = np.sqrt(y @ y / free), np.sqrt(d @ d / free)
    sigma = 1.3
    precision = d @ d / sigma**2 + (size / (5.0 * s)) ** 2
    expected = (d @ y / sigma**2) / precision
    found = nqp.posterior_mean(design, panel, sigma=sigma)
    assert float(nqp.att(found).item()) == pytest.approx(expected, rel=1e-10)
    model_frame = model_frame_of(design, panel)
    assert model_frame.equations[0].scale == pytest.approx(s, rel=1e-10)
    assert model_frame.exposure.size == pytest.approx(size, rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(
    "effect",
    [
        nqp.PartialPooling(),
        nqp.PartialPooling(varying=None),
        nqp.CompletePooling(),
        nqp.NoPooling(),
    ],
)
@pytest.mark.parametrize("factor", [1e-5, -40.0, 1e5])
def test_rescaling_the_exposure_rescales_the_answer_alone(effect, factor):
    frame = ragged(3)
    design = nqp.ContinuousExposure("trade", effect)
    one = exposed_panel(frame)
    other = exposed_panel(frame.assign(trade=frame["trade"] * factor))
    a, b = nqp.posterior_mean(design, one), nqp.posterior_mean(design, other)
    np.testing.assert_allclose(b["effect"] * factor, a["effect"], rtol=1e-8, atol=1e-10)
    assert density(one, design) == pytest.approx(density(other, design), rel=1e-9)


def test_a_constant_slope_does_not_depend_on_the_reference():
    panel = exposed_panel(ragged(4))
    design = nqp.ContinuousExposure("trade", nqp.PartialPooling(varying=None))
    a = nqp.posterior_mean(design, panel)
    b = nqp.posterior_mean(design.replace(reference=-7.0), panel)
    np.testing.assert_allclose(a["effect"], b["effect"], atol=1e-10)


def test_per_says_for_how_much_exposure():
    panel = exposed_panel(ragged(5))
    design = nqp.ContinuousExposure("trade")
    one = nqp.posterior_mean(design, panel)
    ten = nqp.posterior_mean(design.replace(per=10), panel)
    sd = nqp.posterior_mean(design.replace(per="sd"), panel)
    size = model_frame_of(design, panel).exposure.size
    for effects, factor in ((ten, 10.0), (sd, size)):
        np.testing.assert_allclose(effects["effect"], factor * one["effect"], rtol=1e-10)
        np.testing.assert_allclose(effects["deviation"], factor * one["deviation"], rtol=1e-10)
    assert one.attrs["per"] == "1 of trade"
    assert "within-unit sd" in sd.attrs["per"]
    assert nqp.att(ten).attrs["per"] == "10 of trade"


def test_the_waist_has_no_cohorts():
    panel = exposed_panel(ragged(6))
    effects = nqp.posterior_mean(nqp.ContinuousExposure("trade"), panel)
    assert not schema.is_timed(effects)
    assert {"cohort", "event_time"}.isdisjoint(effects.coords)
    assert effects.sizes["cell"] == 2 * panel.periods
    assert int(effects["rows"].sum()) == panel.n_rows
    assert nqp.att(effects, by=["region", "time"]).shape == (1, 1, 2, panel.periods)
    for by in ("cohort", "event_time"):
        with pytest.raises(StudyError, match="has no adoption date"):
            nqp.att(effects, by=by)
    with pytest.raises(StudyError, match="omit 'balanced'"):
        nqp.att(effects, balanced=1)
    with pytest.raises(StudyError, match="do not contain the observed outcome"):
        nqp.relative_effects(effects)
    with pytest.raises(StudyError, match="one of 'cohort' and 'event_time'"):
        schema.validate(effects.assign_coords(cohort=("cell", np.zeros(effects.sizes["cell"]))))


def test_deviations_average_to_the_cells():
    """A unit's slope in a cell: the cell's, plus its deviation, less the cell's mean one."""
    panel = exposed_panel(ragged(7, deviation=1.2))
    effects = nqp.posterior_mean(nqp.ContinuousExposure("trade"), panel, sigma=1.0)
    units = nqp.att(effects, by="unit").squeeze(drop=True)
    count = np.bincount(panel.unit_codes)
    whole = float(nqp.att(effects).item())
    assert float((units.to_numpy() * count).sum() / count.sum()) == pytest.approx(whole, rel=1e-10)
    truth = panel.frame.groupby("province")["slope"].first().to_numpy()
    assert np.corrcoef(units, truth)[0, 1] > 0.6


def test_a_moderator_of_the_slope_is_least_squares():
    frame = ragged(8, theta=0.6)
    panel = exposed_panel(frame, strata=[])
    model_frame = model_frame_of(FLAT.replace(moderator="finance"), panel)
    effects = nqp.posterior_mean(FLAT.replace(moderator="finance"), panel)
    centre = frame["finance"].mean()
    product = frame["trade"] * (frame["finance"] - centre)
    y, *x = two_way(frame, frame["y"], frame["trade"], frame["finance"], product).T
    beta = np.linalg.lstsq(np.stack(x, axis=1), y, rcond=None)[0]
    # The mean moderator of all exposed rows is the centre.
    assert float(nqp.att(effects).item()) == pytest.approx(beta[0], rel=1e-8)
    by_time = nqp.att(effects, by="time").squeeze(drop=True).to_numpy()
    mean = frame.groupby("year")["finance"].mean().to_numpy() - centre
    np.testing.assert_allclose(by_time, beta[0] + beta[2] * mean, rtol=1e-8)
    assert model_frame.moderator.centre == pytest.approx(centre)


def test_a_moderator_that_never_changes_needs_no_slope_of_its_own():
    frame = ragged(8, theta=0.6)
    frame["finance"] = frame.groupby("province")["finance"].transform("mean")
    model_frame = model_frame_of(FLAT.replace(moderator="finance"), exposed_panel(frame))
    assert [c.name for c in model_frame.equations[0].rows.columns].count("finance") == 0
    gone = frame.assign(finance=frame["finance"].where(frame.index != 3))
    with pytest.raises(PanelError, match="moderator 'finance' is missing in 1"):
        model_frame_of(FLAT.replace(moderator="finance"), exposed_panel(gone))


def test_slopes_by_period_are_least_squares():
    frame = ragged(9)
    panel = exposed_panel(frame, strata=[])
    effects = nqp.posterior_mean(FLAT.replace(by_time=True), panel)
    years = np.unique(frame["year"])
    doses = [np.where(frame["year"] == t, frame["trade"], 0.0) for t in years]
    y, *x = two_way(frame, frame["y"], *doses).T
    beta = np.linalg.lstsq(np.stack(x, axis=1), y, rcond=1e-10)[0]
    np.testing.assert_allclose(
        nqp.att(effects, by="time").squeeze(drop=True).to_numpy(), beta, rtol=1e-7
    )


def test_channels_of_an_exposure_add_up():
    frame = ragged(10)
    panel = exposed_panel(frame, strata=[])
    effects = nqp.posterior_mean(nqp.Mediation(FLAT, ["digital"]), panel)
    y, d, m = two_way(frame, frame["y"], frame["trade"], frame["digital"]).T
    a = (d @ m) / (d @ d)
    direct, b = np.linalg.lstsq(np.stack([d, m], axis=1), y, rcond=None)[0]
    assert float(nqp.nie(effects).item()) == pytest.approx(a * b, rel=1e-8)
    assert float(nqp.nde(effects).item()) == pytest.approx(direct, rel=1e-8)
    # Least squares: what a mediator is left out of is the total effect, exactly.
    assert float(nqp.total(effects).item()) == pytest.approx((d @ y) / (d @ d), rel=1e-8)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"interaction": True}, "'interaction' cannot be combined with a continuous exposure"),
        ({"lag": 1}, "'lag' cannot be combined with a continuous exposure"),
    ],
)
def test_channels_that_an_exposure_does_not_have(more, words):
    with pytest.raises(StudyError, match=words):
        nqp.Mediation(nqp.ContinuousExposure("trade"), ["digital"], **more)


def test_support_says_where_the_slope_is_identified():
    frame = exposed_frame(11)
    fixed = frame["region"] == "coastal"
    frame.loc[fixed, "trade"] = frame[fixed].groupby("province")["trade"].transform("first")
    panel = exposed_panel(frame)
    design = nqp.ContinuousExposure("trade")
    table = nqp.identification(design, panel).set_index("region")
    assert table["identified"].to_dict() == {"coastal": False, "inland": True}
    assert "never changes" in table.loc["coastal", "reason"]
    assert table.loc["inland", "varying"] == table.loc["inland", "units"] == 15
    with pytest.raises(IdentificationError, match="1 of 2 strata"):
        model_frame_of(design, panel)
    model_frame = model_frame_of(design.replace(unidentified="drop"), panel)
    assert set(model_frame.cells.strata["region"]) == {"inland"}
    assert "dropped" in model_frame.notes[0]


def test_an_exposure_that_is_a_trend_of_all_is_not_identified():
    frame = exposed_frame(12).assign(trade=lambda x: x["year"] - 2000.0)
    with pytest.raises(IdentificationError, match="time effects explain all"):
        model_frame_of(nqp.ContinuousExposure("trade"), exposed_panel(frame))
    everywhere = frame.assign(trade=3.0)
    with pytest.raises(IdentificationError, match="never changes within its units"):
        model_frame_of(nqp.ContinuousExposure("trade"), exposed_panel(everywhere))
    with pytest.raises(IdentificationError, match="is 3 in all observations"):
        model_frame_of(nqp.ContinuousExposure("trade", reference=3.0), exposed_panel(everywhere))


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (np.inf, PanelError, "infinite"),
        (-np.inf, PanelError, "infinite"),
        ("—", PanelError, "trade"),
        (np.nan, PanelError, "'trade' is missing in 1 of 310 rows"),
    ],
)
def test_exposures_that_are_no_numbers(value, error, words):
    frame = exposed_frame(13)
    frame["trade"] = frame["trade"].astype(object)
    frame.loc[5, "trade"] = value
    with pytest.raises(error, match=words):
        model_frame_of(nqp.ContinuousExposure("trade"), exposed_panel(frame))


def test_an_exposure_that_is_the_outcome():
    frame = exposed_frame(13)
    with pytest.raises(PanelError, match="equals outcome='y' in every row"):
        exposed_panel(frame.assign(trade=frame["y"]))
    with pytest.raises(PanelError, match="in two roles"):
        exposed_panel(frame, covariates=["trade"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"exposure": 3}, "'exposure' is 3"),
        ({"effect": nqp.PartialPooling}, "'effect' is"),
        ({"reference": np.nan}, "'reference' is nan"),
        ({"per": "year"}, "'per' is 'year'"),
        ({"per": -1}, "'per' is -1"),
        ({"by_time": 1}, "'by_time' is 1"),
        ({"moderator": ["finance"]}, "'moderator' is"),
        ({"unidentified": "keep"}, "'unidentified' is 'keep'"),
    ],
)
def test_arguments_that_mean_nothing(arguments, words):
    with pytest.raises(StudyError, match=words):
        nqp.ContinuousExposure(**{"exposure": "trade", **arguments})


def test_names_that_are_not_there():
    panel = exposed_panel(exposed_frame(13))
    with pytest.raises(StudyError, match="did you mean 'trade'"):
        model_frame_of(nqp.ContinuousExposure("trad"), panel)
    bare = exposed_panel(exposed_frame(13), exposures=[])
    with pytest.raises(StudyError, match=r"exposures=\['trade'\]"):
        model_frame_of(nqp.ContinuousExposure("trade"), bare)
    with pytest.raises(StudyError, match="the stratum 'regio'"):
        model_frame_of(nqp.ContinuousExposure("trade", nqp.PartialPooling(["regio"])), panel)
    with pytest.raises(StudyError, match="no argument 'expose'"):
        nqp.ContinuousExposure("trade").replace(expose="x")
    with pytest.raises(IdentificationError, match="no unit is treated"):
        model_frame_of(nqp.StaggeredDiD(), panel)


def test_a_value_that_files_hold():
    design = nqp.ContinuousExposure(
        "trade", nqp.PartialPooling(["region"]), per="sd", moderator="z"
    )
    assert decode(encode(design)) == design
    names = ("ContinuousExposure", "PartialPooling", "AR1", "Priors")
    assert eval(repr(design), {name: getattr(nqp, name) for name in names}) == design
    channels = nqp.Mediation(design, ["digital"])
    assert decode(encode(channels)) == channels


@pytest.mark.slow
def test_the_plain_model_has_the_density_of_its_rows():
    """Row by row: unit and time effects, slopes and deviations times what units are exposed to."""
    import pymc as pm
    from pytensor.compile.mode import Mode

    panel = exposed_panel(ragged(14, units=8, periods=5))
    design = nqp.ContinuousExposure("trade", per=4.0)
    model_frame = model_frame_of(design, panel)
    equation, rows = model_frame.equations[0], np.flatnonzero(model_frame.kept)
    unit, time = panel.unit_codes[rows], panel.time_codes[rows]
    stratum, trade = model_frame.codes.stratum[unit], model_frame.exposure.values[rows]
    own = trade - (np.bincount(unit, trade) / np.bincount(unit))[unit]
    same, apart = unit[:, None] == unit, np.abs(time[:, None] - time)
    model = nqp.to_pymc(design, panel)
    names = [d.name.removeprefix("outcome__") for d in model.deterministics]
    density = model["outcome__rows"]
    outputs = [model.logp(vars=[density], sum=True), *model.deterministics]
    function = pm.compile(
        model.value_vars, model.replace_rvs_by_values(outputs), mode=Mode("py", None)
    )
    rng = np.random.default_rng(1)
    first = [np.flatnonzero(model_frame.table.stratum == k)[0] for k in (0, 1)]
    gaps = []
    for _ in range(3):
        start = model.initial_point()
        point = [0.5 * rng.standard_normal(np.shape(start[v.name])) for v in model.value_vars]
        value, *found = function(*point)
        found = dict(zip(names, found, strict=True))
        slope = found["cell_mean"][first][stratum]
        mean = found["alpha"][unit] + found["time_effects"][stratum, time]
        mean = mean + (slope * own + found["deviation"][unit] * trade) / 4.0
        covariance = found["sigma"] ** 2 / (1 - found["rho"] ** 2) * same * found["rho"] ** apart
        residual = model["outcome__y_over_s"].get_value() * equation.scale - mean
        gaps.append(float(value) - stats.multivariate_normal.logpdf(residual, cov=covariance))
    # What is left is the Jacobian of measuring rows in multiples of s.
    assert gaps[0] == pytest.approx(rows.size * np.log(equation.scale), rel=1e-6)
    assert np.ptp(gaps) < 1e-7
