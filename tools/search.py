"""Ask the search of the built documentation what newcomers ask, by its own program under Node.

make docs && python -m tools.search [DIR]       says at which rank the page stands that answers
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

SITE = Path(__file__).resolve().parents[1] / "docs" / "_build" / "html"
TASKS = {
    "event study": ("how_do_i", "pretrends", "checks"),
    "placebo": ("placebos", "how_do_i", "checks"),
    "heterogeneity": ("how_do_i",),
    "parallel trends": ("trends", "checks", "how_do_i", "pretrends"),
    "robustness": ("how_do_i", "checks"),
    "Excel": ("how_do_i", "tables", "studies"),
    "Word table": ("how_do_i", "tables"),
    "mediation": ("mediation", "how_do_i"),
    "reghdfe": ("from_other_packages",),
    "xsmle": ("from_stata_spatial",),
    "spillovers": ("neighbours", "spatial", "how_do_i"),
    "standard errors": ("how_do_i", "errors", "checks"),
    "事件研究": ("how_do_i_zh",),
    "安慰剂": ("how_do_i_zh", "checks_zh"),
    "异质性": ("how_do_i_zh",),
    "平行趋势": ("how_do_i_zh", "checks_zh"),
    "稳健性": ("how_do_i_zh", "checks_zh"),
    "Excel 文件": ("how_do_i_zh", "quickstart_zh"),
    "表格": ("how_do_i_zh", "tables_zh"),
    "中介": ("how_do_i_zh", "quickstart_zh"),
    "双向固定效应": ("how_do_i_zh", "from_other_packages_zh"),
    "空间溢出": ("how_do_i_zh", "neighbours_zh"),
    "聚类标准误": ("how_do_i_zh",),
    "cluster standard errors by city": ("how_do_i", "errors"),
    "policy starts late in a year": ("how_do_i", "studies"),
    "export table to Word": ("how_do_i", "tables"),
    "read a csv file": ("how_do_i",),
    "log outcome percent": ("how_do_i", "reports", "studies"),
    "溢出效应": ("how_do_i_zh", "neighbours_zh", "spatial_zh"),
    "企业数据 城市政策": ("how_do_i_zh", "studies_zh"),
    "保存结果": ("how_do_i_zh",),
    "机制检验": ("how_do_i_zh",),
    "聚类到城市": ("how_do_i_zh",),
    "试验区": ("neighbours_zh", "quickstart_zh", "datasets_zh"),
}
"""What is typed, and the pages that answer it."""
PROGRAM = """
const fs = require("fs"), vm = require("vm"), at = process.argv[1];
const stub = { addEventListener() {}, getElementById: () => null,
  documentElement: { dataset: {} } };
const scope = vm.createContext({ document: stub, console, SPHINX_HIGHLIGHT_ENABLED: false,
  _: (text) => text, _ready() {}, DOCUMENTATION_OPTIONS: {}, URLSearchParams });
scope.window = scope;
for (const name of ["_static/language_data.js", "_static/searchtools.js", "searchindex.js",
  "_static/search.js"])
  vm.runInContext(fs.readFileSync(`${at}/${name}`, "utf8"), scope);
const answers = {};
for (const query of JSON.parse(process.argv[2])) {
  scope.query = query;
  const found = vm.runInContext("Search._performSearch(...Search._parseQuery(query))", scope);
  answers[query] = [...found].reverse().map((each) => each[0]);
}
console.log(JSON.stringify(answers));
"""


def answers(site: str | Path, queries: Iterable[str]) -> dict[str, list[str]]:
    """Pages that are found, the best first, by what is typed."""
    done = subprocess.run(
        ["node", "-e", PROGRAM, str(site), json.dumps([*queries])],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {query: [*dict.fromkeys(pages)] for query, pages in json.loads(done.stdout).items()}


def ranks(site: Path) -> dict[str, int]:
    """Rank of the first page that answers, for every task; 0 where none is among the results."""
    found = answers(site, TASKS)
    return {
        query: next((k for k, page in enumerate(found[query], 1) if page in pages), 0)
        for query, pages in TASKS.items()
    }


if __name__ == "__main__":
    for query, rank in ranks(Path(sys.argv[1]) if sys.argv[1:] else SITE).items():
        print(f"{rank or 'not found':>9}  {query}")
