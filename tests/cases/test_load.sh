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

# A warm-up is kept and counts nowhere: what counts are the hundred, and the second, behind it.
load warm-closed --max-concurrency 8 --num-requests 100 --warmup 0.2 --threads 2
python3 "$here/check_load.py" closed warm-closed.jsonl 100 8 || fail "closed loop with a warm-up"
load warm-open --request-rate 100 --arrival constant --duration 1 --warmup 0.2
python3 "$here/check_load.py" open warm-open.jsonl 100 10000000 20 || fail "open loop with a warm-up"
[ "$(json warm-open.json 'd["arms"][0]["load"]["runs"][0]["warmup_requests"]')" = 20 ] || fail "report: not 20 of warm-up"
[ "$(json warm-open.json 'd["arms"][0]["load"]["runs"][0]["planned"]')" = 100 ] || fail "report: warm-up is counted"
"$chimera" load "$url" -m stub --trace t.csv --warmup 1 -o none.db >out 2>&1 && fail "a load without a window"
grep -q 'into its window' out || fail "no word of the empty window"

# Stop by precision: the stub's latencies differ by microseconds, so that the first look, at 50 requests, is enough; what was
# built or in flight then ends, and nothing is called unsent. The number of requests is the upper bound. Who looks is the
# writer of the record, and all threads end.
load precise --max-concurrency 4 --num-requests 4000 --warmup 0.1 --precision e2e:50% --threads 2
load precise-open --request-rate 200 --arrival constant --duration 20 --precision e2e.mean:50%
for name in precise precise-open; do
    [ "$(json $name.json 'd["arms"][0]["load"]["runs"][0]["precision"]["reached"]')" = True ] || fail "$name: not reached"
    [ "$(json $name.json 'd["arms"][0]["load"]["runs"][0]["precision"]["n"] in (50, 75, 112, 168, 252, 378)')" = True ] ||
        fail "$name: not at one of the first looks" # at 50, where the host is quiet
    [ "$(json $name.json '50 <= d["arms"][0]["load"]["runs"][0]["completed"] == d["arms"][0]["load"]["runs"][0]["planned"] < 4000')" = True ] ||
        fail "$name: not stopped there"
done
load vague --max-concurrency 4 --num-requests 60 --precision e2e:0.000001%
[ "$(json vague.json 'd["arms"][0]["load"]["runs"][0]["precision"]["reached"]')" = False ] || fail "vague: reached"
[ "$(json vague.json 'd["arms"][0]["load"]["runs"][0]["planned"]')" = 60 ] || fail "vague: not to its bound"

said() { "$chimera" report "$1.db" | tr -s '\n ' ' ' | grep -q "$2" || fail "$1: the report does not say: $2"; }
load guessed --backend openai --max-concurrency 1 --num-requests 3 # a dialect without a tokenizer
said guessed '3 of 3 questions had an estimated length'
[ "$(json open.json 'd["arms"][0]["load"]["runs"][0]["estimated"]')" = 0 ] || fail "counted prompts called estimated"
said trace 'times and lengths of a trace'
said precise 'median of e2e was known to ± [0-9.]* % with [0-9]* requests (asked: 50.0 %)'
said precise-open 'mean of e2e was known to ±'
said precise '[0-9]* requests of warm-up were sent before the window and count nowhere'
said vague 'only (asked: [^ ]* %), which needs about [0-9]* requests'

# Conversations: each turn follows its answer, behind a pause, and carries what was said.
load talk-closed --max-concurrency 2 --num-requests 4 --turns 3 --think 15 --threads 2
python3 "$here/check_load.py" talk talk-closed.jsonl 4 3 || fail "conversations of a closed loop"
load talk-open --request-rate 20 --arrival constant --duration 0.5 --turns 3 --think 15
python3 "$here/check_load.py" talk talk-open.jsonl 10 3 || fail "conversations of an open loop"
said talk-open '10 conversations, 0 cut short'

# Lengths of a trace in a closed loop, in its order; with a count, again from its first row.
load rows-closed --trace t.csv --max-concurrency 1
python3 "$here/check_load.py" rows rows-closed.jsonl 2 || fail "lengths of a trace in a closed loop"
load rows-again --trace t.csv --request-rate 50 --num-requests 5
python3 "$here/check_load.py" rows rows-again.jsonl 5 || fail "lengths of a trace at a rate"

# Texts: the user's turns, the recorded answers replaced by those that came.
cat >said.json <<'EOF'
[{"id": "a", "conversations": [{"from": "human", "value": "What is a load?"}, {"from": "gpt", "value": "RECORDED"},
                               {"from": "human", "value": "And then?"}, {"from": "gpt", "value": "RECORDED"}]},
 {"id": "b", "conversations": [{"from": "human", "value": "Hm?"}, {"from": "gpt", "value": "RECORDED"}]}]
EOF
load texts --trace said.json --max-concurrency 1 --turns 2 --keep-text
python3 "$here/check_load.py" texts texts.jsonl || fail "texts of conversations"
"$chimera" load "$url" -m stub --trace said.json -o none2.db >out 2>&1 && fail "texts without times were followed"
grep -q "no times" out || fail "no word of texts without times"
"$chimera" load "$url" -m stub --trace t.csv --max-concurrency 1 --turns 2 -o none3.db >out 2>&1 && fail "turns of lengths"
grep -q 'turns need the texts' out || fail "no word of turns without texts"

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
url=$(grep -o 'http://[0-9.:]*' slow-url) load timeouts --max-concurrency 8 --num-requests 40 --timeout 1
e2e='d["arms"][0]["load"]["runs"][0]["latency"][3]'
[ "$(json timeouts.json "$e2e[\"cut_off\"], $e2e[\"n\"], $e2e[\"tails\"][2][\"value\"]")" = "(10, 40, None)" ] ||
    fail "cut off: $(json timeouts.json "$e2e")"
[ "$(json timeouts.json "$e2e[\"tails\"][2][\"over\"] >= 1000")" = True ] || fail "a p99 that is not over its timeout"

# Texts of the study file, in their order and again from the first, each behind words of its own; once each without a number.
texts() { # ENDS FILE
    printf 'study: t\nservers: [{name: s, kind: "%s", model: stub}]\nloads: [{name: l, %s max_concurrency: 1, prompts: [Alpha?, Beta?, Gamma?]}]\n' \
        "$url" "$1" >"$2.yaml"
    "$chimera" run "$2.yaml" -o "$2.db" >/dev/null 2>"$2.log" || { cat "$2.log"; fail "the texts of a study"; }
    python3 - "$2.db" <<'PY'
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT c.body FROM request r JOIN content c ON c.sha256 = r.prompt_sha256 ORDER BY r.seq").fetchall()
print(*[json.loads(r[0])["messages"][-1]["content"].split("\n")[-1] for r in rows], len(set(rows)))
PY
}
[ "$(texts '' once)" = 'Alpha? Beta? Gamma? 3' ] || fail "texts once: $(cat once.log)"
[ "$(texts 'num_requests: 4,' more)" = 'Alpha? Beta? Gamma? Alpha? 4' ] || fail "texts again from the first"

# An answer that repeats one word is no sample of anything: flagged, counted and said, also where its text is not kept.
"$chimera" stub --first 5ms --fault loop:every=4 >loop-url 2>stub3.err &
started+=($!)
wait_for 10 grep -q http loop-url
url=$(grep -o 'http://[0-9.:]*' loop-url) load loops --max-concurrency 2 --num-requests 12 --output-len 64
[ "$(grep -c '"flags":\[[^]]*"degenerate"' loops.jsonl)" -eq 3 ] || fail "three of twelve answers are loops: $(cut -c1-400 loops.jsonl | head -3)"
json loops.json 'd["cautions"]' | grep -q '3 answers are degenerate' || fail "the loops are not said: $(json loops.json 'd["cautions"]')"

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
