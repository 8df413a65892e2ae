#!/usr/bin/env bash
# Man pages and completions as they come: pages.sh PROJECT BUILD.
set -euo pipefail
build=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "$*" >&2
  exit 1
}

for page in posternd.8 postern.1 postern-replay.1 postern.toml.5; do
  LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l "$build/manual/$page" \
    >"$work/$page" 2>"$work/said"
  [[ ! -s $work/said ]] || fail "$page: $(<"$work/said")"
done
# Whatever the help of a program has, its page has.
for program in posternd.8 postern.1 postern-replay.1; do
  help=$("$build/bin/${program%.*}" --help)
  while read -r option; do
    grep -qF -e "$option" "$work/$program" || fail "$program lacks $option"
  done < <(grep -oE -- '--[a-z][a-z-]+' <<<"$help" | sort -u)
done
grep -q -- '--expect-version' "$work/postern.1" || fail "postern.1 lacks what every change takes"
while read -r setting; do
  grep -q "$setting" "$work/postern.toml.5" || fail "postern.toml.5 lacks $setting"
done < <(grep -oE '^#?[a-z_]+ =' "$1/packaging/postern.toml" | tr -d '#= ')
"$build/bin/posternd" check-config "$build/manual/postern.toml"
grep -q '^ipc_group = "postern"$' "$build/manual/postern.toml"

# What bash offers behind some words: complete_words WORD….
complete_words() {
  (
    # shellcheck source=/dev/null
    source "$build/manual/postern.bash"
    PATH=$build/bin:$PATH
    COMP_WORDS=(postern "$@")
    COMP_CWORD=$#
    COMP_LINE="postern $*"
    COMP_POINT=${#COMP_LINE}
    _postern postern "${!#}"
    printf '%s\n' "${COMPREPLY[@]}"
  )
}
complete_words te | grep -qx tenant || fail "bash: te"
complete_words tenant cr | grep -qx create || fail "bash: tenant cr"
complete_words --tenant acme user cr | grep -qx create || fail "bash: --tenant acme user cr"
complete_words user create --em | grep -qx -- --email || fail "bash: user create --em"
[[ -z $(complete_words --tenant te) ]] || fail "bash: a value is no command"
complete_words user create x --api-access o | grep -qx on || fail "bash: --api-access o"
