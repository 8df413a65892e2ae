#!/usr/bin/env bash
# The steps of packaging/Containerfile in a folder, without a container engine: image.sh PROJECT
# BUILD.
# What the first stage compiles is taken from BUILD; the second is carried out line by line, and its
# program is run as the image says: its user, no rights, a root folder that nobody can write.
set -euo pipefail
project=$(realpath "$1")
build=$(realpath "$2")
# shellcheck source-path=SCRIPTDIR source=system.sh
source "$(dirname "${BASH_SOURCE[0]}")/system.sh"

mkdir "$work/out"
tell_more() { [[ ! -e $work/said ]] || cat "$work/said"; }

# What the first stage puts into /out, by its own last line.
install_line=$(grep '^RUN DESTDIR=/out' "$project/packaging/Containerfile")
bash -euc "$(sed "s|^RUN ||; s|/out|$work/out|g; s|--install build |--install $build |g" \
  <<<"$install_line")" >/dev/null

make_root
user="" entry="" check=""
environment=()
# carry_out LINE: one of the second stage.
carry_out() {
  say "$1"
  local words
  read -r -a words <<<"$1"
  case $1 in
    'RUN '*) chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -euc "${1#RUN }" >/dev/null ;;
    'COPY --from=build '*) cp -r "$work${words[2]}." "$root${words[3]}" ;;
    'COPY '*) install -D --mode 0755 "$project/${words[1]}" "$root${words[2]}" ;;
    'USER '*) user=${words[1]} ;;
    'ENV '*) environment+=("${words[1]}") ;;
    'VOLUME '* | 'EXPOSE '*) ;;
    'HEALTHCHECK '*) check=$(tr -d '[],"' <<<"${1#*CMD }") ;;
    'ENTRYPOINT '*) entry=$(tr -d '[],"' <<<"${1#ENTRYPOINT }") ;;
    *) fail "a line that this test does not know" ;;
  esac
}
while IFS= read -r line; do carry_out "$line"; done < <(
  awk '/^FROM /{stage++; next} stage == 2 && NF' "$project/packaging/Containerfile"
)
[[ $user == 7600:7600 && -n $entry && -n $check ]] || fail "user, entry point, health check"
install --directory --owner 7600 --group 7600 --mode 0700 "$work/data"

# In namespaces of its own: the root folder read-only, the volume, no rights.
run_here() {
  mount --make-rprivate /
  mount --bind "$root" "$root"
  mount --bind "$work/data" "$root/data"
  mount -t proc proc "$root/proc"
  mount -o remount,ro,bind "$root"
  ip link set lo up
  # shellcheck disable=SC2086
  exec chroot "$root" env -i PATH=/usr/bin:/bin "$@" \
    setpriv --reuid 7600 --regid 7600 --clear-groups --no-new-privs --bounding-set=-all $entry
}
export -f run_here

start() {
  root=$root work=$work entry=$entry unshare --mount --pid --fork --net --kill-child \
    bash -euc 'run_here "$@"' run_here "${environment[@]}" >"$work/said" 2>&1 &
  starter=$!
  system=""
  local deadline=$((SECONDS + 120))
  until [[ -n $system ]] && in_it "$check" >/dev/null 2>&1; do
    if ! kill -0 "$starter" 2>/dev/null || ((SECONDS > deadline)); then fail "it is not healthy"; fi
    system=$(pgrep -P "$starter" || true)
  done
}
# in_it COMMAND: as the image's user.
in_it() {
  nsenter --target "$system" --mount --net --pid --root --wd \
    setpriv --reuid 7600 --regid 7600 --clear-groups --no-new-privs \
    env -i PATH=/usr/bin:/bin "${environment[@]}" sh -c "$1"
}

start
in_it 'postern tenant create acme' >/dev/null || fail "a command"
for place in /written /etc/written /usr/bin/written /tmp/written; do
  if in_it "touch $place" 2>/dev/null; then fail "$place could be written"; fi
done
# The first of its namespace: it hears only what it asked to hear, so that this is a test too.
kill -TERM "$system"
wait "$starter" || fail "it did not end well"
start
in_it 'postern tenant list' | grep -q acme || fail "what was kept"
say "the image is good"
