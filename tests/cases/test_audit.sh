#!/usr/bin/env bash
# chimera audit on the whole way: silent on a study that was made as it should be, speaking on one that was not, and on the
# original lab's data what is known of them. The rules one by one are in test_audit.c.
. "$(dirname "$0")/../real/lib.sh"
samples=$CHIMERA_SRC/tests/samples/seed

check 0 'example:' audit --help
check 2 'a result file is needed' audit
check 3 'nowhere.db' audit nowhere.db
check 0 '^A22 ' list rules
check 0 '"id":"no-solo"' list rules --json

"$chimera" import seed "$samples" -o s.db >/dev/null || fail "import"
check 0 '^A1  overlap presented as speedup' audit s.db
check 1 'chimera: found: A1$' audit s.db --fail-on A1
check 0 'A1' audit s.db --fail-on A22,few-runs
check 1 'found: A1,' audit s.db --fail-on any
check 2 "no rule 'few-rnus'; did you mean 'few-runs'" audit s.db --fail-on few-rnus
check 2 'any, or rules' audit s.db --fail-on ''

# ---- our own ------------------------------------------------------------------------------------------------------------
# study NAME BLOCKS ARMS FAULT…
study() {
    local name=$1 blocks=$2 arms=$3
    shift 3
    local stub="cmd:'$chimera' stub --listen 127.0.0.1:{port} --gap 1ms $*"
    cat >"$name.yaml" <<END
study: $name
question: What does the audit say?
servers:
  - {name: a, kind: "$stub", backend: openai, model: stub}
  - {name: b, kind: "$stub", backend: openai, model: stub}
oversubscribe: true
corpus: $corpus
agents:
  - {name: one, server: a, options: {num_predict: 48}}
  - {name: two, server: b, options: {num_predict: 48}}
arms: [$arms{name: both, agents: [one, two]}]
blocks: $blocks
END
    "$chimera" run "$name.yaml" -o "$name.db" -q >/dev/null 2>err || { cat err; fail "study $name"; }
}
study good 3 '{name: solo-one, agents: [one]}, {name: solo-two, agents: [two]}, '
study bad 1 '' --fault loop

# A busy host may void runs, and then too few count: nothing else may be found.
"$chimera" audit good.db --json >good.json || fail "audit of good.db"
found=$(json good.json '{f["rule"] for f in d["results"][0]["findings"]} - {"few-runs", "no-solo"}')
[ "$found" = 'set()' ] || { cat good.json; fail "a good study: $found"; }
check 1 'found: A5' audit bad.db --fail-on A5
"$chimera" audit good.db bad.db --json >both.json || fail "two files"
[ "$(json both.json '[r["file"] for r in d["results"]]')" = "['good.db', 'bad.db']" ] || fail "the files: $(cat both.json)"
[ "$(json both.json '[(p["place"], p["run_id"], p["request"]) for f in d["results"][1]["findings"] if f["rule"] == "A5" for p in f["points"]][0]')" \
    = "('both', 1, 0)" ] || fail "the rows: $(cat both.json)"

# ---- the original lab's data ---------------------------------------------------------------------------------------------
seed=${CHIMERA_SEED_DATA:-$CHIMERA_SRC/../shared/seed-data}
if [ ! -d "$seed" ]; then
    echo "SKIP: no $seed: what is known of the original lab's data was not looked for"
    [ "${CI:-}" = true ] && exit 1
    exit 77
fi
"$chimera" import seed "$seed" -o seed.db >/dev/null || fail "import of the original lab's data"
"$chimera" audit seed.db --json >seed.json || fail "audit of the original lab's data"
# finds RULE STUDY WORDS PLACE: one finding of the rule on the study has these words and stands on a row from that place.
finds() {
    python3 - "$@" <<'END' || fail "$*"
import json, sys
rule, study, words, place = sys.argv[1:]
found = [f for f in json.load(open("seed.json"))["results"][0]["findings"] if f["rule"] == rule and study in f["study"]]
ok = any(words in f["sentence"] and any(place in p["place"] + str(p["note"]) for p in f["points"]) for f in found)
sys.exit(0 if ok else print([f["sentence"] for f in found]) or 1)
END
}
finds A1 data/research/tr110_rust_full 'in 135 of 135 runs, within 0.007 points; its mean of 98.281 %' chimera-hetero/test012/run_4
finds A1 data/research/tr110_rust_full '0.75 times as much' test108/run_1
finds A1 comprehensive_test_results 'in 150 of 150 runs, within 0.867 points; its mean of 93.214 %' phase_2_test_108
finds A3 runtime-async-std 'one after the other' runtime-async-std
finds A4 TR116/results/multi/python '60.12 % were published where the agents'"'"' own wall times give 94.64 %' run_1
finds A5 data/research/tr110_rust_full '98.281 % (sd 3.855, n 135), without all that are degenerate or unfinished 98.725 % (sd 0.957, n 133)' test005/run_4
finds A5 data/research/tr110_rust_full '2 of 540 answers' test100/run_2
finds A6 data/research/tr109_rust_full 'report 229.2 ms (n 18) at 256 tokens, 229.5 ms (n 17) at 512 tokens, 229.3 ms (n 17) at 1024 tokens, 374.5 ms (n 60)' gpu60_ctx256
finds A7 benchmarks/python/chimera_sweep '36 of 36 agents ingested 0 files' 'baseline: 0 files'
finds A7 sample_agent_reports '2 of 5 agents' ZERO_FILES
finds A8 comprehensive_test_results 'from 39.7 tok/s (60 runs) to 75.0 (90 runs)' phase_1_test_012
finds A8 comprehensive_test_results '85.36 % before and 97.93 % behind' phase_1_test_013
finds A9 ollama_param_tuning.csv '12 rows that loaded the model (3.31 s on average' ollama_param_tuning.csv
finds A9 gemma3_1b-it-qat_param_tuning.csv '(6.28 s on average' gemma3_1b
finds A10 ollama_param_tuning.csv '36 configurations with one run each, from 76.93 to 78.42 (sd 0.28)' 'num_gpu=40 num_ctx=1024 temperature=0.4'
finds A12 data/research/tr109_rust_full '3 do not' 'baseline: 0 of 6 calls loaded the model, mean TTFT 603.5 ms'
finds A16 perplexity_results_gpt2 'lower precision' tensorrt-int8
finds A17 bench_tr119_1766283446 '134 of 175 windows of power have one sample' '1 sample in 0.000 s'
finds A18 bench_tr119_1766276642 '70 of 70 windows of work on the CPU' 'CPU not told'
finds A19 20251224_002149_metrics.csv 'ollama prefill: the slope of time over parameters is 0.623 (R2 0.901, n 5), and 0.473 (R2 0.999) without gpt-oss-20b' gpt-oss-20b
finds A19 20251224_002149_metrics.csv 'ollama kv_decode: the slope of time over parameters is 0.649 (R2 0.925, n 5), and 0.515 (R2 0.998)' gpt-oss-20b
finds A20 kv_decode 'it was copied' '64 tokens'
finds A21 sample_agent_reports 'a report that is no text' GIBBERISH
finds A22 sample_agent_reports 'contradict the inventory' '425 stated, 29 markdown files given'
finds A22 sample_agent_reports '2 of the reports are dated in another year' 'dated 2023'
finds A23 data/research/tr110_rust_full '1 of 540 calls' 'collector report: no_done'
finds A23 data/research/tr109_rust_full '2 of 228 calls' gpu60_ctx512_temp0p6
finds A23 comprehensive_test_results '2 of 600 calls' phase_2_test_105/run_4
finds A24 chimera_sweep '7 of 18 configurations beat their baseline (38.9 %)' chimera_sweep
finds A26 hf_architecture_correlations 'Of 18 p values 9 are below 0.05, and 0' spearman_p
finds A28 data/research/tr110_rust_full 'test101, test102, test105' test103
finds TR120 bench_tr119 '35 rows are called compiled' transformers-gpu-compile
finds no-solo data/research/tr110_rust_full '135 runs of two agents at once' test001
finds one-order data/research/tr110_rust_full '27 configurations' test001/run_1
finds pooled data/research/tr109_rust_full 'different stages' 'sd 2.967 of 6 calls'
finds tail comprehensive_test_results '300 percentiles' 'p95 of 2 values'
echo ok
