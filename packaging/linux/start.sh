#!/bin/sh
# Starts CNNViz from the folder in which it was unpacked.
# usage: ./start.sh [FILE ...] | ./start.sh --add-to-menu | ./start.sh --doctor
# Of the system it needs libEGL and libGL, which a desktop has: sudo apt-get install libegl1 libgl1
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)

add_to_menu() {
    share=${XDG_DATA_HOME:-$HOME/.local/share}
    mkdir -p "$share/applications" "$share/mime/packages" "$share/icons"
    cp -R "$here/share/icons/." "$share/icons/"
    cp "$here/share/mime/packages/cnnviz.xml" "$share/mime/packages/"
    sed "s|^Exec=.*|Exec=\"$here/start.sh\" %F|" "$here/share/applications/cnnviz.desktop" \
        >"$share/applications/cnnviz.desktop"
    update-mime-database "$share/mime" 2>/dev/null || true
    update-desktop-database "$share/applications" 2>/dev/null || true
    echo "CNNViz is in the menu, and opens documents and weights. To take it out: rm '$share/applications/cnnviz.desktop'"
}

if [ "${1-}" = --add-to-menu ]; then add_to_menu; else exec "$here/program/cnnviz" "$@"; fi
