#!/bin/sh
# Runs the tests twice: without a screen, then those that need a real window on a virtual screen (Xvfb).
# usage: scripts/test.sh [offscreen | window | argument of pytest ...]   Of all tests, the first or second run alone.
set -eu

cd -- "$(dirname -- "$0")/.."
sh scripts/bootstrap.sh test

# On small matrices a second BLAS thread costs more than it brings, and sums in another order.
export OPENBLAS_NUM_THREADS=1
# The workers, and the many programs that tests start, share what one of them has compiled.
unset PYTHONDONTWRITEBYTECODE

part=both
case ${1-} in offscreen | window) part=$1 && shift ;; esac

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
if [ "$chosen" != 0 ]; then
    QT_QPA_PLATFORM=offscreen pytest_run .venv/bin/python -m pytest -m "not window" "$@"
elif [ "$part" != window ]; then
    QT_QPA_PLATFORM=offscreen pytest_run .venv/bin/python -m pytest -m "not window" \
        --numprocesses auto --maxprocesses 6 --dist worksteal
fi

files=$(grep -rls --include='*.py' 'mark\.window' tests) || exit 0
[ "$part" != offscreen ] || exit 0
if ! command -v xvfb-run >/dev/null || ! command -v xauth >/dev/null; then
    echo "Skipped: tests in a real window need Xvfb (xvfb-run and xauth), which this machine does not have."
    exit 0
fi
unset WAYLAND_DISPLAY
# Nothing else has to be collected; names of tests have no blanks.
# shellcheck disable=SC2086
[ "$chosen" != 0 ] || set -- $files
QT_QPA_PLATFORM=xcb pytest_run xvfb-run -a -s "-screen 0 1920x1200x24" .venv/bin/python -m pytest -m window "$@"
