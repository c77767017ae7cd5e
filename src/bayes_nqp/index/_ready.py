"""Systems that ship, as data beside the code."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from bayes_nqp.doors import door
from bayes_nqp.index._system import IndexSystem, system_of


@door
def new_quality_productivity() -> IndexSystem:
    """A system for new quality productivity, by the three elements of labour.

    Labourers, objects of labour and means of labour, with the indicators that the literature uses
    most. Few data sets hold all of them: ``keep`` those you have, ``using`` names your columns,
    and ``to_toml`` writes a file to edit.

    References
    ----------
    Wang, J. and Wang, R. (2024). New quality productivity: index construction and spatiotemporal
    evolution. Journal of Xi'an University of Finance and Economics 37(1), in Chinese. Han, W.,
    Zhang, R. and Zhao, F. (2024). The measurement of new quality productivity and new driving
    forces of the Chinese economy. Journal of Quantitative and Technological Economics 41(6), in
    Chinese.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> system = nqp.index.new_quality_productivity()
    >>> [dimension.key for dimension in system.dimensions]
    ['labourers', 'objects', 'means']
    """
    source = files("bayes_nqp.index") / "new_quality_productivity.toml"
    return system_of(tomllib.loads(source.read_text(encoding="utf-8")), source.name)
