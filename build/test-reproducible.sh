#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the C half twice, in folders of different names, one with a space: the products must be the same byte for byte.
# Results go to tests.txt.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../native-stub"

readonly results=$PWD/target/reproducible/tests.txt
mkdir -p "$(dirname "$results")"
: >"$results"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for folder in one "a folder of another name"; do
    mkdir "$scratch/$folder"
    cp -R Makefile format arch capture observe restore runtime "$scratch/$folder/"
    if ! make --no-print-directory -C "$scratch/$folder" all >"$scratch/log" 2>&1; then
        tail -n 20 "$scratch/log" >&2
        echo "failed build_in_${folder// /_}" >>"$results"
        exit 1
    fi
done

for product in target/native/ckpt target/native/stub.elf target/native/libundump.so target/native/libundump.a target/generated-sources; do
    name=$(basename "$product")
    if diff -r "$scratch/one/$product" "$scratch/a folder of another name/$product" >&2; then
        echo "passed sameBytesInTwoFolders_$name" >>"$results"
    else
        echo "failed sameBytesInTwoFolders_$name" >>"$results"
    fi
done
! grep -q '^failed' "$results"
