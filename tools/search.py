"""Test the search of the built documentation with typical questions, by its own program in Node.

make docs && python -m tools.search [DIR]       prints the rank of the page that answers
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

SITE = Path(__file__).resolve().parents[1] / "docs" / "_build" / "html"
TASKS = {
    "difference-in-differences": ("index", "model", "which_design"),
    "event study": ("index", "how_do_i", "pretrends"),
    "HonestDiD": ("how_do_i", "from_other_packages", "trends", "pretrends"),
    "Bacon": ("from_other_packages",),
    "synthetic control": ("which_design", "index", "from_other_packages", "from_python_packages"),
    "clustered standard errors": ("troubleshooting", "how_do_i"),
    "placebo": ("pretrends", "how_do_i", "checks/trends"),
    "heterogeneity": ("how_do_i", "groups"),
    "parallel trends": ("trends", "checks/trends", "how_do_i", "pretrends", "which_design"),
    "robustness": ("how_do_i", "checks/sample", "which_design"),
    "Excel": ("how_do_i", "data", "studies"),
    "Word table": ("how_do_i", "reports"),
    "mediation": ("mediation", "mediators", "how_do_i"),
    "reghdfe": ("from_other_packages",),
    "xsmle": ("from_other_packages",),
    "bambi": ("from_python_packages",),
    "spillovers": ("spillovers", "spatial", "how_do_i"),
    "standard errors": ("how_do_i", "troubleshooting", "checks/model"),
    "cluster standard errors by city": ("how_do_i", "troubleshooting"),
    "policy starts late in a year": ("how_do_i", "data"),
    "export table to Word": ("how_do_i", "reports"),
    "read a csv file": ("how_do_i", "data"),
    "log outcome percent": ("how_do_i", "reports", "studies"),
    "双重差分": ("zh/index", "zh/quickstart", "zh/glossary"),
    "多期": ("zh/index", "zh/quickstart", "zh/glossary"),
    "渐进": ("zh/index", "zh/quickstart", "zh/glossary"),
    "交叠": ("zh/index", "zh/quickstart", "zh/glossary"),
    "准自然实验": ("zh/index", "zh/quickstart", "zh/glossary"),
    "异质性处理效应": ("zh/groups", "zh/quickstart", "zh/glossary"),
    "动态效应": ("zh/quickstart", "zh/pretrends", "zh/glossary"),
    "内生性": ("zh/pretrends", "zh/verdicts", "zh/glossary", "zh/index"),
    "反向因果": ("zh/pretrends", "zh/verdicts", "zh/glossary", "zh/index", "zh/mediation"),
    "遗漏变量": ("zh/pretrends", "zh/verdicts", "zh/glossary", "zh/index", "zh/mediation"),
    "高维固定效应": ("zh/from_other_packages", "zh/glossary"),
    "截尾": ("zh/from_other_packages", "zh/glossary", "zh/data"),
    "门槛": ("zh/groups", "zh/glossary"),
    "同期政策": ("zh/pretrends", "zh/verdicts", "zh/glossary"),
    "事件研究": ("zh/quickstart", "zh/pretrends", "zh/index"),
    "安慰剂": ("zh/pretrends", "zh/checks/trends", "zh/verdicts"),
    "异质性": ("zh/groups",),
    "平行趋势": ("zh/pretrends", "zh/checks/trends", "zh/verdicts", "zh/quickstart"),
    "稳健性": ("zh/checks/sample", "zh/verdicts", "zh/quickstart"),
    "Excel 文件": ("zh/data", "zh/quickstart", "zh/studies"),
    "表格": ("zh/reports", "zh/quickstart"),
    "中介": ("zh/mediation", "zh/quickstart"),
    "双向固定效应": ("zh/from_other_packages", "zh/glossary"),
    "空间溢出": ("zh/spatial",),
    "聚类标准误": ("zh/from_other_packages", "zh/glossary", "zh/checks/model"),
    "机制检验": ("zh/mediation", "zh/quickstart"),
    "试验区": ("zh/data", "zh/quickstart"),
}
"""Queries, with the pages that answer them."""
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
    """Return the pages that are found for each query, the best first."""
    done = subprocess.run(
        ["node", "-e", PROGRAM, str(site), json.dumps([*queries])],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {query: [*dict.fromkeys(pages)] for query, pages in json.loads(done.stdout).items()}


def ranks(site: Path) -> dict[str, int]:
    """Return the rank of the first page that answers each query; 0 if no result answers."""
    found = answers(site, TASKS)
    return {
        query: next((k for k, page in enumerate(found[query], 1) if page in pages), 0)
        for query, pages in TASKS.items()
    }


if __name__ == "__main__":
    for query, rank in ranks(Path(sys.argv[1]) if sys.argv[1:] else SITE).items():
        print(f"{rank or 'not found':>9}  {query}")
