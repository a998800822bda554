# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# Sourced by the commands of this directory: how they speak, and how they get what they need.

# The tools of the system come first: a command of the same name from elsewhere (a Python version
# manager, a private meson) may be of any version.
system_path=/usr/sbin:/usr/bin:/sbin:/bin

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Status 125, as env(1) and timeout(1) use it: the fault is ours and not the program's.
die() {
    say "$@"
    exit 125
}

# install_missing FILE PACKAGE [FILE PACKAGE...]
# Installs each Debian package whose file (a pattern) does not exist. Asks nothing, and says nothing
# when nothing is missing. Returns 1 if it cannot.
install_missing() {
    local -a missing=() as_root=()
    local log
    while (($# > 0)); do
        compgen -G "$1" >/dev/null || missing+=("$2")
        shift 2
    done
    ((${#missing[@]} > 0)) || return 0
    if ! type -P apt-get >/dev/null; then
        say "missing, and there is no apt-get to install it with: ${missing[*]}"
        return 1
    fi
    if ((EUID != 0)); then
        if ! type -P sudo >/dev/null; then
            say "as root: apt-get install --no-install-recommends ${missing[*]}"
            return 1
        fi
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    log=$(mktemp)
    # Lists that cannot be updated may still serve, so only the installation decides.
    "${as_root[@]}" apt-get update >"$log" 2>&1 </dev/null || true
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet \
        --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" \
        >>"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        say "the installation failed; its output is in $log"
        return 1
    fi
    rm -f "$log"
}

# The compiler, without which nothing here works. libc6-dev is only recommended by gcc.
build_needs=(
    /usr/bin/meson meson
    /usr/bin/ninja ninja-build
    /usr/bin/gcc gcc
    /usr/include/stdlib.h libc6-dev
    /usr/bin/ld binutils
    /usr/bin/pkg-config pkg-config
)
