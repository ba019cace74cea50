#!/bin/sh
# Tries the whole program for ten minutes, or as long as --minutes says; a virtual screen (Xvfb) is started for
# --platform xcb where there is no display.
# usage: scripts/soak.sh [argument of python -m soak ...]
set -eu

cd -- "$(dirname -- "$0")/.."
sh scripts/bootstrap.sh test

case " $* " in
    *" --platform xcb "* | *" --platform=xcb "*)
        unset WAYLAND_DISPLAY
        if [ -z "${DISPLAY-}" ]; then
            exec xvfb-run -a -s "-screen 0 1920x1200x24" .venv/bin/python -m soak "$@"
        fi
        ;;
esac
exec .venv/bin/python -m soak "$@"
