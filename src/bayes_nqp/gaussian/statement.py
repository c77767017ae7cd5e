"""The Gaussian problem that a design states: blocks of coefficients over classes of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bayes_nqp.gaussian.types import Array, Index, Noise
from bayes_nqp.moments import UnitClass
from bayes_nqp.parameters import HalfNormal, Parameter, ParameterSpace, Scale

__all__ = ["Block", "Member", "Problem"]


@dataclass(frozen=True, eq=False)
class Block:
    """Strata whose local coefficients no other stratum shares.

    Its slots are, in order: the time effects of its levels (levels × periods), its cells, the
    slopes of the varying columns in each of its strata (strata × columns). Coefficients map
    to slots: a local one to one slot, global ones by a dense matrix.

    Parameters
    ----------
    n_levels, n_cells : int
        Time-effect levels and cells in the block.
    strata : ndarray of int (stratum)
        Codes of its strata.
    local_slot, local_scale : ndarray of int (local)
        The slot of each local coefficient, and the number of its scale.
    columns : ndarray (slot, global)
        Loadings of the global coefficients on slots.
    """

    n_levels: int
    n_cells: int
    strata: Index
    local_slot: Index
    local_scale: Index
    columns: Array


@dataclass(frozen=True, eq=False)
class Member:
    """What has its own effect deviation and holds several units.

    Parameters
    ----------
    block : int
        The block of all of its units.
    classes : ndarray of int (entry)
        Classes of its units.
    counts : ndarray of int (entry)
        Its units in each of them.
    sums : sequence of ndarray (k,)
        Sums of the packed entries over these units, per class.
    """

    block: int
    classes: Index
    counts: Index
    sums: Sequence[Array]


@dataclass(frozen=True, eq=False)
class Problem:
    """A conditionally Gaussian model on rows that are summed up.

    Parameters
    ----------
    n_periods, n_columns : int
        Length of the time grid, number of varying columns (the outcome not counted).
    free : int
        Rows minus units (of units seen more than once).
    errors : Noise
        Of the rows of a unit.
    error_parameters : tuple of Parameter
        Of the errors, then sigma.
    scales : sequence of Scale
        Of coefficients, estimated or fixed.
    member_scale : Scale or None
        Of effect deviations; None for no deviations.
    global_scale : ndarray of int (global)
        Number of the scale of each global coefficient.
    blocks : sequence of Block
    classes : sequence of UnitClass
    class_block, class_level, class_stratum : ndarray of int (class)
        Block, level within the block, stratum within the block.
    class_cells : sequence of ndarray of int (m,)
        Cell within the block in each observed period, -1 where none.
    class_treated : sequence of ndarray (m,)
        What multiplies a deviation in each observed period: 1 in treated ones, or the exposure.
    members : sequence of Member
        Only where members hold several units; empty if each unit is a member.
    """

    n_periods: int
    n_columns: int
    free: int
    errors: Noise
    error_parameters: tuple[Parameter, ...]
    scales: Sequence[Scale]
    member_scale: Scale | None
    global_scale: Index
    blocks: Sequence[Block]
    classes: Sequence[UnitClass]
    class_block: Index
    class_level: Index
    class_stratum: Index
    class_cells: Sequence[Index]
    class_treated: Sequence[Array]
    members: Sequence[Member] = ()

    @cached_property
    def space(self) -> ParameterSpace:
        """Sampled parameters: estimated scales, that of deviations, those of errors, sigma."""
        scales = [*self.scales, *([] if self.member_scale is None else [self.member_scale])]
        return ParameterSpace(
            (
                *(
                    Parameter(f"scale_{scale.name}", HalfNormal(scale.prior), folds=True)
                    for scale in scales
                    if scale.estimated
                ),
                *self.error_parameters,
            )
        )

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the sampled parameters, in order."""
        return self.space.names
