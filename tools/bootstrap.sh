#!/usr/bin/env bash
# Make the project's environment out of whatever Python there is and the package index.
#
#   tools/bootstrap.sh            .venv, with the exact versions of constraints.txt
#   tools/bootstrap.sh lowest     .venv-lowest, with the lowest versions pyproject.toml allows
#   tools/bootstrap.sh engines P… packages that no test needs, alone, beside .venv in .cache/engines
#
# tools/uv.sh says how uv comes to be.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV CONDA_PREFIX

mode=${1:-pinned}
case $mode in
    pinned) venv=.venv ;;
    lowest) venv=.venv-lowest ;;
    engines) venv=.venv; shift ;;
    *) echo "bootstrap: unknown mode '$mode'; use no argument, 'lowest' or 'engines'" >&2; exit 2 ;;
esac
log=.tools/bootstrap.log
source tools/uv.sh

python=$(find_python) || give_up "no Python 3.12 or newer was found. Install one with your system's \
package manager, or name it: make PYTHON=/path/to/python3.12"
find_uv

if [ "$mode" = engines ]; then
    run_uv pip install --python "$venv/bin/python" --target .cache/engines --no-deps "$@" ||
        give_up "the engines could not be installed; is the package index within reach?"
    exit
fi

if ! supported "$venv/bin/python" >/dev/null; then
    say "$venv with $("$python" --version 2>&1)"
    rm -rf "$venv"
    run_uv venv --python "$python" "$venv" || give_up "uv could not make $venv"
fi

say "installing bayes_nqp and what it needs into $venv (a minute or two the first time)"
if [ "$mode" = lowest ]; then
    versions=(--resolution lowest-direct)
else
    versions=(--constraints constraints.txt --build-constraints constraints.txt)
fi
run_uv pip install --python "$venv/bin/python" "${versions[@]}" --editable '.[dev]' ||
    give_up "the packages could not be installed; is the package index within reach?"
touch "$venv/.ready"
say "ready"
