"""Every format gives back the draws' summaries, and what a reader needs beside them."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import docx
import numpy as np
import openpyxl
import pytest
import xarray as xr
from doors import Cell, Column, Form, Row, as_document, as_page, escaped
from effects_dataset import random_effects
from markdown_it import MarkdownIt
from mediated import random_paths

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.tables import summary, table, write_docx, write_excel

EFFECTS = random_effects()
GATE = "failed: R-hat 1.020 (mu_0 & 5%)"
TABLES = {
    "effects": table(EFFECTS),
    "effects_zh": table(EFFECTS, by={"地区": "region"}, language="zh"),
    "event_study": table(EFFECTS, "event_study", by="region"),
    "mediation": table(random_paths()),
    "robustness": table({"a_b": EFFECTS, "第二": random_effects(gate=GATE, seed=3)}, by="region"),
}
KINDS = pytest.mark.parametrize("name", TABLES)

Lines = list[list[str]]


def expected(made: nqp.Table) -> Lines:
    """What is printed, row by row, without headings and stamps."""
    return [
        [row.label, *(" ".join(cell.text.split()) for cell in row.cells)]
        for row in made.rows
        if not row.heading
    ]


def bodies(lines: Lines, made: nqp.Table) -> Lines:
    """The rows of numbers among all that a format has."""
    labels = {row.label for row in made.rows if not row.heading}
    found = [[" ".join(cell.replace("\u00a0", " ").split()) for cell in line] for line in lines]
    width = len(made.columns) + 1
    return [line for line in found if len(line) == width and line[0] in labels and any(line[1:])]


def numbers(text: str) -> list[float]:
    plain = text.replace("−", "-").replace(",", "").replace("<", "").replace(">", "")
    return [float(one) for one in re.findall(r"-?\d+\.?\d*", plain)]


def from_markdown(made: nqp.Table) -> Lines:
    lines = [line for line in made.to_markdown().splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[re.sub(r"\\(.)", r"\1", c.replace("<br>", " ")).strip() for c in row] for row in cells]


class Reader(HTMLParser):
    """Rows of the tables of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Lines = []
        self.inside = False
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.links += [value or "" for key, value in attrs if key in ("src", "href")]
        if tag == "tr":
            self.lines.append([])
        elif tag in ("td", "th"):
            self.lines[-1].append("")
            self.inside = True
        elif tag == "br":
            self.lines[-1][-1] += " "

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.lines[-1][-1] += data


def from_html(made: nqp.Table) -> Lines:
    reader = Reader()
    reader.feed(made.to_html())
    return reader.lines


def from_latex(made: nqp.Table) -> Lines:
    """Put lines of the tabular that continue a row back to it."""
    text = made.to_latex()
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")]
    lines: Lines = []
    for line in body.splitlines():
        if "&" not in line.replace(r"\&", ""):
            continue
        cells = [plain(c) for c in re.split(r"(?<!\\)&", line.removesuffix(r" \\"))]
        if cells[0] or not lines:
            lines.append(cells)
        else:
            lines[-1] = [f"{a} {b}".strip() for a, b in zip(lines[-1], cells, strict=True)]
    return lines


def plain(text: str) -> str:
    for tex, sign in (
        (r"\quad", ""), (r"$-$", "−"), ("$<$", "<"), ("$>$", ">"), ("{[}", "["), ("{]}", "]"),
        ("--", "–"), (r"\_", "_"), (r"\&", "&"), (r"\%", "%"),
    ):  # fmt: skip
        text = text.replace(tex, sign)
    return re.sub(r"\\textbf\{(.*)\}", r"\1", text).strip()


def from_docx(made: nqp.Table, path: Path) -> Lines:
    docx = pytest.importorskip("docx")
    grid = docx.Document(str(made.to_docx(path))).tables[0]
    return [[cell.text for cell in row.cells] for row in grid.rows]


@pytest.mark.slow
@KINDS
def test_text_formats_print_the_same_cells(name, tmp_path):
    made = TABLES[name]
    wanted = expected(made)
    for read in (from_markdown, from_html, from_latex, lambda t: from_docx(t, tmp_path / "t.docx")):
        assert bodies(read(made), made) == wanted


@pytest.mark.slow
@pytest.mark.parametrize("read", [from_markdown, from_html, from_latex, from_docx])
def test_printed_numbers_are_the_summaries_of_draws(read, tmp_path):
    made = TABLES["effects"]
    lines = read(made, tmp_path / "t.docx") if read is from_docx else read(made)
    printed = {line[0]: line[1:] for line in bodies(lines, made)}
    wanted = summary(nqp.att(EFFECTS, "region")).set_index("region")
    for level in ("inland", "coastal"):
        row = wanted.loc[level]
        mean, sd, interval, chance = printed[level][:4]
        assert numbers(mean)[0] == pytest.approx(row["mean"], abs=5.1e-4)
        assert numbers(sd)[0] == pytest.approx(row["sd"], abs=5.1e-4)
        np.testing.assert_allclose(
            numbers(interval), row[["lower", "upper"]].astype(float), atol=5.1e-4
        )
        assert numbers(chance)[0] == pytest.approx(row["p_positive"], abs=1.1e-3)


@KINDS
def test_frames_hold_unrounded_numbers(name):
    made = TABLES[name]
    frame = made.to_frame()
    values = [
        value
        for row in made.rows
        for cell in row.cells
        for value in cell.values
        if isinstance(value, float | int)
    ]
    held = frame.drop(columns=["section", "label"]).to_numpy().ravel()
    held = [x for x in held if isinstance(x, float | int) and x == x]
    np.testing.assert_array_equal(np.sort(np.asarray(held, float)), np.sort(np.asarray(values)))
    assert frame.attrs["title"] == made.title
    assert frame.attrs["probability"] == "0.95"


def test_the_frame_of_effects_is_the_summary():
    frame = TABLES["effects"].to_frame().set_index("label")
    wanted = summary(nqp.att(EFFECTS, "region")).set_index("region")
    columns = ["Mean", "SD", "95 % interval Lower", "95 % interval Upper", "P(> 0)"]
    np.testing.assert_array_equal(
        frame.loc[["inland", "coastal"], columns].astype(float),
        wanted.loc[["inland", "coastal"], ["mean", "sd", "lower", "upper", "p_positive"]],
    )


@pytest.mark.slow
@KINDS
def test_a_workbook_holds_typed_numbers(name, tmp_path):
    from openpyxl import load_workbook

    made = TABLES[name]
    sheet = load_workbook(made.to_excel(tmp_path / "t.xlsx")).worksheets[0]
    assert sheet.cell(1, 1).value == made.title
    rows = {}
    for line in sheet.iter_rows(min_row=2):
        label = line[0].value
        if label is not None and any(isinstance(cell.value, int | float) for cell in line[1:]):
            # An event time is a number there.
            rows.setdefault(str(label).replace("-", "−"), []).append(line[1:])
    seen = dict.fromkeys(rows, 0)
    for row in made.rows:
        wanted = [x for cell in row.cells for x in cell.values if isinstance(x, int | float)]
        if not wanted:
            continue
        line = rows[row.label][seen[row.label]]
        seen[row.label] += 1
        held = [cell for cell in line if isinstance(cell.value, int | float)]
        # A workbook keeps sixteen digits.
        np.testing.assert_allclose([cell.value for cell in held], wanted, rtol=1e-14)
        assert all(cell.number_format != "General" for cell in held)
    if name == "event_study":
        assert {type(line[0].value) for line in sheet.iter_rows(min_row=6, max_row=9)} == {int}
    last = [cell.value for cell in sheet["A"] if cell.value][-1]
    assert made.note in last


def test_a_workbook_shows_no_probability_as_nought_or_one(tmp_path):
    from openpyxl import load_workbook

    apart = xr.where(EFFECTS["region"] == "inland", 9.0, -9.0)
    sure = table(EFFECTS.assign(effect=EFFECTS["effect"] + apart), by="region")
    sheet = load_workbook(sure.to_excel(tmp_path / "t.xlsx")).worksheets[0]
    place = [column.label for column in sure.columns].index("P(> 0)")
    printed = {row.cells[place].text: row.cells[place].values[0] for row in sure.rows if row.cells}
    assert {">0.999", "<0.001"} <= set(printed)
    chances = [c for line in sheet.iter_rows() for c in line if "[>" in c.number_format]
    assert {c.value for c in chances} == set(printed.values())
    for cell in chances:
        assert cell.data_type == "n"
        assert cell.number_format == '[<0.001]"<0.001";[>0.999]">0.999";0.000'


def test_a_workbook_rounds_probabilities_as_other_formats_do(tmp_path):
    from openpyxl import load_workbook

    chances = (0.9895, 0.0104, 0.5004, 0.9995)
    cells = [Cell((p,), Form("{}", ("chance",))) for p in chances]
    rows = tuple(Row(str(p), (cell,)) for p, cell in zip(chances, cells, strict=True))
    made = nqp.Table("any", "A table", "Row", (Column("P(> 0)"),), rows)
    sheet = load_workbook(made.to_excel(tmp_path / "t.xlsx")).worksheets[0]
    held = {x.value: x.number_format for line in sheet.iter_rows() for x in line}
    assert [cell.text for cell in cells] == ["0.989", "0.011", "0.500", ">0.999"]
    assert [held[p] for p in chances[:2]] == ['"0.989"', '"0.011"']
    assert all(held[p].endswith("0.000") for p in chances[2:])


def test_one_workbook_has_a_sheet_for_every_table(tmp_path):
    from openpyxl import load_workbook

    same = [TABLES["effects"], TABLES["effects"], table(EFFECTS, title="a/b: [c]*?")]
    names = load_workbook(write_excel(same, tmp_path / "t.xlsx")).sheetnames
    assert len(names) == 3
    assert len(set(names)) == 3
    assert all(len(one) <= 31 for one in names)
    assert not re.search(r"[\[\]:*?/\\]", "".join(names))
    with pytest.raises(StudyError, match="'tables' is empty"):
        write_excel([], tmp_path / "none.xlsx")
    assert not (tmp_path / "none.xlsx").exists()


def test_a_label_that_looks_like_a_formula_stays_text(tmp_path):
    from openpyxl import load_workbook

    odd = table(random_effects(strata={"g": ["=1+1", "b"]}))
    sheet = load_workbook(odd.to_excel(tmp_path / "t.xlsx")).worksheets[0]
    assert {cell.data_type for cell in sheet["A"] if cell.value == "=1+1"} == {"s"}


def test_word_tables_have_three_lines_and_fonts_for_chinese(tmp_path):
    docx = pytest.importorskip("docx")
    from docx.oxml.ns import qn

    document = docx.Document(str(TABLES["effects_zh"].to_docx(tmp_path / "t.docx")))
    grid = document.tables[0]
    edges = grid._tbl.xpath(".//w:tcBorders/*")
    heavy = [edge for edge in edges if edge.get(qn("w:sz")) == "12"]
    assert {edge.tag for edge in heavy} == {qn("w:top"), qn("w:bottom")}
    assert not grid._tbl.xpath(".//w:tcBorders/w:left | .//w:tcBorders/w:right")
    fonts = grid._tbl.xpath(".//w:r/w:rPr/w:rFonts")
    assert {font.get(qn("w:eastAsia")) for font in fonts} == {"宋体"}
    assert grid._tbl.xpath(".//w:tblHeader")
    assert document.paragraphs[0].text == TABLES["effects_zh"].title
    assert TABLES["effects_zh"].note in document.paragraphs[-1].text
    intervals = [cell.text for cell in grid.columns[3].cells[1:] if "[" in cell.text]
    assert intervals
    assert not any(" " in text for text in intervals)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*TABLES, "tight"])
@pytest.mark.parametrize("font", ["DejaVuSerif.ttf", "STIXGeneral.ttf"])
def test_word_never_breaks_a_number(name, font, tmp_path):
    """Not in Times either, whose metrics STIX has, nor in the widest font that stands in for it."""
    docx = pytest.importorskip("docx")
    import matplotlib as mpl
    from PIL import ImageFont

    made = TABLES[name] if name in TABLES else table(random_paths(), digits=4)
    document = docx.Document(str(made.to_docx(tmp_path / "t.docx")))
    face = ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", font), 1000)
    for row in document.tables[0].rows:
        for cell in row.cells[1:]:
            if not re.search(r"\d", cell.text) or "\u4e00" <= max(cell.text):
                continue
            size = cell.paragraphs[0].runs[0].font.size.pt
            for line in cell.text.split("\n"):
                if "\u00a0" in line or " " not in line:
                    assert face.getlength(line) * size / 1000 <= cell.width.pt - 6, line


@pytest.mark.slow
def test_word_orders_what_its_schema_orders(tmp_path):
    docx = pytest.importorskip("docx")
    document = docx.Document(str(write_docx(TABLES.values(), tmp_path / "t.docx")))
    orders = {
        "tcPr": ["tcW", "gridSpan", "vMerge", "tcBorders", "shd", "noWrap"],
        "rPr": ["rFonts", "b", "i", "color", "sz", "szCs", "lang"],
        "tcBorders": ["top", "bottom"],
    }
    for what, order in orders.items():
        for properties in document.element.xpath(f".//w:{what}"):
            names = [child.tag.split("}")[1] for child in properties]
            assert names == sorted(names, key=order.index)
            assert len(names) == len(set(names))


def test_without_python_docx_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(StudyError, match="pip install python-docx"):
        TABLES["effects"].to_docx(tmp_path / "t.docx")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@KINDS
def test_html_needs_nothing_from_elsewhere_and_escapes(name):
    reader = Reader()
    page = as_page(TABLES[name])
    reader.feed(page)
    assert not reader.links
    assert "url(" not in page
    assert "@import" not in page
    odd = table(EFFECTS, title="<script>alert(1)</script>")
    assert "<script>" not in odd.to_html()
    assert odd._repr_html_() == odd.to_html()


def test_latex_escapes_what_it_would_read():
    assert escaped("a_b & 5% {x} #1 $ ~ ^ \\") == (
        r"a\_b \& 5\% \{x\} \#1 \$ \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )
    assert r"\label{tab:one}" in TABLES["effects"].to_latex(label="tab:one")


def test_latex_goes_on_over_pages_and_breaks_long_words():
    words_ = [CheckResult("timing", "When?", "passed", "−2.1×10⁻⁵", "x"),
              CheckResult("other", "Who?", "passed", "a" * 64, "y")]  # fmt: skip
    text = table(words_).to_latex(label="tab:checks")
    assert r"\begin{longtable}" in text
    assert r"\label{tab:checks}" in text
    assert r"$-$2.1$\times$10$^{-5}$" in text
    assert max(map(len, re.findall("a+", text))) <= 15
    assert r"\begin{table}" in TABLES["effects"].to_latex()


@pytest.mark.skipif(shutil.which("xelatex") is None, reason="no xelatex here")
def test_latex_compiles(tmp_path):
    english = [one for name, one in TABLES.items() if name not in ("effects_zh", "robustness")]
    english.append(table([CheckResult("timing", "When?", "passed", "−2.1×10⁻⁵", "a" * 64)] * 60))
    for name, tables in (("en", english), ("zh", list(TABLES.values()))):
        if (
            name == "zh"
            and not subprocess.run(
                ["kpsewhich", "ctexart.cls"], capture_output=True, check=False
            ).stdout
        ):
            pytest.skip("no ctex here")
        (tmp_path / f"{name}.tex").write_text(as_document(tables), encoding="utf-8")
        done = subprocess.run(
            ["xelatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"],
            cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", errors="replace",
            check=False, timeout=170,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-1500:]
        log = (tmp_path / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        assert "Missing character" not in log


def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    made, path = TABLES["effects"], tmp_path / "new" / "t.md"
    assert made.to_markdown(path) == path.read_text(encoding="utf-8")
    assert made.to_html(tmp_path / "t.html").startswith("<div")
    assert (tmp_path / "t.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    made.to_latex(tmp_path / "t.tex")
    before = path.read_text(encoding="utf-8")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StudyError, match="the disk is full"):
        TABLES["mediation"].to_markdown(path)
    assert path.read_text(encoding="utf-8") == before
    assert [one.name for one in path.parent.iterdir()] == ["t.md"]


def test_maketables_renders_the_same_cells():
    pytest.importorskip("maketables")
    for made in TABLES.values():
        text = made.to_maketables().make("typst")
        for cell in (cell for row in made.rows for cell in row.cells if cell.text):
            assert cell.text.split("\n")[0].split(" ")[0].strip("[<>−") in text


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("[x](javascript:alert(1))", "[x]\\(javascript:alert(1))"),
        ("<javascript:alert(1)>", "&lt;javascript:alert(1)>"),
        ("![x](http://example.org)", "![x]\\(http://example.org)"),
        ("&#106;s &lt;b&gt; R&D", "&amp;#106;s &amp;lt;b&amp;gt; R&D"),
        ("a|b*c_d`e$f~g\\h", "a\\|b\\*c\\_d\\`e\\$f\\~g\\\\h"),
        ("P(> 0) < 1, [0, 1]", "P(> 0) < 1, [0, 1]"),
    ],
)
def test_markdown_shows_names_as_they_are(name: str, written: str) -> None:
    made = nqp.Table("x", name, name, (Column(name),), (Row(name, (Cell((name,)),)),), (name,))
    text = made.to_markdown()
    assert text.count(written) == 5 + ("Notes: " + written in text)
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    shown = re.sub("<[^>]+>", "", rendered)
    assert html.unescape(shown).count(name) == 6
    assert not re.search("<(script|img|a|b)[ >]", rendered)


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        (["x" * 40, "x" * 40], ["x" * 30 + "…", "x" * 26 + "… (2)"]),
        (["\U0001f600" * 20], ["\U0001f600" * 15 + "…"]),
        (["History", "'q'", "[]:*?/\\", "a\nb\x01"], ["History (2)", "q", "table", "a b"]),
    ],
)
def test_names_of_sheets_are_excels(titles: list[str], names: list[str], tmp_path: Path) -> None:
    cell = (Row("a", (Cell(("b" * 40_000,)),)),)
    path = write_excel(
        [nqp.Table("x", x, "", (Column("y"),), cell) for x in titles], tmp_path / "t.xlsx"
    )
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == names
    assert all(len(sheet["B3"].value) == 32_767 for sheet in book)


def test_a_word_document_has_as_much_of_a_title_as_its_properties_hold(tmp_path: Path) -> None:
    made = nqp.Table("x", "long " * 80 + "\x01", "", (Column("y"),), ())
    document = docx.Document(str(made.to_docx(tmp_path / "t.docx")))
    assert len(document.core_properties.title) == 255
    assert document.paragraphs[0].text == ("long " * 80).strip()
