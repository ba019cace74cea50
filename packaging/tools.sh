# Read by the scripts of this folder: where things are, and an environment with the tools of packaging.
# shellcheck shell=sh

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd -- "$root" || exit 1
# Used by those who read this.
# shellcheck disable=SC2034
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' cnnviz/__init__.py)
uv="$root/.venv/bin/python -m uv"
tools=$root/build/venv

say() { printf '%s\n' "$*" >&2; }

# usage: environment FOLDER LIST   Makes a clean environment with the packages of requirements/LIST.txt.
environment() {
    rm -rf "$1"
    $uv venv --quiet --no-config --no-project --python "$root/.venv/bin/python" "$1"
    install_into "$1" --require-hashes --only-binary :all: -r "$root/requirements/$2.txt"
}

# usage: install_into FOLDER ARGUMENT...   Installs what is named there, without what that needs.
install_into() {
    folder=$1
    shift
    UV_CONSTRAINT='' $uv pip install --quiet --no-deps --python "$folder/bin/python" "$@"
}

ensure_tools() {
    sh scripts/bootstrap.sh "$1"
    stamp=$(cksum <requirements/packaging.txt)
    [ "$(cat "$tools/stamp" 2>/dev/null)" = "$stamp" ] && return 0
    environment "$tools" packaging
    echo "$stamp" >"$tools/stamp"
}
