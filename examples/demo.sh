#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows the whole way on a multithreaded program: run barnes (N bodies, four threads) under ckpt, capture it in the
# middle, make an executable of the checkpoint, launch that twice, and compare every line with an uninterrupted run.
#
#   examples/demo.sh                  after the build; UNDUMP_BIN=DIR takes ckpt, undump and readckpt from elsewhere
#
# Exit status: 0 when everything was as promised, 1 with the reason when not.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
bin=${UNDUMP_BIN:-$root/bin}
bodies=2000 steps=300 threads=4 capture_at=100
patience=120 # seconds to wait for one line before giving up
started=()   # processes to end when the demo stops early

work=$(mktemp -d "${TMPDIR:-/tmp}/undump-demo.XXXXXX")

clean_up() {
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

bold='' plain=''
if [ -t 1 ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
command_line() { printf '  $ %s\n' "$*"; }
show() { sed 's/^/    /'; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }
milliseconds() { # FROM TO, as $EPOCHREALTIME gives them
    local micros=$((${2/[.,]/} - ${1/[.,]/}))
    printf '%d.%01d ms' $((micros / 1000)) $((micros % 1000 / 100))
}

# Closes what a build server or a make above may have left open: pipes to them would belong to the checkpoint.
close_inherited() {
    local fd
    for fd in /proc/"$BASHPID"/fd/*; do
        [ "${fd##*/}" -le 2 ] || eval "exec ${fd##*/}<&-"
    done
}

# Reads one line from descriptor $1 into $line; 1 at the end of the output.
next_line() {
    local status=0
    IFS= read -r -t "$patience" -u "$1" line || status=$?
    [ $status -le 128 ] || fail "the program printed nothing for $patience s"
    return $status
}

# Shows the program's output from descriptor $1 until it ends, copies it to file $2, and captures at line $3.
follow() {
    local shown=0 pid=''
    : >"$2"
    while next_line "$1"; do
        printf '%s\n' "$line" >>"$2"
        case $line in
        "barnes: pid "*)
            pid=${line#barnes: pid } pid=${pid%%,*}
            started+=("$pid")
            printf '    %s\n' "$line" ;;
        "$3,"*)
            printf '    ...\n'
            command_line "kill -USR2 $pid        # $3 has just been printed"
            kill -USR2 "$pid" || fail "there is no process $pid to capture" ;;
        "step "*)
            shown=$((shown + 1))
            [ $shown -gt 2 ] || printf '    %s\n' "$line" ;;
        esac
    done
}

step_of() { sed -n 's/^step \([0-9]*\) of .*/\1/p' "$1" | sed -n "$2p"; }

launch() { # FILE for the output; sets first_line_after
    local begin end line
    begin=$EPOCHREALTIME
    exec {new_output}< <(cd "$work" && exec ./fast-app 2>fast-app.err)
    started=($!)
    next_line "$new_output" || fail "fast-app printed nothing; it said: $(cat "$work/fast-app.err")"
    end=$EPOCHREALTIME
    first_line_after=$(milliseconds "$begin" "$end")
    printf '%s\n' "$line" >"$1"
    while next_line "$new_output"; do
        printf '%s\n' "$line" >>"$1"
    done
    wait "${started[0]}" || fail "fast-app ended with status $?; it said: $(cat "$work/fast-app.err")"
    started=()
    exec {new_output}<&-
}

for tool in ckpt undump readckpt; do
    [ -x "$bin/$tool" ] || fail "$bin/$tool is missing: build the project first, with $root/demo or $root/check"
done
make -s -C "$root/examples" OUT=target/bin || fail "the examples do not build"
cp "$root/examples/target/bin/barnes" "$work/barnes"
cd "$work"

title "1  A simulation of $bodies bodies with $threads threads, from start to end, to compare with"
command_line "./barnes $bodies $steps $threads"
./barnes $bodies $steps $threads >uninterrupted || fail "barnes failed its own check without any capture"
tail -n 1 uninterrupted | show

title "2  The same again, captured in the middle"
command_line "ckpt ./barnes $bodies $steps $threads"
exec {output}< <(close_inherited; exec "$bin/ckpt" ./barnes $bodies $steps $threads 2>ckpt.err)
ckpt_pid=$!
started=("$ckpt_pid")
follow "$output" before "step $capture_at of $steps"
exec {output}<&-
wait "$ckpt_pid" || fail "ckpt ended with status $?; it said: $(cat ckpt.err)"
started=()
tail -n 1 before | show
show <ckpt.err
[ -s myckpt.dat ] || fail "there is no myckpt.dat: the program ended before it was captured"
last=$(step_of before '$')

title "3  What is in the checkpoint"
command_line "ls -sh myckpt.dat; readckpt myckpt.dat"
ls -sh myckpt.dat | show
"$bin/readckpt" myckpt.dat >contents || fail "readckpt cannot read the checkpoint"
sed -nE '/^(Command|Captured|Processor) |^[0-9]+ (threads|mappings)|^  [0-9]+  barnes /p' contents | cut -c 1-110 | show

title "4  One executable file"
command_line "undump --out fast-app myckpt.dat"
begin=$EPOCHREALTIME
"$bin/undump" --out fast-app myckpt.dat || fail "undump ended with status $?"
printf '    took %s\n' "$(milliseconds "$begin" "$EPOCHREALTIME")"
if command -v file >/dev/null; then
    file fast-app | cut -c 1-110 | show
fi

title "5  It goes on after step $last; the program and the checkpoint are not needed any more"
command_line "rm barnes myckpt.dat; ./fast-app"
rm barnes myckpt.dat
launch after
sed -n 1,2p after | show
printf '    ...\n'
tail -n 1 after | show
printf '    first new line %s after it was started\n' "$first_line_after"
[ "$(step_of after 1)" = $((last + 1)) ] || fail "fast-app went on with step $(step_of after 1), not $((last + 1))"

title "6  And again, as often as you like"
command_line "./fast-app"
launch after_again
tail -n 1 after_again | show
printf '    first new line %s after it was started\n' "$first_line_after"

cmp -s after after_again || fail "the second launch printed something else than the first"
tail -n +2 uninterrupted >expected
tail -n +2 before | cat - after >continued
cmp -s expected continued || fail "the lines differ from the uninterrupted run: $(cmp expected continued 2>&1 || true)"
title "All $steps steps, before and after the capture, agree with the uninterrupted run to the last bit."
