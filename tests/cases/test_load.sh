#!/usr/bin/env bash
# chimera load against chimera stub, whose latencies are known: closed loop, open loop, a trace, faults, interruption.
. "$(dirname "$0")/../real/lib.sh"
here=$CHIMERA_SRC/tests/cases

: >url
"$chimera" stub --first 20ms --gap 2ms --log stub.jsonl >url 2>stub.err &
started+=($!)
wait_for 10 grep -q http url
url=$(grep -o 'http://[0-9.:]*' url)

load() { # NAME ARGUMENTS…
    local name=$1
    shift
    "$chimera" load "$url" -m stub --input-len 16 --output-len 8 "$@" -o "$name.db" --json >"$name.json" 2>"$name.log"
    # A busy host makes a run VOID: the numbers are there, and the exit status says so.
    local status=$?
    [ $status -eq "$(json "$name.json" 'int(d["verdicts"]["VOID"] > 0)')" ] ||
        { cat "$name.log"; fail "chimera load $*"; }
    "$chimera" export "$name.db" >"$name.jsonl" || fail "export $name"
}

load closed --max-concurrency 8 --num-requests 100
python3 "$here/check_load.py" closed closed.jsonl 100 8 || fail "closed loop"

# In two threads it is the same load: the same questions, so many in flight.
load threads --max-concurrency 9 --num-requests 101 --threads 2
python3 "$here/check_load.py" closed threads.jsonl 101 9 || fail "closed loop in two threads"
[ "$(json threads.json 'd["study"]["client"]["threads"]')" = 2 ] || fail "the report does not say two threads"
load open2 --request-rate 100 --arrival constant --duration 1 --threads 2
python3 "$here/check_load.py" open open2.jsonl 100 10000000 || fail "open loop in two threads"

load open --request-rate 100 --arrival constant --duration 1
python3 "$here/check_load.py" open open.jsonl 100 10000000 || fail "open loop"

printf 'Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n0,m,20,8,28,API log\n0.2,m,30,4,34,API log\n' >t.csv
load trace --trace t.csv --trace-speed 2
python3 "$here/check_load.py" trace trace.jsonl || fail "trace"

# The same command on a complete result does nothing; another plan in the same file is refused.
"$chimera" load "$url" -m stub --input-len 16 --output-len 8 --max-concurrency 8 --num-requests 100 -o closed.db 2>&1 |
    grep -q 'is complete' || fail "a complete result was run again"
"$chimera" load "$url" -m stub --input-len 16 --output-len 9 --max-concurrency 8 --num-requests 100 -o closed.db >out 2>&1 &&
    fail "another plan was taken for the same"
grep -q 'another plan' out || fail "no word of the other plan"

# Interrupted: says how to go on, and the same command does.
"$chimera" load "$url" -m stub --input-len 16 --output-len 8 --max-concurrency 2 --num-requests 200 -o cut.db >cut.log 2>&1 &
cut=$!
sleep 0.5
kill -INT $cut
wait $cut
[ $? -eq 130 ] || { cat cut.log; fail "interrupted: not 130"; }
load cut --max-concurrency 2 --num-requests 200
[ "$(json cut.json 'sum(len(a["runs"]) for a in d["arms"])')" = 1 ] || fail "resumed: not one complete run"

# Killed: what had ended until shortly before is in the file, as an aborted attempt, and the same command runs it again.
rows() { "$chimera" export killed.db 2>/dev/null | wc -l; }
holds() { [ "$(rows)" -ge "$1" ]; }
answered() { [ "$(wc -l <stub.jsonl)" -ge "$1" ]; }
before=$(wc -l <stub.jsonl)
"$chimera" load "$url" -m stub --input-len 16 --output-len 8 --max-concurrency 4 --num-requests 1000 -o killed.db >killed.log 2>&1 &
killed=$!
wait_for 30 answered $((before + 54))
wait_for 30 holds 50 # while it runs; up to 4 of the answers may still be on their way
kill -9 $killed
wait $killed 2>/dev/null
kept=$(rows)
[ "$kept" -ge 50 ] && [ "$kept" -lt 1000 ] || fail "killed: $kept requests in the file"
load killed --max-concurrency 4 --num-requests 1000
[ "$(json killed.json '[len(d["arms"][0][k]) for k in ("runs", "aborted")]')" = "[1, 1]" ] ||
    fail "killed: not one complete run beside the aborted one"
[ "$(rows)" -eq $((kept + 1000)) ] || fail "killed: $(rows) requests, not $kept and 1000"

python3 "$here/check_width.py" "$chimera" closed.db || fail "the report does not fit its terminal"

# Requests that ran into their timeout count as longer than that, in every percentile of the end.
"$chimera" stub --first 20ms --fault stall:every=4 >slow-url 2>stub2.err &
started+=($!)
wait_for 10 grep -q http slow-url
"$chimera" load "$(grep -o 'http://[0-9.:]*' slow-url)" -m stub --input-len 16 --output-len 8 --max-concurrency 8 \
    --num-requests 40 --timeout 1 -o timeouts.db --json >timeouts.json 2>timeouts.log || fail "a load with timeouts"
e2e='d["arms"][0]["load"]["runs"][0]["latency"][3]'
[ "$(json timeouts.json "$e2e[\"cut_off\"], $e2e[\"n\"], $e2e[\"tails\"][2][\"value\"]")" = "(10, 40, None)" ] ||
    fail "cut off: $(json timeouts.json "$e2e")"
[ "$(json timeouts.json "$e2e[\"tails\"][2][\"over\"] >= 1000")" = True ] || fail "a p99 that is not over its timeout"

"$chimera" load "$url" -m stub --max-concurrency 2 --request-rate 3 >out 2>&1
[ $? -eq 2 ] || fail "two shapes at once"
grep -q 'one of them' out || fail "no word of the two shapes"
"$chimera" load "$url" -m stub --max-concurrency 2 --num-requests 9 --threads 3 >out 2>&1
[ $? -eq 2 ] || fail "more threads than requests in flight"
grep -q 'threads: 3' out || fail "no word of the threads"
(ulimit -n 300 && "$chimera" load "$url" -m stub --max-concurrency 500 --num-requests 500 -o many.db >out 2>&1)
[ $? -eq 2 ] || fail "more connections than descriptors"
grep -q 'ulimit -n 596' out || fail "no word of how to raise the limit"
echo ok
