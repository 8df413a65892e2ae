#!/usr/bin/env bash
# Runs shellcheck over every shell script of the project: scripts.sh ROOT.
set -euo pipefail
cd "$1"

bad=$(mktemp)
trap 'rm -f "$bad"' EXIT
# shellcheck disable=SC2016  # the text is the bad example
printf '#!/bin/bash\nrm $1\n' >"$bad"
if shellcheck "$bad" >/dev/null; then
  echo "shellcheck finds nothing wrong with an unquoted variable" >&2
  exit 1
fi

mapfile -t scripts < <(
  find .ci tools tests packaging -type f -exec awk \
    'FNR == 1 {if (/^#!.*(bash|\/sh)/ || FILENAME ~ /\.sh$/) print FILENAME; nextfile}' {} +
)
((${#scripts[@]}))
shellcheck -x "${scripts[@]}"
for script in tools/run tools/test .ci/run; do
  [[ -x $script ]] || { echo "$script has no run bit" >&2 && exit 1; }
done
