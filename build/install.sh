#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copies a built checkout to a prefix:  build/install.sh PREFIX
#   bin/            undump, ckpt, restart, readckpt
#   lib/undump/     the capture program, the Java libraries, the archive of their classes
#   share/          man pages, completion for bash, licence
set -eu

if [ $# -ne 1 ]; then
    echo "usage: build/install.sh PREFIX" >&2
    exit 2
fi
prefix=$1
root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")

if [ ! -x "$root/native-stub/target/native/ckpt" ] || [ ! -d "$root/undump-cli/target/lib" ]; then
    echo "undump: nothing to install yet: build the checkout first with \"mvn -DskipTests package\" in $root." >&2
    exit 1
fi

mkdir -p "$prefix/bin" "$prefix/lib/undump" "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" \
    "$prefix/share/doc/undump"
# Jars of another version would stay on the class path.
rm -f "$prefix/lib/undump/"*.jar "$prefix/lib/undump/undump.jsa"
install -m 755 "$root/bin/undump" "$root/bin/ckpt" "$root/bin/restart" "$root/bin/readckpt" "$prefix/bin/"
install -m 755 "$root/native-stub/target/native/ckpt" "$prefix/lib/undump/"
install -m 644 "$root/undump-cli/target/lib/"*.jar "$prefix/lib/undump/"
install -m 644 "$root/undump-cli/target/man/"*.1 "$root/native-stub/man/"*.1 "$prefix/share/man/man1/"
install -m 644 "$root/undump-cli/target/undump.bash" "$prefix/share/bash-completion/completions/undump"
install -m 644 "$root/LICENSE" "$root/NOTICE" "$prefix/share/doc/undump/"
"$root/build/archive-classes.sh" "$prefix"
