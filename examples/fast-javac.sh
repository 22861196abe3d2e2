#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes a command of javac that is warm when it starts, lets both compile a class, and compares the class files and the times.
#
#   examples/fast-javac.sh            after the build; UNDUMP_BIN=DIR takes undump from elsewhere
#
# Exit status: 0 when the class files are equal, 1 with the reason when not.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
bin=${UNDUMP_BIN:-$root/bin}
rounds=5

work=$(mktemp -d "${TMPDIR:-/tmp}/undump-javac.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

cat >Hello.java <<'JAVA'
public class Hello {
    public static void main(String[] args) {
        System.out.println("hello " + String.join(" ", args));
    }
}
JAVA

# The best of some runs, in milliseconds.
milliseconds() {
    local best='' from micros
    for _ in $(seq "$rounds"); do
        from=$EPOCHREALTIME
        "$@"
        micros=$((${EPOCHREALTIME/[.,]/} - ${from/[.,]/}))
        [ -n "$best" ] && [ "$best" -le "$micros" ] || best=$micros
    done
    echo "$((best / 1000))"
}

echo "undump java --out fast-javac --warmup '-d warm Hello.java' -- -m jdk.compiler/com.sun.tools.javac.Main"
"$bin/undump" java --out fast-javac --warmup '-d warm Hello.java' -- -m jdk.compiler/com.sun.tools.javac.Main

java=$(milliseconds javac -d by-javac Hello.java)
fast=$(milliseconds ./fast-javac -d by-image Hello.java)
cmp by-javac/Hello.class by-image/Hello.class || { echo "fast-javac: the class files differ" >&2; exit 1; }
echo "javac took $java ms, fast-javac $fast ms; the class files are equal"
