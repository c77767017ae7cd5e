"""Systems of indicators in dimensions, and the included systems."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from bayes_nqp._core.exceptions import StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import read_toml
from bayes_nqp._core.validation import door, value
from bayes_nqp.data.index._indicator import Dimension, Indicator
from bayes_nqp.data.index._toml import checked, tables, text, write


@value("index")
class IndexSystem:
    """A system of indicators, grouped in dimensions.

    Use `IndexSystem.of` for a system from column names, `IndexSystem.from_toml` to read a file, and
    `to_toml` to write a file for editing.

    Parameters
    ----------
    name, name_zh : str, optional
        Name of the measured concept, in English and Chinese.

    Raises
    ------
    StudyError
        If there are no indicators, or keys are duplicated.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> system = nqp.IndexSystem.of({"labour": ["school"], "means": ["patents"]}, negative="energy")
    >>> system.keys
    ('school', 'patents', 'energy')
    """

    dimensions: Sequence[Dimension]
    name: str = ""
    name_zh: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "dimensions", tuple(self.dimensions))
        if not self.dimensions:
            raise StudyError(
                "'dimensions' is empty", hint="give at least one dimension with an indicator"
            )
        for part, keys in (
            ("dimension", [d.key for d in self.dimensions]),
            ("indicator", [indicator.key for indicator in self.indicators]),
        ):
            twice = [key for key, times in Counter(keys).items() if times > 1]
            if twice:
                raise StudyError(
                    Message("the {} {} occurs twice", part, shown(map(repr, twice))),
                    hint="list each of them once",
                )

    @classmethod
    def of(
        cls,
        positive: str | Sequence[str] | Mapping[str, Sequence[str] | str],
        negative: str | Sequence[str] | Mapping[str, Sequence[str] | str] = (),
        *,
        name: str = "",
    ) -> IndexSystem:
        """Build a system from names of columns.

        Parameters
        ----------
        positive, negative : str, sequence of str, or mapping of str to sequence of str
            Columns by direction; a mapping groups them in dimensions.
        name : str, optional
            Name of the measured concept.
        """
        dimensions_of: dict[str, list[Indicator]] = {}
        for direction, columns_of in (("positive", positive), ("negative", negative)):
            groups = columns_of if isinstance(columns_of, Mapping) else {"all": columns_of}
            for key, columns in groups.items():
                listed = (columns,) if isinstance(columns, str) else columns
                indicators_of = [Indicator(column, direction) for column in listed]
                if indicators_of:
                    dimensions_of.setdefault(key, []).extend(indicators_of)
        return cls(
            tuple(
                Dimension(key, tuple(indicators_of)) for key, indicators_of in dimensions_of.items()
            ),
            name=name,
        )

    @classmethod
    def from_toml(cls, source: str | Path) -> IndexSystem:
        """Read a system from a file.

        Parameters
        ----------
        source : str or Path
            A .toml file in the format of `to_toml`.

        Raises
        ------
        StudyError
            If the file does not exist, or contains an unknown key.
        """
        path = Path(source)
        return system_of(read_toml(path), path.name)

    def to_toml(self, path: str | Path | None = None) -> str:
        """Write the system as TOML, for copying and editing.

        Parameters
        ----------
        path : str or Path, optional
            A file to write, which must not exist.

        Returns
        -------
        str
            The text.

        Raises
        ------
        StudyError
            If the file already exists.
        """
        return text(self) if path is None else write(self, Path(path))

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Return all indicators, in order."""
        return tuple(
            indicator for dimension in self.dimensions for indicator in dimension.indicators
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of all indicators, in order."""
        return tuple(indicator.key for indicator in self.indicators)

    def keep(self, keys: Iterable[str]) -> IndexSystem:
        """Keep some indicators, such as those available in the data.

        Parameters
        ----------
        keys : iterable of str
            Keys of indicators, or of whole dimensions.

        Raises
        ------
        StudyError
            If a key is unknown.
        """
        wanted = set(self._known((keys,) if isinstance(keys, str) else keys))
        return self._where(lambda key, dimension: key in wanted or dimension in wanted)

    def without(self, *keys: str) -> IndexSystem:
        """Remove indicators, or whole dimensions.

        Raises
        ------
        StudyError
            If a key is unknown, or no indicator remains.
        """
        gone = set(self._known(keys))
        return self._where(lambda key, dimension: key not in gone and dimension not in gone)

    def using(self, columns: Mapping[str, str]) -> IndexSystem:
        """Set the columns of the data that contain the indicators.

        Parameters
        ----------
        columns : mapping of str to str
            Columns by the key of the indicator; other columns are unchanged.

        Raises
        ------
        StudyError
            If a key is unknown.
        """
        self._known(columns, dimensions=False)
        return replace(
            self,
            dimensions=tuple(
                replace(
                    d,
                    indicators=tuple(
                        replace(indicator, column=columns.get(indicator.key, indicator.column))
                        for indicator in d.indicators
                    ),
                )
                for d in self.dimensions
            ),
        )

    def _known(self, keys: Iterable[str], dimensions: bool = True) -> list[str]:
        choices = [*self.keys, *(d.key for d in self.dimensions if dimensions)]
        listed = list(keys)
        for key in listed:
            if key not in choices:
                raise StudyError(
                    Message("the system has no indicator {!r}", key), hint=nearest(key, choices)
                )
        return listed

    def _where(self, remaining: object) -> IndexSystem:
        assert callable(remaining)
        parts = [
            replace(d, indicators=left)
            for d in self.dimensions
            if (
                left := tuple(
                    indicator for indicator in d.indicators if remaining(indicator.key, d.key)
                )
            )
        ]
        if not parts:
            raise StudyError(
                "the selection contains no indicator",
                hint=Message("the system has {}", shown(self.keys, 12)),
            )
        return replace(self, dimensions=tuple(parts))


def system_of(data: Mapping[str, Any], where: str = "the system") -> IndexSystem:
    """Build a system from the tables of a file.

    Parameters
    ----------
    where : str, optional
        Location of the table, for messages.

    Raises
    ------
    StudyError
        If a key is unknown or missing.
    """
    dimensions = [
        Dimension(
            **{
                **checked(Dimension, part, where),
                "indicators": tuple(
                    Indicator(**checked(Indicator, indicator, where))
                    for indicator in tables(part, where)
                ),
            }
        )
        for part in tables(data, where, "dimension")
    ]
    return IndexSystem(**{**checked(IndexSystem, data, where), "dimensions": tuple(dimensions)})


@door
def new_quality_productivity() -> IndexSystem:
    """Return a system for new quality productivity, by the three elements of labour.

    The dimensions are labourers, objects of labour and means of labour, with the indicators most
    used in the literature. Few data sets contain all of them: select available indicators with
    ``keep``, set columns with ``using``, or write a file for editing with ``to_toml``.

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
    source = files("bayes_nqp.data.index") / "new_quality_productivity.toml"
    return system_of(tomllib.loads(source.read_text(encoding="utf-8")), source.name)
