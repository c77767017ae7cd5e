"""One cheap call of every public function, for tests of threads and processes.

``python tests/small_calls.py FOLDER`` makes them from eight threads of this process, which has used
nothing before, and says what went wrong; with ``all`` behind it, the dear ones too.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from frozen import frozen_bytes
from small_study import write_study
from xarray.namedarray import utils as xarray_utils

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError

# xarray looks for dask on first use, which threads that meet there may find half imported.
xarray_utils.is_dask_collection(np.zeros(1))

ROOMS = ("", "datasets", "index", "plots", "simulation", "spatial_weights", "studies")
SAVED = ("staggered", "mediation", "exposure", "index")


def public() -> Iterator[tuple[str, Any]]:
    """Name all that is public, in every room: functions, classes and values."""
    for room in ROOMS:
        place = getattr(nqp, room) if room else nqp
        for name in sorted(place.__all__):
            if name not in ROOMS:
                yield f"{room}.{name}".lstrip("."), getattr(place, name)


def write_world(folder: Path) -> None:
    """Write the files that calls read: saved fits and a study."""
    for name in SAVED:
        (folder / f"{name}.nc").write_bytes(frozen_bytes(name))
    write_study(folder)


class World:
    """What calls are handed, each made when it is first asked for.

    Parameters
    ----------
    folder : Path
        Of `write_world`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sampler = nqp.Importance(draws=40, chains=2, proposals=400, seed=1)

    def out(self, name: str) -> Path:
        """Give a place to write to."""
        return Path(tempfile.mkdtemp(dir=self.folder)) / name

    @cached_property
    def panel(self) -> nqp.Panel:
        return nqp.simulation.staggered(units=12, periods=6, cohorts=(3, 4), seed=1).panel

    @cached_property
    def matched(self) -> nqp.Matched:
        panel = nqp.simulation.staggered(units=40, periods=6, cohorts=(3, 4), seed=1).panel
        return nqp.match(panel, "outcome", "radius")

    @cached_property
    def design(self) -> nqp.StaggeredDiD:
        return nqp.StaggeredDiD(effect=nqp.PartialPooling(["region"]), errors=nqp.IID())

    @cached_property
    def fit(self) -> nqp.Fit:
        return nqp.load(self.folder / "staggered.nc")

    @cached_property
    def separate(self) -> nqp.Fit:
        return nqp.fit(
            nqp.StaggeredDiD(effect=nqp.NoPooling()), self.fit.panel, self.sampler, progress=False
        )

    @cached_property
    def flat(self) -> nqp.Fit:
        design = nqp.StaggeredDiD(nqp.CompletePooling(None), nqp.IID())
        return nqp.fit(design, self.panel, self.sampler, progress=False)

    @cached_property
    def outside(self) -> xr.DataTree:
        """Draws as a sampler of the row model would give them."""
        effect = self.flat.effects["effect"].isel(path=0, drop=True).reset_coords(drop=True)
        draws = self.flat.posterior.reset_coords(drop=True).assign(outcome__cell_effect=effect)
        return xr.DataTree.from_dict({"posterior": draws})

    @cached_property
    def channels(self) -> nqp.Fit:
        return nqp.load(self.folder / "mediation.nc")

    @cached_property
    def dose(self) -> nqp.Fit:
        return nqp.load(self.folder / "exposure.nc")

    @cached_property
    def att(self) -> Any:
        return nqp.att(self.fit, by="region")

    @cached_property
    def leads(self) -> Any:
        return nqp.event_study_draws([0.1, 0.2, 1.0], np.eye(3) / 100, [-3, -2, 0], draws=50)

    @cached_property
    def provinces(self) -> nqp.Panel:
        return nqp.simulation.provinces(seed=1, coordinates=True).panel

    @cached_property
    def near(self) -> Any:
        return nqp.spatial_weights.nearest(self.provinces, 3)

    @cached_property
    def linked(self) -> nqp.Fit:
        panel = nqp.Panel.from_frame(
            self.provinces.frame.query("year < 2014"),
            unit="province", time="year", outcome="nqp", exposures=["cbec"],
        )  # fmt: skip
        linked = nqp.SpatialLag(self.near)
        design = nqp.ContinuousExposure("cbec", nqp.CompletePooling(None), spillovers=linked)
        return nqp.fit(design, panel, self.sampler, progress=False)

    @cached_property
    def dynamic(self) -> nqp.Fit:
        ring = np.roll(np.eye(12), 1, axis=1) + np.roll(np.eye(12), -1, axis=1)
        ids = self.panel.unit_labels
        term = nqp.SpatialLag(
            nqp.spatial_weights.matrix(pd.DataFrame(ring, ids, ids)), dynamics=True
        )
        design = nqp.StaggeredDiD(nqp.CompletePooling(None), nqp.IID(), spillovers=term)
        return nqp.fit(design, self.panel, self.sampler, progress=False)

    @cached_property
    def moderated(self) -> nqp.Fit:
        frame = self.panel.frame.assign(size=np.arange(len(self.panel.frame)) % 12 / 6)
        panel = nqp.Panel.from_frame(
            frame, unit="unit", time="time", cohort="cohort", outcome="outcome", moderators=["size"]
        )
        return nqp.fit(nqp.StaggeredDiD(moderator="size"), panel, self.sampler, progress=False)

    @cached_property
    def curved(self) -> nqp.Fit:
        frame = self.panel.frame
        frame = frame.assign(size=frame["unit"].astype("category").cat.codes % 7 + 1.0)
        panel = nqp.Panel.from_frame(
            frame, unit="unit", time="time", cohort="cohort", outcome="outcome"
        )
        design = nqp.StaggeredDiD(moderators=nqp.LinearModerator("size"))
        return nqp.fit(design, panel, self.sampler, progress=False)

    @cached_property
    def bent(self) -> nqp.Fit:
        design = nqp.ContinuousExposure(
            "cbec", nqp.CompletePooling(None), response=nqp.SmoothResponse(knots=5)
        )
        return nqp.fit(design, self.provinces, self.sampler, progress=False)

    @cached_property
    def trending(self) -> nqp.Fit:
        design = nqp.StaggeredDiD(nqp.CompletePooling(None), trends=nqp.DifferentialTrends())
        return nqp.fit(design, self.fit.panel, self.sampler, progress=False)

    @cached_property
    def spilled(self) -> nqp.Fit:
        panel = nqp.simulation.staggered(units=12, periods=6, cohorts=(3, 4), seed=1).panel
        units = sorted(set(panel.frame["unit"]))
        links = np.eye(len(units), k=1) + np.eye(len(units), k=-1)
        weights = nqp.spatial_weights.matrix(pd.DataFrame(links, units, units))
        design = nqp.StaggeredDiD(nqp.CompletePooling(None), spillovers=nqp.ShareTreated(weights))
        return nqp.fit(design, panel, self.sampler, progress=False)

    @cached_property
    def pairs(self) -> nqp.Panel:
        return nqp.simulation.network(nodes=8, periods=5, cohorts=(3, 4), seed=1).panel

    @cached_property
    def in_space(self) -> Any:
        return nqp.simulation.channels_in_space(units=12, periods=5, cohorts=(3,), seed=1)

    @cached_property
    def index(self) -> nqp.index.Index:
        indicator = nqp.index.Indicator
        system = nqp.IndexSystem((nqp.index.Dimension("d", (indicator("x"), indicator("z"))),))
        rng = np.random.default_rng(1)
        frame = self.panel.frame[["unit", "time", "cohort"]].assign(
            x=lambda d: rng.random(len(d)), z=lambda d: rng.random(len(d))
        )
        return nqp.ProductivityIndex(system).build(frame, unit="unit", time="time")

    @cached_property
    def indexed(self) -> nqp.Fit:
        panel = self.index.panel(cohort="cohort")
        design = nqp.StaggeredDiD(nqp.CompletePooling(None), nqp.IID())
        return nqp.fit_index(
            design, panel, self.index, draws=2, seed=1, sampler=self.sampler, progress=False
        )


def in_workers(world: World) -> nqp.CheckResult:
    """Ask with a thread of one's own as worker."""
    with ThreadPoolExecutor(1) as pool, nqp.workers(pool):
        return nqp.check(world.fit, "leave_out", progress=False)


type Call = Callable[[World], Any]


def ended() -> nqp.Panel:
    return nqp.simulation.exits(units=30, periods=8, cohorts=(3, 4), seed=1).panel


def fit_of_ended() -> nqp.Fit:
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), errors=nqp.IID())
    return nqp.fit(design, ended(), nqp.Importance(seed=1, draws=100), progress=False)


def fit_of_persons() -> nqp.Fit:
    cells = nqp.simulation.staggered(units=20, periods=6, cohorts=(3,), seed=1).panel.frame
    rows = cells.loc[cells.index.repeat(3)].reset_index(drop=True)
    rows["outcome"] += 0.1 * (rows.index % 3)
    panel = nqp.Panel.from_micro(
        rows, cluster="unit", time="time", cohort="cohort", outcome="outcome"
    )
    return nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1, draws=100), progress=False)


CALLS: dict[str, Call] = {
    "att": lambda w: nqp.att(w.fit, by="event_time"),
    "prob_best": lambda w: nqp.prob_best(w.att, "region"),
    "to_pymc": lambda w: sorted(nqp.to_pymc(w.design, w.panel).named_vars),
    "calibrate": lambda w: nqp.calibrate(
        nqp.StaggeredDiD(errors=nqp.IID()), w.panel, 2, sampler=w.sampler, ranked=19, seed=1,
        progress=False,
    ),
    "group_time_effects": lambda w: nqp.group_time_effects(w.fit),
    "centrality": lambda w: nqp.centrality(w.pairs, "degree", above=1.0).values,
    "match": lambda w: nqp.match(w.matched.source, "outcome", "nearest").balance,
    "mediator_comparison": lambda w: nqp.mediator_comparison(w.channels),
    "check": lambda w: nqp.check(w.fit, "identification"),
    "cohorts_from_dates": lambda w: nqp.cohorts_from_dates(["2015-03-01", "2016-09-01"]),
    "compare": lambda w: nqp.compare({"partial": w.fit, "separate": w.separate}),
    "posterior_mean": lambda w: nqp.posterior_mean(
        nqp.StaggeredDiD(nqp.CompletePooling(None), nqp.IID()), w.panel, sigma=1.0
    ),
    "mediation_sensitivity": lambda w: nqp.mediation_sensitivity(w.channels, "digital"),
    "contrast": lambda w: nqp.contrast(w.att, region="inland", minus="coastal"),
    "contrasts_table": lambda w: nqp.contrasts_table(w.fit, by="region"),
    "cumulative": lambda w: nqp.cumulative(w.fit),
    "bayes_r2": lambda w: nqp.bayes_r2(w.flat),
    "pairwise_contrasts": lambda w: nqp.pairwise_contrasts(w.att),
    "differential_trend": lambda w: nqp.differential_trend(w.trending),
    "estimates": lambda w: nqp.estimates(w.fit),
    "event_study_draws": lambda w: w.leads,
    "estimators_table": lambda w: nqp.estimators_table(w.fit),
    "event_study_table": lambda w: nqp.event_study_table(w.fit),
    "export_r": lambda w: nqp.export_r(w.fit, w.out("r")).exists(),
    "export_stata": lambda w: nqp.export_stata(w.fit, w.out("stata")).exists(),
    "export": lambda w: nqp.export(w.fit, w.out("tables")).exists(),
    "fit": lambda w: nqp.att(nqp.fit(w.design, w.panel, w.sampler, progress=False)),
    "fit_index": lambda w: nqp.att(w.indexed),
    "impacts": lambda w: nqp.impacts(w.linked),
    "impulse_responses": lambda w: nqp.impulse_responses(w.dynamic, 3),
    "long_run_effects": lambda w: nqp.long_run_effects(w.dynamic),
    "spatial_dynamics": lambda w: nqp.spatial_dynamics(w.dynamic),
    "plots.impulse_responses": lambda w: nqp.plots.impulse_responses(w.dynamic, periods=3),
    "from_pymc": lambda w: nqp.att(nqp.from_pymc(w.outside, w.flat.design, w.panel)),
    "index_variance": lambda w: nqp.index_variance(nqp.att(w.indexed)),
    "simultaneous_signs": lambda w: nqp.simultaneous_signs(nqp.pairwise_contrasts(w.att)),
    "lead_effects": lambda w: nqp.lead_effects(w.fit),
    "load": lambda w: nqp.att(nqp.load(w.folder / "index.nc")),
    "log_likelihood": lambda w: nqp.log_likelihood(w.fit),
    "loo": lambda w: nqp.loo(w.fit),
    "mediate": lambda w: nqp.nie(
        nqp.mediate(w.panel.frame.assign(m=w.panel.frame["outcome"] ** 2), outcome="outcome",
                    treatment="time", mediators="m", change=(2, 5), draws=40)
    ),
    "mediation_table": lambda w: nqp.mediation_table(w.channels),
    "merge_zones": lambda w: nqp.merge_zones(pd.DataFrame({"city": ["杭州市"]}), "city").frame,
    "dose_response": lambda w: nqp.dose_response(w.bent),
    "effect_curve": lambda w: nqp.effect_curve(w.curved),
    "moderated": lambda w: nqp.moderated(w.moderated),
    "moderated_difference": lambda w: nqp.moderated_difference(w.moderated),
    "nde": lambda w: nqp.nde(w.channels),
    "nie": lambda w: nqp.nie(w.channels),
    "place_labels": lambda w: nqp.place_labels(pd.DataFrame({"city": ["杭州市"]}), "city"),
    "posterior_predictive": lambda w: nqp.posterior_predictive(w.fit, draws=3, seed=1),
    "prior_predictive": lambda w: nqp.prior_predictive(w.design, w.panel, draws=3, seed=1),
    "probability": lambda w: nqp.probability(w.att, above=0.0),
    "proportion_mediated": lambda w: nqp.proportion_mediated(w.channels),
    "rank": lambda w: nqp.rank(w.att, "region"),
    "paths_in_space": lambda w: nqp.paths_in_space(w.in_space.truth),
    "spillover_effects": lambda w: nqp.spillover_effects(w.spilled),
    "relative_effects": lambda w: nqp.relative_effects(w.indexed),
    "report": lambda w: nqp.report(
        w.fit, w.out("report"), formats=["xlsx"], checks=[], progress=False
    ).exists(),
    "rope": lambda w: nqp.rope(w.att, 0.1),
    "trend_sensitivity": lambda w: nqp.trend_sensitivity(w.leads, event_time=0),
    "shrinkage": lambda w: nqp.shrinkage(w.fit, w.separate),
    "heterogeneity_sd": lambda w: nqp.heterogeneity_sd(w.att),
    "referee": lambda w: nqp.referee(w.fit),
    "specification_table": lambda w: nqp.specification_table(nqp.check(w.fit, "error_model")),
    "summary": lambda w: nqp.summary(w.att),
    "identification": lambda w: nqp.identification(w.design, w.panel),
    "table": lambda w: nqp.table(w.fit),
    "baron_kenny": lambda w: nqp.baron_kenny(w.channels),
    "total": lambda w: nqp.total(w.channels),
    "two_step_mediation": lambda w: nqp.two_step_mediation(w.channels),
    "versions": lambda w: nqp.versions(),
    "write_docx": lambda w: nqp.write_docx([nqp.table(w.fit)], w.out("x.docx")).exists(),
    "write_excel": lambda w: nqp.write_excel([nqp.table(w.fit)], w.out("x.xlsx")).exists(),
    "datasets.bank_branching": lambda w: nqp.datasets.bank_branching(),
    "datasets.castle_doctrine": lambda w: nqp.datasets.castle_doctrine(),
    "datasets.pilot_zones": lambda w: nqp.datasets.pilot_zones(),
    "datasets.prefectures": lambda w: nqp.datasets.prefectures(),
    "index.new_quality_productivity": lambda w: nqp.index.new_quality_productivity(),
    "index.recalled": lambda w: nqp.index.recalled(w.index.panel(cohort="cohort").frame),
    "index.relation": lambda w: nqp.index.relation(np.arange(9.0), np.arange(9.0) + 1),
    "plots.love": lambda w: nqp.plots.love(w.matched),
    "plots.adoption": lambda w: nqp.plots.adoption(w.panel),
    "plots.channels": lambda w: nqp.plots.channels(w.channels),
    "plots.check": lambda w: nqp.plots.check(nqp.check(w.fit, "identification")),
    "plots.mediation_sensitivity": lambda w: nqp.plots.mediation_sensitivity(
        nqp.mediation_sensitivity(w.channels, "digital")
    ),
    "plots.decomposition": lambda w: nqp.plots.decomposition(w.channels),
    "plots.differential_trend": lambda w: nqp.plots.differential_trend(w.trending),
    "plots.bacon": lambda w: nqp.plots.bacon(w.fit),
    "plots.estimators": lambda w: nqp.plots.estimators(w.fit, language="zh"),
    "plots.panel": lambda w: nqp.plots.panel(w.fit.panel, language="zh"),
    "plots.event_study": lambda w: nqp.plots.event_study(w.fit, language="zh"),
    "plots.forest": lambda w: nqp.plots.forest(w.fit, by="region"),
    "plots.caterpillar": lambda w: nqp.plots.caterpillar(w.fit),
    "plots.dose_response": lambda w: nqp.plots.dose_response(w.bent),
    "plots.effect_curve": lambda w: nqp.plots.effect_curve(w.curved),
    "plots.moderation": lambda w: nqp.plots.moderation(w.moderated),
    "plots.paths": lambda w: nqp.plots.paths(w.channels),
    "plots.spillover_effects": lambda w: nqp.plots.spillover_effects(w.spilled),
    "plots.trend_sensitivity": lambda w: nqp.plots.trend_sensitivity(nqp.trend_sensitivity(w.leads,
    event_time=0)),
    "plots.shrinkage": lambda w: nqp.plots.shrinkage(w.fit, w.separate),
    "plots.spatial_links": lambda w: nqp.plots.spatial_links(w.near),
    "index.centrality": lambda w: nqp.index.centrality(w.pairs, "degree").values,
    "simulation.channels_in_space": lambda w: w.in_space.panel,
    "simulation.network": lambda w: w.pairs,
    "simulation.counts": lambda w: nqp.simulation.counts(units=12, cohorts=(3,), seed=1).panel,
    "simulation.triple_difference": lambda w: nqp.simulation.triple_difference(seed=1).panel,
    "simulation.exits": lambda w: ended(),
    "att_persons": lambda w: nqp.att_persons(fit_of_persons()),
    "after_exit": lambda w: nqp.after_exit(fit_of_ended()),
    "first_switch": lambda w: nqp.first_switch(fit_of_ended()),
    "plots.entry_and_exit": lambda w: nqp.plots.entry_and_exit(fit_of_ended()),
    "simulation.channels": lambda w: nqp.simulation.channels(units=20, periods=12, seed=1).panel,
    "simulation.firm_productivity": lambda w: nqp.simulation.firm_productivity(),
    "simulation.provinces": lambda w: w.provinces,
    "simulation.staggered": lambda w: w.panel,
    "spatial_weights.band": lambda w: nqp.spatial_weights.band(w.provinces, 500),
    "spatial_weights.composite": lambda w: nqp.spatial_weights.composite({w.near: 1.0}),
    "spatial_weights.economic": lambda w: nqp.spatial_weights.economic(w.provinces, "cbec"),
    "spatial_weights.exponential": lambda w: nqp.spatial_weights.exponential(w.provinces, 300),
    "spatial_weights.inverse_distance": lambda w: nqp.spatial_weights.inverse_distance(w.provinces),
    "spatial_weights.lag": lambda w: nqp.spatial_weights.lag(w.near, w.provinces, "nqp"),
    "spatial_weights.matrix": lambda w: nqp.spatial_weights.matrix(pd.DataFrame([[0, 1], [1, 0]])),
    "spatial_weights.nearest": lambda w: w.near,
    "spatial_weights.nested": lambda w: nqp.spatial_weights.nested(w.near, w.near),
    "spatial_weights.spread": lambda w: nqp.spatial_weights.spread(w.near, w.provinces, None),
    "studies.find": lambda w: nqp.studies.find(w.folder / "study.toml"),
    "studies.json_schema": lambda w: nqp.studies.json_schema(),
    "studies.json_text": lambda w: nqp.studies.json_text(),
    "studies.language_of": lambda w: nqp.studies.language_of(w.folder / "study.toml"),
    "studies.new": lambda w: nqp.studies.new(w.folder / "cities.csv", w.out("new.toml")).problem,
    "studies.run": lambda w: nqp.att(
        nqp.studies.run(w.folder / "study.toml", w.out("run"), progress=False).fit
    ),
    "studies.shipped": lambda w: nqp.studies.shipped(),
    "studies.titles": lambda w: nqp.studies.titles(w.folder),
    "studies.validate": lambda w: nqp.studies.validate(w.folder / "study.toml").panel,
    "studies.write_beside": lambda w: nqp.studies.write_beside(w.out("x.txt"), "x"),
    "workers": in_workers,
}  # fmt: skip
"""By the name of what is called."""


def answer(functions: bytes, channel: Any) -> None:
    """In a child process, send what the first function gives, and the error of the second."""
    first, second = pickle.loads(functions)
    try:
        second(1)
    except NQPError as error:
        channel.send((first(1), error))


DEAR = ("calibrate", "report", "studies.run", "build", "export", "datasets.bank_branching")


def in_threads(folder: Path, names: list[str], threads: int = 8) -> list[str]:
    """Make each call from two threads, which have worlds of their own; say what went wrong."""
    barrier, given, wrong = Barrier(threads), defaultdict[str, list[Any]](list), list[str]()

    def work(number: int) -> None:
        world, beside = World(folder), (number + 1) % threads
        barrier.wait()
        for name in [*names[number::threads], *names[beside::threads]]:
            try:
                value = CALLS[name](world)
                again = pickle.loads(pickle.dumps(value))
                given[name] += [value, again]
            except BaseException:
                wrong.append(f"{name}: {traceback.format_exc()}")

    workers = [Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wrong += [f"{name}: not called" for name in names if name not in given]
    differ = [name for name, (one, *more) in given.items() if not all(alike(one, x) for x in more)]
    return wrong + [f"{name}: threads differ" for name in differ]


COMPARISONS: dict[type, Callable[[Any, Any], None]] = {
    pd.DataFrame: pd.testing.assert_frame_equal,
    pd.Series: pd.testing.assert_series_equal,
    xr.DataArray: xr.testing.assert_allclose,
    xr.Dataset: xr.testing.assert_allclose,
}


def alike(one: Any, other: Any) -> bool:
    """Whether results agree, to rounding."""
    for kind, compare in COMPARISONS.items():
        if isinstance(one, kind):
            try:
                compare(one, other)
            except AssertionError:
                return False
    return type(one) is type(other) and getattr(one, "digest", 0) == getattr(other, "digest", 0)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.setswitchinterval(1e-3)
    chosen = [name for name in CALLS if name not in DEAR or "all" in sys.argv]
    sys.stdout.write("\n" + json.dumps(in_threads(Path(sys.argv[1]), chosen)))
