"""The panel class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

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
    """Panel data: units over time, with the first treated period of each unit.

    Use `Panel.from_frame` or `Panel.from_file`, which validate the data. Observations are sorted by
    unit and time, arrays are read-only, and every method returns a new panel.

    Parameters
    ----------
    frame : DataFrame
        The observations kept, with all columns of the user's data. Do not modify it.
    roles : Roles
        Columns by role.
    unit_labels : ndarray of str (unit)
        Sorted labels, in numeric order if the column is numeric.
    unit_codes : ndarray of int64 (row)
        Positions in `unit_labels`.
    time_labels : ndarray (period)
        The regular grid from the first to the last period, including periods without observations:
        whole numbers, or text such as ``2015``, ``2015Q1``, ``2015-03`` for dates and pandas
        periods.
    time_codes : ndarray of int64 (row)
        Positions in `time_labels`.
    cohort_codes : ndarray of int64 (unit)
        First treated period as a position in `time_labels`, −1 for never within the sample.
    outcome : ndarray of float64 (row), outcome units
        The outcome.
    weights : ndarray of float64 (row) or None
        Positive weights of observations.
    outcome_se : ndarray of float64 (row) or None, outcome units
        Known standard errors of the outcome.
    exposure : ndarray of float64 (row) or None
        Positive exposure of counts, such as population or person-years.
    trials : ndarray of float64 (row) or None
        Positive numbers of trials of which the outcome counts the successes.
    in_force : ndarray of bool (unit, period) or None
        Periods in which a unit is treated, if the panel has a `treatment` that may end.
    covariates : ndarray of float64 (row, covariate)
        Covariates in the order of ``roles.covariates``, without missing values.
    mediators, moderators, exposures : ndarray of float64 (row, column)
        Columns in the order of the roles; NaN if missing.
    levels : dict of str to ndarray of str
        Sorted levels of every stratum factor.
    strata_codes : dict of str to ndarray of int64 (unit)
        Each unit's position in the levels.
    dropped : dict of str to int
        Number of rows with a missing value, by column; a row can have several.
    notes : tuple of str
        Changes made to the data.
    grid : Grid
        The grid of periods.
    never : tuple
        Codes of the cohort column for never treated.
    labels : Labels
        Labels of columns, levels and units in each language.
    counts : ndarray of float64 (unit)
        Number of units that each unit represents; ones without ``counts=``. `n_units` and `n_rows`
        use these counts.

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
        treatment: str | None = None,
        exit: str | None = None,
        entry_unknown: Literal["raise", "drop"] = "raise",
        strata: str | Iterable[str] = (),
        covariates: str | Iterable[str] = (),
        mediators: str | Iterable[str] = (),
        moderators: str | Iterable[str] = (),
        exposures: str | Iterable[str] = (),
        weights: str | None = None,
        counts: str | None = None,
        outcome_se: str | None = None,
        exposure: str | None = None,
        trials: str | None = None,
        never: object = None,
        freq: int | str | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> Panel:
        """Build a validated panel from a frame with one row per unit and time.

        Rows without a unit, time, outcome, covariate, stratum or weight are dropped and counted. If
        many units or strata are empty below a name, as in merged cells, an error is raised. Rows
        with missing mediators, moderators or exposures are kept. A missing cohort means never
        treated.

        Parameters
        ----------
        df : DataFrame
            One row per unit and time; not modified.
        unit : str
            Column of unit identifiers.
        time : str
            Column of whole numbers, dates or pandas periods; text with years (``"2018"``, one date
            for each year, also in Chinese) is read as whole numbers.
        outcome : str
            Numeric column.
        cohort : str, optional
            Column with the first treated period, on the scale of `time`, the same in all rows of a
            unit. If times are years, dates and text with dates (``"2018-07-24"``, ``"2018.07"``)
            are converted to years, with a note. A date between two periods means treatment from the
            next period on; a date after the last period means never treated.
        treated : str, optional
            Alternative to `cohort`: a column in [0, 1] that is positive from adoption on, or of
            marks for treated and untreated (yes and no, 是 and 否, √ and an empty cell), which are
            noted. Without `cohort`, `treated` and `treatment` no unit has an adoption date, as
            required for a `ContinuousExposure`.
        treatment : str, optional
            Column of a treatment that may end and begin again: 0/1, marks or shares as in
            `treated`. Positive shares count as treated. The cohort is the first treated
            period. A switch in a period without a complete observation has the date of the next
            observation. A `cohort` in addition gives the first treated period where it is not
            observed.
        exit : str, optional
            Alternative to `treatment`, together with `cohort`: column with the first period after
            the treatment, the same in all rows of a unit; missing if the treatment does not end.
        entry_unknown : {"raise", "drop"}, default "raise"
            Handling of units that `treatment` reports as treated in their first observation, so
            that their first treated period is unknown: raise an error, or leave them out with a
            note that names them.
        strata : str or sequence of str, default ()
            Grouping columns, constant within units.
        covariates, mediators, moderators, exposures : str or sequence of str, default ()
            Numeric columns.
        weights : str, optional
            Column of positive precision weights of observations, for independent errors (`IID`)
            only; not for sizes of units.
        counts : str, optional
            Column with the number of units that each unit represents, constant within units, as in
            a published table of cells. Every unit then counts as that many units; by default as
            one. Methods that require single units raise an error on such a panel.
        outcome_se : str, optional
            Column of known standard errors of the outcome, in outcome units, if each outcome is
            itself an estimate: a survey mean, a published estimate, an index with its uncertainty.
            Their squares are added to the variance of the errors; zero means measured without
            error.
        exposure : str, optional
            Column with the exposure of counts: population, person-years or area, positive. Under
            likelihoods with a log link, such as ``Poisson()``, the model describes the number of
            events per unit of exposure. Other likelihoods do not use it.
        trials : str, optional
            Column with the number of trials, such as patients, voters or applications. The outcome
            counts the successes. ``Binomial()`` uses it; without it each observation is one trial,
            and the outcome is 0 or 1. Other likelihoods do not use it.
        never : object or sequence, optional
            Codes in `cohort` for never treated, such as 0.
        freq : int or str, optional
            Distance between periods: an int for whole numbers, ``"Y"``, ``"Q"``, ``"M"``, ``"W"``,
            ``"D"`` or a multiple such as ``"2M"`` otherwise. By default detected in the data.
            Periods can be text (``"2015Q1"``, ``"2015-03"``, ``"2015H1"``, ``"2015年3季度"``).
            ``"2015/3"`` is ambiguous between month and quarter if no number is above four; `freq`
            decides.
        labels : mapping, optional
            Labels of columns and of their values in each language; see `with_labels`.

        Raises
        ------
        PanelError
            If the data are malformed; the message names the argument, the rows, and a remedy.
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
                treatment=treatment,
                exit=exit,
                entry_unknown=entry_unknown,
                strata=strata,
                covariates=covariates,
                mediators=mediators,
                moderators=moderators,
                exposures=exposures,
                weights=weights,
                counts=counts,
                outcome_se=outcome_se,
                exposure=exposure,
                trials=trials,
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
        """Build a panel from a large table, aggregated by its database engine.

        The table is not loaded into memory. The engine computes the sums of each class of units
        (one cohort, the same strata, columns of `by` and observed periods). A few representative
        units with these sums replace the class, as in `summed_up`. A panel larger than memory is
        thus fitted like a small one.

        Parameters
        ----------
        rows : address, relation or lazy frame
            A path of parquet or csv files, including ``"firms/*.parquet"``, or a table of a DuckDB
            file, ``"duckdb:firms.duckdb#rows"``, read by DuckDB; ``"postgres://host/base#rows"``,
            opened by ibis; or ``"env:NAME"``, an environment variable with one of these addresses,
            the only place for a password. Also a DuckDB relation, a polars lazy frame, an ibis
            table or another lazy frame supported by narwhals.
        unit : str
            Column of unit identifiers.
        time : str
            Column of whole numbers, such as years; at most 62 distinct values.
        outcome : str
            Numeric column.
        cohort : str, optional
            First treated period of a unit, constant within units; missing means never treated.
        strata, covariates, mediators, moderators, exposures : str or sequence of str, default ()
            See `from_frame`.
        by : str or sequence of str, default ()
            Further columns that define classes, as in `summed_up`.
        baseline : str or sequence of str, default ()
            Numeric columns used in ``StaggeredDiD(baseline=…)``.
        products : sequence of (str, str), default ()
            Pairs of columns whose product the model uses: the exposure and the moderator of
            ``ContinuousExposure(…, moderator=…)``.
        never : object, optional
            See `from_frame`.
        memory : str, optional
            Memory limit of DuckDB for tables at an address, such as ``"2GB"``; beyond it data are
            written to disk. By default most of the memory.
        shards : int, default 1
            Number of successive queries into which the units are divided, to reduce memory;
            requires whole-number units.
        store : path, optional
            Folder for the results of shards: the same call after an interruption computes missing
            shards only. The files are removed at the end.

        Raises
        ------
        PanelError
            If the table cannot be read, a column is missing or not numeric, rows are duplicated, or
            a unit has several cohorts or strata; the message names five units.
        StudyError
            If an engine is not installed, or there are too many classes.

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
    def from_micro(
        cls,
        df: pd.DataFrame,
        *,
        cluster: str,
        time: str,
        outcome: str,
        cohort: str | None = None,
        treated: str | None = None,
        strata: str | Iterable[str] = (),
        covariates: str | Iterable[str] = (),
        weights: str | None = None,
        never: object = None,
        freq: int | str | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> Panel:
        """Build a panel of clusters from persons, firms or transactions that are observed once.

        The policy is that of clusters, such as cities, and each period has other persons: repeated
        cross-sections. The units of the panel are clusters. The outcome of a cluster and period is
        the mean of its persons, at the mean of the covariates. Slopes of covariates and the
        variance of persons are estimated within cells. The standard error of each mean enters the
        model as a known variance beside the errors of clusters, which may be autocorrelated. A
        panel of persons as units would ignore these errors, and its intervals would be too narrow.

        `att` averages over clusters and periods; `att_persons` averages over persons.

        Parameters
        ----------
        df : DataFrame
            One row per person; not modified. Persons with missing values are dropped and counted.
        cluster : str
            Column of the clusters that adopt the policy.
        time, outcome : str
            See `from_frame`.
        cohort : str, optional
            First treated period of the cluster, as in `from_frame`.
        treated : str, optional
            Alternative to `cohort`, as in `from_frame`: the same for all persons of a cluster and
            period.
        strata : str or sequence of str, default ()
            Grouping columns of clusters.
        covariates : str or sequence of str, default ()
            Numeric columns of persons, such as age, that the policy does not affect. Their means by
            cell are moderators of the panel; the check `composition` tests them.
        weights : str, optional
            Positive survey weights: the number of persons of the population that each person
            represents.
        never, freq, labels : optional
            See `from_frame`.

        Returns
        -------
        Panel
            The frame contains the standard errors (``outcome_se``) and, as ``exposure``, the number
            of persons, or the sum of their weights.

        Raises
        ------
        PanelError
            If persons of a cluster and period differ in the policy or a stratum, or weights are not
            positive. Fewer than 30 degrees of freedom within cells are refused. Also as
            `from_frame`.
        IdentificationError
            If a covariate does not vary within cells.

        References
        ----------
        Bertrand, M., Duflo, E. and Mullainathan, S. (2004). How much should we trust
        differences-in-differences estimates? Quarterly Journal of Economics 119(1). Donald, S. and
        Lang, K. (2007). Inference with difference-in-differences and other panel data. Review of
        Economics and Statistics 89(2).

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> import numpy as np
        >>> cities = nqp.simulation.staggered(units=40, cohorts=(4, 6), seed=1).panel.frame
        >>> persons = cities.loc[cities.index.repeat(20)].reset_index(drop=True)
        >>> persons["outcome"] += np.random.default_rng(1).normal(size=len(persons))
        >>> panel = nqp.Panel.from_micro(
        ...     persons, cluster="unit", time="time", cohort="cohort", outcome="outcome"
        ... )
        >>> panel.exposure[:2].tolist()
        [20.0, 20.0]
        """
        from bayes_nqp.data.panel._build import build
        from bayes_nqp.data.panel._micro import cells_of_persons

        notes: list[str] = []
        policy = {"cohort": as_names("cohort", cohort), "treated": as_names("treated", treated)}
        means = as_names("covariates", covariates)
        cells, error, persons = cells_of_persons(
            df, cluster=cluster, time=time, outcome=outcome, covariates=means, weights=weights,
            constant={**policy, "strata": as_names("strata", strata)}, notes=notes,
        )  # fmt: skip
        return cls(
            **build(
                cells, unit=cluster, time=time, outcome=outcome, cohort=cohort, treated=treated,
                strata=strata, moderators=means, outcome_se=error, exposure=persons, never=never,
                freq=freq, labels=labels, notes=notes,
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
        """Build a validated panel of pairs of nodes, such as links between two cities.

        Units are pairs, ``a–b``, or ``a→b`` for directed links; the cohort of a pair is the first
        adoption of its ends. The frame of the panel contains the ends (``origin``, ``destination``)
        and their adoption (``origin_adoption``, ``destination_adoption``). `EndpointEffects` use
        these columns to distinguish pairs with one treated end from pairs with two, and
        `NodeTimeEffects` to model shocks common to all pairs of a node. Two columns with the same
        attribute of both ends, such as ``region_from`` and ``region_to``, give a column of pairs,
        ``region_from–region_to``. It can be used in `ClusterTimeEffects` for shocks common to all
        links between two regions, and the check `error_model` tests it.

        Parameters
        ----------
        df : DataFrame
            One row per pair and time; unlinked pairs have an outcome of zero, or no row.
        origin, destination : str
            Columns of the two nodes, in any order if links are undirected.
        time, outcome : str
            See `from_frame`.
        cohorts : mapping, Series or DataFrame
            First treated period of every node, in the formats of `from_frame`: by node, or as the
            second column of a frame. It is empty for never-treated nodes.
        directed : bool, default False
            If True, links from a to b and from b to a are different units.
        strata, covariates : str or sequence of str, default ()
            See `from_frame`; columns of pairs.
        weights, never, freq, labels : optional
            See `from_frame`.

        Raises
        ------
        PanelError
            If a node is linked to itself, a pair occurs twice in a period, a node has no entry or
            several entries in ``cohorts``, or the data are otherwise malformed.

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
        treatment: str | None = None,
        exit: str | None = None,
        entry_unknown: Literal["raise", "drop"] = "raise",
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
        """Build a validated panel from a file, as with `from_frame`.

        Reading steps locate the table and interpret its cells, each with a note. They are the steps
        of `bayes_nqp.studies.new`, which lists them under ``[data.read]``. White space around
        column names is removed; duplicate names are extended by the column letter (``gdp [C]``).
        Merged ranges of a workbook are filled from their first cell, with a note. Errors (#N/A) and
        formulas without a stored value are refused in columns with a role. Messages use the row
        numbers of a spreadsheet (.csv, .xlsx: the header is row 1), or count from 1 (all other
        files).

        Parameters
        ----------
        path : str or Path
            A .csv, .tsv, .txt, .xlsx, .xls, .parquet or .dta file; with the extra `formats`
            also .sav, .zsav, .por, .sas7bdat or .xpt.
        unit : str or sequence of str
            Column of unit identifiers; or several columns that identify units jointly, such as city
            and county.
        time, outcome, cohort, treated, treatment, exit, entry_unknown : str
            See `from_frame`.
        strata, covariates, mediators, moderators, exposures : str or sequence of str, default ()
            See `from_frame`.
        weights, counts, freq : optional
            See `from_frame`.
        never : optional
            See `from_frame`. By default, words such as "—" and 无 among the first treated periods,
            and codes such as 0 and 9999, are read as never treated, with a note.
        labels : mapping, optional
            See `from_frame`; these labels take precedence over those of a .dta file.
        read : mapping, optional
            Reading steps that replace the detected ones: keys of ``[data.read]``, such as
            ``{"header": 4, "percent": ["share"]}``; ``{}`` reads the cells unchanged.
        sheet : str or int, optional
            Sheet of a workbook, by name or number from 0; as in `read`, over which it takes
            precedence.
        encoding : str, optional
            Encoding of a text file. By default the byte-order mark, then UTF-8, then GB18030.

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
                treatment=treatment,
                exit=exit,
                entry_unknown=entry_unknown,
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
        """Keep some observations, and validate them as a new panel.

        Parameters
        ----------
        mask : array of bool (row)
            True for the observations kept, in the order of `frame`.

        Returns
        -------
        Panel
            Panel with the periods from the first to the last remaining period.

        Raises
        ------
        PanelError
            If the mask has a wrong length, or the remaining observations are not a valid panel.
        """
        from bayes_nqp.data.panel import _derive

        return _derive.where(self, mask)

    def complete(self, columns: str | Iterable[str]) -> Panel:
        """Keep the observations without missing values in some columns.

        Parameters
        ----------
        columns : str or sequence of str
            Columns of `frame`.

        Raises
        ------
        PanelError
            If a column is unknown, or no observation remains.
        """
        from bayes_nqp.data.panel import _derive

        return _derive.complete(self, columns)

    def with_outcome(
        self, values: str | npt.ArrayLike, outcome_se: npt.ArrayLike | None = None
    ) -> Panel:
        """Replace the outcome, and its standard errors.

        Parameters
        ----------
        values : str or array of float (row)
            A column, of which missing values are dropped, or finite numbers in the order of
            `frame`.
        outcome_se : array of float (row), optional
            Known standard errors of the new outcome, such as ``panel.outcome_se`` if only a
            constant or an effect was added; by default there are none.

        Raises
        ------
        PanelError
            If the numbers have a wrong length or are not finite.
        """
        from bayes_nqp.data.panel import _derive

        return _derive.with_outcome(self, values, outcome_se)

    def with_cohorts(self, cohorts: npt.ArrayLike | npt.NDArray[Any]) -> Panel:
        """Replace the cohorts, as placebo tests do.

        Parameters
        ----------
        cohorts : array of int, float or str (unit)
            Cohorts in the order of `unit_labels`. Integers are positions in `time_labels` with −1
            for never treated, as in `cohort_codes`; floats (NaN) and text (``""``) are labels, as
            in `cohort_labels`. If the treatment ends, the spells of a unit move with its cohort;
            units that were never treated are then treated to the last period.

        Raises
        ------
        PanelError
            If they have a wrong length, or are not periods of the panel.
        """
        from bayes_nqp.data.panel import _derive

        return _derive.with_cohorts(self, cohorts)

    @property
    def paths(self) -> pd.DataFrame:
        """Entry, exit, number of spells and treated periods of each unit.

        Returns
        -------
        DataFrame (unit)
            ``entry``: first treated period, missing for never-treated units. ``exit``: first period
            after the last spell, missing if the treatment does not end. ``spells``: number of
            uninterrupted spells of treatment. ``periods``: number of treated periods.

        Examples
        --------
        >>> import bayes_nqp as nqp
        >>> import pandas as pd
        >>> df = pd.DataFrame({
        ...     "city": ["A"] * 4 + ["B"] * 4, "year": [2014, 2015, 2016, 2017] * 2,
        ...     "zone": [0, 1, 1, 0] + [0] * 4, "y": [1.0, 2.0, 2.1, 1.2, 1.5, 1.4, 1.3, 1.6],
        ... })
        >>> panel = nqp.Panel.from_frame(
        ...     df, unit="city", time="year", treatment="zone", outcome="y"
        ... )
        >>> panel.paths.loc["A"].tolist()
        [2015, 2017, 1, 2]
        """
        from bayes_nqp.data.panel import _paths

        return _paths.path_table(self)

    def with_labels(self, labels: Mapping[str, Any]) -> Panel:
        """Add labels of columns and of their values in a language.

        Figures, tables, checks and reports in that language use them; data and arguments keep
        their names.

        Parameters
        ----------
        labels : mapping
            Labels by language and column: the label of the column, or a mapping with ``label`` and
            ``levels``, the latter by level or unit. They replace existing labels.

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
            A numeric column.
        cuts : str or sequence of float, default "median"
            ``"median"``, ``"terciles"``, ``"quartiles"``, or quantiles over units, in (0, 1). A
            value equal to a cut belongs to the lower level.
        thresholds : sequence of float, optional
            Cuts in units of the column, instead of `cuts`.
        at : label of a period, optional
            Period of the baseline. By default the unit's mean over all periods before the first
            treatment of any unit.
        labels : sequence of str, optional
            Names from low to high; ``low``, (``middle``,) ``high`` or ``q1``, ``q2``, … by default.
        name : str, optional
            Name of the new stratum; ``column + "_group"`` by default.
        missing : {"error", "drop", "level"}, default "error"
            Treatment of units without a baseline: raise an error, drop them, or assign the level
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
        """Aggregate the units of each class to a few representative units.

        A class consists of the units with the same strata, cohort, observed periods and gaps. The
        representative units have the same number, means and cross-products as the units of the
        class. These are sufficient statistics for models with Gaussian errors: fits are identical,
        and their run time depends on the number of classes. Methods that require single units raise
        an error.

        Parameters
        ----------
        by : str or sequence of str, default ()
            Further columns that define classes, for models and checks that use them: ``"city"`` for
            ``varying="city"``, or coordinates for distance bands.
        baseline : str or sequence of str, default ()
            Numeric columns used in ``StaggeredDiD(baseline=…)``.
        products : sequence of (str, str), default ()
            Pairs of columns whose product the model uses: the exposure and the moderator of
            ``ContinuousExposure(…, moderator=…)``.

        Returns
        -------
        Panel
            Panel with the number of units represented in `counts`; its frame contains the columns
            with roles and the columns given here.

        Raises
        ------
        PanelError
            If a column of `by` varies within units, or another column is not numeric.

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
        """Draw units at random, for methods that require single units.

        Parameters
        ----------
        units : int
            Number of units, allocated in proportion to cohorts and combinations of strata.
        seed : int, default 0
            Seed; the same seed draws the same units.

        Raises
        ------
        PanelError
            If units are aggregated, or the units drawn do not form a valid panel.

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
        """Return a description of the panel, as in its repr."""
        from bayes_nqp.data.panel import _repr

        return _repr.facts(self)

    def to_text(self, language: Language = "en") -> str:
        """Describe the panel in a language, with its labels."""
        from bayes_nqp.data.panel import _repr

        return _repr.text(self, Translator(language, self.labels))

    def to_html(self, language: Language = "en") -> str:
        """Describe the panel in a language, with its labels, as a small table."""
        from bayes_nqp.data.panel import _repr

        return _repr.html(self, Translator(language, self.labels))

    def __len__(self) -> int:
        """Return the number of observations, as `n_rows`."""
        return self.n_rows

    def __getitem__(self, column: Any) -> Any:
        """Return one or several columns of the frame."""
        try:
            return self.frame[column]
        except KeyError:
            raise UnknownLabelError(
                f"the panel has no column {column!r}", hint=nearest(column, self.frame.columns)
            ) from None

    def __repr__(self) -> str:
        """Return the description of the panel as text."""
        from bayes_nqp.data.panel import _repr

        return _repr.text(self, Translator("en"))

    def _repr_html_(self) -> str:
        from bayes_nqp.data.panel import _repr

        return _repr.html(self, Translator("en"))
