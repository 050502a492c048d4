# Shared by ./dev and tools/deps: where the cache lies, and steps that show their name and time. Source it, do not run it.
# shellcheck shell=bash

LC_NUMERIC=C # EPOCHREALTIME is written with the locale's decimal point
if [ -z "${CHIMERA_DEPS:-}" ]; then
  CHIMERA_DEPS=${XDG_CACHE_HOME:-${HOME:?is not set: set HOME, XDG_CACHE_HOME or CHIMERA_DEPS}/.cache}/chimera
fi
export CHIMERA_DEPS

say() { printf '%s\n' "$*" >&2; }

# die STATUS TEXT…: one line that says what to do.
die() {
  local status=$1
  shift
  say "${0##*/}: $*"
  exit "$status"
}

# seconds_since EPOCHREALTIME → "12.3"
seconds_since() {
  local us=$((${EPOCHREALTIME/./} - ${1/./}))
  printf '%d.%d' $((us / 1000000)) $((us / 100000 % 10))
}

# wait_shown PID LABEL START: waits; on a terminal the line counts the seconds.
wait_shown() {
  local pid=$1 label=$2 start=$3
  while [ -t 2 ] && kill -0 "$pid" 2>/dev/null; do
    printf '\r  %s … %s s ' "$label" "$(seconds_since "$start")" >&2
    sleep 0.2
  done
  wait "$pid"
}

# step LABEL COMMAND…: runs quietly and prints "  LABEL … 12.3 s"; on failure the end of the output and the command's status.
# The command runs in a process group of its own so that an interrupt ends all of it, and in the background so that
# errexit stays in force inside shell functions (bash ignores it under || and if).
step() {
  local label=$1 start=$EPOCHREALTIME status=0 log pid
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/chimera-step.XXXXXX")
  [ -t 2 ] || printf '  %s … ' "$label" >&2
  set -m
  (set -e && "$@") >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  # shellcheck disable=SC2064 # the values of now are wanted
  trap "kill -TERM -- -$pid 2>/dev/null; rm -f '$log'; echo >&2; exit 130" INT TERM
  wait_shown "$pid" "$label" "$start" || status=$?
  trap - INT TERM
  if [ -t 2 ]; then
    printf '\r  %s … ' "$label" >&2
  fi
  if [ "$status" -eq 0 ]; then
    say "$(seconds_since "$start") s"
  else
    say "failed after $(seconds_since "$start") s (status $status); the end of its output:"
    # addresses are cut out: where a client fetches from is the user's own configuration
    tail -n 40 "$log" | sed -E 's#https?://[^ ]*#(address)#g; s/^/    /' >&2
  fi
  rm -f "$log"
  return "$status"
}
