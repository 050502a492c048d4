#!/usr/bin/env bash
# kill -9 at twenty random moments of a small study, and SIGINT at some more: the same command goes on each time, no run is done
# twice, none is missing, the plan stays the same, and what is in the file can be verified. The seed is printed.
. "$(dirname "$0")/../real/lib.sh"

cat >kill.yaml <<END
study: kill
seed: 11
blocks: 40
servers:
  - {name: a, kind: "cmd:$chimera stub --listen 127.0.0.1:{port} --first 3ms --gap 1ms --tokens 8", backend: ollama}
corpus: $CHIMERA_SRC/examples/corpus
prompt_tokens: 200
agents: [{name: reader, server: a, options: {num_predict: 8}}]
loads:
  - {name: closed, server: a, max_concurrency: 2, num_requests: 20, input_len: 8, output_len: 8}
  - {name: open, server: a, request_rate: 200, num_requests: 20, input_len: 8, output_len: 4}
END
study=("$chimera" run kill.yaml -o s.db --json)
RANDOM=${KILL_SEED:-$$}
echo "KILL_SEED=${KILL_SEED:-$$}"

plan=$("$chimera" run kill.yaml --dry-run | grep -o 'plan [0-9a-f]*') || fail "no plan"

hit() { # SIGNAL: at a moment within a second, which is in the start of the server or in one of the runs
    : >out
    "${study[@]}" >out.json 2>out &
    local pid=$!
    started+=("$pid")
    [ "$1" = KILL ] || wait_for 20 test -s out # before it looks, the shell has it ignore SIGINT
    sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
    kill "-$1" $pid 2>/dev/null
    wait $pid 2>/dev/null
    status=$?
    started=()
    [ ! -e s.db ] || "$chimera" export s.db --format jsonl >/dev/null || fail "after $1: the file cannot be read"
}

killed=0
for i in $(seq 25); do
    if [ $((i % 5)) -eq 0 ]; then
        hit INT
        [ $status -eq 130 ] || [ $status -eq 0 ] || { cat out; fail "exit $status after SIGINT"; }
        [ -e s.db-wal ] && fail "not one file after SIGINT"
    else
        hit KILL
        [ $status -eq 137 ] || [ $status -eq 0 ] || { cat out; fail "exit $status after SIGKILL"; }
        [ $status -eq 137 ] && killed=$((killed + 1))
    fi
    [ $status -eq 0 ] && break # a fast host is through with it
done
[ $killed -ge 10 ] || fail "only $killed kills before the study was complete"
"${study[@]}" >report.json 2>out || { cat out; fail "the last call"; }
"$chimera" export s.db --format jsonl >all.jsonl || fail export
python3 - "$killed" <<'END' || fail "runs"
import collections, json, sys
runs = collections.defaultdict(dict)
for line in open("all.jsonl"):
    l = json.loads(line)
    runs[(l["block"], l["arm"])][l["run"]] = l["state"]
arms = {"solo-reader", "closed", "open"}
blocks = {block for block, arm in runs}
assert len(blocks) == 40 and set(runs) == {(b, a) for b in blocks for a in arms}, sorted(runs)
assert all(list(v.values()).count("complete") == 1 for v in runs.values()), runs
assert all(s in ("complete", "aborted") for v in runs.values() for s in v.values()), runs
d = json.load(open("report.json"))
assert d["study"]["complete"] and d["study"]["runs_complete"] == 120
print(sys.argv[1], "kills,", d["study"]["runs_aborted"], "attempts aborted")
END
[[ "plan $(json report.json 'd["study"]["plan_sha256"]')" == "$plan"* ]] || fail "not the plan it began with"
"$chimera" verify s.db >out 2>&1 || { cat out; fail verify; }
"${study[@]}" >/dev/null 2>out || fail "a complete study is no error"
grep -q 'is complete' out || { cat out; fail "a complete study was run again"; }
echo ok
