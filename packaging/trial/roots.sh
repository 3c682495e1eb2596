# shellcheck shell=bash
# Bare roots of Debian for the trials beside this file: sourced. Roots are kept in EWSD_ROOTS (/var/tmp/ewsd-roots).
# Nothing is booted but by the trial of that name: the programs are started as the installed unit says, by a script that reads it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${EWSD_ROOTS:-/var/tmp/ewsd-roots}
# bookworm, trixie
suite=
mounts=()
root=

say() { printf '%s: %s\n' "$suite" "$*"; }
die() {
    say "FAILED: $*" >&2
    exit 1
}
unmount() {
    local at
    for ((at = ${#mounts[@]} - 1; at >= 0; at--)); do umount -l "${mounts[at]}" || true; done
    mounts=()
}
leave() {
    unmount
    [ -z "$root" ] || rm -rf --one-file-system "$root"
    root=
}
trap leave EXIT

# The machine's own way to Debian, for another suite.
lend_apt() {
    rm -rf "$root/etc/apt"
    cp -a /etc/apt "$root/etc/apt"
    rm -f "$root"/etc/apt/apt.conf.d/20packagekit "$root"/etc/apt/apt.conf.d/50appstream
    find "$root/etc/apt" \( -name '*.sources' -o -name '*.list' \) -exec sed -i "s/bookworm\|trixie/$suite/g" {} +
    local path
    for path in /usr/share/keyrings /usr/local/share/ca-certificates /etc/ssl/certs; do
        [ ! -d "$path" ] || { mkdir -p "$root$path" && cp -a "$path/." "$root$path/"; }
    done
    cp -aL /etc/resolv.conf /etc/hosts "$root/etc/"
}

# A copy of a bare root of $suite, which is made once.
make_root() {
    local base=$cache/$suite mirror
    if [ ! -e "$base.ok" ]; then
        rm -rf "$base"
        mkdir -p "$cache"
        mirror=$(awk '/^URIs:/{print $2; exit} /^deb /{for (i = 2; i <= NF; i++) if ($i ~ /^http/) {print $i; exit}}' \
            /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
        say "making a bare root"
        debootstrap --variant=minbase --include=ca-certificates "$suite" "$base" "$mirror" >"$cache/$suite.log" 2>&1 ||
            die "debootstrap: see $cache/$suite.log"
        touch "$base.ok"
    fi
    root=$(mktemp -d "$cache/run.XXXXXX")
    chmod 755 "$root"
    cp -a --reflink=auto "$base/." "$root/"
    lend_apt
    install -m 755 "$here/start-unit" "$here/first-mail" "$root/usr/local/bin/"
}

# For programs that run in it.
mount_root() {
    mount -t proc proc "$root/proc" && mounts+=("$root/proc")
    mount --bind /dev "$root/dev" && mounts+=("$root/dev")
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" && mounts+=("$root/dev/shm")
    mount -t tmpfs -o mode=755 tmpfs "$root/run" && mounts+=("$root/run")
}

within() {
    chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# With a network and processes of its own: nobody else's ports, nobody else reached, nothing left behind.
apart() {
    # shellcheck disable=SC2016 # for the shell that is started
    unshare --net --pid --fork --mount sh -c 'ip link set lo up && mount -t proc proc "$1/proc" && shift && exec "$@"' sh "$root" \
        chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "$@"
}
