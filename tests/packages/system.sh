# A Debian system in a folder: made, entered, and booted with its own systemd, which needs root.
# Sourced, never run; `root` is the folder, `work` one for what is said, `system` the pid here of
# the first process of what was started in it.
# shellcheck shell=bash

work=$(mktemp -d)
root=$work/root
system=""
mkdir "$root"

# Whatever runs in the folder is ended.
halt() {
  if [[ -n $system ]]; then kill -KILL "$system" 2>/dev/null || true; fi
  wait
  system=""
}
end() {
  halt
  rm -rf --one-file-system "$work"
}
trap end EXIT

say() { printf '==> %s\n' "$*" >&2; }
# fail SENTENCE: ends the test, with what `tell_more` of the test prints.
fail() {
  say "failed: $*"
  tell_more >&2 || true
  exit 1
}

# The archive that this machine's apt uses.
archive() {
  # shellcheck disable=SC2016  # it is apt's
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' |
    head -n 1
}

# make_root: a fresh minimal bookworm; a copy of POSTERN_BARE where that is given.
make_root() {
  if [[ -n ${POSTERN_BARE:-} ]]; then
    cp -a "$POSTERN_BARE/." "$root"
  else
    debootstrap --variant=minbase bookworm "$root" "$(archive)" >&2
  fi
  cp /etc/resolv.conf /etc/hosts "$root/etc"
  rm -rf "$root"/etc/apt/sources.list.d/*
  echo "deb $(archive) bookworm main" >"$root/etc/apt/sources.list"
}

# The new namespaces' own view of the system; ends as the systemd of `root`.
boot_here() {
  mount --make-rprivate /
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  # This machine's settings are not its.
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,ro,bind "$root/proc/sys"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  if [[ -d /sys/fs/cgroup/systemd ]]; then
    mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
    mkdir "$root"/sys/fs/cgroup/{systemd,memory,pids,unified}
    mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
    mount -t cgroup -o memory cgroup "$root/sys/fs/cgroup/memory"
    mount -t cgroup -o pids cgroup "$root/sys/fs/cgroup/pids"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
  else
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  fi
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  local device
  for device in null zero full random urandom tty; do cp -a "/dev/$device" "$root/dev"; done
  mkdir "$root/dev/pts" "$root/dev/shm"
  ln -s /proc/self/fd "$root/dev/fd"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ip link set lo up
  # Of these namespaces alone: credentials reach their units by a mount that is passed on.
  mount --make-rshared "$root"
  export container=chroot
  exec chroot "$root" /lib/systemd/systemd --system --log-target=journal --show-status=0 \
    systemd.unit=multi-user.target
}
export -f boot_here

# boot: starts the systemd of `root` and waits until it takes jobs. Its pid here is `system`.
boot() {
  local starter its_root
  root=$root unshare --mount --pid --fork --ipc --uts --cgroup --net --kill-child \
    bash -euc boot_here >"$work/boot.log" 2>&1 &
  starter=$!
  system=""
  local deadline=$((SECONDS + 120))
  its_root=""
  until [[ -n $system && -S $its_root/run/systemd/private ]] &&
    inside systemctl is-system-running --wait >/dev/null 2>&1 ||
    [[ $(inside systemctl is-system-running 2>/dev/null) == degraded ]]; do
    if ! kill -0 "$starter" 2>/dev/null || ((SECONDS > deadline)); then
      cat "$work/boot.log" >&2
      return 1
    fi
    system=$(pgrep -P "$starter" || true)
    its_root=/proc/$system/root
  done
}

# inside COMMAND…: in the booted system, as its root.
inside() {
  [[ -n $system ]] &&
    nsenter --target "$system" --mount --pid --ipc --uts --net --cgroup --root --wd \
      env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$(home_of root)" \
      DEBIAN_FRONTEND=noninteractive "$@"
}

# home_of USER, in `root`.
home_of() { awk -F: -v user="$1" '$1 == user {print $6}' "$root/etc/passwd"; }
