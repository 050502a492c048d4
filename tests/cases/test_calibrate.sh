#!/usr/bin/env bash
# chimera calibrate, and loads that are judged by what it found.
. "$(dirname "$0")/../real/lib.sh"
export XDG_STATE_HOME=$work/state
kept=$XDG_STATE_HOME/chimera/calibration.json

"$chimera" calibrate --json -q >cal.json 2>cal.err || { cat cal.err; fail "calibrate"; }
cmp -s <(tr -d '\n' <cal.json) "$kept" || fail "what is printed is not what is kept"
python3 - cal.json <<'P' || fail "the budget"
import json, sys
d = json.load(open(sys.argv[1]))
points = {p["name"]: p for p in d["points"]}
assert d["schema"] == "chimera.calibration/1" and len(d["stratum"]) == 64, d
assert 0 < d["clock_read_ns"] < 1e5 and d["timer_sleep"]["n"] >= 100 and d["timer_spin"]["p50_us"] >= 0, d
assert 500 < d["stream_bytes"] < 100000, d["stream_bytes"]
for name in ("chunks-10k", "chunks-100k", "requests-c64"):
    p = points[name]
    assert p["chunks"] > 1000 and p["unstamped"] < 0.05 * p["chunks"], p
    # a stamp is taken behind the server's clock, and before our own
    e, app = p["stamp_error"], p["app_clock_error"]
    assert 0 < e["p50_us"] <= e["p99_us"] <= e["p999_us"] and e["p50_us"] < app["p50_us"], p
# role, 300 tokens, finish, usage, [DONE]
assert points["chunks-100k"]["chunks"] == 500 * 304, points["chunks-100k"]["chunks"]
assert points["sends-1000"]["send_error"]["n"] > 1000
P
"$chimera" report "$XDG_STATE_HOME/chimera/calibration.db" >report.txt || fail "its record is no result file"
grep -q chunks-100k report.txt || fail "report"

"$chimera" calibrate >cal.txt 2>/dev/null
for word in 'a reading costs' 'chunk stamps' 'sent - planned' 'ceiling'; do
    grep -q "$word" cal.txt || fail "no line: $word"
done

: >url
"$chimera" stub --first 20ms --gap 2ms >url 2>stub.err &
started+=($!)
wait_for 10 grep -q http url
load() { # FILE
    "$chimera" load "$(grep -o 'http://[0-9.:]*' url)" -m stub --input-len 16 --output-len 8 --max-concurrency 4 \
        --num-requests 100 -o "$1" --json >"$1.json" 2>"$1.log"
}
# A host that can carry hardly anything: its ceiling is passed. Another host's ceiling says nothing.
ceilings() { python3 - "$kept" "$@" <<'P'
import json, sys
path, rate, stratum = sys.argv[1:]
d = json.load(open(path))
d.update(chunks_per_s=float(rate), requests_per_s=float(rate), stratum=d["stratum"] if stratum == "same" else "0" * 64)
json.dump(d, open(path, "w"))
P
}
ceilings 10 same
load low.db
grep -q 'VOID.*; ceiling: \|VOID: ceiling: ' low.db.log || { cat low.db.log; fail "no VOID above the ceiling"; }
ceilings 10 other
load other.db
grep -q 'ceiling' other.db.log && fail "judged by another host's ceiling"
echo ok
