#!/usr/bin/env bash
# A model with other weights: written once, served, and what it is stands in the facts.
. "$(dirname "$0")/lib.sh"
need "$model"
mkdir -p deps/models
ln -s "$model" deps/models/smollm2-135m.gguf
export CHIMERA_DEPS=$PWD/deps
study() { # MODEL FILE
    cat >"$2.yaml" <<EOF
study: q
servers: [{name: a, model: '$1', threads: 1, num_ctx: 512}]
loads: [{name: l, server: a, max_concurrency: 1, num_requests: 2, input_len: 20, output_len: 8}]
EOF
    "$chimera" run "$2.yaml" -o "$2.db" --json >"$2.json" 2>"$2.log"
}
study smollm2-135m:q8_0 one || { cat one.log; fail "the first run"; }
grep -q 'weights, once' one.log || fail "the writing was not said"
json one.json "[s['quantisation'] for s in d['servers']]" | grep -q 'Q8_0' || fail "the facts do not say Q8_0"
study smollm2-135m:q8_0 two || { cat two.log; fail "the second run"; }
grep -q 'weights, once' two.log && fail "written twice"
ls deps/models | grep -q part && fail "a part was left"
study smollm2-135m:q9_0 three && fail "q9_0 was accepted"
grep -q "q9_0" three.log || { cat three.log; fail "the unknown type is not named"; }
: >deps/models/smollm2-135m.q4_0.gguf
study smollm2-135m:q4_0 four && fail "an empty file was served"
exit 0
