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
# pyInteractiveFixedEffects does not say that it needs scikit-learn, pandas and patsy.
"$uv" pip install --quiet --python .venv-peers/bin/python \
    'diff-diff==3.13.0' 'lightweight-mcnnm==1.1.4' 'jax==0.8.3' 'pyInteractiveFixedEffects==0.0.2' \
    'scikit-learn==1.9.1' 'pandas==2.3.3' 'patsy==1.0.3' 'pyfixest==0.60.0' 'moderndid==0.4.1' \
    'numpy==2.5.5' 'scipy==1.18.1' 'polars==2.1.0'
