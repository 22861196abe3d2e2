#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests bin/: each launcher from another directory, through chains of links, from an installed tree under a path with
# spaces, and each sentence that it says when something is missing. Needs the built checkout. Results go to tests.txt.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

readonly root=$PWD
readonly results=$root/undump-cli/target/launchers/tests.txt
mkdir -p "$(dirname "$results")"
: >"$results"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# expect NAME STATUS PATTERN COMMAND…: exit status and a line of the output (both streams) decide.
expect() {
    local name=$1 status=$2 pattern=$3 found=0 output
    shift 3
    output=$("$@" 2>&1 </dev/null) || found=$?
    if [ "$found" = "$status" ] && grep -qE -- "$pattern" <<<"$output"; then
        echo "passed $name" >>"$results"
    else
        echo "failed $name" >>"$results"
        printf 'FAILED: %s\n  command: %s\n  expected: status %s and a line with %s\n  found: status %s and\n%s\n' \
            "$name" "$*" "$status" "$pattern" "$found" "$output" >&2
    fi
}

installed="$scratch/installed tree"
build/install.sh "$installed"

mkdir -p "$scratch/some links"
ln -s "$root/bin/undump" "$scratch/some links/absolute"
ln -s "absolute" "$scratch/some links/relative"
ln -s "$root/bin" "$scratch/bin"

empty="$scratch/not built"
mkdir -p "$empty"
cp -R bin "$empty/bin"
touch "$empty/pom.xml"

bare_path="$scratch/path"
mkdir "$bare_path"
for tool in sh dirname readlink; do
    ln -s "$(command -v "$tool")" "$bare_path/$tool"
done

cd "$scratch/some links"
version='^undump [0-9]'
expect undump_fromAnotherDirectory 0 "$version" "$root/bin/undump" --version
expect undump_throughTwoLinks 0 "$version" ./relative --version
expect undump_throughLinkedFolder 0 "$version" ../bin/undump --version
expect undump_foundOnPath 0 "$version" env PATH="$root/bin:$PATH" undump --version
expect undump_installedUnderPathWithSpaces 0 "$version" "$installed/bin/undump" --version
expect ckpt_fromAnotherDirectory 0 '--pid' "$root/bin/ckpt" --help
expect ckpt_installedUnderPathWithSpaces 0 '--pid' "$installed/bin/ckpt" --help
expect restart_isUndumpRun 0 'undump run' "$root/bin/restart" --help
expect readckpt_isUndumpInspect 0 'undump inspect' "$root/bin/readckpt" --help
expect readckpt_installedUnderPathWithSpaces 0 'undump inspect' "$installed/bin/readckpt" --help
expect python_installedUnderPathWithSpaces_findsItsLibrary 0 '^session +taken' \
    env PYTHONPATH="$installed/lib/undump/python" UNDUMP_SESSIONS="$scratch/sessions" python3 -m undump list
expect undump_argumentWithSpaces_staysOneArgument 1 'no such/file' "$root/bin/undump" inspect 'no such/file'

expect undump_notBuilt_saysHowToBuild 1 '^undump: .*build the checkout first with' "$empty/bin/undump" --version
expect ckpt_notBuilt_saysHowToBuild 1 '^ckpt: .*build the checkout first with' "$empty/bin/ckpt" --help
expect undump_noJava_saysWhatToInstall 1 '^undump: no java on PATH.*apt-get install' env -u JAVA_HOME PATH="$bare_path" "$root/bin/undump"
expect undump_wrongJavaHome_isNamed 1 '^undump: JAVA_HOME is /nowhere,' env JAVA_HOME=/nowhere "$root/bin/undump"

! grep -q '^failed' "$results"
