# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Sourced by the steps, which run as root inside the tree, by sh -eux.

told() {
    echo "told: $*"
}

# waits_for COMMAND...: until it succeeds, a minute at most
waits_for() {
    for _ in $(seq 240); do
        "$@" && return 0
        sleep 0.25
    done
    return 1
}

# serves PROGRAM: a process of it runs, and has the library if that is preloaded to all
serves() {
    found=
    for pid in $(pidof "$1"); do
        [ -z "$PRELOADED" ] || grep -q libchunkmalloc "/proc/$pid/maps" || return 1
        found=$pid
    done
    [ -n "$found" ]
}
