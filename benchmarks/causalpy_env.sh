#!/usr/bin/env bash
# CausalPy in an environment of its own (.venv-causalpy): it needs PyMC 5 and ArviZ 0.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

python=.venv/bin/python
uv=.tools/uv/bin/uv
"$uv" --version >/dev/null 2>&1 || uv=$(command -v uv)
# uv does not read pip's settings; hand them over as tools/bootstrap.sh does.
for candidate in python3 python; do
    if settings=$("$candidate" tools/pip_to_uv.py 2>/dev/null </dev/null); then
        eval "$settings"
        break
    fi
done
export UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
"$uv" venv --quiet --clear --python "$python" .venv-causalpy
"$uv" pip install --quiet --python .venv-causalpy/bin/python \
    'causalpy==0.9.0' 'pymc<6' 'arviz<1' 'numpy<2.4'
