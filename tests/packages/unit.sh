#!/usr/bin/env bash
# The unit as systemd reads it: unit.sh PROJECT.
set -euo pipefail
cd "$1/packaging"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Threshold in tenths; a unit without its sandbox must be above it.
systemd-analyze security --offline=true --threshold=10 postern.service >"$work/said" ||
  { cat "$work/said" && exit 1; }
grep -v '^Protect' postern.service >"$work/postern.service"
if systemd-analyze security --offline=true --threshold=10 "$work/postern.service" >/dev/null; then
  echo "a unit without Protect…= would pass" >&2
  exit 1
fi

# Its program need not be installed here, nor its pages.
sed 's|^Exec\(.*\)=/usr/bin/posternd|Exec\1=/bin/true|' postern.service >"$work/postern.service"
cp system-postern.slice "$work"
systemd-analyze verify --man=no --recursive-errors=no "$work"/*.service "$work"/*.slice 2>&1 |
  tee "$work/said"
[[ ! -s $work/said ]]

# Every exit code that is not worth another start is one that posternd has.
codes=$(sed -n 's/^RestartPreventExitStatus=//p' postern.service)
for code in $codes; do
  grep -q "= $code,$" "$1/daemon/platform/failure.h" ||
    { echo "no failure ends with $code" >&2 && exit 1; }
done
