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

"$chimera" load "$url" -m stub --max-concurrency 2 --request-rate 3 >out 2>&1
[ $? -eq 2 ] || fail "two shapes at once"
grep -q 'one of them' out || fail "no word of the two shapes"
echo ok
