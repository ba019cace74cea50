#!/bin/sh
# Builds sdist and wheels, installs the sdist into a clean environment outside the project with the locked packages,
# and tries it there in an empty folder: diagnosis with a real window on a virtual screen, and a run without one that
# writes its report. The wheel must hold the same files. With the argument `bundle`, the bundle instead.
# usage: packaging/try-install.sh [bundle]
set -eu
# shellcheck source=packaging/tools.sh
. "$(dirname -- "$0")/tools.sh"

ensure_tools test
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
fail() { say "try-install: $*"; exit 1; }

# usage: try_program NAME COMMAND...   All that a program must do that was installed.
try_program() {
    name=$1
    shift
    mkdir -p "$place/$name/folder" "$place/$name/home"
    (
        cd "$place/$name/folder"
        unset PYTHONPATH PYTHONDONTWRITEBYTECODE WAYLAND_DISPLAY QT_QPA_PLATFORM
        export HOME="$place/$name/home" XDG_CONFIG_HOME="$place/$name/home"
        "$@" --version
        xvfb-run -a "$@" --doctor &
        env -u DISPLAY "$@" --headless --set filters=2 --report lab.pdf --html lab.html --figures lab >log ||
            fail "$name: the run without a window failed"
        wait "$!" || fail "$name: the diagnosis finds problems"
        [ "$(head -c 5 lab.pdf)" = "%PDF-" ] || fail "$name: lab.pdf is no PDF"
        tail -n 1 lab.html | grep -q '</html>' || fail "$name: lab.html is not whole"
        [ -s lab/table-training-log.csv ] || fail "$name: there is no lab/table-training-log.csv"
    )
}

# usage: look_for_traces FILE...   Nothing that is handed out names this machine or a registry.
look_for_traces() {
    for file in "$@"; do
        "$tools/bin/python" packaging/traces.py "$root" "$file" || fail "$file names what it must not"
    done
}

if [ "${1-}" = bundle ]; then
    for archive in dist/cnnviz-"$version"-linux-*.tar.gz; do
        [ ! -e "$archive" ] || look_for_traces "$archive"
    done
    try_program bundle "$root/build/bundle/cnnviz/cnnviz"
    exit 0
fi
sh packaging/wheels.sh
look_for_traces dist/*.whl dist/cnnviz-"$version".tar.gz
environment "$place/venv" runtime
install_into "$place/venv" dist/cnnviz-"$version".tar.gz
installed=$(echo "$place"/venv/lib/python*/site-packages)
for general in main resources ui packaging; do
    [ ! -e "$installed/$general" ] || fail "the package puts the name $general into site-packages"
done
try_program sdist "$place/venv/bin/cnnviz"
"$tools/bin/python" -m zipfile -e dist/cnnviz-"$version"-py3-none-any.whl "$place/wheel"
diff -r --exclude=__pycache__ "$installed/cnnviz" "$place/wheel/cnnviz" || fail "sdist and wheel hold different files"
say "The packages work outside the project."
