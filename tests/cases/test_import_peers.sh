#!/usr/bin/env bash
# Other tools' files on the command line: a load on chimera stub, exported as each tool would have written it, imported and
# exported again, keeps what the format holds (round_trip.py lists what it cannot); imports are reported, compared and plotted.
. "$(dirname "$0")/../real/lib.sh"

: >url
"$chimera" stub --first lognormal:20ms,0.3 --gap exp:2ms --prompt-rate 2000 --tokens-per-chunk 2 --fault reset:every=7 >url \
    2>stub.err &
started+=($!)
wait_for 10 grep -q http url
url=$(grep -o 'http://[0-9.:]*' url)

load() { # NAME ARGUMENTS…
    "$chimera" load "$url" --backend llama-server -m stub --input-len 16 --output-len 1..12 "${@:2}" -o "$1.db" >log 2>&1
    status=$?
    [ $status -le 1 ] || { cat log; fail "load $1"; } # VOID on a busy host: the files are the same
}
there_and_back() { # NAME LAB FORMAT
    "$chimera" export "$1.db" --format "$3" -o "$1.$3.json" 2>log || { cat log; fail "export $3"; }
    check 0 "^$3 " import "$2" "$1.$3.json" -o "$1.$3.db"
    "$chimera" export "$1.$3.db" --format "$3" -o again.json 2>log || { cat log; fail "export $3 again"; }
    python3 "$CHIMERA_SRC/tests/cases/round_trip.py" "$3" "$1.$3.json" again.json || fail "$1 as $3 did not come back"
}

load closed --max-concurrency 6 --num-requests 60
void=$status
load open --request-rate 80 --duration 1
for name in closed open; do
    there_and_back $name vllm vllm
    there_and_back $name aiperf aiperf-records
    there_and_back $name guidellm guidellm
    there_and_back $name llama-bench llama-bench
done

# What a report, a comparison and a figure say of them.
check 0 'closed loop of 6: ' report closed.vllm.db
grep -q 'ttft.vllm  *ms' out || fail "the report does not show what the file tells"
grep -q 'perf_counter' out || fail "the report does not name the clock"
check 0 'poisson arrivals at 80' report open.guidellm.db
check 0 '"told":\[\{"run":1,"id":"ttft.vllm"' report --json closed.vllm.db
check 0 'itl.vllm +gaps|vLLM bench' report --definitions peers closed.vllm.db
check 0 'ttft, ms' report --plot ttft closed.aiperf-records.db
check 0 'of imported runs nothing is derived' verify closed.vllm.db

# Old results against new ones, by the tool's own definitions: an import on one side is enough.
mkdir old
for i in 1 2 3 4 5; do
    cp closed.vllm.json old/$i.json
    printf '\n' >>old/$i.json # the same bytes are not taken twice
    for _ in $(seq $i); do printf ' ' >>old/$i.json; done
done
check 0 '^vllm +5 +5 +5 ' import vllm old -o old.db
check 0 'ttft.vllm, itl.vllm, e2e.vllm, output_rate.vllm' compare old.db closed.db
[ $void = 1 ] || grep -q 'old.db was imported and does not tell' out || { cat out; fail "what is not known is not said"; }
check 2 "did you mean 'ttft.vllm'" compare --metrics ttft.vlm old.db closed.db

# Of summaries alone, the numbers that they give are compared: one of a run.
python3 - closed.vllm.json <<'END'
import json
import sys

d = json.load(open(sys.argv[1]))
for key in [k for k, v in d.items() if isinstance(v, list) or k.startswith("chimera")]:
    del d[key]
for arm, factor in (("base", 1), ("slow", 1.5)):
    for i in range(6):
        d |= dict(label=arm, median_ttft_ms=factor * (50 + i / 10))
        json.dump(d, open(f"{arm}{i}.json", "w"))
END
check 0 '^vllm +12 +12 +12 ' import vllm base?.json slow?.json -o sums.db
check 0 'from base concurrency6 \(6 runs\) to slow concurrency6 \(6 runs\)' compare sums.db:base\ concurrency6 \
    sums.db:slow\ concurrency6
grep -q 'ttft.vllm ms *50.2 *75.4 .*worse' out || { cat out; fail "told medians are not compared"; }

# AIPerf's two files of a run are one run; what is not understood is listed.
mkdir aiperf
"$chimera" export closed.db --format aiperf -o aiperf/profile_export_aiperf.json 2>log || fail "export aiperf"
cp closed.aiperf-records.json aiperf/profile_export.jsonl
echo 'not for us' >aiperf/notes.txt
check 0 '^aiperf +1 +1 +0 ' import aiperf aiperf -o both.db
grep -q 'aiperf-records  *1  *60  *1 ' out || { cat out; fail "records are not the run"; }
grep -q 'notes.txt: neither JSON nor a table' out || fail "a file that was not understood is not listed"
check 0 'ttft.aiperf' report both.db
LC_ALL=C.UTF-8 check 0 '[^ -~]' report both.db
LC_ALL=C.UTF-8 check 0 . report --ascii both.db
LC_ALL=C grep '[^ -~]' out && fail "--ascii is more than ASCII"
check 2 "none of 1 file was understood" import guidellm closed.vllm.json -o none.db
check 2 "did you mean 'vllm'" import vlm closed.vllm.json -o none.db
check 2 'there are seed, vllm, aiperf, guidellm, llama-bench' import something closed.vllm.json -o none.db
[ ! -e none.db ] || fail "a result of nothing"
echo ok
