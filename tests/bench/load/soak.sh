#!/usr/bin/env bash
# soak.sh CHIMERA [MINUTES]: 300 requests a second against a stub that plays every fault it has, in runs of 15 s of one process,
# for so many minutes (1). Fails on a crash, on accounts that do not balance, and when the client's memory grows from run to
# run: what a run records is released behind it. Prints one line.
set -euo pipefail
chimera=$(realpath "$1")
minutes=${2:-1}
runs=$((minutes * 4))
work=$(mktemp -d "${TMPDIR:-/tmp}/chimera-soak-XXXXXX")
stub=
finish() {
  [ -z "$stub" ] || kill "$stub" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
cd "$work"

faults=()
for name in $("$chimera" stub --list-faults | cut -d' ' -f1); do
  faults+=(--fault "$name:rate=0.005")
done
: >url
"$chimera" stub --first 20ms --gap 5ms "${faults[@]}" >url 2>stub.err &
stub=$!
until grep -q http url; do
  kill -0 "$stub" || exit 3
  sleep 0.1
done
url=$(grep -o 'http://[0-9.:]*' url)

status=0
"$chimera" load "$url" -m stub --input-len 16 --output-len 16 --request-rate 300 --duration 15 --timeout 2 --runs "$runs" \
  -o soak.db >report 2>log || status=$?
[ $status -le 1 ] || { # 1: a run is VOID, which a busy host may do
  tail -5 log >&2
  echo "soak: the client ended with status $status" >&2
  exit 1
}
kill -0 "$stub" || {
  echo "soak: the stub died" >&2
  exit 1
}
python3 - soak.db "$runs" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
runs = [r for r, in db.execute("SELECT id FROM run WHERE state = 'complete' ORDER BY id")]
assert len(runs) == int(sys.argv[2]), f"{len(runs)} of {sys.argv[2]} runs are complete"
total, outcomes, peaks, calms = 0, {}, [], []
for run in runs:
    n, last, sent = db.execute("SELECT count(*), max(seq), sum(outcome <> 'unsent') FROM request WHERE run_id = ?", (run,)).fetchone()
    why = db.execute("SELECT verdict_why FROM run WHERE id = ?", (run,)).fetchone()[0] or ""
    assert n == last + 1 == sent > 4000, f"run {run}: {n} requests, the last is {last}, {sent} were sent"
    assert "accounting:" not in why and "stamps:" not in why, why
    total += n
    calms.append("stopped:" not in why)
    for word, k in db.execute("SELECT outcome, count(*) FROM request WHERE run_id = ? GROUP BY outcome", (run,)):
        outcomes[word] = outcomes.get(word, 0) + k
    peaks.append(max(v for v, in db.execute("SELECT json_extract(json, '$.client_rss_bytes') FROM sample WHERE run_id = ?", (run,))) / 2**20)
assert len(outcomes) >= 8, f"the faults did not come: {outcomes}"

# The first two runs warm the heap. A run in which the host stopped the client holds what piled up meanwhile, and the heap keeps
# its holes: growth counts where a run that was not stopped goes over all before it.
high, grown, judged = max(peaks[:2]), 0, 0
for peak, calm in list(zip(peaks, calms))[2:]:
    judged += calm
    grown += max(0, peak - high) if calm else 0
    high = max(high, peak)
line = f"{total} requests in {len(runs)} runs, {total - outcomes['ok']} of them not ok in {len(outcomes) - 1} ways; memory at most " \
       f"{high:.1f} MiB, {peaks[0]:.1f} in the first run; grown by {grown:.1f} in {judged} later runs that were not disturbed"
assert grown <= 4 + peaks[1] / 8, "soak: the client's memory grows: " + line # the longer the soak, the smaller the leak it sees
print("soak  " + line)
PY
