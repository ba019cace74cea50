#!/bin/sh
# Builds the sdist, the wheel and the wheel of the engine alone into dist/.
set -eu
# shellcheck source=packaging/tools.sh
. "$(dirname -- "$0")/tools.sh"

ensure_tools check
mkdir -p dist
rm -f dist/*.whl "dist/cnnviz-$version.tar.gz"
$uv build --quiet --no-build-isolation --python "$tools/bin/python" --out-dir dist .
$uv build --quiet --no-build-isolation --python "$tools/bin/python" --out-dir dist --wheel packaging/engine
rm -f dist/.gitignore
ls dist
