#!/usr/bin/env bash
# The packages in a fresh bookworm: built, checked, installed, used, upgraded, removed, purged, by
# the commands of packaging/README.md: install.sh PROJECT BUILD. POSTERN_BARE names a fresh minimal
# bookworm to copy; else debootstrap makes one.
set -euo pipefail
project=$(realpath "$1")
build=$(realpath "$2")
# shellcheck source-path=SCRIPTDIR source=system.sh
source "$(dirname "${BASH_SOURCE[0]}")/system.sh"

tell_more() { inside journalctl --unit postern --no-pager --lines 40; }

# run_block NAME: the block of packaging/README.md that is called so, as the user it is for.
run_block() {
  say "README: $1"
  local text user
  text=$("$project/tests/packages/blocks.py" "$project/packaging/README.md" "$1")
  user=${text%%$'\n'*}
  inside setpriv --reuid "$user" --regid "$user" --init-groups \
    env "HOME=$(home_of "$user")" bash -euxc "cd /packages; ${text#*$'\n'}" >&2 ||
    fail "the block $1"
}

# as USER COMMAND…: in the booted system.
as() { inside setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }

# put DIR: these packages are the ones that lie in the system's folder.
put() {
  mkdir -p "$root/packages"
  rm -f "$root"/packages/*.deb
  cp "$1"/*.deb "$root/packages"
}

say "building the packages"
"$project/packaging/build" --built "$build" --out "$work/new" >/dev/null
"$project/packaging/build" --built "$build" --out "$work/before" --version 0.1.0~before >/dev/null
"$project/packaging/build" --built "$build" --out "$work/again" >/dev/null
for package in "$work"/new/*.deb; do
  cmp "$package" "$work/again/${package##*/}" || fail "two builds differ in ${package##*/}"
done
# It reads machine code as words.
lintian --pedantic --display-info --suppress-tags spelling-error-in-binary \
  --fail-on error,warning,info,pedantic "$work"/new/*.changes ||
  fail "lintian"

say "the libraries, by CMake and by pkg-config"
for package in "$work"/new/libpostern-dev_*.deb; do dpkg-deb -x "$package" "$work/dev"; done
example=$work/dev/usr/share/doc/libpostern-dev/examples
cmake -S "$example" -B "$work/example" -DCMAKE_PREFIX_PATH="$work/dev/usr" >/dev/null
cmake --build "$work/example" >/dev/null
pc_file=$(find "$work/dev" -name postern-client.pc)
read -r -a flags < <(PKG_CONFIG_PATH=${pc_file%/*} \
  pkg-config --cflags --libs postern-client)
c++ -std=c++23 "$example/may.cpp" "${flags[@]}" -o "$work/may"
read -r -a flags < <(PKG_CONFIG_PATH=${pc_file%/*} \
  pkg-config --cflags --libs postern-replica)
c++ -std=c++23 "$example/shop.cpp" "${flags[@]}" -o "$work/shop"

say "a fresh bookworm"
make_root
chroot "$root" apt-get update -q >/dev/null
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
  systemd systemd-sysv debconf man-db >/dev/null
# What the packages need is fetched now: the booted system has a network of its own.
put "$work/new"
chroot "$root" sh -c 'apt-get install -q -y --no-install-recommends --download-only \
  /packages/postern-server_*.deb /packages/postern-tools_*.deb' >/dev/null
chroot "$root" useradd --create-home alice
chroot "$root" useradd --create-home stranger
cp "$work/example/may" "$work/example/shop" "$root/usr/local/bin"
boot || fail "systemd did not start in the folder"

put "$work/before"
run_block install
[[ $(inside stat --format '%U:%G %a' /var/lib/postern) == 'postern:postern 700' ]] ||
  fail "the folder"
run_block move
run_block let-in
run_block tour
as alice /usr/local/bin/may acme shop read table/customer ||
  fail "the example"
as alice /usr/local/bin/shop ipc:///run/postern/history ipc:///run/postern/queries |
  grep -qxE 'shop may( not)?' || fail "the replica's example"
if as stranger postern --endpoint ipc:///run/postern status; then
  fail "a user outside the group came in"
fi
inside systemctl show --property StatusText --value postern | grep -q '^taking commands, seq ' ||
  fail "its status"
main_process=$(inside systemctl show --property MainPID --value postern)
inside grep -q '^NoNewPrivs:.1$' "/proc/$main_process/status" || fail "its sandbox"
its_root=/proc/$main_process/root
inside test ! -e "$its_root/home" || fail "its root folder"
for page in posternd.8 postern.1 postern-replay.1 postern.toml.5; do
  inside man --where "${page##*.}" "${page%.*}" >/dev/null || fail "man $page"
done

say "settings read again, and refused"
run_block reload
main_process_after=$(inside systemctl show --property MainPID --value postern)
[[ $main_process_after == "$main_process" ]] || fail "the reload was a restart"
# said: the newest lines of its log.
said() { inside journalctl --unit postern --output cat --lines 50; }
errors() { inside journalctl --unit postern --output cat --priority err --lines 5; }
grep -q 'settings_changed: the setting log.level is now "debug"' < <(said) ||
  fail "what it said of the reload"
echo 'levle = "info"' >>"$root/etc/postern/postern.toml"
if inside systemctl reload postern 2>/dev/null; then fail "a mistake was taken"; fi
grep -q 'log.levle is no setting; the nearest is log.level' < <(said) ||
  fail "what it said of the mistake"
sed -i '/^levle/d' "$root/etc/postern/postern.toml"

say "what its sandbox forbids, and the lines that it names"
drop_ins=$root/etc/systemd/system/postern.service.d
# unit_with LINE…: has them below [Service].
unit_with() {
  mkdir -p "$drop_ins"
  printf '%s\n' '[Service]' "$@" >"$drop_ins/test.conf"
  inside systemctl daemon-reload
}
starts() { inside systemctl reset-failed postern && inside systemctl restart postern; }
# forbidden SENTENCE LINE…: it does not start and says why, once; with these lines it does.
forbidden() {
  if starts 2>/dev/null; then fail "it started, and should have said '$1'"; fi
  grep -qE "^daemon_ended: .*$1" < <(errors) || fail "it did not say '$1'"
  [[ $(inside systemctl is-active postern) == failed ]] || fail "it was tried again: $1"
  [[ $# -eq 1 ]] || unit_with "${@:2}"
}
set_to() { sed -i "s|^$1 = .*|$1 = $2|" "$root/etc/postern/postern.toml"; }
cp -a "$root/etc/postern/postern.toml" "$work/good.toml"

set_to port_base 100
forbidden 'AmbientCapabilities=CAP_NET_BIND_SERVICE, .* CapabilityBoundingSet=' \
  AmbientCapabilities=CAP_NET_BIND_SERVICE CapabilityBoundingSet=CAP_NET_BIND_SERVICE
starts || fail "with the right to low ports it does not start"
cp -a "$work/good.toml" "$root/etc/postern/postern.toml"

set_to ipc_group '"users"'
forbidden 'RuntimeDirectoryMode=0755' RuntimeDirectoryMode=0755
forbidden 'SupplementaryGroups=users, and SystemCallFilter=@chown' \
  RuntimeDirectoryMode=0755 SupplementaryGroups=users SystemCallFilter=@chown
starts || fail "with the group it does not start"
cp -a "$work/good.toml" "$root/etc/postern/postern.toml"

unit_with ExecStart= \
  'ExecStart=/usr/bin/posternd --data /srv/postern --config /etc/postern/postern.toml'
cp -a "$root/var/lib/postern" "$root/srv/postern"
forbidden ' /srv/postern.* write BindPaths= with it'
echo BindPaths=/srv/postern >>"$drop_ins/test.conf"
inside systemctl daemon-reload
starts || fail "with data elsewhere it does not start"
rm -r "$drop_ins" "$root/srv/postern"
inside systemctl daemon-reload
starts

say "an upgrade"
put "$work/new"
run_block upgrade
as alice /usr/local/bin/may acme shop read table/customer ||
  fail "what was granted before the upgrade"

say "an upgrade over the data of a newer version"
inside systemctl stop postern
fingerprint() {
  (cd "$root" && find var/lib/postern usr/bin/posternd etc/postern -type f \
    -exec sha256sum {} + | sort)
}
sed -i 's/1/99/' "$root/var/lib/postern/format"
before=$(fingerprint)
if inside sh -c 'dpkg --install /packages/postern-server_*.deb' 2>"$work/said"; then
  fail "it was not refused"
fi
grep -q 'are of form 99, and .* reads up to 1' "$work/said" || fail "what it said: $(<"$work/said")"
[[ $(fingerprint) == "$before" ]] || fail "something was touched"
sed -i 's/99/1/' "$root/var/lib/postern/format"
put "$work/before"
if inside sh -c 'dpkg --install /packages/postern-server_*.deb' 2>"$work/said"; then
  fail "going back was not refused"
fi
grep -q 'were last used by version' "$work/said" || fail "what it said: $(<"$work/said")"
inside systemctl start postern

say "the keys sealed under one of the service manager"
run_block seal
[[ $(head -c 8 "$root/var/lib/postern/keys/root") == PSTNSEAL ]] || fail "the root of the keys"
rm -r "$drop_ins"
inside systemctl daemon-reload
forbidden 'LoadCredential='

run_block remove
run_block purge
say "the packages are good"
