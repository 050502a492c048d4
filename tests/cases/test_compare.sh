#!/usr/bin/env bash
# chimera compare, calibrate --aa and the benchstat export on the whole way. What is judged how is in test_compare_view.c: here
# the host decides how many runs are VOID, so only what holds for any number of them is tested.
. "$(dirname "$0")/../real/lib.sh"
export XDG_STATE_HOME=$work/state

stub() { # NAME FIRST
    echo "  - {name: $1, kind: \"cmd:'$chimera' stub --listen 127.0.0.1:{port} --first $2\", backend: openai, model: stub}"
}
load() { # NAME SERVER
    echo "  - {name: $1, server: $2, input_len: 16, output_len: 4, max_concurrency: 2, num_requests: 4}"
}
{
    echo "study: two"
    echo "question: Is the second one slower?"
    echo "servers:"
    stub a 200ms
    stub b 400ms
    echo "oversubscribe: true"
    echo "blocks: 2"
    echo "loads:"
    load base a
    load slow b
} >two.yaml
"$chimera" run two.yaml -o two.db -q >/dev/null 2>err || { cat err; fail "the study"; }

# From its runs: how long it takes and what it will see, of the family that it declares.
"$chimera" run --dry-run two.yaml --prior two.db --set 'compare={baseline: slow, metrics: [e2e, ttft]}' >out || fail "dry run"
for words in '^duration: .* from [0-9]* runs of two.db' 'What the study will see, from two.db: .* 1 comparison of 2 metrics' '^e2e ' ; do
    grep -q "$words" out || { cat out; fail "no line: $words"; }
done
"$chimera" run --dry-run two.yaml -o two.db --json >dry.json || fail "dry run as JSON"
[ "$(json dry.json '[d["duration"]["runs_done"], d["duration"]["basis"], d["starts"], len(d["order"]), "e2e" in d["power"]["text"]]')" \
    = "[4, 'two.db', {'a': 1, 'b': 1}, 4, True]" ] || fail "the object: $(cat dry.json)"

"$chimera" compare two.db:base two.db:slow >out || fail "compare"
for words in 'slow against base: inconclusive in ttft, tpot, e2e, output_rate.system' 'in % \[interval\]' 'p Holm' \
    'below 5 blocks nothing\|no run of one side' ; do
    grep -q "$words" out || { cat out; fail "no line: $words"; }
done
"$chimera" compare two.db:base two.db:slow --fail-on worse,better >/dev/null || fail "a gate that nothing meets"
"$chimera" compare two.db:base two.db:slow --fail-on worse,inconclusive >/dev/null 2>err
[ $? -eq 1 ] && grep -q '^chimera: inconclusive: ttft, tpot, e2e, output_rate.system$' err || fail "the gate: $(cat err)"
"$chimera" compare two.db:base two.db:slow --metrics e2e,gap.max --margin 3%,e2e:20 --json >two.json || fail "json"
[ "$(json two.json '[d["schema"], [m["id"] for m in d["metrics"]], d["metrics"][0]["margin"], d["baseline"]["runs"] + d["baseline"]["void"]]')" \
    = "['chimera.compare/1', ['e2e', 'gap.max'], 20, 2]" ] || fail "the object: $(cat two.json)"
"$chimera" compare two.db two.db:slow >/dev/null 2>err
[ $? -eq 2 ] && grep -q 'has 2 arms' err || fail "an arm that is not named"
refuses() { # WORDS OPTION…
    local words=$1
    shift
    "$chimera" compare two.db:base two.db:slow "$@" >/dev/null 2>err
    [ $? -eq 2 ] && grep -q -- "$words" err || fail "$*: $(cat err)"
}
refuses "did you mean 'tpot'" --metrics tpto
refuses "of a whole block" --metrics speedup.time
refuses "names ttft twice" --metrics ttft,ttft
refuses "of which metric" --margin 3
refuses "above 0" --margin ttft:-1%
refuses "did you mean 'worse'" --fail-on wrose

# Two files whose servers are two.
for i in 1 2; do
    : >url$i
    "$chimera" stub --first 200ms >url$i 2>stub$i.err &
    started+=($!)
    wait_for 10 grep -q http url$i
    "$chimera" load "$(grep -o 'http://[0-9.:]*' url$i)" -m stub --input-len 16 --output-len 4 --max-concurrency 2 \
        --num-requests 4 --runs 2 -o load$i.db -q >/dev/null 2>err
    [ -s load$i.db ] || { cat err; fail "load $i"; }
done
"$chimera" compare load1.db load2.db >out 2>err
case $? in
2) grep -q 'differ in what the study does not vary: url (http.*--across url' err || fail "refused: $(cat err)" ;;
*) grep -q 'no run of one side' out || fail "two servers: $(cat out err)" ;;
esac
"$chimera" compare load1.db load2.db --across url >out || fail "--across"
grep -q 'load2.db against load1.db' out || fail "labels"

# Each run that counts is a line.
"$chimera" export two.db --format benchstat >two.bench || fail "export"
"$chimera" compare two.db:base two.db:slow --json >two.json
[ "$(grep -cE '^BenchmarkRun/arm=(base|slow)-1 4( [0-9.e+]+ [a-z0-9_.]+-(ns|tok/s))+$' two.bench)" \
    -eq "$(json two.json 'd["baseline"]["runs"] + d["candidate"]["runs"]')" ] || { cat two.bench; fail "benchmark lines"; }
grep -q '^Unit ttft-ns better=lower$' two.bench || fail "units"

# The same server against itself.
kept=$XDG_STATE_HOME/chimera/aa.json
"$chimera" calibrate --aa "$(grep -o 'http://[0-9.:]*' url1)" -m stub --runs 3 --num-requests 2 --max-concurrency 2 -q >aa.txt 2>err
case $? in
0)
    grep -q 'second against first' aa.txt && grep -q 'noise floor of' aa.txt || { cat aa.txt; fail "the noise floor"; }
    grep -q '"chimera.aa/1"' "$kept" || fail "it is not kept"
    "$chimera" verify "$XDG_STATE_HOME/chimera/aa.db" >/dev/null || fail "verify of it"
    python3 - "$XDG_STATE_HOME/chimera/aa.db" <<'P'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
text = db.execute("SELECT json FROM note WHERE key = 'aa'").fetchone()[0]
at = text.index('"floor":') + 8
db.execute("UPDATE note SET json = ? WHERE key = 'aa'", (text[:at] + "9" + text[at:],))
db.commit()
P
    "$chimera" verify "$XDG_STATE_HOME/chimera/aa.db" 2>err
    [ $? -eq 1 ] && grep -q 'noise floors' err || fail "another floor: $(cat err)"
    "$chimera" compare load1.db load2.db --across url >out
    grep -q 'noise floor is known\|no run of one side' out || fail "a floor that is known: $(cat out)"
    ;;
2) grep -q 'of 6 runs count' err || fail "calibrate --aa: $(cat err)" ;; # the host took too much time from them
*) fail "calibrate --aa: $(cat err)" ;;
esac
echo ok
