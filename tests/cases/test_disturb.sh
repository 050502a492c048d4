#!/usr/bin/env bash
# The instrument notices when it, or its host, is the problem: each disturbance ends with its verdict and the word of its
# rule, and the same load undisturbed does not name that rule. What is judged is stored by the run itself; nothing here
# depends on how fast the host is, but that a disturbance is far over its limit.
. "$(dirname "$0")/../real/lib.sh"
need taskset
shim=$CHIMERA_BIN/fault_disturb.so
export ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" # the library stands before the sanitizer's
core=$(python3 -c 'import os; print(min(os.sched_getaffinity(0)))')

stub() { # NAME ARGUMENTS…: its address in $url, its pid in $pid, its log in NAME.jsonl
    local name=$1
    shift
    : >"$name.url"
    "$chimera" stub "$@" --log "$name.jsonl" >"$name.url" 2>"$name.stub" &
    pid=$!
    started+=("$pid")
    wait_for 20 grep -q http "$name.url"
    url=$(grep -o 'http://[0-9.:]*' "$name.url")
}

# Half a second to the first token: late is later than 5 ms, 1 % of it, which a host at peace keeps.
stub slow --first 500ms
slow=$url
stub fast
fast=$url fast_pid=$pid

# load NAME URL ARGUMENTS…; $status is its exit status, which must agree with the verdict that it stored
load() {
    local name=$1 to=$2
    shift 2
    rm -f "$name.db"
    ${around-} "$chimera" load "$to" -m stub --input-len 16 -o "$name.db" --json "$@" >"$name.json" 2>"$name.log"
    status=$?
    judged "$name"
}

judged() { # NAME
    [ $status -le 1 ] || { cat "$1.log"; fail "$1: exit status $status"; }
    why=$(json "$1.json" '"; ".join(r["why"] for a in d["arms"] for r in a["runs"])')
    verdict=$(json "$1.json" '[k for k, n in d["verdicts"].items() if n][0]')
    [ $status -eq $([ "$verdict" = VOID ] && echo 1 || echo 0) ] || fail "$1: $verdict, but exit status $status"
    echo "$1: $verdict $why" | cut -c1-150
}

names() { # VERDICT RULE|RULE…: the last load
    [ "$verdict" = "$1" ] || fail "$verdict, not $1: $why"
    [[ "; $why" =~ "; "($2): ]] || fail "the rule $2 is not named: $why"
}

names_not() { # RULE
    [[ ! "; $why" =~ "; "($1): ]]
}

# twin RULE load …: undisturbed, a quiet moment among a few is enough; a host that is busy by its own account cannot give one
twin() {
    local rule=$1
    shift
    for _ in 1 2 3; do
        "$@"
        names_not "$rule" && return
    done
    python3 -c 'import sqlite3, sys; sys.exit(sqlite3.connect(sys.argv[1]).execute("SELECT host_busy FROM health").fetchone()[0] < 0.7)' \
        "$2.db" || fail "undisturbed, and yet: $why"
    echo "  not judged: the host is busy with something else"
}

# in_flight NAME ARGUMENTS…: an open loop in the background, in its window: $client
in_flight() {
    local name=$1
    shift
    : >slow.jsonl
    rm -f "$name.db"
    "$@" "$chimera" load "$slow" -m stub --input-len 16 --output-len 8 --request-rate 200 --duration 4 -o "$name.db" --json \
        >"$name.json" 2>"$name.log" &
    client=$!
    wait_for 60 answered 20
}

answered() { # COUNT: so many answers to chat requests were logged
    [ "$(grep -ac chat/completions slow.jsonl)" -ge "$1" ]
}

# ---- a hog on the client's core -------------------------------------------------------------------------------
in_flight hog taskset -c "$core" nice -n 19
hogs=()
for _ in 1 2 3; do
    taskset -c "$core" bash -c 'while :; do :; done' &
    hogs+=($!)
done
started+=("${hogs[@]}")
sleep 2
kill "${hogs[@]}"
wait "$client"
status=$?
judged hog
names VOID 'send_lag|stopped'
twin send_lag load calm "$slow" --output-len 8 --request-rate 200 --duration 2

# ---- the client is stopped ------------------------------------------------------------------------------------
in_flight stop
kill -STOP "$client"
sleep 1.5
kill -CONT "$client"
wait "$client"
status=$?
judged stop
names VOID stopped
twin stopped load calm "$slow" --output-len 8 --request-rate 200 --duration 1

# ---- tiny socket buffers: whole answers come at once, and find no room ---------------------------------------------
around="env LD_PRELOAD=$shim DISTURB_RCVBUF=2304"
load buffer "$fast" --max-concurrency 4 --num-requests 200 --output-len 64
[[ $why =~ receive_full: ]] || fail "a receive buffer of 2304 bytes is not named: $why"
[ "$verdict" != VALID ] || fail "a tiny receive buffer is VALID"
around="env LD_PRELOAD=$shim"
load no-buffer "$fast" --max-concurrency 4 --num-requests 200 --output-len 64
names_not receive_full || fail "undisturbed, and yet: $why"

# ---- a slow disk: storing is not on the measured path ---------------------------------------------------------------
around="env LD_PRELOAD=$shim DISTURB_SYNC_MS=500"
SECONDS=0
twin 'stopped|send_lag' load disk "$slow" --output-len 8 --request-rate 100 --duration 2
[ "$SECONDS" -ge 3 ] || fail "the disk was not slow: $SECONDS s"
[ "$(json disk.json '[r["requests_ok"] == r["requests_planned"] > 100 for r in d["arms"][0]["runs"]][0]')" = True ] || fail "requests were lost"

# ---- the wall clock is set --------------------------------------------------------------------------------------
around="env LD_PRELOAD=$shim DISTURB_STEP_MS=250"
load step "$slow" --output-len 8 --request-rate 50 --duration 4
names VOID clock_step
around="env LD_PRELOAD=$shim"
load no-step "$slow" --output-len 8 --request-rate 50 --duration 2
names_not clock_step || fail "undisturbed, and yet: $why"

# ---- one core for client and server: more than it can do, and little -------------------------------------------------
taskset -a -cp "$core" "$fast_pid" >/dev/null
around="taskset -c $core"
load crowd "$fast" --request-rate 8000 --duration 0.3 --output-len 64
names VOID 'send_lag|loop_busy|unsent|stopped'
twin 'loop_busy|unsent' load alone "$fast" --request-rate 5 --duration 2 --output-len 8
echo ok
