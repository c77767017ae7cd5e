"""Systems that ship, as data beside the code."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from bayes_nqp.doors import door
from bayes_nqp.index._system import IndexSystem

__all__ = ["new_quality_productivity"]


@door
def new_quality_productivity() -> IndexSystem:
    """A system for new quality productivity (新质生产力), by the three elements of labour.

    Labourers (新质劳动者), objects of labour (新质劳动对象) and means of labour (新质劳动资料),
    with the indicators that the literature uses most. Few data sets hold all of them: ``keep``
    those you have, ``using`` names your columns, and ``to_toml`` writes a file to edit.

    References
    ----------
    王珏、王荣基 (2024). 新质生产力:指标构建与时空演进. 西安财经大学学报 37(1). 韩文龙、张瑞生、
    赵峰 (2024). 新质生产力水平测算与中国经济增长新动能. 数量经济技术经济研究 41(6).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> system = nqp.index.new_quality_productivity()
    >>> [dimension.key for dimension in system.dimensions]
    ['labourers', 'objects', 'means']
    """
    from bayes_nqp.index._toml import system_of

    source = files("bayes_nqp.index") / "new_quality_productivity.toml"
    return system_of(tomllib.loads(source.read_text(encoding="utf-8")), source.name)
