#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs make in the current directory for Maven; says in one sentence which tool is missing when one is.
set -eu

missing=
for tool in gcc make; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
    echo "undump: the C parts need$missing: on Debian run \"apt-get install gcc make libc6-dev\"." >&2
    exit 1
fi
if [ ! -f Makefile ]; then
    exit 0
fi
exec make --no-print-directory -j"$(nproc)" -Otarget "$@"
