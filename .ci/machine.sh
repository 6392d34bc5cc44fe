# What ./run and ./test share: telling what happens, and installing what is missing. Sourced by both.
# shellcheck shell=bash

# Everything but results goes to stderr: the output of `./run toolchain` is read by a shell.
# shellcheck disable=SC2034  # used where this is sourced
if [ -t 2 ]; then bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'; else bold='' dim='' red='' plain=''; fi
note() { printf '      %s%s%s\n' "$dim" "$*" "$plain" >&2; }
die() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; exit 1; }

# A current LTS. Vite needs 20.19 or 22.12 at least; Debian 12 and Ubuntu 24.04 ship 18.
readonly node_version=24.21.0
readonly least_rust=1.94
# Installed where there is no Rust at all: the version whose lints the code is clean under.
readonly rust_version=1.95.0

# One `command:package` pair for each thing a build needs.
readonly needed_to_build="cc:build-essential cmake:cmake pkg-config:pkg-config curl:curl git:git python3:python3
    update-ca-certificates:ca-certificates espeak-ng:espeak-ng sox:sox"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/ringdown
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif have sudo; then sudo "$@"
    else die "need root for: $*  (run as root, or install sudo)"
    fi
}

install_packages() {
    have apt-get || die "missing on this machine: $*  (only Debian and Ubuntu packages are installed by themselves)"
    note "installing $*"
    local log
    log=$(mktemp)
    # Another process may hold the package locks for a while: apt waits for one of the two by itself. An archive out of
    # reach need not matter for these packages, so only the installation decides.
    local tries
    for ((tries = 0; tries < 90; tries++)); do
        as_root apt-get -qq update >"$log" 2>&1 && break
        grep -q 'Could not get lock' "$log" || break
        sleep 10
    done
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 -qq -y --no-install-recommends \
        install "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt-get install $* failed"; }
    rm -f "$log"
}

# Installs the packages of those `command:package` pairs whose command is missing.
ensure_commands() {
    local pair missing=()
    for pair in "$@"; do
        PATH=$PATH:/usr/sbin:/sbin have "${pair%%:*}" || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} = 0 ] && return
    # One package may have several of the commands.
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
    install_packages "${missing[@]}"
}

node_is_new_enough() {
    have node && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

# Debian's own Node is too old for Vite, but its npm can fetch a newer one: the npm registry carries Node's release
# binaries as packages named after the machine. No install script of a package is run for it.
ensure_node() {
    # Node carries its own list of authorities; a network that inspects TLS brings one that only the system knows.
    export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
    [ "${RINGDOWN_OWN_NODE:-}" != 1 ] && node_is_new_enough && have npm && return
    local home=$cache/node-$node_version kind
    if [ ! -x "$home/bin/node" ]; then
        ensure_commands node:nodejs npm:npm
        kind=$(node -p 'process.platform + "-" + process.arch')
        note "fetching Node $node_version"
        rm -rf "$home.part"
        npm install --prefix "$home.part" --no-audit --no-fund --ignore-scripts --loglevel=error \
            "node-$kind@$node_version" >&2 || die "Node $node_version could not be fetched; install Node 22.12 or newer"
        mkdir -p "$home.part/bin"
        ln -s "../node_modules/node-$kind/bin/node" "$home.part/bin/node"
        "$home.part/bin/node" --version >/dev/null || die "the fetched Node does not run here"
        rm -rf "$home"
        mv "$home.part" "$home"
    fi
    PATH=$home/bin:$PATH
    have npm || install_packages npm
}

rust_is_new_enough() {
    have cargo && have rustc && [ "$(printf '%s\n' "$least_rust" "$(rustc --version | cut -d' ' -f2)" | sort -V | head -n1)" = "$least_rust" ]
}

# What the script of https://rustup.rs does: fetch the installer for this machine, here held against its checksum.
# Its advice on PATH is not for somebody who types ./run; its errors go to stderr.
install_rustup() {
    local folder url
    folder=$(mktemp -d)
    url=https://static.rust-lang.org/rustup/dist/$(uname -m)-unknown-linux-gnu/rustup-init
    (
        cd "$folder" \
            && curl --proto '=https' --tlsv1.2 -sSfO "$url" && curl --proto '=https' --tlsv1.2 -sSfO "$url.sha256" \
            && printf '%s  rustup-init\n' "$(cut -d' ' -f1 rustup-init.sha256)" | sha256sum --quiet -c - \
            && chmod +x rustup-init \
            && ./rustup-init -y --quiet --no-modify-path --profile minimal --component clippy --component rustfmt \
                --default-toolchain "$rust_version" >/dev/null
    )
    local status=$?
    rm -rf "$folder"
    return $status
}

ensure_rust() {
    PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
    rust_is_new_enough && return
    if have rustup; then
        note "Rust is older than $least_rust: updating"
        rustup update stable >&2 || die "rustup update failed"
    else
        note "installing Rust with rustup"
        install_rustup || die "Rust could not be installed; see https://rustup.rs"
        hash -r
    fi
    rust_is_new_enough || die "need Rust $least_rust or newer, found: $(rustc --version 2>&1)"
}

ensure_toolchain() {
    # shellcheck disable=SC2086  # a list of words
    ensure_commands $needed_to_build
    ensure_node
    ensure_rust
}
