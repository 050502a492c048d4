#!/usr/bin/env bash
# Files of chimera export read by the tools they are made for: GuideLLM 0.8.1, AIPerf 0.13.0, inference-perf 0.7.0. Each needs
# a Python environment of its own with its package from PyPI (about 1 GB each), which ./dev setup --all does not install:
#   python3 -m venv DIR/guidellm && DIR/guidellm/bin/pip install guidellm==0.8.1     (aiperf, inference-perf alike)
# and CHIMERA_PEERS=DIR. Without them this is skipped; test_export.sh and test_exchange_peers check the numbers.
. "$(dirname "$0")/../real/lib.sh"

peers=${CHIMERA_PEERS:-$CHIMERA_DEPS/peers}
readers=$CHIMERA_SRC/tests/cases/peers
found=
for tool in guidellm aiperf inference-perf; do
    [ -x "$peers/$tool/bin/python" ] && found=1 || echo "SKIP: no $peers/$tool: see the head of this test"
done
[ -n "$found" ] || exit 77

: >url
"$chimera" stub --first lognormal:20ms,0.3 --gap exp:2ms --tokens-per-chunk 2 --fault reset:every=7 >url 2>stub.err &
started+=($!)
wait_for 10 grep -q http url
url=$(grep -o 'http://[0-9.:]*' url)

load() { # NAME ARGUMENTS…
    "$chimera" load "$url" -m stub --input-len 16 --output-len 1..20 "${@:2}" -o "$1.db" >log 2>&1
    [ $? -le 1 ] || { cat log; fail "load $1"; } # VOID on a busy host: the files are the same
    for format in guidellm aiperf aiperf-records inference-perf; do
        "$chimera" export "$1.db" --format $format -o "$1.$format.json" 2>log || { cat log; fail "export $format"; }
    done
}
reads() { # TOOL SCRIPT FILES…
    [ -x "$peers/$1/bin/python" ] || return 0
    "$peers/$1/bin/python" "$readers/$2" "${@:3}" 2>err || { tail -5 err; fail "$1 does not read ${*:3}"; }
}

load closed --max-concurrency 6 --num-requests 60
load open --request-rate 80 --duration 1
for name in closed open; do
    reads guidellm guidellm_reads.py $name.guidellm.json
    reads aiperf aiperf_reads.py $name.aiperf.json $name.aiperf-records.json
    reads inference-perf inference_perf_reads.py $name.inference-perf.json
done
echo ok
