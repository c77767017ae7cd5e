"""The No-U-Turn sampler of nutpie, on a PyMC model."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from annotated_types import Ge, Interval

from bayes_nqp._core.exceptions import ConvergenceError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.process import Setting
from bayes_nqp._core.threads import needing_room, one_thread
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import value
from bayes_nqp.numerics.sampling._chains import Chains

if TYPE_CHECKING:
    import pymc as pm


_FROZEN = 100_000
"""Size of data up to which a model is compiled with constants."""
_STATS = {
    "diverging": "diverging",
    "energy": "energy",
    "n_steps": "n_steps",
    "depth": "tree_depth",
    "step_size": "step_size",
}


@value("sampler")
class NUTS:
    """The No-U-Turn sampler of nutpie.

    It samples the model of single observations (`build`) with every coefficient, and is slow:
    compilation takes ten seconds or more, and each evaluation passes over all observations. Use it
    for Student-t errors, which have no sufficient statistics, and as an independent test of
    `Importance`, the default. nutpie is installed with ``bayes-nqp[nuts]``.

    Parameters
    ----------
    draws : int, default 1000
        Draws kept in each chain.
    tune : int, default 1000
        Draws for tuning in each chain, discarded.
    chains : int, default 4
        Independent chains.
    seed : int, optional
        The same seed gives the same draws. Random by default, and recorded in the fit.
    target_accept : float, default 0.9
        Target acceptance probability of the step size.
    cores : int, optional
        Chains run in parallel; as many as there are processors by default.

    Raises
    ------
    StudyError
        If a number is out of range.

    References
    ----------
    Hoffman, M. and Gelman, A. (2014). The No-U-Turn sampler. Journal of Machine Learning
    Research 15.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.NUTS(chains=2, tune=500, draws=500).n_evaluations
    2000
    """

    draws: Annotated[int, Ge(4)] = 1000
    tune: Annotated[int, Ge(50)] = 1000
    chains: Annotated[int, Ge(1)] = 4
    seed: Seed | None = None
    target_accept: Annotated[float, Interval(ge=0.5, lt=1)] = 0.9
    cores: Annotated[int, Ge(1)] | None = None

    @property
    def n_evaluations(self) -> int:
        """Return the number of draws of all chains, those for tuning included."""
        return self.chains * (self.tune + self.draws)

    def seeded(self) -> NUTS:
        """Return the same sampler with a seed: its own, or a random one."""
        return self if self.seed is not None else replace(self, seed=secrets.randbits(31))


def sample_model(
    model: pm.Model, sampler: NUTS, names: Sequence[str], *, progress: bool = True
) -> Chains:
    """Sample any PyMC model.

    Parameters
    ----------
    names : sequence of str
        Variables to keep.
    progress : bool, default True
        If True, show a progress bar.

    Raises
    ------
    StudyError
        If nutpie is not installed: it comes with ``bayes-nqp[nuts]``.
    """
    if find_spec("nutpie") is None:
        raise StudyError(
            Message("{}() requires the package {}, which is not installed", "NUTS", "nutpie"),
            hint="pip install 'bayes-nqp[nuts]'",
        )
    with needing_room("PyTensor"):
        import nutpie
        from pymc.model.transform.optimization import freeze_dims_and_data
        from pytensor.configdefaults import config

        _ = config.compiledir  # computed when it is requested

    if sum(data.get_value(borrow=True).size for data in model.data_vars) <= _FROZEN:
        # Constant sizes halve the time of compilation; long data would become constants too.
        model = freeze_dims_and_data(model)
    with _COMPILING:
        compiled = nutpie.compile_pymc_model(model, var_names=list(names))
    return _run(compiled, sampler, progress)


@contextmanager
def _compiling() -> Iterator[None]:
    from pytensor.configdefaults import config

    from bayes_nqp.numerics.sampling._cache import sealed_caches

    # With fast mathematics the same seed gives different draws from a cold and a warm cache.
    with sealed_caches(), config.change_flags(numba__fastmath=False):
        yield


_COMPILING: Final = Setting(_compiling)


def _run(compiled: Any, sampler: NUTS, progress: bool) -> Chains:
    import nutpie

    with one_thread():
        background = nutpie.sample(
            compiled,
            draws=sampler.draws,
            tune=sampler.tune,
            chains=sampler.chains,
            cores=sampler.cores,
            seed=sampler.seed,
            target_accept=sampler.target_accept,
            save_warmup=False,
            progress_bar=progress,
            blocking=False,
        )
        interrupted = False
        try:
            tree = background.wait()
        except KeyboardInterrupt:
            tree = background.abort()
            interrupted = True
        except BaseException:
            background.cancel()
            raise
    return _collect(tree, interrupted)


def _collect(tree: Any, interrupted: bool) -> Chains:
    posterior, stats = tree["posterior"], tree["sample_stats"]
    recorded = {
        ours: np.asarray(stats[theirs].values) for theirs, ours in _STATS.items() if theirs in stats
    }
    values = {name: np.asarray(da.values) for name, da in posterior.data_vars.items()}
    if interrupted:
        done = (
            ~np.isnan(recorded["energy"]) if "energy" in recorded else np.zeros((0, 0), dtype=bool)
        )
        length = int(done.sum(axis=1).min()) if done.size else 0
        if length < 4:
            raise ConvergenceError(
                "sampling was interrupted before every chain had draws to keep",
                hint="let it run a little longer; tuning comes first",
            )
        values = {k: x[:, :length] for k, x in values.items()}
        recorded = {k: x[:, :length] for k, x in recorded.items()}
    return Chains(values, recorded, interrupted)
