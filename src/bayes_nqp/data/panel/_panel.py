"""The panel itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy.typing as npt
import pandas as pd
from annotated_types import Ge

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.exceptions import UnknownLabelError, nearest
from bayes_nqp._core.i18n import Translator
from bayes_nqp._core.io import named
from bayes_nqp._core.types import Language, Seed
from bayes_nqp._core.validation import PanelAttributes, door
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.panel._roles import as_names, labelled


@door(trusted=("from_frame",))
@dataclass(frozen=True, eq=False, repr=False)
class Panel(PanelAttributes, Rectangle):
    """Units observed over time, with the period in which each is first treated.

    Make one with `Panel.from_frame` or `Panel.from_file`; both validate. Rows are sorted by unit
    and time, arrays are read-only, and every method returns a new panel.

    Parameters
    ----------
    frame : DataFrame
        The rows that were kept, with every column of the user's data. Do not change it.
    roles : Roles
        Which column plays which part.
    unit_labels : ndarray of str (unit)
        Sorted, by number if the column is numeric.
    unit_codes : ndarray of int64 (row)
        Positions in `unit_labels`.
    time_labels : ndarray (period)
        The regular grid from the first to the last period, also where no row is: whole numbers,
        or text such as ``2015``, ``2015Q1``, ``2015-03`` for dates and pandas periods.
    time_codes : ndarray of int64 (row)
        Positions in `time_labels`.
    cohort_codes : ndarray of int64 (unit)
        First treated period as a position in `time_labels`, −1 for never within the sample.
    outcome : ndarray of float64 (row), outcome units
        The outcome.
    weights : ndarray of float64 (row) or None
        Positive row weights.
    covariates : ndarray of float64 (row, covariate)
        In the order of ``roles.covariates``; never missing.
    mediators, moderators, exposures : ndarray of float64 (row, column)
        In the order of the roles; NaN where missing.
    levels : dict of str to ndarray of str
        Sorted levels of every stratum factor.
    strata_codes : dict of str to ndarray of int64 (unit)
        Each unit's position in the levels.
    dropped : dict of str to int
        Rows that lacked a value, by column; a row can lack several.
    notes : tuple of str
        What was done to the data on the way.
    grid : Grid
        The grid of periods.
    never : tuple
        Codes of the cohort column that stand for never treated.
    labels : Labels
        What columns, levels and units are called, a language each.
    counts : ndarray of float64 (unit)
        How many units each stands for; ones without ``counts=``. `n_units` and `n_rows` count so.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> import pandas as pd
    >>> df = pd.DataFrame(
    ...     {
    ...         "city": ["A", "A", "B", "B"],
    ...         "year": [2014, 2015, 2014, 2015],
    ...         "zone_year": [2015, 2015, None, None],
    ...         "y": [1.0, 2.0, 1.5, 1.4],
    ...     }
    ... )
    >>> panel = nqp.Panel.from_frame(
    ...     df, unit="city", time="year", cohort="zone_year", outcome="y"
    ... )
    >>> panel.cohort_codes.tolist()
    [1, -1]
    """

    @classmethod
    def from_frame(
        cls,
        df: pd.DataFrame,
        *,
        unit: str,
        time: str,
        outcome: str,
        cohort: str | None = None,
        treated: str | None = None,
        strata: str | Iterable[str] = (),
        covariates: str | Iterable[str] = (),
        mediators: str | Iterable[str] = (),
        moderators: str | Iterable[str] = (),
        exposures: str | Iterable[str] = (),
        weights: str | None = None,
        counts: str | None = None,
        never: object = None,
        freq: int | str | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> Panel:
        """Validate a frame with one row per unit and time.

        Rows without a unit, time, outcome, covariate, stratum or weight are dropped and counted,
        but refused where many units or strata are empty below a name, as merged cells are. Missing
        mediators, moderators and exposures are kept, and a missing cohort means never treated.

        Parameters
        ----------
        df : DataFrame
            One row per unit and time; never changed.
        unit : str
            Column that names the unit.
        time : str
            Column of whole numbers, dates or pandas periods; text that says years (``"2018"``,
            one date a year; in Chinese, too) is read as whole numbers.
        outcome : str
            Column of numbers.
        cohort : str, optional
            Column with the first treated period, on the scale of `time`, the same in all rows of
            a unit. Where times are years, dates and text that says dates (``"2018-07-24"``,
            ``"2018.07"``) are taken as their years, with a note. One between two periods counts
            from the next, one after the last as never treated.
        treated : str, optional
            Instead of `cohort`: a column in [0, 1] that is positive from adoption on, or of marks
            that say treated or not (yes and no, 是 and 否, √ and an empty cell), which are noted.
            With neither, nobody adopts anything, as where the design is a `ContinuousExposure`.
        strata : str or sequence of str, default ()
            Grouping columns, constant within units.
        covariates, mediators, moderators, exposures : str or sequence of str, default ()
            Columns of numbers.
        weights : str, optional
            Column of positive precision weights of rows, for independent errors (`IID`) alone;
            leave sizes of units out.
        counts : str, optional
            Column of how many units each unit stands for, the same in all of its rows, as in a
            published table of cells of like units: the panel is that of every unit so often. One
            each by default. What looks at single units then says that it cannot.
        never : object or sequence, optional
            Codes in `cohort` that stand for never treated, such as 0.
        freq : int or str, optional
            Distance of two periods: an int for whole numbers, ``"Y"``, ``"Q"``, ``"M"``,
            ``"W"``, ``"D"`` or a multiple such as ``"2M"`` otherwise. Found in the data by
            default. Text says periods too (``"2015Q1"``, ``"2015-03"``, ``"2015H1"``,
            ``"2015年3季度"``); ``"2015/3"`` may be a month or a quarter where no number is above
            four, and this says which.
        labels : mapping, optional
            What columns and what stands in them are called, a language each; see `with_labels`.

        Raises
        ------
        PanelError
            If the data are malformed; it names the argument, the rows, and what to try.
        """
        from bayes_nqp.data.panel._build import build

        return cls(
            **build(
                df,
                unit=unit,
                time=time,
                outcome=outcome,
                cohort=cohort,
                treated=treated,
                strata=strata,
                covariates=covariates,
                mediators=mediators,
                moderators=moderators,
                exposures=exposures,
                weights=weights,
                counts=counts,
                never=never,
                freq=freq,
                labels=labels,
            )
        )

    @classmethod
    def from_table(
        cls,
        rows: Any,
        *,
        unit: str,
        time: str,
        outcome: str,
        cohort: str | None = None,
        strata: str | Iterable[str] = (),
        covariates: str | Iterable[str] = (),
        mediators: str | Iterable[str] = (),
        moderators: str | Iterable[str] = (),
        exposures: str | Iterable[str] = (),
        by: str | Iterable[str] = (),
        baseline: str | Iterable[str] = (),
        products: Iterable[tuple[str, str]] = (),
        never: object = None,
        memory: str | None = None,
        shards: Annotated[int, Ge(1)] = 1,
        store: str | Path | None = None,
    ) -> Panel:
        """Sum a table up where it is kept, and take the sums for a panel.

        The table is never loaded: its engine makes the sums of each class of units (one cohort,
        the same strata, columns of `by` and observed periods), and a few units with these sums
        stand for all, as in `summed_up`. So a panel larger than memory is fitted like a small one.

        Parameters
        ----------
        rows : address, relation or lazy frame
            A path of parquet or csv files, ``"firms/*.parquet"`` too, or a table of a DuckDB file,
            ``"duckdb:firms.duckdb#rows"``, which DuckDB reads; ``"postgres://host/base#rows"``,
            which ibis opens; ``"env:NAME"`` for a variable of the environment that holds one of
            these, the only place for a password. Or a DuckDB relation, a polars lazy frame, an ibis
            table or what else narwhals takes lazily.
        unit : str
            Column that names the unit.
        time : str
            Column of whole numbers, such as years; at most 62 different ones.
        outcome : str
            Column of numbers.
        cohort : str, optional
            First treated period of a unit, the same in all of its rows; missing means never.
        strata, covariates, mediators, moderators, exposures : str or sequence of str, default ()
            As in `from_frame`.
        by : str or sequence of str, default ()
            Further columns that units of a class share, as in `summed_up`.
        baseline : str or sequence of str, default ()
            Columns of numbers that ``StaggeredDiD(baseline=…)`` names.
        products : sequence of (str, str), default ()
            Pairs of columns that a design multiplies: the exposure and the moderator of
            ``ContinuousExposure(…, moderator=…)``.
        never : object, optional
            As in `from_frame`.
        memory : str, optional
            How much DuckDB holds of what is at an address before it writes to the disk, such as
            ``"2GB"``; by default, most of the machine's.
        shards : int, default 1
            How many queries share the units, one after the other, so that each needs a part of the
            memory; units are then whole numbers.
        store : path, optional
            A folder for what each shard comes to: the same call after an interruption makes only
            those that are missing. They are removed in the end.

        Raises
        ------
        PanelError
            If the table cannot be read, a column is not there or holds no numbers, rows are given
            twice, or a unit has several cohorts or strata; five units are named.
        StudyError
            If an engine is not installed, or units are of too many classes.

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> panel = nqp.Panel.from_table(
        ...     "firms/*.parquet", unit="firm", time="year", cohort="zone_year", outcome="nqp"
        ... )  # doctest: +SKIP
        """
        from bayes_nqp.data.panel._build import build
        from bayes_nqp.data.panel._table import frame_of_table

        frame, counts, notes = frame_of_table(
            rows, unit=unit, time=time, cohort=cohort, strata=strata, columns={
                "outcome": outcome, "covariates": covariates, "mediators": mediators,
                "moderators": moderators, "exposures": exposures, "baseline": baseline,
            }, by=by, products=products, memory=memory, shards=shards,
            store=None if store is None else named(store, "store"),
        )  # fmt: skip
        return cls(
            **build(
                frame, unit=unit, time=time, outcome=outcome, cohort=cohort, strata=strata,
                covariates=covariates, mediators=mediators, moderators=moderators,
                exposures=exposures, counts=counts, never=never, notes=notes,
            )
        )  # fmt: skip

    @classmethod
    def from_pairs(
        cls,
        df: pd.DataFrame,
        *,
        origin: str,
        destination: str,
        time: str,
        outcome: str,
        cohorts: Mapping[Any, Any] | pd.Series[Any] | pd.DataFrame,
        directed: bool = False,
        strata: str | Iterable[str] = (),
        covariates: str | Iterable[str] = (),
        weights: str | None = None,
        never: object = None,
        freq: int | str | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> Panel:
        """Validate a frame with one row per pair of nodes and time: what links two cities.

        Units are pairs, ``a–b``, or ``a→b`` where links have a direction; their cohort is when the
        first of their ends adopts. The frame holds who the ends are (``origin``, ``destination``)
        and when each adopts (``origin_adoption``, ``destination_adoption``), by which
        `EndpointEffects` tells
        pairs with one end in force from those with both, and `NodeTimeEffects` what befalls all
        pairs
        of a node. Two columns that say the same of either end, such as ``region_from`` and
        ``region_to``, make one of pairs, ``region_from–region_to``: `ClusterTimeEffects` by it are
        of all
        links between two regions, and `error_model` asks of it.

        Parameters
        ----------
        df : DataFrame
            One row per pair and time; pairs without a link have an outcome of zero, or no row.
        origin, destination : str
            Columns that name the two nodes. Where links have no direction either may come first.
        time, outcome : str
            As in `from_frame`.
        cohorts : mapping, Series or DataFrame
            First treated period of every node, as `from_frame` takes it: by node, or in a second
            column beside the node's. Nodes that never adopt have an empty one.
        directed : bool, default False
            Whether a link from a to b is another than one from b to a.
        strata, covariates : str or sequence of str, default ()
            As in `from_frame`, of pairs.
        weights, never, freq, labels : optional
            As in `from_frame`.

        Raises
        ------
        PanelError
            If a node is linked to itself, a pair comes twice in a period, a node has no entry in
            ``cohorts`` or more than one, or the data are malformed otherwise.

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> import pandas as pd
        >>> df = pd.DataFrame({
        ...     "from": ["A", "A", "B"] * 2, "to": ["B", "C", "C"] * 2,
        ...     "year": [2014] * 3 + [2015] * 3, "patents": [1.0, 2.0, 0.0, 3.0, 2.0, 1.0],
        ... })
        >>> panel = nqp.Panel.from_pairs(
        ...     df, origin="from", destination="to", time="year", outcome="patents",
        ...     cohorts={"A": 2015, "B": None, "C": None},
        ... )
        >>> panel.unit_labels.tolist(), panel.cohort_codes.tolist()
        (['A–B', 'A–C', 'B–C'], [1, 1, -1])
        """
        from bayes_nqp.data.panel._pairs import build_pairs

        return cls(
            **build_pairs(
                df, origin=origin, destination=destination, time=time, outcome=outcome,
                cohorts=cohorts, directed=directed, never=never, freq=freq, labels=labels,
                strata=strata, covariates=covariates, weights=weights,
            )
        )  # fmt: skip

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        unit: str | Sequence[str],
        time: str,
        outcome: str,
        cohort: str | None = None,
        treated: str | None = None,
        strata: str | Iterable[str] = (),
        covariates: str | Iterable[str] = (),
        mediators: str | Iterable[str] = (),
        moderators: str | Iterable[str] = (),
        exposures: str | Iterable[str] = (),
        weights: str | None = None,
        counts: str | None = None,
        never: object = None,
        freq: int | str | None = None,
        labels: Mapping[str, Any] | None = None,
        read: Mapping[str, Any] | None = None,
        sheet: str | int | None = None,
        encoding: str | None = None,
    ) -> Panel:
        """Read a file, then validate it like `from_frame`.

        Where the table is and what its cells say is found by steps, each with a note, as for
        `bayes_nqp.studies.new`, whose study lists them under ``[data.read]``. Column names lose
        surrounding white space; columns of one name are called by their letters too
        (``gdp [C]``). Merged ranges of a workbook are filled from their first cell, with a
        note. Errors (#N/A) and formulas without a stored value are refused where a column has a
        part. Rows in messages are those a spreadsheet shows (.csv, .xlsx: the header is row 1), or
        numbered from 1 (all others).

        Parameters
        ----------
        path : str or Path
            A .csv, .tsv, .txt, .xlsx, .xls, .parquet or .dta file; with the extra `formats`
            also .sav, .zsav, .por, .sas7bdat or .xpt.
        unit : str or sequence of str
            Column that names the unit; or several that do together, such as city and county.
        time, outcome, cohort, treated : str
            As in `from_frame`.
        strata, covariates, mediators, moderators, exposures : str or sequence of str, default ()
            As in `from_frame`.
        weights, counts, freq : optional
            As in `from_frame`.
        never : optional
            As in `from_frame`. By default, words such as "—" and 无 among the first treated
            periods, and codes such as 0 and 9999, are read as never treated, with a note.
        labels : mapping, optional
            As in `from_frame`; they go before the labels of a .dta file.
        read : mapping, optional
            Steps to read it by, instead of those that are found: keys of ``[data.read]``, such as
            ``{"header": 4, "percent": ["share"]}``; ``{}`` takes the cells as they stand.
        sheet : str or int, optional
            Sheet of a workbook, by name or number from 0: as in `read`, where it goes before.
        encoding : str, optional
            Of a text file. By default a byte-order mark, then UTF-8, then GB18030.

        Raises
        ------
        PanelError
            If the file cannot be read, or its data are malformed.
        """
        from bayes_nqp.data.panel._build import build
        from bayes_nqp.data.panel._cohorts import found_never
        from bayes_nqp.data.panel._doubtful_numbers import notes_of_numbers
        from bayes_nqp.data.reading import cells_of, reading_of, source_of

        source = source_of(path)
        names = as_names("unit", unit)
        roles = {
            "unit": names[0] if len(names) == 1 else list(names),
            "time": time,
            "outcome": outcome,
            "strata": as_names("strata", strata),
        }
        fixed = {} if sheet is None else {"sheet": sheet}
        notes: list[str] = []
        with cells_of(source, notes):
            reading = reading_of(
                source, read, fixed=fixed, roles=roles, encoding=encoding, names=names
            )
            df = reading.frame
            notes += [*reading.notes, *reading.said]
            if never is None and read is None and cohort in df and time in df:
                never = found_never(df[cohort], df[time], notes)
            fields = build(
                df,
                unit=str(reading.roles["unit"]),
                time=time,
                outcome=outcome,
                cohort=cohort,
                treated=treated,
                strata=strata,
                covariates=covariates,
                mediators=mediators,
                moderators=moderators,
                exposures=exposures,
                weights=weights,
                counts=counts,
                never=never,
                freq=freq,
                labels=labels,
                notes=notes,
            )
        panel = cls(**fields)
        return replace(panel, notes=(*panel.notes, *notes_of_numbers(panel)))

    def where(self, mask: Mask | pd.Series[Any]) -> Panel:
        """Keep some rows, and validate the rest as a panel of its own.

        Parameters
        ----------
        mask : array of bool (row)
            In the order of `frame`.

        Returns
        -------
        Panel
            Whose periods run from the first to the last that is left.

        Raises
        ------
        PanelError
            If the mask does not fit, or what is left is no panel.
        """
        from bayes_nqp.data.panel import _derive

        return _derive.where(self, mask)

    def complete(self, columns: str | Iterable[str]) -> Panel:
        """Keep the rows in which columns are present.

        Parameters
        ----------
        columns : str or sequence of str
            Columns of `frame`.

        Raises
        ------
        PanelError
            If a column is unknown, or nothing is left.
        """
        from bayes_nqp.data.panel import _derive

        return _derive.complete(self, columns)

    def with_outcome(self, values: str | npt.ArrayLike) -> Panel:
        """Replace the outcome.

        Parameters
        ----------
        values : str or array of float (row)
            A column, whose missing rows are dropped, or finite numbers in the order of `frame`.

        Raises
        ------
        PanelError
            If the numbers do not fit.
        """
        from bayes_nqp.data.panel import _derive

        return _derive.with_outcome(self, values)

    def with_cohorts(self, cohorts: npt.ArrayLike | npt.NDArray[Any]) -> Panel:
        """Replace the cohorts, as placebo tests do.

        Parameters
        ----------
        cohorts : array of int, float or str (unit)
            In the order of `unit_labels`. Integers are positions in `time_labels` with −1 for
            never treated, as in `cohort_codes`; floats (NaN) and text (``""``) are labels, as in
            `cohort_labels`.

        Raises
        ------
        PanelError
            If they do not fit.
        """
        from bayes_nqp.data.panel import _derive

        return _derive.with_cohorts(self, cohorts)

    def with_labels(self, labels: Mapping[str, Any]) -> Panel:
        """Call columns, and what stands in them, by words of a language.

        Figures, tables, checks and reports in that language use them; data and arguments keep
        their names.

        Parameters
        ----------
        labels : mapping
            By language and column: the column's label, or a mapping of ``label`` and ``levels``,
            the latter by level or unit. They go before labels that are there already.

        Raises
        ------
        PanelError
            If a language or a column is unknown.

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> panel = nqp.datasets.castle_doctrine()
        >>> words = {"en": {"l_homicide": "Log homicides", "state": {"levels": {"Ohio": "OH"}}}}
        >>> panel.with_labels(words).labels.name("Ohio", "en")
        'OH'
        """
        return replace(self, labels=labelled(self.labels, labels, self.frame))

    def stratify(
        self,
        column: str,
        *,
        cuts: str | Sequence[float] = "median",
        thresholds: Sequence[float] | None = None,
        at: object = None,
        labels: Sequence[str] | None = None,
        name: str | None = None,
        missing: str = "error",
    ) -> Panel:
        """Add a stratum from a baseline value of each unit.

        Parameters
        ----------
        column : str
            A column of numbers.
        cuts : str or sequence of float, default "median"
            ``"median"``, ``"terciles"``, ``"quartiles"``, or quantiles over units, in (0, 1). A
            value equal to a cut belongs to the lower level.
        thresholds : sequence of float, optional
            Cuts in units of the column, instead of `cuts`.
        at : label of a period, optional
            When the baseline is. By default the unit's mean over its rows before any unit is
            treated.
        labels : sequence of str, optional
            From low to high; ``low``, (``middle``,) ``high`` or ``q1``, ``q2``, … by default.
        name : str, optional
            Of the new stratum; ``column + "_group"`` by default.
        missing : {"error", "drop", "level"}, default "error"
            What to do with units without a baseline: refuse, drop them, or give them the level
            ``missing``.

        Raises
        ------
        PanelError
            If a baseline is missing, or a level would be empty.
        """
        from bayes_nqp.data.panel import _stratify

        return _stratify.stratify(self, column, cuts, thresholds, at, labels, name, missing)

    def summed_up(
        self,
        *,
        by: str | Iterable[str] = (),
        baseline: str | Iterable[str] = (),
        products: Iterable[tuple[str, str]] = (),
    ) -> Panel:
        """Replace the units of each class by a few that stand for all of them.

        A class are the units with the same strata, cohort, observed periods and gaps. The few have
        the same number, means and cross-products of all rows as the units of the class, which is
        all that designs of sums read: fits are the same, and as quick as classes are few. What
        looks at single units says that it cannot.

        Parameters
        ----------
        by : str or sequence of str, default ()
            Further columns that units of a class share, for designs and checks that name them:
            ``"city"`` of ``varying="city"``, or coordinates of rings.
        baseline : str or sequence of str, default ()
            Columns of numbers that ``StaggeredDiD(baseline=…)`` names.
        products : sequence of (str, str), default ()
            Pairs of columns that a design multiplies: the exposure and the moderator of
            ``ContinuousExposure(…, moderator=…)``.

        Returns
        -------
        Panel
            Whose `counts` say for how many units each stands, and whose frame has the columns in
            roles and these.

        Raises
        ------
        PanelError
            If a column of `by` changes within units, or a column of numbers holds others.

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> panel = nqp.simulation.staggered(units=600, periods=8, seed=1).panel
        >>> few = panel.summed_up()
        >>> few.n_units, len(few.unit_labels) < 100
        (600, True)
        """
        from bayes_nqp.data.panel import _aggregated

        return _aggregated.summed_up(self, by, baseline, products)

    def sample(self, units: Annotated[int, Ge(2)], *, seed: Seed = 0) -> Panel:
        """Draw some of the units at random, for what looks at single ones.

        Parameters
        ----------
        units : int
            How many; of each cohort and combination of strata as many as its share.
        seed : int, default 0
            The same units are drawn again with it.

        Raises
        ------
        PanelError
            If units are summed up, or what is drawn is no panel.

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> panel = nqp.simulation.staggered(units=600, periods=8, seed=1).panel
        >>> panel.sample(60).n_units
        60
        """
        from bayes_nqp.data.panel import _aggregated

        return _aggregated.sample(self, units, seed)

    def facts(self) -> Mapping[str, str]:
        """Describe the panel, as its repr shows it."""
        from bayes_nqp.data.panel import _repr

        return _repr.facts(self)

    def to_text(self, language: Language = "en") -> str:
        """Describe the panel in a language, by its labels."""
        from bayes_nqp.data.panel import _repr

        return _repr.text(self, Translator(language, self.labels))

    def to_html(self, language: Language = "en") -> str:
        """Describe the panel in a language, by its labels, as a small table."""
        from bayes_nqp.data.panel import _repr

        return _repr.html(self, Translator(language, self.labels))

    def __len__(self) -> int:
        """Count the rows, as `n_rows` does."""
        return self.n_rows

    def __getitem__(self, column: Any) -> Any:
        """Take a column of the frame, or several."""
        try:
            return self.frame[column]
        except KeyError:
            raise UnknownLabelError(
                f"the panel has no column {column!r}", hint=nearest(column, self.frame.columns)
            ) from None

    def __repr__(self) -> str:
        """Show the panel as text."""
        from bayes_nqp.data.panel import _repr

        return _repr.text(self, Translator("en"))

    def _repr_html_(self) -> str:
        from bayes_nqp.data.panel import _repr

        return _repr.html(self, Translator("en"))
