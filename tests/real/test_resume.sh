#!/usr/bin/env bash
# SIGINT and kill -9 in the middle of a study: finished requests are kept, the same command goes on, no run is done twice.
. "$(dirname "$0")/lib.sh"
need "$model"
study=("$chimera" agent --scenario chimera_homo --servers 2 --runs 2 --num-predict 24 --prompt-tokens 200 --corpus "$corpus" -o s.db)

requests() { "$chimera" export s.db --format jsonl 2>/dev/null | grep -c '"outcome":"ok"'; }
interrupt_after() { # SIGNAL REQUESTS
    "${study[@]}" >out 2>&1 &
    local pid=$!
    started+=("$pid")
    until [ "$(requests)" -ge "$2" ]; do
        kill -0 $pid 2>/dev/null || { cat out; fail "ended too early"; }
        sleep 0.05
    done
    local before
    before=$(requests)
    kill "-$1" $pid
    wait $pid
    status=$?
    [ "$(requests)" -ge "$before" ] || fail "finished requests were lost"
}

interrupt_after INT 3
[ $status -eq 130 ] || { cat out; fail "exit $status after SIGINT"; }
grep -q 'to go on: chimera agent' out || { cat out; fail "no line that resumes"; }
[ -e s.db-wal ] && fail "not one file after SIGINT"
interrupt_after KILL 7
[ $status -eq 137 ] || fail "exit $status after SIGKILL"
sleep 0.2
pgrep -f "chimera-engine.*$model" >/dev/null && fail "an engine outlived its study"
"${study[@]}" --json >report.json 2>out || { cat out; fail "resume"; }
json report.json "sorted((a['arm'], len(a['runs'])) for a in d['arms'])" >arms
[ "$(cat arms)" = "[('pair', 2), ('solo-collector', 2), ('solo-insight', 2)]" ] || { cat arms; fail "runs"; }
"$chimera" export s.db --format jsonl >all.jsonl
python3 - <<'END' || fail "attempts"
import json, collections
runs = collections.defaultdict(set)
for line in open("all.jsonl"):
    l = json.loads(line)
    runs[(l["block"], l["arm"])].add((l["run"], l["state"]))
assert len(runs) == 6, runs
assert all(sum(s == "complete" for _, s in v) == 1 for v in runs.values()), runs
assert any(s == "aborted" for v in runs.values() for _, s in v), runs
print(sum(len(v) for v in runs.values()), "attempts of 6 runs")
END
"${study[@]}" >out 2>&1 || fail "a complete study is no error"
grep -q 'is complete' out || { cat out; fail "a complete study was run again"; }
"${study[@]}" --seed 5 >out 2>&1
[ $? -eq 2 ] && grep -q 'another plan' out || { cat out; fail "another plan was not refused"; }
exit 0
