#!/usr/bin/env bash
# chimera export in every format, of a load on chimera stub that breaks every seventh request: what the files say must agree
# with the raw record, and runs are chosen by name.
. "$(dirname "$0")/../real/lib.sh"

: >url
"$chimera" stub --first 20ms --gap 2ms --prompt-rate 2000 --tokens-per-chunk 2 --fault reset:every=7 >url 2>stub.err &
started+=($!)
: >whole
"$chimera" stub >whole 2>stub.err &
started+=($!)
wait_for 10 grep -q http url
wait_for 10 grep -q http whole
url=$(grep -o 'http://[0-9.:]*' url)
whole=$(grep -o 'http://[0-9.:]*' whole)

"$chimera" load "$url" --backend llama-server -m stub --input-len 16 --output-len 8 --max-concurrency 4 --num-requests 40 \
    -o load.db >log 2>&1
[ $? -le 1 ] || { cat log; fail "chimera load"; } # VOID on a busy host: the files are the same

cat >study.yaml <<END
study: loads
servers:
  - {name: s, kind: "$whole", backend: llama-server, model: stub}
loads:
  - {name: four, server: s, max_concurrency: 4, num_requests: 10, input_len: 16, output_len: 8}
  - {name: rate, server: s, request_rate: 100, duration: 0.1, arrival: constant, input_len: 16, output_len: 8}
arms:
  - {name: four, load: four}
  - {name: rate, load: rate}
blocks: 2
END
"$chimera" run study.yaml -o loads.db >log 2>&1 || { cat log; fail "chimera run"; }

refused() { # PATTERN ARGUMENTS…
    local pattern=$1
    shift
    "$chimera" export loads.db "$@" >out 2>err
    [ $? -eq 2 ] || fail "$*: not refused"
    grep -q "$pattern" err || { cat err; fail "$*: no word of '$pattern'"; }
}

for format in jsonl csv chrome-trace vllm aiperf aiperf-records guidellm inference-perf llama-bench; do
    "$chimera" export load.db --format $format -o $format.json 2>log || { cat log; fail "export $format"; }
done
"$chimera" export loads.db --format guidellm -o four.json 2>log || { cat log; fail "export of four runs"; }
python3 "$CHIMERA_SRC/tests/cases/check_export.py" jsonl.json four.json || fail "the files do not agree with the record"

for format in vllm aiperf aiperf-records inference-perf; do
    refused 'this format holds one run; say with --run which of them: 1 (' --format $format
    "$chimera" export loads.db --format $format --run 2 >out 2>log || { cat log; fail "export $format --run"; }
done
"$chimera" export loads.db --arm four | grep -c '"arm":"four"' | grep -qx 20 || fail "export --arm"
refused 'no run of that choice; there are: 1 (' --run 99
refused 'no complete run of that choice' --format guidellm --arm five
refused "did you mean 'guidellm'" --format guidelm
refused 'there are jsonl, csv, chrome-trace, vllm' --format parquet
echo ok
