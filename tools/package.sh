#!/usr/bin/env bash
# Build the package, install its wheel into a new environment outside the checkout, and use it there.
#
#   tools/package.sh      needs .venv; leaves dist/
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
log=.tools/package.log
source tools/uv.sh
find_uv
uv=$(realpath -- "$uv")
export UV_COMPILE_BYTECODE=0
constraints=$PWD/constraints.txt

rm -rf dist
say "building dist/"
PATH="$(dirname -- "$uv"):$PATH" UV_CONSTRAINT=$constraints \
    .venv/bin/python -m build --installer uv >>"$log" 2>&1 || give_up "the package could not be built"
say "building again: the same sources are the same bytes"
PATH="$(dirname -- "$uv"):$PATH" UV_CONSTRAINT=$constraints \
    .venv/bin/python -m build --installer uv -o dist/again >>"$log" 2>&1 || give_up "the package could not be built"
for file in dist/*.*; do cmp -- "$file" "dist/again/$(basename -- "$file")" || give_up "$file was built otherwise"; done
rm -rf dist/again
wheel=$(realpath -- dist/*.whl)

away=$(mktemp -d)
trap 'rm -rf -- "$away"' EXIT
say "installing $(basename -- "$wheel") into an environment outside the checkout"
python=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
run_uv venv --python "$python" "$away/env" || give_up "uv could not make $away/env"
run_uv pip install --python "$away/env/bin/python" --constraints constraints.txt "$wheel" ||
    give_up "the wheel could not be installed"
run_uv pip check --python "$away/env/bin/python" || give_up "what was installed does not agree"

# As a user would: no checkout, no variable that points to one, and no font but what came by pip.
cd -- "$away"
unset PYTHONPATH
bin=$away/env/bin
"$bin/python" -m bayes_nqp --help >help.txt
"$bin/bayes-nqp" list >list.txt
grep -q castle_doctrine list.txt
"$bin/python" - <<'PYTHON'
"""A bundled study, with the fast sampler and fewer checks; and what must have come with the wheel."""
import tomllib
from importlib import metadata
from pathlib import Path

import tomli_w

import bayes_nqp as nqp
from bayes_nqp.output.plots._fonts import families

assert Path(nqp.__file__).is_relative_to(Path.cwd() / "env"), nqp.__file__
assert (Path(nqp.__file__).parent / "py.typed").is_file()
licences = metadata.metadata("bayes-nqp").get_all("License-File")
shipped = {file.name for file in metadata.files("bayes-nqp") if "licenses" in file.parts}
assert {Path(name).name for name in licences} == shipped == {
    "LICENSE", "LICENSE-causaldata.txt", "LICENSE-cpca.txt", "LICENSE-noto.txt"
}
assert "Noto Sans SC Subset" in families(["内陆"])
study = tomllib.loads(nqp.studies.find("castle_doctrine").read_text(encoding="utf-8"))
study["sampler"] = {"type": "Importance", "seed": 1}
study["checks"] = {"run": ["convergence", "identification"]}
Path("short.toml").write_text(tomli_w.dumps(study), encoding="utf-8")
PYTHON
"$bin/python" -m bayes_nqp run short.toml --out out --quiet
for file in summary.csv posterior.nc provenance.json figures/event_study.png; do
    [ -s "out/$file" ] || { ls -R out; say "failed: out/$file is missing"; exit 1; }
done
say "the package works"
