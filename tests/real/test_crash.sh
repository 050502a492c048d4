#!/usr/bin/env bash
# A server that dies in the middle of a run: typed outcomes, the study goes on with a restarted server.
. "$(dirname "$0")/lib.sh"
need "$model"
"$chimera" agent --runs 3 --num-predict 64 --prompt-tokens 200 --corpus "$corpus" -o s.db --json >report.json 2>log &
pid=$!
started+=($pid)
until [ "$("$chimera" export s.db --format jsonl 2>/dev/null | grep -c '"outcome":"ok"')" -ge 1 ]; do
    kill -0 $pid 2>/dev/null || { cat log; fail "ended too early"; }
    sleep 0.02
done
pkill -KILL -P $pid chimera-engine || fail "no engine to kill"
wait $pid || { cat log; fail "the study did not survive"; }
grep -q 'starting it again' log || { cat log; fail "the crash was not said"; }
"$chimera" export s.db --format jsonl >all.jsonl
grep -qE '"outcome":"(reset|connect_error|no_done)"' all.jsonl || fail "no typed outcome of the crash"
json report.json "[len(a['runs']) for a in d['arms']]" | grep -qx '\[3\]' || fail "not every run was done"
ok=$(grep -c '"outcome":"ok"' all.jsonl)
[ "$ok" -ge 4 ] || fail "only $ok requests ok"
exit 0
