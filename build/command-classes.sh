#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the classes that "undump java" patches into java.base:  build/command-classes.sh JAVAC SOURCES CLASSES
# They use an annotation of the JDK that only its own classes may have, which javac allows without --release only.
set -eu

javac=$1
sources=$2
classes=$3
rm -rf "$classes"
mkdir -p "$classes"
find "$sources" -name '*.java' -print | sort | while IFS= read -r file; do
    printf '"%s"\n' "$file"
done >"$classes.files"
"$javac" -source 17 -target 17 -Xlint:all,-options -Werror -g \
    --add-exports java.base/jdk.internal.vm.annotation=ALL-UNNAMED -d "$classes" "@$classes.files"
rm "$classes.files"
