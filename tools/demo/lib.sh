# What every story uses: the daemon it talks to, and questions whose answers are compared.
# Sourced by play, which has set project, data and port_base, and ends a story with `finish`.
# shellcheck shell=bash disable=SC2034,SC2153,SC2154

asked=0
unexpected=0
folder=""
daemon_pid=""
# What a story appends to the names it makes; not empty where another may have been played before.
again=""

bold() { if [[ -t 1 ]]; then printf '\033[1m%s\033[0m\n' "$1"; else printf '%s\n' "$1"; fi; }

# say TEXT: what comes next, and why it matters.
say() { printf '\n' && bold "$1"; }

# as_typed COMMAND…: as one would type it.
as_typed() { printf '%s' "${*@Q}" | sed "s/'\([A-Za-z0-9_.,/:=@+-]*\)'/\1/g"; }

# ask EXIT PART COMMAND…: shows command and answer, and compares: the exit code, and that PART is in
# the answer. A password goes to the command's standard input.
ask() {
  local expected_exit=$1 expected_part=$2 answer code=0
  shift 2
  asked=$((asked + 1))
  printf '  $ %s%s\n' "$(as_typed "$@")" \
    "$([[ /dev/stdin -ef /dev/null ]] || echo ' < a password')"
  answer=$("$@" 2>&1) || code=$?
  [[ -z $answer ]] || printf '    %s\n' "${answer//$'\n'/$'\n    '}"
  if ((code != expected_exit)) || [[ $answer != *"$expected_part"* ]]; then
    unexpected=$((unexpected + 1))
    bold "    NOT AS EXPECTED: exit $code; expected was exit $expected_exit with '$expected_part'"
  fi
}

# into FILE COMMAND…: shows the command, and keeps its answer in FILE for what is asked next.
into() {
  local file=$1 code=0
  shift
  asked=$((asked + 1))
  printf '  $ %s >%s\n' "$(as_typed "$@")" "$file"
  "$@" >"$file" || code=$?
  ((code == 0)) && return
  unexpected=$((unexpected + 1))
  bold "    NOT AS EXPECTED: exit $code; expected was exit 0"
}

# Sets port_base to the first of ten ports in a row that nobody listens on and no other story has:
# a lock on a file says so, until this script ends.
take_port_base() {
  local base port
  for base in {30000..31990..10}; do
    { exec {port_lock}>"${TMPDIR:-/tmp}/postern-ports-$base.lock"; } 2>/dev/null || continue
    flock --nonblock "$port_lock" || continue
    for ((port = base; port < base + 10; port++)); do
      if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
    done
    port_base=$base && return
  done
  echo "no free ports between 30000 and 32000" >&2
  return 73
}

# Makes the data folder with a year's history of a small company, by the program of tests/year.
make_audit_data() {
  say "A year passes: four tenants, 300 users. The same happens each time, under other numbers."
  "$(dirname "$(command -v posternd)")/../tests/bin/make_year" "$data" --users 300 --calls 20000 |
    sed 's/^/    /'
}

# Makes the data folder if there is none, starts the daemon, and returns when it is ready.
start_daemon() {
  folder=$(mktemp -d)
  trap clean_up EXIT
  data=${data:-$folder/data}
  [[ -n $port_base ]] || take_port_base
  if [[ -e $data/format && $story == audit ]]; then
    echo "the story of an audit makes its own data folder, and $data is there already" >&2
    return 73
  elif [[ -e $data/format ]]; then
    again=-$(date +%s)
  elif [[ $story == audit ]]; then
    make_audit_data
  else
    posternd init --data "$data" >"$folder/init.log"
  fi
  coproc DAEMON {
    exec /usr/bin/python3 "$project/tools/demo/supervise.py" "$folder/daemon.log" \
      posternd --data "$data" --port-base "$port_base"
  }
  daemon_pid=$DAEMON_PID
  if ! read -r -u "${DAEMON[0]}"; then
    stop_daemon
    return 69
  fi
  # Stands in for `--data` at every command of the story.
  export POSTERN_DATA=$data
  say "The daemon is ready (data in $data, ports from $port_base)."
  sed 's/^/    /' "$folder/daemon.log"
}

# Ends the daemon as a service manager does; it must end with 0.
stop_daemon() {
  local code=0 pid=$daemon_pid
  daemon_pid=""
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" || code=$?
  ((code == 0)) && return
  cat "$folder/daemon.log" >&2
  echo "the daemon ended with $code" >&2
  return "$code"
}

clean_up() {
  [[ -z $daemon_pid ]] || stop_daemon || true
  rm -rf "$folder"
}

# Says how it went; 0 only if every answer was the expected one.
finish() {
  [[ -z $daemon_pid ]] || stop_daemon
  say "$asked questions and commands, $unexpected answers not as expected."
  ((unexpected == 0))
}
