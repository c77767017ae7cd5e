"""Registration of report sections and report formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp._core.plugins import Plugins
from bayes_nqp._core.texts import shortened
from bayes_nqp.checks import Need, meets
from bayes_nqp.output.plots import PLOTS, Sketch, sketches
from bayes_nqp.output.reports._content import Block, Document, Heading, NumberedTable, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.tables import KINDS, TABLE_FORMATS, TableFormat

type Part = Block | Sketch
type Write = Callable[[Context], Iterable[Part]]
type Writer = Callable[[Document, Path], object]
"""What writes a report's file into a folder."""


@dataclass(frozen=True, slots=True, eq=False)
class ReportFormat:
    """Output format of reports.

    Parameters
    ----------
    write : callable
        Function of a document and the output folder.
    longest : mapping of str to int
        Maximal number of characters by place, as for `TableFormat`.
    """

    name: str
    write: Writer
    longest: Mapping[str, int] = MappingProxyType({})

    def __call__(self, document: Document, folder: Path) -> object:
        """Write the report."""
        return self.write(document, folder)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Section of a report.

    Parameters
    ----------
    write : callable
        Function from a context to blocks.
    needs : tuple of Need
        Requirements that a fit must meet.
    asked : bool, default False
        If True, the section is written only if it is requested by name.
    exhibit : float, optional
        Position among the exhibits of a paper; None if papers do not have the section.
    checks : tuple of str, default ()
        Checks whose results the section reports; a paper runs them.
    """

    name: str
    write: Write
    needs: tuple[Need, ...] = ()
    asked: bool = False
    exhibit: float | None = None
    checks: tuple[str, ...] = ()

    def __call__(self, context: Context) -> Iterator[Part]:
        """Yield the section's own blocks, then the figures and tables assigned to the section.

        Figures and tables are omitted if the section has no block of its own.
        """
        if self.asked and context.sections is None:
            return
        if not context.tells(self.name) or not meets(context.fit, self.needs):
            return
        stems, blocks, empty = set(), 0, False
        with omitted(Message("The section {}", self.name)):
            for block in self.write(context):
                stems |= {block.stem} if isinstance(block, Sketch) else set()
                blocks += 1
                yield block
            empty = not blocks
        if empty:
            return
        for sketch in sketches(context, self.name):
            if sketch.stem not in stems and sketch.shown:
                yield from announced(sketch)
        for kind in KINDS.values():
            wanted = context.kinds is None or kind.name in context.kinds
            with omitted(Message("The table {}", kind.name)):
                if wanted and kind.section == self.name and kind.suits("fit", context.fit):
                    yield NumberedTable(kind.tabulate(context.fit, context.ask), 0)


def announced(sketch: Sketch) -> Iterator[Part]:
    """Yield a figure below the sentences that introduce it."""
    if sketch.heading:
        yield Heading(sketch.heading, 2)
    if sketch.words:
        yield Paragraph(sketch.words)
    yield sketch


SECTIONS: Final = Plugins[Section]("bayes_nqp.output.reports.sections")
"""Every section by name, in the order of reports."""

_WRITERS: Final = Plugins[ReportFormat]("bayes_nqp.output.reports", "_as_")


def section(
    *,
    place: float = 1000,
    needs: tuple[Need, ...] = (),
    asked: bool = False,
    exhibit: float | None = None,
    checks: tuple[str, ...] = (),
) -> Callable[[Write], Write]:
    """Register a function as a section with the name of the function.

    Parameters
    ----------
    place : float, default 1000
        Position in reports, in ascending order.
    needs : tuple of Need, default ()
        Requirements that a fit must meet.
    asked : bool, default False
        If True, the section is written only if it is requested by name.
    exhibit : float, optional
        Position among the exhibits of a paper, in ascending order; none by default.
    checks : tuple of str, default ()
        Checks whose results the section reports; a paper runs them.

    Returns
    -------
    callable
        Decorator of a function from a context to blocks.
    """

    def decorate(write: Write) -> Write:
        name = write.__name__
        SECTIONS.add(name, Section(name, write, needs, asked, exhibit, checks), place, write)
        return write

    return decorate


def exhibits() -> list[str]:
    """Return the names of the sections of a paper, in the order of papers."""
    places = {name: x.exhibit for name, x in SECTIONS.items() if x.exhibit is not None}
    return sorted(places, key=places.__getitem__)


def chosen(context: Context) -> Iterator[Section]:
    """Yield the sections in the order of reports, or those requested in the order requested."""
    names = SECTIONS if context.sections is None else context.sections
    yield from (SECTIONS[name] for name in names if name in SECTIONS)


def misplaced() -> Iterator[tuple[Message, StudyError]]:
    """Return the plots and tables assigned to missing sections, with the reason."""
    plugins = [(Message("The plot {}", name), x.section) for name, x in PLOTS.items()]
    plugins += [(Message("The table {}", name), x.section) for name, x in KINDS.items()]
    for plugin, name in plugins:
        if name and name not in SECTIONS:
            why = Message(
                "section={!r} is not a section of reports; {}", name, nearest(name, SECTIONS)
            )
            yield plugin, StudyError(why)


def report_format(
    name: str, *, place: float = 1000, longest: Mapping[str, int] = MappingProxyType({})
) -> Callable[[Writer], Writer]:
    """Register a function as the writer of a report format.

    Parameters
    ----------
    name : str
        Name of the format in reports and studies.
    place : float, default 1000
        Position among the formats, in ascending order.
    longest : mapping of str to int, optional
        Maximal number of characters by place, as for `TableFormat`.

    Returns
    -------
    callable
        Decorator of a function of a document and the output folder.
    """

    def decorate(write: Writer) -> Writer:
        _WRITERS.add(name, ReportFormat(name, write, longest), place, write)
        return write

    return decorate


def writers() -> dict[str, ReportFormat]:
    """Return the writers by format: those of reports, then those of tables."""
    tables = {
        x.name: ReportFormat(x.name, partial(_write_tables, x), x.longest)
        for x in TABLE_FORMATS.values()
        if x.file
    }
    return {**_WRITERS, **tables}


def remarks(formats: Iterable[str], title: str) -> tuple[Message, ...]:
    """Return notes on outputs without a section and on formats that shorten the title.

    Parameters
    ----------
    formats : iterable of str
        Requested formats.
    """
    lost = tuple(Message("{}: {}", plugin, error.what) for plugin, error in misplaced())
    bounded = [(name, writers()[name].longest.get("property")) for name in formats]
    return lost + tuple(
        Message(
            "{}: the document properties keep only the first {} characters of the title; "
            "the page shows the full title",
            name,
            most,
        )
        for name, most in bounded
        if most is not None and shortened(title, most) != title
    )


def _write_tables(form: TableFormat, document: Document, folder: Path) -> None:
    if form.write is not None:
        form.write(document.tables, folder / form.file)
