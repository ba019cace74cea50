#!/bin/sh
# Starts the program; on a machine without a display it runs the laboratory headless instead.
# usage: scripts/run.sh [argument of main.py ...]
set -eu

cd -- "$(dirname -- "$0")/.."

has_display() {
    [ -n "${DISPLAY-}${WAYLAND_DISPLAY-}${QT_QPA_PLATFORM-}" ] || [ "$(uname -s)" = Darwin ]
}

# These need no window, so they need no display either.
for argument in "$@"; do
    case $argument in
        --headless | --doctor | --lab-check | --verify | --help | -h | --version)
            sh scripts/bootstrap.sh headless
            exec .venv/bin/python main.py "$@"
            ;;
    esac
done

if has_display; then
    sh scripts/bootstrap.sh run
    exec .venv/bin/python main.py "$@"
fi

sh scripts/bootstrap.sh headless
echo "No display found: running the laboratory without a window; the report goes to out/lab5.pdf and out/lab5.html."
mkdir -p out
exec .venv/bin/python main.py --headless --preset lab5 --save out/lab5.safetensors \
    --report out/lab5.pdf --html out/lab5.html "$@"
