#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the archive of loaded classes that bin/undump starts with, a third quicker:  build/archive-classes.sh TREE
# TREE is a built checkout or an installed prefix: the archive fits one Java and one place of the jars only, and Java
# silently does without when it fits no more. Without an archive all works as well, so a failure is only told.
set -eu

tree=$(readlink -f -- "$1")
root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
sample=$root/elf-writer/src/test/resources/checkpoints/v1-sleeper.dat
if [ -f "$tree/pom.xml" ]; then
    libraries=$tree/undump-cli/target/lib
else
    libraries=$tree/lib/undump
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; rm -f "$libraries/undump.jsa.new"' EXIT
rm -f "$libraries/undump.jsa" "$libraries/undump.jsa.new"

# The sample has no code of a library and no large memory, so that classes for these would be missing. Where a program can be
# captured, one with both takes its place: a shell with a large variable, which waits for a line that nobody writes.
if [ -f "$tree/pom.xml" ]; then
    ckpt=$tree/native-stub/target/native/ckpt
else
    ckpt=$tree/lib/undump/ckpt
fi
if mkfifo "$scratch/fifo"; then
    sh -c 'x=$(head -c 2000000 /dev/zero | tr "\0" x); : >"$0/ready"; read -r line' "$scratch" <>"$scratch/fifo" >/dev/null 2>&1 &
    program=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -e "$scratch/ready" ] && break
        sleep 0.1
    done
    if "$ckpt" --pid "$program" --allow outside-pipe -o "$scratch/sample.dat" >"$scratch/log" 2>&1; then
        sample=$scratch/sample.dat
    fi
    kill -9 "$program" 2>/dev/null || :
fi

# In the current folder, so that the path may have blanks.
cd "$libraries"
if UNDUMP_JAVA_OPTIONS="-XX:ArchiveClassesAtExit=undump.jsa.new -Xlog:disable" \
    "$tree/bin/undump" --out "$scratch/image" "$sample" >"$scratch/log" 2>&1 && [ -s undump.jsa.new ]; then
    chmod 644 undump.jsa.new
    # A new file under the name: a running undump keeps the one that it has mapped.
    mv undump.jsa.new undump.jsa
else
    echo "undump: no archive of classes was made, undump starts slower: $(tail -n 1 "$scratch/log")" >&2
fi
