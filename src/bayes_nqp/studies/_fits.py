"""Fits of a study: its own, those beside it, and where runs keep them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from bayes_nqp.designs import Design
from bayes_nqp.fitting import Fit, Store, fit, fit_index
from bayes_nqp.language import Message
from bayes_nqp.progress import listening
from bayes_nqp.signals import interruption
from bayes_nqp.studies._study import Study

_VARIABLE = "BAYES_NQP_STORE"
_DRAWS = Message("draws")

type Notify = Callable[[str], None]


def store_folder() -> Path | None:
    """Where runs keep what they computed: the user's folder of caches, another one, or nowhere."""
    named = os.environ.get(_VARIABLE, "")
    if named.lower() == "none":
        return None
    return Path(named) if named else platformdirs.user_cache_path("bayes_nqp", False) / "runs"


def fit_of(study: Study, store: Store, progress: bool, notify: Notify) -> Fit:
    """Fit the outcome; or an index and draws of its weights, where the study asks for them."""
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
    """Fit the further designs of a study, by their names."""
    fits = {}
    for name, design in study.beside.items():

        def make(name: str = name, design: Design = design) -> Fit:
            notify(Message("sampling {}", name))
            return _whole(fit(design, study.panel, study.sampler, progress=progress))

        fits[name] = store.fit(make, study.panel, design, study.sampler, work=name)
    return fits


def _whole(fitted: Fit) -> Fit:
    """Refuse draws of a sampler that was stopped."""
    if fitted.record.get("interrupted"):
        raise interruption()
    return fitted
