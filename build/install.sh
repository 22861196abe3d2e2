#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copies a built checkout to a prefix:  build/install.sh PREFIX
#   bin/            undump, ckpt, restart, readckpt
#   lib/undump/     the capture program, libundump, the Java libraries, the archive of their classes, node/ for Node programs
#   lib/undump/java the library for Java programs (undump-java.jar, its native half, org.crac), and the classes for undump java
#   lib/undump/python  the Python package
#   include/        undump.h
#   share/          man pages, completion for bash, licence
set -eu

if [ $# -ne 1 ]; then
    echo "usage: build/install.sh PREFIX" >&2
    exit 2
fi
prefix=$1
root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")

java=$root/bindings/java/target
if [ ! -x "$root/native-stub/target/native/ckpt" ] || [ ! -d "$root/undump-cli/target/lib" ] || [ ! -f "$java/undump-java.jar" ]; then
    echo "undump: nothing to install yet: build the checkout first with \"mvn -DskipTests package\" in $root." >&2
    exit 1
fi

mkdir -p "$prefix/bin" "$prefix/lib/undump/java" "$prefix/share/man/man1" "$prefix/share/bash-completion/completions" "$prefix/include" \
    "$prefix/share/doc/undump"
# Jars of another version would stay on the class path.
rm -f "$prefix/lib/undump/"*.jar "$prefix/lib/undump/java/"*.jar "$prefix/lib/undump/undump.jsa"
rm -rf "$prefix/lib/undump/java/command-classes"
install -m 755 "$root/bin/undump" "$root/bin/ckpt" "$root/bin/restart" "$root/bin/readckpt" "$prefix/bin/"
install -m 755 "$root/native-stub/target/native/ckpt" "$root/native-stub/target/native/libundump.so" "$prefix/lib/undump/"
install -m 644 "$root/native-stub/target/native/libundump.a" "$prefix/lib/undump/"
install -m 644 "$root/native-stub/target/native/undump.h" "$prefix/include/"
install -m 644 "$root/undump-cli/target/lib/"*.jar "$prefix/lib/undump/"
install -m 644 "$java/"*.jar "$prefix/lib/undump/java/"
install -m 755 "$java/native/libundump-java.so" "$prefix/lib/undump/java/"
cp -R "$java/command-classes" "$prefix/lib/undump/java/"
install -m 644 "$root/undump-cli/target/man/"*.1 "$root/native-stub/man/"*.1 "$prefix/share/man/man1/"
install -m 644 "$root/undump-cli/target/undump.bash" "$prefix/share/bash-completion/completions/undump"
mkdir -p "$prefix/lib/undump/node"
install -m 644 "$root/bindings/node/undump.js" "$root/bindings/node/package.json" "$prefix/lib/undump/node/"
install -m 644 "$root/LICENSE" "$root/NOTICE" "$prefix/share/doc/undump/"
mkdir -p "$prefix/lib/undump/python/undump"
rm -f "$prefix/lib/undump/python/undump/"*.py
install -m 644 "$root/bindings/python/undump/"*.py "$prefix/lib/undump/python/undump/"
"$root/build/archive-classes.sh" "$prefix"
