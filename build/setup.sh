# SPDX-License-Identifier: Apache-2.0
# Sourced by ./demo and ./check, which run in the root of the checkout: installs what is missing, chooses the JDK,
# runs Maven with a log.

# Programs get arguments beyond ASCII from the tests, and Java hands them on as the locale says.
export LC_ALL=C.UTF-8

# One line per need: Debian package, then the command or file whose presence proves that it is there.
readonly demo_needs='
    gcc gcc
    make make
    libc6-dev /usr/include/stdio.h
    openjdk-17-jdk-headless javac
    maven mvn
    procps ps
    util-linux setpriv
'
readonly check_needs="$demo_needs"'
    g++ g++
    binutils readelf
    musl-tools musl-gcc
    golang-go go
    python3 pydoc3
    python3-numpy /usr/lib/python3/dist-packages/numpy
    python3-pandas /usr/lib/python3/dist-packages/pandas
    ipython3 /usr/bin/ipython3
    perl prove
    libhttp-daemon-perl /usr/share/perl5/HTTP/Daemon.pm
    lua5.4 lua5.4
    lua5.3 lua5.3
    lua-posix /usr/share/lua/5.3/posix
    ruby ruby
    php-cli php
    tcl tclsh
    sqlite3 sqlite3
    bc bc
    gdb gdb
    nodejs node
    node-typescript /usr/share/nodejs/typescript/lib/tsc.js
    redis-server redis-server
    redis-tools redis-benchmark
    nginx-light /usr/sbin/nginx
    libjemalloc2 /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
    libtcmalloc-minimal4 /usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4
    file file
    tmux tmux
    less less
    vim-tiny vim.tiny
    zsh zsh
'

fail() {
    echo "undump: $1" >&2
    exit 1
}

# is_there PROBE: an absolute path must exist, anything else must be a command.
is_there() {
    case $1 in
        /*) [ -e "$1" ] ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# Debian starts a server when it installs it, and again with the machine. Nobody asked for that: policy-rc.d forbids the one,
# update-rc.d undoes the other, of those that were missing.
readonly policy=/usr/sbin/policy-rc.d

# without_services COMMAND…: while it runs, packages start nothing. A policy that the machine has is left as it is.
without_services() {
    local status=0 ours=
    if ! [ -e "$policy" ]; then
        ours=1
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || return 1
    fi
    "$@" || status=$?
    if [ -n "$ours" ]; then
        rm -f "$policy"
        trap - EXIT
    fi
    return "$status"
}

# install_quietly PACKAGE…
install_quietly() {
    local package
    export DEBIAN_FRONTEND=noninteractive
    apt-get update && without_services apt-get install -y --no-install-recommends "$@" || return 1
    for package in "$@"; do
        case $package in
            redis-server | nginx-light) update-rc.d "${package%-light}" disable || return 1 ;;
        esac
    done
}

# install_missing NEEDS: by apt when root; else says in one sentence what to install.
install_missing() {
    local package probe missing=()
    while read -r package probe; do
        [ -z "$package" ] || is_there "$probe" || missing+=("$package")
    done <<<"$1"
    [ ${#missing[@]} -gt 0 ] || return 0

    local install="apt-get install -y --no-install-recommends ${missing[*]}"
    [ "$(id -u)" = 0 ] || fail "this needs ${missing[*]}: run \"$install\" as root, then try again."
    is_there apt-get || fail "this needs ${missing[*]} (Debian's names), and there is no apt-get to install them with."

    echo "Installing ${missing[*]}"
    local apt_log
    apt_log=$(mktemp)
    # Debian's slim images lack these folders, without which the JDK's packages fail to install.
    mkdir -p /usr/share/man/man1
    if ! install_quietly "${missing[@]}" </dev/null >"$apt_log" 2>&1; then
        tail -n 30 "$apt_log" >&2
        fail "\"$install\" failed; the lines above are the end of $apt_log."
    fi
    rm -f "$apt_log"
}

# Debian's JDK 17 unless JAVA_HOME says otherwise.
choose_jdk() {
    local debian=/usr/lib/jvm/java-17-openjdk-amd64
    if [ -z "${JAVA_HOME:-}" ] && [ -x "$debian/bin/javac" ]; then
        export JAVA_HOME=$debian
    fi
    if [ -n "${JAVA_HOME:-}" ]; then
        [ -x "$JAVA_HOME/bin/javac" ] \
            || fail "JAVA_HOME is $JAVA_HOME, which holds no JDK: point it at JDK 17 or newer, or unset it."
    fi
}

# run_maven LOG ARGUMENTS…: all output goes to LOG, what a reader wants to follow also to the terminal.
run_maven() {
    local maven_log=$1
    shift
    mkdir -p "$(dirname "$maven_log")"
    mvn -B -ntp -Dstyle.color=never "$@" </dev/null 2>&1 | tee "$maven_log" \
        | { grep --line-buffered -E '^\[INFO\] Building [a-z-]+ [0-9]|^\[(INFO|WARNING|ERROR)\] Tests run:.* -- in|FAILURE!' || true; } \
        | sed -u -e 's/^\[[A-Z]*\] //' -e 's/^Building \([^ ]*\).*/\1/' -e 's/^Tests run/    &/'
    return "${PIPESTATUS[0]}"
}

# explain_failure LOG: the last of what Maven had to say, and where the rest is.
explain_failure() {
    echo >&2
    # Of a failed test in C: what it had to say.
    grep -a -B 12 '^FAILED: ' "$1" | cut -c 1-300 | tail -n 40 >&2 || true
    grep -E '^\[(ERROR|FATAL)\]|^undump: |: error: |\*\*\*' "$1" \
        | grep -v -e '\[Help' -e 'For more information about' -e 're-run Maven' -e 'Re-run Maven' -e 'mvn <args>' -e '^\[ERROR\] *$' \
        | cut -c 1-300 | tail -n 25 >&2
    echo "undump: the build failed; all of its output is in $PWD/$1" >&2
}
