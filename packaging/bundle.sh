#!/bin/sh
# Builds the program with all that it needs, Python included: a folder in build/bundle, and on Linux of it an archive
# and, where dpkg-deb is, a package for Debian and Ubuntu in dist/.
# It runs on systems that are as new as this one, or newer: build it on the oldest that is to be served.
set -eu
umask 022
# shellcheck source=packaging/tools.sh
. "$(dirname -- "$0")/tools.sh"

program=$root/build/bundle/cnnviz

build_folder() {
    "$tools/bin/python" packaging/icons.py build/icons
    "$tools/bin/python" -m PyInstaller --noconfirm --log-level ERROR --distpath build/bundle --workpath build/work \
        packaging/cnnviz.spec
    # Of what packages say of themselves the diagnosis reads names and versions; the rest is a page for registries.
    find "$program" -path '*.dist-info/METADATA' | while IFS= read -r file; do
        grep -E '^(Metadata-Version|Name|Version|License[A-Za-z-]*): ' "$file" >"$file.short"
        mv "$file.short" "$file"
    done
    find "$program" -type d -path '*.dist-info/sboms' -prune -exec rm -rf {} +
}

# usage: lay_out_share FOLDER   What a desktop wants to know of a program.
lay_out_share() {
    install -D -m 644 packaging/linux/cnnviz.desktop "$1/applications/cnnviz.desktop"
    install -D -m 644 packaging/linux/cnnviz-mime.xml "$1/mime/packages/cnnviz.xml"
    install -D -m 644 packaging/linux/cnnviz.metainfo.xml "$1/metainfo/org.cnnviz.CNNViz.metainfo.xml"
    for picture in build/icons/*.png; do
        size=$(basename "$picture" .png)
        install -D -m 644 "$picture" "$1/icons/hicolor/$size/apps/cnnviz.png"
    done
    install -D -m 644 resources/icons/cnnviz.svg "$1/icons/hicolor/scalable/apps/cnnviz.svg"
}

# The archive is unpacked anywhere, and started there by start.sh.
build_archive() {
    name=cnnviz-$version-linux-$(uname -m)
    rm -rf "build/$name"
    mkdir -p "build/$name"
    cp -R "$program" "build/$name/program"
    lay_out_share "build/$name/share"
    install -m 755 packaging/linux/start.sh "build/$name/start.sh"
    install -m 644 LICENSE "build/$name/LICENSE"
    tar -C build --owner=0 --group=0 -czf "dist/$name.tar.gz" "$name"
    rm -rf "build/$name"
    say "Built dist/$name.tar.gz"
}

build_deb() {
    tree=$root/build/deb
    rm -rf "$tree"
    mkdir -p "$tree/usr/lib" "$tree/usr/bin" "$tree/DEBIAN"
    cp -R "$program" "$tree/usr/lib/cnnviz"
    # Only the program itself is one that may be started.
    find "$tree/usr/lib/cnnviz" -type f -exec chmod 644 {} +
    chmod 755 "$tree/usr/lib/cnnviz/cnnviz"
    ln -s ../lib/cnnviz/cnnviz "$tree/usr/bin/cnnviz"
    lay_out_share "$tree/usr/share"
    install -D -m 644 packaging/linux/cnnviz.1 "$tree/usr/share/man/man1/cnnviz.1"
    install -D -m 644 packaging/linux/lintian-overrides "$tree/usr/share/lintian/overrides/cnnviz"
    documents=$tree/usr/share/doc/cnnviz
    install -D -m 644 packaging/linux/copyright "$documents/copyright"
    install -D -m 644 CHANGELOG.md "$documents/changelog"
    {
        printf 'cnnviz (%s-1) unstable; urgency=medium\n\n  * See changelog.gz.\n\n' "$version"
        printf ' -- The CNNViz authors <cnnviz@localhost>  %s\n' "$(date -R -u -d "@$(git log -1 --format=%ct)")"
    } >"$documents/changelog.Debian"
    gzip -9n "$documents/changelog" "$documents/changelog.Debian" "$tree/usr/share/man/man1/cnnviz.1"
    architecture=$(dpkg --print-architecture)
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
        -e "s/@LIBC@/$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)/" \
        -e "s/@SIZE@/$(du -sk --apparent-size "$tree/usr" | cut -f 1)/" packaging/linux/control >"$tree/DEBIAN/control"
    (cd "$tree" && find usr -type f -exec md5sum {} + | LC_ALL=C sort -k 2 >DEBIAN/md5sums)
    package=dist/cnnviz_$version-1_$architecture.deb
    dpkg-deb --root-owner-group -Zxz -z3 --build "$tree" "$package" >/dev/null
    rm -rf "$tree"
    say "Built $package"
}

ensure_tools check
build_folder
[ "$(uname -s)" = Linux ] || exit 0
mkdir -p dist
build_archive
if command -v dpkg-deb >/dev/null; then build_deb; fi
