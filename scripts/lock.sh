#!/bin/sh
# Writes requirements/runtime.txt, dev.txt and packaging.txt: the newest versions that pyproject.toml and
# requirements/*.in allow, with the hashes of their files, for Linux, macOS and Windows and every supported Python,
# and without the address of any registry.
set -eu

cd -- "$(dirname -- "$0")/.."
sh scripts/bootstrap.sh check

# The lists are public: the settings of this user or machine must not leave a trace in them.
compile() {
    .venv/bin/python -m uv pip compile --quiet --no-config --upgrade --universal --python-version 3.12 \
        --only-binary :all: --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "make lock" "$@" >/dev/null
}

compile pyproject.toml --output-file requirements/runtime.txt
compile pyproject.toml requirements/dev.in --constraints requirements/runtime.txt \
    --output-file requirements/dev.txt
compile pyproject.toml requirements/packaging.in --constraints requirements/runtime.txt \
    --output-file requirements/packaging.txt
echo "Wrote requirements/runtime.txt, dev.txt and packaging.txt"
