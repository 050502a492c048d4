#!/usr/bin/env bash
# Files of chimera export read by the tools they are made for. ./dev setup --all does not install those; any of them is enough:
#   guidellm 0.8.1, aiperf 0.13.0, inference-perf 0.7.0   about 1 GB each:
#     python3 -m venv DIR/guidellm && DIR/guidellm/bin/pip install guidellm==0.8.1     (aiperf, inference-perf alike)
#   vllm 0.33.0   its source archive alone (47 MB), of which two files are read; it cannot be built without PyTorch:
#     python3 -m venv DIR/vllm && DIR/vllm/bin/pip install numpy, and benchmarks/{serve,plot}.py of it into DIR/vllm
#   llama-bench   compare-llama-bench.py, which the source archive of llama-cpp-python 0.3.36 (77 MB) has in vendor/llama.cpp:
#     python3 -m venv DIR/llama-bench && DIR/llama-bench/bin/pip install GitPython tabulate, and the script into DIR/llama-bench
#   trace-model   cd DIR/trace-model && npm install @tracerbench/trace-model@8.0.0
#   benchstat     GOBIN=DIR/benchstat go install golang.org/x/perf/cmd/benchstat@latest
# and CHIMERA_PEERS=DIR. Without them this is skipped; test_export.sh and test_exchange_peers check the numbers.
. "$(dirname "$0")/../real/lib.sh"

peers=${CHIMERA_PEERS:-$CHIMERA_DEPS/peers}
readers=$CHIMERA_SRC/tests/cases/peers
found=
for file in {guidellm,aiperf,inference-perf}/bin/python vllm/serve.py llama-bench/compare-llama-bench.py \
    trace-model/node_modules benchstat/benchstat; do
    [ -e "$peers/$file" ] && found=1 || echo "SKIP: no $peers/$file: see the head of this test"
done
[ -n "$found" ] || exit 77

: >url
"$chimera" stub --first lognormal:20ms,0.3 --gap exp:2ms --tokens-per-chunk 2 --fault reset:every=7 >url 2>stub.err &
started+=($!)
: >whole
"$chimera" stub --first 20ms --gap 2ms --prompt-rate 2000 --tokens-per-chunk 2 >whole 2>stub.err &
started+=($!)
wait_for 10 grep -q http url
wait_for 10 grep -q http whole
url=$(grep -o 'http://[0-9.:]*' url)
whole=$(grep -o 'http://[0-9.:]*' whole)

export_as() { # NAME FORMATS…
    for format in "${@:2}"; do
        "$chimera" export "$1.db" --format $format -o "$1.$format.json" 2>log || { cat log; fail "export $format"; }
    done
}
load() { # NAME ARGUMENTS…
    "$chimera" load "$url" -m stub --input-len 16 --output-len 1..20 "${@:2}" -o "$1.db" >log 2>&1
    [ $? -le 1 ] || { cat log; fail "load $1"; } # VOID on a busy host: the files are the same
    export_as "$1" guidellm aiperf aiperf-records inference-perf vllm chrome-trace
}
reads() { # TOOL COMMAND…: what the tool says goes to `read`
    [ -e "$peers/$1" ] || return 0
    "${@:2}" >read 2>err || { tail -n 5 read; tail -n 9 err; fail "$1 does not read it: ${*:2}"; }
    tail -1 read
}
python() { # TOOL SCRIPT FILES…
    reads "$1" "$peers/$1/bin/python" "$readers/$2" "${@:3}"
}

load closed --max-concurrency 6 --num-requests 60
load open --request-rate 80 --duration 1
for name in closed open; do
    python guidellm guidellm_reads.py $name.guidellm.json
    python aiperf aiperf_reads.py $name.aiperf.json $name.aiperf-records.json
    python inference-perf inference_perf_reads.py $name.inference-perf.json
done
[ ! -e "$peers/trace-model" ] || ln -s "$peers/trace-model/node_modules" .
reads trace-model node "$readers/chrome_trace_reads.mjs" open.chrome-trace.json

# Requests that failed before they had tokens have no prompt count either: vLLM would have its own.
cat >study.yaml <<END
study: two
servers:
  - {name: s, kind: "$whole", backend: llama-server, model: stub}
loads:
  - {name: lone, server: s, max_concurrency: 1, num_requests: 6, input_len: 16, output_len: 8}
  - {name: four, server: s, max_concurrency: 4, num_requests: 12, input_len: 16, output_len: 8}
arms:
  - {name: lone, load: lone}
  - {name: four, load: four}
blocks: 2
END
"$chimera" run study.yaml -o two.db >log 2>&1 || { cat log; fail "chimera run"; }
export_as two llama-bench benchstat chrome-trace
for run in 1 2; do
    "$chimera" export two.db --format vllm --run $run -o two.$run.json 2>log || { cat log; fail "export of run $run"; }
    python vllm vllm_reads.py "$peers"/vllm/{serve,plot}.py two.$run.json
done
reads trace-model node "$readers/chrome_trace_reads.mjs" two.chrome-trace.json
# it cuts names to the length of the shortest, as commits are
reads llama-bench "$peers/llama-bench/bin/python" "$peers/llama-bench/compare-llama-bench.py" -t llama-bench -i two.llama-bench.json -b lone \
    -c four
[ ! -e "$peers/llama-bench" ] || grep -q 'pp16.*tg8\|tg8' read || fail "compare-llama-bench shows no test"
if grep -q BenchmarkRun two.benchstat.json; then # no run that is VOID on a busy host is in it
    reads benchstat "$peers/benchstat/benchstat" -col '/arm@(lone four)' two.benchstat.json
    [ ! -e "$peers/benchstat" ] || grep -q 'Run.*±' read || { cat read err; fail "benchstat shows nothing"; }
fi
echo ok
