# What tools/run and tools/test share: packages, configuration, build. Sourced, never run.
# shellcheck shell=bash

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

progress() { printf '==> %s\n' "$*" >&2; }

# usage_error SENTENCE: says it and ends with the exit code for wrong usage.
usage_error() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 64
}

# Installs those packages of the named lists that are missing; touches the network only then.
install_missing() {
  local package provided missing=()
  # Of another origin a package may hold what Debian has in two, as nodejs may hold npm.
  provided=$(dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' |
    sed -n 's/^installed //p' | tr ',' '\n' | awk 'NF {print $1}')
  while read -r package; do
    grep -qxF "$package" <<<"$provided" || missing+=("$package")
  done < <(sed 's/#.*//' "$@" | awk 'NF {print $1}')
  ((${#missing[@]})) || return 0
  local -a as_root=()
  ((EUID == 0)) || as_root=(sudo)
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  progress "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# build PRESET [TARGET…]: configures and builds; one build waits for another to end.
build() {
  local preset=$1
  shift
  local -a targets=()
  (($# == 0)) || targets=(--target "$@")
  progress "building ($preset)"
  mkdir -p "$project/build"
  (
    flock 9
    cd "$project" || exit
    cmake --preset "$preset" --log-level=WARNING
    cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}"
  ) 9>"$project/build/.lock" >&2
}
