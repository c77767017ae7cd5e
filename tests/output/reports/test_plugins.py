"""A plot, a table, a format, a section: one file each, found where it stands, or taken away."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from doors import (
    _WRITERS,
    DRAWERS,
    HOLDS,
    KINDS,
    PLOTS,
    SECTIONS,
    TABLE_FORMATS,
    Appearance,
    Ask,
    Column,
    Document,
    Finding,
    Paragraph,
    Row,
    asks,
    count,
    evidence,
    figure_of,
    kind,
    plot,
    report_format,
    section,
    table_format,
)
from matplotlib.figure import Figure

import bayes_nqp as nqp
from bayes_nqp import plots
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import ATTRIBUTES
from bayes_nqp.checks import CHANNELS, CHECKS, CheckResult
from bayes_nqp.studies import json_schema, run, validate

PACKAGE = Path(nqp.__file__).parent
TITLE = Message("How many cells there are.")
STUDY = """
title = "toys"
[data]
simulation = "staggered"
options = {{ units = 24, periods = 6, cohorts = [3], seed = 1 }}
[design]
effect = {{ type = "CompletePooling" }}
[sampler]
type = "Importance"
draws = 100
chains = 2
proposals = 400
[report]
language = "{language}"
formats = ["html", "lines", "toy"]
[figures]
draw = ["cell_counts", "channels_only", "forest", "check"]
[checks]
run = ["toy_check"]
"""


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    """Every plug-in of this module, as a file of its room would define it."""

    @plot(TITLE, section="results", place=31)
    def cell_counts(
        effects: object, *, prob: float = 0.95, weights: str = "rows", language: str = "en"
    ) -> Figure:
        figure, (ax,) = figure_of(None, (2.0, 2.0))
        ax.plot([0, 1], [0, 1])
        return figure

    @plot(TITLE, section="results", needs=(CHANNELS,))
    def channels_only(effects: object, **look: object) -> Figure:
        raise AssertionError("no fit of channels")

    @evidence("toy")
    def draw_toy(result: CheckResult, look: Appearance) -> Figure:
        return figure_of(look.ax, (2.0, 2.0))[0]

    @asks("Is it a toy?")
    def toy_check(fit: nqp.Fit) -> Finding:
        sentence = Message("A check of {} cells.", 3)
        return Finding(HOLDS, sentence, sentence, nqp.att(fit), "toy")  # type: ignore[arg-type]

    @kind(TITLE, section="results")
    def counted(source: object, ask: Ask) -> nqp.Table:
        rows = (Row(ask.translate("Cells"), (count(3),)),)
        columns = (Column(ask.translate("Rows")),)
        return nqp.Table("counted", ask.translate(TITLE), "", columns, rows, language=ask.language)

    def write_lines(tables: Iterable[nqp.Table], path: Path) -> None:
        path.write_text("\n".join(table.to_lines() for table in tables), encoding="utf-8")  # type: ignore[attr-defined]

    @table_format("lines", file="tables.lines", write=write_lines)
    def to_lines(self: nqp.Table, *, mark: str = "|") -> str:
        return f"{self.title}{mark}{len(self.rows)}"

    @section(place=15)
    def greeting(context: nqp.Table) -> Iterable[Paragraph]:
        yield Paragraph("A greeting.")

    @report_format("toy")
    def write_toy(document: Document, folder: Path) -> None:
        (folder / "report.toy").write_text(document.title, encoding="utf-8")

    yield
    del PLOTS["cell_counts"], PLOTS["channels_only"], DRAWERS["toy"], CHECKS["toy_check"]
    del KINDS["counted"], TABLE_FORMATS["lines"], SECTIONS["greeting"], _WRITERS["toy"]
    del nqp.Table.to_lines, ATTRIBUTES["Table.to_lines"]  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_toys_go_from_a_study_to_its_report(language: str, tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY.format(language=language), encoding="utf-8")
    outcome = run(study, tmp_path / "out", progress=False)
    figures = {path.name for path in (outcome.folder / "figures").glob("*.png")}
    assert figures == {"cell_counts.png", "forest.png", "check_toy_check.png"}
    report = outcome.folder / "report"
    page = (report / "report.html").read_text(encoding="utf-8")
    assert page.index("A greeting.") < page.index(TITLE)
    assert page.count(TITLE) >= 2
    assert (report / "report.toy").read_text(encoding="utf-8") == "toys"
    assert f"{TITLE}|1" in (report / "tables.lines").read_text(encoding="utf-8")
    again = (outcome.folder / "study.toml").read_text(encoding="utf-8")
    assert "cell_counts" in again


def test_toys_are_public_and_in_the_schema() -> None:
    assert "cell_counts" in plots.__all__
    assert plots.cell_counts.__door__ == "cell_counts"
    schema = json.dumps(json_schema())
    for name in ("cell_counts", "counted", "lines", "greeting", "toy"):
        assert f'"{name}"' in schema
    assert '"shrinkage"' not in schema


def test_a_section_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Before anything is sampled, and in the report, with the name that is nearest."""

    @plot(TITLE, section="result")
    def stray_plot(effects: object, **look: object) -> Figure:
        raise AssertionError("no section has it")

    @kind(TITLE, section="efects")
    def stray_table(source: object, ask: Ask) -> nqp.Table:
        raise AssertionError("no section has it")

    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(language="en"), encoding="utf-8")
    try:
        notes = validate(path).notes
        with (
            pytest.warns(UserWarning, match="The table stray_table could not be created"),
            pytest.warns(UserWarning, match="The plot stray_plot could not be created"),
        ):
            outcome = run(path, tmp_path / "out", progress=False)
    finally:
        del PLOTS["stray_plot"], KINDS["stray_table"]
    why = "section='result' is not a section of reports; did you mean 'results'?"
    assert f"The plot stray_plot: {why}" in notes
    page = (outcome.folder / "report" / "report.html").read_text(encoding="utf-8")
    assert f"The plot stray_plot could not be created: {why}" in html.unescape(page)
    assert not any("section=" in note for note in validate(path).notes)


FILES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for pattern in (
        "output/plots/_*.py", "output/tables/_kind_*.py", "output/tables/_as_*.py",
        "output/reports/sections/_*.py",
        "output/reports/_as_*.py",
    )
    for path in PACKAGE.glob(pattern)
    if any(
        f"@{word}(" in path.read_text(encoding="utf-8")
        for word in ("plot", "evidence", "kind", "table_format", "section", "report_format")
    )
    and "_registry" not in path.name
)  # fmt: skip
STUDIED = """
title = "t"
[data]
simulation = "staggered"
options = { units = 24, periods = 6, cohorts = [3], seed = 1 }
[sampler]
type = "Importance"
draws = 50
chains = 2
proposals = 300
"""
LIGHT = """
import numpy, pandas, xarray, matplotlib.figure, scipy.stats, pydantic, arviz_stats
import os, shutil, sys
from pathlib import Path
package, where, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
failed = 0
for place, name in enumerate(names):
    tree = where / str(place)
    shutil.copytree(package, tree / "bayes_nqp", copy_function=os.symlink,
                    ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "bayes_nqp" / name).unlink()
    child = os.fork()
    if child:
        failed += os.waitpid(child, 0)[1] != 0
        continue
    status = 1
    try:
        sys.path.insert(0, str(tree))
        import bayes_nqp as nqp
        from bayes_nqp.output.plots import DRAWERS, PLOTS
        from bayes_nqp.output.reports import SECTIONS, writers
        from bayes_nqp.studies import json_schema, validate
        from bayes_nqp.output.tables import KINDS, TABLE_FORMATS
        assert str(tree) in nqp.__file__
        assert all(callable(getattr(nqp.plots, name)) for name in nqp.plots.__all__)
        for registry in (PLOTS, DRAWERS, SECTIONS, KINDS, TABLE_FORMATS, writers()):
            assert list(registry)
        assert json_schema()["definitions"]["Figures"]
        assert validate(where / "study.toml").panel.n_rows
        status = 0
    except BaseException as error:
        print(name, type(error).__name__, error, flush=True)
        import traceback; traceback.print_exc()
    finally:
        os._exit(status)
sys.exit(failed)
"""


def without(names: Iterable[str], program: str, where: Path) -> str:
    (where / "study.toml").write_text(STUDIED, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", program, str(PACKAGE), str(where), *names],
        capture_output=True, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "room",
    [
        "output/plots/_evidence",
        "output/plots/",
        "output/tables/_kind",
        "output/tables/_as",
        "output/reports/",
    ],
)
def test_each_file_can_be_taken_away(room: str, tmp_path: Path) -> None:
    """Without it the library imports, lists its plug-ins and validates a study."""
    evidence = room == "output/plots/_evidence"
    names = [x for x in FILES if x.startswith(room) and (evidence or "_evidence_" not in x)]
    assert len(names) > 5
    without(names, LIGHT, tmp_path)


SEVERAL = {
    "output/plots/_forest.py", "output/plots/_caterpillar.py", "output/plots/_evidence_table.py",
    "output/tables/_kind_effects.py",
    "output/tables/_kind_diagnostics.py", "output/tables/_as_markdown.py",
    "output/tables/_as_docx.py",
    "output/reports/sections/_headline.py", "output/reports/sections/_methods.py",
    "output/reports/_as_docx.py",
}  # fmt: skip
REPORT = """
import os, shutil, sys
from pathlib import Path
package, where, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
shutil.copytree(package, where / "bayes_nqp", ignore=shutil.ignore_patterns("__pycache__"))
for name in names:
    (where / "bayes_nqp" / name).unlink()
sys.path.insert(0, str(where))
import bayes_nqp as nqp
from bayes_nqp._core.validation import ATTRIBUTES
from bayes_nqp.output.reports import writers
from bayes_nqp.studies import validate
study = validate(where / "study.toml")
fit = nqp.fit(study.design, study.panel, study.sampler, progress=False)
checks = [nqp.check(fit, name, progress=False) for name in ("convergence", "identification")]
nqp.report(fit, where / "out", checks=checks, formats=list(writers()), progress=False)
print(*sorted(p.name for p in (where / "out").rglob("*")))
"""


@pytest.mark.slow
def test_without_several_a_report_is_written(tmp_path: Path) -> None:
    assert set(FILES) >= SEVERAL
    files = without(sorted(SEVERAL), REPORT, tmp_path).split()
    assert {"report.html", "tables.xlsx", "tables.tex", "adoption.png"} <= set(files)
    assert not {"report.docx", "tables.md", "forest.png", "check_convergence.png"} & set(files)
