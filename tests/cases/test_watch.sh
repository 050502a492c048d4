#!/usr/bin/env bash
# The live view: a study in another process watched from its result file, growing and then complete; the view of the run
# itself on a terminal, also after SIGINT; plain lines where there is none.
. "$(dirname "$0")/../real/lib.sh"
here=$CHIMERA_SRC/tests/cases
export LC_ALL=C.UTF-8 TERM=xterm
unset COLUMNS NO_COLOR

: >url
"$chimera" stub --first 60ms --gap 2ms >url 2>stub.err &
started+=($!)
wait_for 10 grep -q http url
url=$(grep -o 'http://[0-9.:]*' url)

study() { # NAME REQUESTS: two blocks of one arm
    cat >"$1.yaml" <<END
study: $1
question: What is there to see?
servers:
  - {name: stub, kind: "$url", model: stub}
loads:
  - {name: load, max_concurrency: 2, input_len: 16, output_len: 8, num_requests: $2}
arms:
  - {name: two-at-once, load: load}
blocks: 2
END
}

# A run of some twelve seconds, looked at in the end: a line of it stands between what is said.
"$chimera" load "$url" -m stub --input-len 16 --output-len 8 --request-rate 4 --duration 12 -o long.db >long.out 2>long.err &
long=$!
started+=($long)

study small 120
"$chimera" run small.yaml -o small.db >small.out 2>small.err &
small=$!
started+=($small)

look() { "$chimera" watch --once --json small.db >look.json 2>look.err; }
ended() { look && [ "$(json look.json "(d['run'] or {'requests': {'ended': 0}})['requests']['ended'] > $1")" = True ]; }
wait_for 60 ended 0
first=$(json look.json 'd["run"]["requests"]["ended"]')
[ "$(json look.json 'd["state"], d["runs"]["planned"], d["run"]["arm"]')" = "('measuring', 2, 'two-at-once')" ] ||
    { cat look.json; fail "what goes on"; }
[ "$(json look.json 'd["run"]["requests"]["asked"], d["left"]["basis"]')" = "(120, \"this run's pace\")" ] ||
    { cat look.json; fail "what is left, and why"; }
wait_for 60 ended "$first"
[ "$(json look.json '60 < d["run"]["ttft"]["p50"] and d["run"]["ttft"]["n"] > 0')" = True ] || { cat look.json; fail "ttft"; }
[ "$(json look.json 'sum(d["run"]["requests"]["outcomes"].values()) == d["run"]["requests"]["ended"]')" = True ] ||
    fail "outcomes are not those of the requests"

# The watcher ends by itself when the study does.
"$chimera" watch small.db >watch.out 2>watch.err || { cat watch.err; fail "watch: $?"; }
wait $small || { cat small.err; fail "the study that was watched: $?"; }
tail -1 watch.out | grep -q '^small: complete; 2 of 2 runs' || { cat watch.out; fail "watch did not say that it is complete"; }
grep -q 'ttft p50' watch.out || { cat watch.out; fail "watch: no latency"; }
look || fail "watch of a complete study: $(cat look.err)"
[ "$(json look.json 'd["state"], d["run"], d["runs"]["complete"], d["left"]["seconds"]')" = "('complete', None, 2, 0)" ] ||
    { cat look.json; fail "a complete study"; }
"$chimera" watch --once small.db | grep -q '^2 of 2 runs' || fail "watch --once without JSON"
grep -q $'\x1b' small.err watch.out && fail "sequences of a terminal in a file"
grep -q '^run 2/2  block 2' small.err || { cat small.err; fail "no line of a finished run"; }

# A killed run: nobody goes on with it.
"$chimera" run small.yaml -o killed.db >/dev/null 2>&1 &
killed=$!
started+=($killed)
running() { "$chimera" watch --once killed.db 2>/dev/null | grep -q 'measuring'; }
wait_for 60 running
kill -9 $killed
wait $killed 2>/dev/null
"$chimera" watch --once killed.db >killed.out || fail "watch of a killed run"
grep -q 'stopped' killed.out && grep -q 'nobody goes on' killed.out || { cat killed.out; fail "a killed run is not told"; }

# A terminal.
study seen 40
for how in complete narrow; do
    python3 "$here/watch_terminal.py" "$chimera" seen.yaml $how.db $how || fail "terminal: $how"
done
NO_COLOR=1 python3 "$here/watch_terminal.py" "$chimera" seen.yaml plain.db complete || fail "terminal: NO_COLOR"
study cut 4000
python3 "$here/watch_terminal.py" "$chimera" cut.yaml cut.db interrupt || fail "terminal: interrupted"

wait $long
[ $? -le 1 ] || { cat long.err; fail "the long run"; }
grep -q '^run 1/1  block 1/1  measuring  [0-9.]* s; load  study load; 0 of 1 runs  .* left (the seconds asked for)' long.err ||
    { cat long.err; fail "no line within a long run"; }
grep -q $'\x1b' long.err && fail "sequences of a terminal in a file"
"$chimera" load "$url" -m stub --input-len 16 --output-len 8 --max-concurrency 1 --num-requests 2 -q -o q.db >/dev/null 2>q.err
[ -s q.err ] && ! grep -q VOID q.err && { cat q.err; fail "--quiet is not quiet"; }

"$chimera" watch missing.db >out 2>&1 && fail "watch of no file"
grep -q 'cannot open missing.db' out || { cat out; fail "watch of no file: what it says"; }
"$chimera" watch stub.err >out 2>&1 && fail "watch of a foreign file"
grep -q "not a result of chimera's" out || { cat out; fail "watch of a foreign file: what it says"; }
exit 0
