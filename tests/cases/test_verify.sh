#!/usr/bin/env bash
# chimera verify: a record as it was stored is right, and any change of it shows.
. "$(dirname "$0")/../real/lib.sh"

: >url
"$chimera" stub --first 5ms --gap 1ms >url 2>stub.err &
started+=($!)
wait_for 10 grep -q http url
"$chimera" load "$(grep -o 'http://[0-9.:]*' url)" -m stub --input-len 16 --output-len 4 --max-concurrency 2 \
    --num-requests 3 --keep-text --runs 2 -o right.db -q >/dev/null 2>load.err
[ -s right.db ] || { cat load.err; fail "load"; }

"$chimera" verify right.db >out || fail "a record as it was stored"
grep -q '2 runs, 6 requests' out || fail "the counts: $(cat out)"
python3 "$CHIMERA_SRC/tests/cases/change_record.py" right.db || fail "a change that does not show"

for format in json md; do
    "$chimera" report right.db --format $format -o "report.$format"
    "$chimera" verify right.db --report "report.$format" >/dev/null || fail "a saved report, $format"
    sed 's/ttft/tftt/' "report.$format" >"other.$format"
    "$chimera" verify right.db --report "other.$format" 2>err
    [ $? -eq 1 ] && grep -q 'line [0-9]*: it says .*tftt.*, and the record gives .*ttft' err || fail "another figure: $(cat err)"
done
"$chimera" report right.db --definitions peers --goodput ttft:50 --format md -o peers.md
"$chimera" verify right.db --report peers.md 2>/dev/null && fail "a report with more sections"
"$chimera" verify right.db --report peers.md --peers --goodput ttft:50 >/dev/null || fail "the same with its options"
head -c 2000 peers.md >short.md
"$chimera" verify right.db --report short.md --peers --goodput ttft:50 2>/dev/null
[ $? -eq 1 ] || fail "a report that was cut"

"$chimera" verify missing.db 2>/dev/null
[ $? -eq 3 ] || fail "a file that is not there"
"$chimera" verify right.db --report report.txt 2>/dev/null
[ $? -eq 2 ] || fail "a report of no format"
echo ok
