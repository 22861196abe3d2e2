# SPDX-License-Identifier: Apache-2.0
# A command in bash: docs/commands.md. Tells what it was started with, and ends with FIXTURE_STATUS.
export LC_ALL=C.UTF-8
declare -A warm
for ((number = 1; number <= 1000; number++)); do warm[$number]=$((number * number)); done

trap '' USR2
kill -USR2 "$BASHPID"
if ! [ /proc/self/exe -ef "$BASH" ]; then
    mapfile -d '' -t arguments </proc/self/cmdline && set -- "${arguments[@]:1}"
    for name in $(compgen -e); do unset "$name"; done
    while IFS= read -r -d '' variable; do export "${variable?}"; done </proc/self/environ
    cd -P . || exit
fi
trap - USR2

echo "warm ${warm[999]}"
for argument; do echo "argument <$argument>"; done
echo "directory $PWD"
for name in FIXTURE_VALUE FIXTURE_CAPTURE; do echo "variable $name <${!name-none}>"; done
echo "variable of a child $(printf '<%s>' "$(printenv FIXTURE_VALUE)" "$(printenv FIXTURE_CAPTURE)")"
IFS= read -r -d '' input
LC_ALL=C
echo "input ${#input} <$input>"
exit "${FIXTURE_STATUS:-0}"
