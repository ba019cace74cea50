#!/bin/sh
# Runs the benchmarks in an environment of their own, .venv-bench, which has PyTorch and JAX besides the program's packages.
# usage: scripts/bench.sh [argument of python -m benchmarks ...]
set -eu

cd -- "$(dirname -- "$0")/.."
sh scripts/bootstrap.sh headless

python=.venv-bench/bin/python
wanted=$(cat requirements/runtime.txt requirements/oracle.in)
if [ ! -x "$python" ] || [ "$wanted" != "$(cat .venv-bench/installed 2>/dev/null || true)" ]; then
    rm -rf .venv-bench
    .venv/bin/python -m venv .venv-bench
    printf '*\n' >.venv-bench/.gitignore
    "$python" -m pip install --quiet --require-hashes -r requirements/runtime.txt
    # PyTorch and JAX are only competitors: without them the rest is measured all the same.
    while IFS= read -r package; do
        case $package in '' | '#'*) continue ;; esac
        "$python" -m pip install --quiet "$package" || echo "$package cannot be installed here and is left out." >&2
    done <requirements/oracle.in
    printf '%s\n' "$wanted" >.venv-bench/installed
fi

# It would make OpenBLAS work as for another processor: what is measured is this one. (Call python -m benchmarks
# to measure with it; the page says so then.)
if [ -n "${OPENBLAS_CORETYPE:-}" ]; then
    echo "OPENBLAS_CORETYPE=$OPENBLAS_CORETYPE is not used for the benchmarks." >&2
    unset OPENBLAS_CORETYPE
fi

exec "$python" -m benchmarks "$@"
