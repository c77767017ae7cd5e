#!/usr/bin/env bash
# Other packages in an environment of their own (.venv-peers).
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
"$uv" venv --quiet --clear --python "$python" .venv-peers
"$uv" pip install --quiet --python .venv-peers/bin/python 'diff-diff==3.13.0'
