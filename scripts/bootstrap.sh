#!/bin/sh
# Makes everything ready that a `make` target needs, and is quick when nothing is missing:
#   .venv of a suitable Python, the locked packages in it, and on Debian and Ubuntu the system libraries of Qt.
#
# usage: scripts/bootstrap.sh run | headless | test | check
#   run       the program's packages; libraries for a window
#   headless  the program's packages; libraries for drawing without a screen, not insisted on
#   test      the packages of tests and checks too; libraries for a window, a virtual screen (Xvfb), and what reads
#             PDF files (poppler-utils), not insisted on
#   check     the packages of tests and checks; no libraries
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=$root/.venv
python=$venv/bin/python

# PySide6 has wheels for these versions only; before 3.12 an exception in a Qt override can crash the process.
probe='
import sys, sysconfig
fits = (3, 12) <= sys.version_info[:2] <= (3, 14) and sys.implementation.name == "cpython"
if not fits or sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit(1)
import ctypes, ssl, zlib
try:
    import ensurepip, venv
except ImportError:
    sys.exit(3)
'

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

# --- Python ---------------------------------------------------------------------------------------------------

# Every Python that may do, best first: those on PATH, then the system's own, before which others may stand there.
candidates() {
    folders=${SYSTEM_PYTHON_FOLDERS-/usr/bin /usr/local/bin /opt/homebrew/bin}
    for name in python3.14 python3.13 python3.12 python3; do
        command -v "$name" || true
    done
    for name in python3.14 python3.13 python3.12 python3; do
        for folder in $folders; do
            [ -x "$folder/$name" ] && echo "$folder/$name"
        done
    done
    true
}

# Makes .venv of the first suitable Python; remembers in $without_venv one that lacks only the venv module.
build_venv() {
    without_venv=
    found=$(candidates)
    while IFS= read -r candidate; do
        case $candidate in '' | "$venv"/*) continue ;; esac
        status=0
        "$candidate" -I -c "$probe" >/dev/null 2>&1 || status=$?
        if [ "$status" = 3 ]; then without_venv=${without_venv:-$candidate}; fi
        if [ "$status" != 0 ]; then continue; fi
        rm -rf "$venv"
        say "Making .venv with $("$candidate" -I -c 'import sys; print(sys.executable, sys.version.split()[0])')"
        if "$candidate" -I -m venv "$venv" >&2; then return 0; fi
        say "$candidate could not make a virtual environment; trying the next Python."
    done <<LIST
$found
LIST
    return 1
}

ensure_venv() {
    # Also false for a Python that is gone, was upgraded to another version, or whose set-up was interrupted.
    if "$python" -I -c 'import sys, pip; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
    then return 0; fi
    if build_venv; then return 0; fi
    [ -n "$without_venv" ] || fail "No suitable Python was found: install Python 3.12, 3.13 or 3.14" \
        "(Debian, Ubuntu: sudo apt-get install python3-venv; macOS: brew install python@3.13), then try again."
    package=$("$without_venv" -I -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$without_venv" = "/usr/bin/${without_venv##*/}" ] && has_apt && can_be_root; then
        apt_install "$package" && build_venv && return 0
    fi
    fail "$without_venv cannot make virtual environments: run 'sudo apt-get install $package', then try again."
}

# --- system libraries -----------------------------------------------------------------------------------------

has_apt() { command -v apt-get >/dev/null && command -v dpkg >/dev/null; }

apt_install() {
    say "Installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get install -y -q --no-install-recommends "$@" >&2 && return 0
    # The lists of packages may be absent (a fresh container) or out of date; one broken source is no reason to stop.
    as_root apt-get update -q >&2 || true
    as_root apt-get install -y -q --no-install-recommends "$@" >&2
}

# One line for each library: its file, and the package of Debian and Ubuntu that brings it.
libraries() {
    uses=" all "
    if needs_window; then uses=" all x11 "; fi
    while read -r library package use; do
        case $uses in *" $use "*) echo "$library $package" ;; esac
    done <"$root/resources/system-libraries.txt"
}

needs_window() {
    [ "$mode" = test ] && return 0
    [ "$mode" = run ] || return 1
    case ${QT_QPA_PLATFORM:-xcb} in xcb*) return 0 ;; *) return 1 ;; esac
}

# The lines of `libraries` whose library is missing. The loader's cache answers at once; what it does not list
# (LD_LIBRARY_PATH, a stale cache) is tried for real.
missing_libraries() {
    known=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true)
    libraries | while read -r library package; do
        case $known in *"$library "*) continue ;; esac
        "$python" -I -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$library" 2>/dev/null ||
            echo "$library $package"
    done
}

missing_programs() {
    [ "$mode" = test ] || return 0
    command -v xvfb-run >/dev/null || echo "xvfb-run xvfb"
    command -v xauth >/dev/null || echo "xauth xauth"
}

ensure_libraries() {
    [ "$mode" != check ] && [ "$(uname -s)" = Linux ] || return 0
    missing=$(missing_libraries)
    if ! has_apt; then
        missing=$(echo "$missing" | cut -d ' ' -f 1 | tr '\n' ' ')
        [ "$missing" = " " ] || say "Qt may not start: install what brings these system libraries: $missing"
        return 0
    fi
    packages=$( (echo "$missing" && missing_programs) | cut -s -d ' ' -f 2 | tr '\n' ' ')
    [ -n "$packages" ] || return 0
    # Names of packages have no blanks: one word each. (apt finds libglib2.0-0t64 under its old name too.)
    # shellcheck disable=SC2086
    if can_be_root && apt_install $packages; then return 0; fi
    say "Qt needs system packages that are missing here: run 'sudo apt-get install ${packages% }', then try again."
    # A Wayland session can show a window without the libraries of X11, and the headless run does without Qt.
    [ "$mode" = headless ] || [ -n "${WAYLAND_DISPLAY-}" ] || exit 1
}

# Reports are read back by programs that are not our own.
ensure_pdf_reader() {
    [ "$mode" = test ] && ! command -v pdftotext >/dev/null && has_apt || return 0
    if can_be_root && apt_install poppler-utils; then return 0; fi
    say "Tests that read PDF files are skipped: for them, run 'sudo apt-get install poppler-utils'."
}

# --- Python packages ------------------------------------------------------------------------------------------

stamp_of() { echo "$venv/cnnviz-$1.stamp"; }
is_installed() { [ "$(cat "$(stamp_of "$1")" 2>/dev/null)" = "$(cksum <"$root/requirements/$1.txt")" ]; }

ensure_packages() {
    lock=$1
    if is_installed "$lock"; then return 0; fi
    say "Installing the packages of requirements/$lock.txt (the first time this takes a minute)"
    # An install that is cut short leaves no stamp behind, so the next call repeats it.
    rm -f "$(stamp_of runtime)" "$(stamp_of dev)"
    # The user's index, proxy and certificates stay in force, but nothing that changes what is installed, or where.
    unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIREMENT PIP_EDITABLE PIP_PYTHON PIP_DRY_RUN PIP_NO_BINARY
    PIP_USER=0 PIP_CONSTRAINT=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$python" -I -m pip install --quiet --no-input --require-hashes --no-deps --only-binary :all: \
        -r "$root/requirements/$lock.txt" >&2 ||
        fail "The packages could not be installed: see pip's message above, check the connection, then try again."
    # dev.txt holds the packages of runtime.txt, at the same versions.
    cksum <"$root/requirements/runtime.txt" >"$(stamp_of runtime)"
    if [ "$lock" = dev ]; then cksum <"$root/requirements/dev.txt" >"$(stamp_of dev)"; fi
}

mode=${1-}
case $mode in
    run | headless) wanted=runtime ;;
    test | check) wanted=dev ;;
    *) fail "usage: scripts/bootstrap.sh run | headless | test | check" ;;
esac
ensure_venv
ensure_libraries
ensure_pdf_reader
ensure_packages "$wanted"
