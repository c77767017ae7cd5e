"""One call for whatever sampler a user chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayes_nqp.sampling._chains import Chains
from bayes_nqp.sampling._imh import IMH, sample_imh
from bayes_nqp.sampling._nuts import NUTS, sample_nuts

if TYPE_CHECKING:
    from bayes_nqp.compression import Packed

__all__ = ["Sampler", "sample_packed"]

Sampler = NUTS | IMH


def sample_packed(
    packed: Packed, names: Sequence[str], sampler: Sampler, *, progress: bool = True
) -> Chains:
    """Sample the parameters of a packed problem.

    Parameters
    ----------
    packed : Packed
        The problem.
    names : sequence of str (parameter)
        Names of its parameters.
    sampler : NUTS or IMH
    progress : bool, default True
        Whether to show a progress bar, where the sampler has one.

    Returns
    -------
    Chains
        One variable, "x" (chain, draw, parameter), unconstrained.
    """
    if isinstance(sampler, IMH):
        return sample_imh(packed, names, sampler)
    return sample_nuts(packed, sampler, progress=progress)
