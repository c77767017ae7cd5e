"""Fits of a study: its own design and the comparison designs."""

from __future__ import annotations

from collections.abc import Callable

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.interrupts import interruption
from bayes_nqp._core.progress import listening
from bayes_nqp.inference.fitting import Fit, Store, fit, fit_index
from bayes_nqp.model.designs import Design
from bayes_nqp.studies._study import Study

_DRAWS = Message("draws")

type Notify = Callable[[str], None]


def fit_of(study: Study, store: Store, progress: bool, notify: Notify) -> Fit:
    """Fit the outcome; or an index with draws of its weights, if the study requests them."""
    design, panel, sampler = study.design, study.panel, study.sampler
    index, wanted = study.prepared.index, study.settings.index

    def make() -> Fit:
        notify(Message("sampling"))
        return _whole(fit(design, panel, sampler, progress=progress))

    if index is None or wanted is None or not wanted.draws:
        return store.fit(make, panel, design, sampler, work=_DRAWS)
    draws, seed = wanted.draws, wanted.seed
    if seed is None and sampler is not None:
        seed = sampler.seed

    def pool() -> Fit:
        notify(Message("sampling"))
        with listening(lambda what, done, total: notify(Message("{} {}/{}", what, done, total))):
            return fit_index(
                design, panel, index, draws=draws, sampler=sampler, seed=seed, progress=progress
            )

    return store.fit(pool, panel, design, sampler, index.digest, draws, seed, work=_DRAWS)


def fits_beside(study: Study, store: Store, progress: bool, notify: Notify) -> dict[str, Fit]:
    """Fit the comparison designs of a study, by name."""
    fits = {}
    for name, design in study.beside.items():

        def make(name: str = name, design: Design = design) -> Fit:
            notify(Message("sampling {}", name))
            return _whole(fit(design, study.panel, study.sampler, progress=progress))

        fits[name] = store.fit(make, study.panel, design, study.sampler, work=name)
    return fits


def _whole(fitted: Fit) -> Fit:
    """Refuse draws of a sampler that was interrupted."""
    if fitted.record.get("interrupted"):
        raise interruption()
    return fitted
