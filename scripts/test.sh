#!/bin/sh
# Runs the tests twice: without a screen, then those that need a real window on a virtual screen (Xvfb).
# usage: scripts/test.sh [argument of pytest ...]
set -eu

cd -- "$(dirname -- "$0")/.."
sh scripts/bootstrap.sh test

# On small matrices a second BLAS thread costs more than it brings, and sums in another order.
export OPENBLAS_NUM_THREADS=1

# pytest ends with 5 when it ran no test: right when the arguments chose tests of the other run only.
chosen=$#
pytest_run() {
    status=0
    "$@" || status=$?
    if [ "$status" = 5 ] && [ "$chosen" != 0 ]; then status=0; fi
    [ "$status" = 0 ] || exit "$status"
}

# All tests: by up to six workers; one that has nothing left to do takes tests from another. Chosen ones: as pytest
# does it by itself. The order is random; its seed is printed, and `-p no:randomly` gives the order of the files.
if [ "$chosen" = 0 ]; then
    QT_QPA_PLATFORM=offscreen pytest_run .venv/bin/python -m pytest -m "not window" \
        --numprocesses auto --maxprocesses 6 --dist worksteal
else
    QT_QPA_PLATFORM=offscreen pytest_run .venv/bin/python -m pytest -m "not window" "$@"
fi

if ! grep -rqs --include='*.py' 'mark\.window' tests; then
    exit 0
fi
if ! command -v xvfb-run >/dev/null || ! command -v xauth >/dev/null; then
    echo "Skipped: tests in a real window need Xvfb (xvfb-run and xauth), which this machine does not have."
    exit 0
fi
unset WAYLAND_DISPLAY
[ "$chosen" != 0 ] || set -- tests/gui # where all of them are: nothing else has to be collected
QT_QPA_PLATFORM=xcb pytest_run xvfb-run -a -s "-screen 0 1920x1200x24" .venv/bin/python -m pytest -m window "$@"
