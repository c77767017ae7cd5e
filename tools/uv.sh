# To be sourced, from the top of the checkout: `find_uv`, and `run_uv` with a `log`.
#
# uv is put into .tools by any Python that has pip. Candidates are judged by running them:
# a version manager's shim can exist and fail.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV CONDA_PREFIX
mkdir -p .tools
: >"$log"

say() { printf 'environment: %s\n' "$*" >&2; }

give_up() {
    if [ -s "$log" ]; then
        say "the last lines of $log:"
        tail -n 12 "$log" >&2
    fi
    say "failed: $1"
    exit 1
}

# Every Python that may be here, those with tested versions first.
candidates() {
    local name dir
    if [ -n "${PYTHON:-}" ]; then printf '%s\n' "$PYTHON"; fi
    for name in python3.13 python3.12 python3.14 python3 python; do
        printf '%s\n' "$name"
        while IFS= read -r -d : dir; do
            if [ -n "$dir" ] && [ -x "$dir/$name" ]; then printf '%s\n' "$dir/$name"; fi
        done <<<"${PATH}:"
        for dir in /usr/bin /usr/local/bin /opt/homebrew/bin /opt/*/bin \
            "${PYENV_ROOT:-${HOME:-/nowhere}/.pyenv}"/versions/*/bin; do
            if [ -x "$dir/$name" ]; then printf '%s\n' "$dir/$name"; fi
        done
    done | awk '!seen[$0]++'
}

# Print the real path of a candidate that runs and can hold the environment.
supported() {
    "$1" -I -c '
import sys, sysconfig
fit = sys.version_info >= (3, 12) and sys.implementation.name == "cpython"
free_threaded = sysconfig.get_config_var("Py_GIL_DISABLED")
sys.exit(print(sys.executable) if fit and not free_threaded else 1)
' 2>>"$log" </dev/null
}

find_python() {
    local candidate found
    while IFS= read -r candidate; do
        if found=$(supported "$candidate") && [ -n "$found" ]; then
            printf '%s\n' "$found"
            return 0
        fi
    done < <(candidates)
    return 1
}

# Print the real path of a candidate that has pip and is new enough for uv.
with_pip() {
    "$1" -c '
import sys
from pip import __version__
sys.exit(print(sys.executable) if sys.version_info >= (3, 8) else 1)
' 2>>"$log" </dev/null
}

# Every Python with pip, each once; where there is none, one made in .tools.
pips() {
    local candidate found
    found=$(while IFS= read -r candidate; do with_pip "$candidate" || true; done < <(candidates))
    if [ -n "$found" ]; then
        printf '%s\n' "$found" | awk '!seen[$0]++'
        return 0
    fi
    while IFS= read -r candidate; do
        rm -rf .tools/pip
        if "$candidate" -m venv .tools/pip >>"$log" 2>&1 </dev/null; then
            with_pip .tools/pip/bin/python && return 0
        fi
    done < <(candidates)
}

# Set `uv` to one that runs: ours, else one installed now, else one that is on the PATH.
get_uv() {
    local pip_python
    uv=.tools/uv/bin/uv
    if "$uv" --version >>"$log" 2>&1; then return 0; fi
    while IFS= read -r pip_python; do
        if [ -z "$pip_python" ]; then continue; fi
        say "installing uv into .tools with the pip of $pip_python"
        rm -rf .tools/uv
        if PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 "$pip_python" -m pip install --quiet --no-input \
            --disable-pip-version-check --target .tools/uv --constraint constraints.txt uv \
            >>"$log" 2>&1 </dev/null && "$uv" --version >>"$log" 2>&1; then
            return 0
        fi
    done <<<"$pip_pythons"
    uv=$(command -v uv) && "$uv" --version >>"$log" 2>&1
}

# uv shows its progress in a terminal; elsewhere it keeps quiet, and the log has its errors.
run_uv() {
    if [ -t 2 ]; then "$uv" "$@"; else "$uv" --quiet "$@" >>"$log" 2>&1; fi
}

# Set `uv`, and hand it what pip is configured with.
find_uv() {
    local pip_pythons pip_python settings
    pip_pythons=$(pips) || pip_pythons=
    get_uv || give_up "uv could not be installed: it needs a Python 3.8 or newer with pip, and \
the package index. Install pip with your system's package manager, or uv itself, and try again"

    pip_python=${pip_pythons%%$'\n'*}
    if [ -n "$pip_python" ]; then
        settings=$("$pip_python" tools/pip_to_uv.py 2>>"$log" </dev/null) || settings=
        eval "$settings"
    fi
    export UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
}
