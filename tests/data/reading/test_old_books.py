"""Workbooks of Excel 97 to 2003 are read as those of today are, by every door."""

from __future__ import annotations

import base64
import datetime as dt
import zlib
from pathlib import Path

import openpyxl
import pytest

import bayes_nqp as nqp
from bayes_nqp.studies import new

BOOK = (
    "c-"
    "rllO^6&t6vtonOwad6&rHwPMmOtfHX1jOnaO@3$*8FD;t)lM23g&YK_zArmi4e6G;!U7hkzm;6fc2z@DlZ66g}w8gBa0+APB"
    "pPCr^TchwP58{_|#LYb_xQ8d#Y(^sA~@|6g^_tM2Nezqy)OyZGV2I&HI~6rjykltNo#ijQcg;Su+@TDsaPBYd>_wyP`};fV~"
    "n^l9>|u%1Ib-|OVi2f;7c6aB=;6LgjuXBL`6H_-0IHOwe|4M*53dWRz^D&wlM@N@7v`1hgw4E}CJF2EmQ?V37CSL=-"
    "flX4e7<_x1RMS9#TV17WPLV5a9-^DMzrrKJU?pb_x=DA(gF&IqHCE^J^)?8>V>UNsmr5MpN+riVP56;i8k<XKTiT-"
    "E}5&hnIsy`p<$8T(05y$^D<KcgZM|cvq$KP;*MCYjW6dsaQO3;I@?s3%F=EB@Hno(2S+K)$D1s`>$?`oWXH9Qx7hUH(MaHhF"
    "fn%-"
    "z|@#gG(7lNd&tSry|(%kzrN2<>|(=Hcuh@XrqEpdY?qlXSxy1`mEIMxdu?gqzu!Le>|q8A+R1}A&LiEePJ!WZ#)!)Z4w`n<X"
    "vlX6_j2`ML~1Xk`~Rl%x)RRyaGRu!xYOm(oDU^T&Ng4G18309k`#PoX+>!@d}qe-kU3HI}pMm>X7#^Z^+_TF#bJ~Vs0{v;yj"
    "@a}BCVfX0?r52sn1j8xx48ZH210e2%e;K3hL45$;=Ouv4k>h!(Jg@@IE9f2J^VDG9)%S0y-"
    "_G^bUmyN>aP{Z<9bCVBZ2blQ^7r+NG|X@OdFJ(Rg+|q=diyPHpVT|0lGXS}`10RY=7{6Te{0D$B2625En>^SYlXtUGZhL7?c"
    "1$R{@N{vTY+vXz^$N+r8R+VV>uYh6@7ayLfw`gD=c)tLI<Fah&}*)RP;fMJ_vnG^g-"
    "z3qIWHN7y5+gUFegd4_Wjf=u@H(L7x_V*rE?Z?}<JPeMa;VOXefUR#x;8BU=&BIc~k^=vIJrCtr6kR@5?9)W}^Fv@dkjpko#"
    "~W@Iu3Ixlq0pyL)gZsau%x*&Aipc584VPrW0x+rwQppzClY2-W!x+HYcpi`C^OJN4eLZ^%wNMWo2nZLA!P8&H-"
    "L%&D#o<;8&S@xj6N%R?uK4auH1O3gS&sy|ZBa>O^2SuN==yOKya?tM;y>H32k8BNz-"
    "Z!%4gT6&F?;DxVTgJ*8xyyqd7CLXx1q)p;GFbq9tI!35E?VfKk=G*V+k`F}bjd=Oj4YQx?-"
    "ROY&}9o<HgaADJtB0uOCNQz^pRdnd6(U@81=1hecOGecUSHGQhRsl%HB0B-*q<l*zA8M`QO?jbcTOR{O-"
    "J;7Pwrb<sIEW1#(qqEOnhs=X;^H6MXhXIz_X%j#E3ne|ayVw*H^%2EBjp5!&hbH+OQK|MB_%0<T<a_W"
)
"""What xlwt 1.3 wrote of `ROWS` to the sheet 数据, packed."""
ROWS: list[list[object]] = [["各市主要指标"], ["城市", "年份", "投资", "获批日期"]] + [
    [
        city if year == 2012 else None,
        f"{year}年",
        f"{1000 + 100 * k + 10 * year % 97:,}",
        dt.datetime(2015, 3, 7) if k % 2 else None,
    ]
    for k, city in enumerate(("甲市", "乙市", "丙市", "丁市"))
    for year in range(2012, 2018)
]
ROLES = {"unit": "城市", "time": "年份", "cohort": "获批日期", "outcome": "投资"}


@pytest.fixture
def books(tmp_path: Path) -> tuple[Path, Path]:
    old, today = tmp_path / "cities.xls", tmp_path / "cities.xlsx"
    old.write_bytes(zlib.decompress(base64.b85decode(BOOK)))
    book = openpyxl.Workbook()
    book.active.title = "数据"  # type: ignore[union-attr]
    for row in ROWS:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(today)
    return old, today


def test_old_workbooks_make_the_same_panel(books: tuple[Path, Path]) -> None:
    old, today = (nqp.Panel.from_file(path, **ROLES, freq="Y") for path in books)  # type: ignore[arg-type]
    assert old.digest == today.digest
    assert len(old.frame) == 24


@pytest.mark.slow
def test_old_workbooks_make_the_same_study(books: tuple[Path, Path]) -> None:
    proposals = [new(path, path.with_suffix(f"{path.suffix}.toml")) for path in books]
    studies = [x.path.read_text(encoding="utf-8") for x in proposals]
    old, today = (
        [x for x in text.splitlines() if not x.startswith(("#", "file"))] for text in studies
    )
    assert old == today
    assert "cities.xls：" in studies[0]  # errors of such a book look like empty cells: it says so
