#!/usr/bin/env bash
# The command line without any server: help, suggestions, exit codes, refused input.
. "$(dirname "$0")/../real/lib.sh"

check 0 'chimera [0-9]+\.[0-9]+\.[0-9]+ \(commit' --version
check 0 'usage: chimera COMMAND' --help
check 2 "no format .xml.; there are" export --format xml x.db
check 2 'usage: chimera COMMAND'
check 2 "did you mean 'report'" reprot
check 2 'chimera help' xyzzyplugh
for command in run agent watch report export import list doctor corpus selftest new; do
    check 0 'example:' "$command" --help
    check 2 'unknown option' "$command" --no-such-option
done
check 2 'did you mean --output' report --outptu x
check 2 'needs a value' agent --runs
check 2 'takes a number' agent --runs three
check 2 'one study file' run
check 2 'one result file' watch
check 3 'cannot open' run missing.yaml
check 2 'did you mean .metrics' list metric
check 0 'ttft' list metrics
check 0 '"id"' list metrics --json
check 0 'ttft.vllm' list peers
check 2 'did you mean .peers' report --definitions pers missing.db
check 2 'goodput needs a limit' report --goodput ' ,' missing.db
check 2 "no limit 'itl'" report --definitions peers --goodput 'ttft:200 itl:5' missing.db
check 2 "'ttft' is no limit" report --goodput 'ttft 200' missing.db
for bad in ttft: ttft:0 ttft:-1 ttft:5s ttft:nan ttft:inf; do
    check 2 'is no limit for ttft' report --goodput "$bad" missing.db
done
check 3 'cannot open|no such' report --definitions peers --goodput 'ttft:200,tpot:50.5 e2e:3e3' missing.db
check 0 'no_done' list outcomes
check 0 'smollm2-135m' list models
check 2 'chimera_homo' agent --scenario chimera_hom --corpus "$corpus"
check 3 'cannot open|no such' report missing.db
check 2 "did you mean 'html'" report --format htm missing.db
check 2 'brief is of' report --brief --format html missing.db
check 3 'cannot open|no such' report --plot ttft missing.db
check 2 'draws one figure' report --plot ttft --json missing.db
check 2 "goodput has no limit 'tfft'; did you mean 'ttft'" report missing.db --goodput tfft:200
check 2 "'20ms' is no limit for ttft" report missing.db --goodput ttft:20ms

# The generated document is the program's own.
"$chimera" list metrics --format md | cmp - "$CHIMERA_SRC/doc/metrics.md" || fail "doc/metrics.md is old: chimera list metrics --format md >doc/metrics.md"
"$chimera" list keys --format schema | cmp - "$CHIMERA_SRC/doc/study.schema.json" ||
    fail "doc/study.schema.json is old: chimera list keys --format schema >doc/study.schema.json"
check 2 'format schema for' list metrics --format schema

# A foreign and a corrupt file are refused and stay as they are.
printf 'not a database at all' >foreign.db
before=$(sha256sum foreign.db)
check 2 'is not a result of chimera' report foreign.db
[ "$before" = "$(sha256sum foreign.db)" ] || fail "a foreign file was changed"

cat >bad.yaml <<'END'
study: x
servers: [{name: a}]
corpus: c
agents: [{name: p, optoins: {}}]
END
check 2 'bad.yaml:4:.*did you mean' run bad.yaml
cat >oversized.yaml <<END
study: x
servers: [{name: a, threads: 64}, {name: b, threads: 64}]
corpus: $corpus
agents: [{name: p, server: a}]
END
check 2 'threads' run oversized.yaml
sed -i 's/threads: 64/threads: 1/g; s|corpus: .*|corpus: empty|' oversized.yaml
mkdir empty
check 2 'corpus pin|empty|no file' run oversized.yaml
cp -r "$corpus" changed
find changed -name '*.csv' -exec sh -c 'echo "1,2" >>"$1"; echo' _ {} \; -quit >/dev/null
sed -i 's|corpus: .*|corpus: changed|' oversized.yaml
check 2 '\.csv' run oversized.yaml
check 3 '127.0.0.1:1' agent --server http://127.0.0.1:1 --model m --corpus "$corpus"
check 0 'block 1' agent --scenario chimera_homo --servers 2 --corpus "$corpus" --dry-run

# Factors: the plan as a table and as JSON, a scale, a value from the command line, an estimate from an earlier result.
cat >factors.yaml <<END
study: f
use: presets/engine-smollm2
servers: [{name: a, threads: 1}]
corpus: $corpus
agents: [{name: p, options: {num_predict: 8}}]
factors: [{name: num_ctx, levels: [512, 1024], set: servers.a.num_ctx}]
blocks: 3
scales: {smoke: {blocks: 1}}
END
check 0 'solo-p +512 +p +a,num_ctx=512' run --dry-run factors.yaml
check 0 'plan [0-9a-f]{12}: 2 runs, 1 blocks x 2 arms' run --dry-run --scale smoke factors.yaml
check 0 ': 8 runs, 4 blocks' run --dry-run --set blocks=4 factors.yaml
check 0 '"left_seconds"|"duration":null' run --dry-run --json factors.yaml
check 0 'unknown until two pilot blocks' run --dry-run factors.yaml
check 2 "did you mean 'smoke'" run --scale smoek factors.yaml
check 2 'set 2:1:1: unknown key .blok' run --set blocks=2 --set blok=1 factors.yaml
check 3 'cannot open' run --dry-run --prior none.db factors.yaml
check 2 'changed is a folder, not a study file' run changed
check 0 'blocks' run --dry-run --set blocks=1 --set 'stop={precision: "makespan:5%"}' factors.yaml
COLUMNS=80 "$chimera" run --dry-run factors.yaml >out || fail "no plan at 80 columns"
LC_ALL=C.UTF-8 python3 -c 'import sys; sys.exit(any(len(l) > 81 for l in open("out", encoding="utf-8")))' || fail "the plan is wider than 80 columns"

# A file that may not grow: an error that is told, and no signal.
(ulimit -f 4 && "$chimera" run --dry-run --json tr110-pairs >big.json 2>out)
[ $? -eq 3 ] || fail "a full file: not exit 3"
grep -q 'File too large' out || { cat out; fail "no word of the full file"; }


# The example of doc/study.md.
{
    printf 'study: d\nservers: [{name: a, threads: 1}, {name: b, threads: 1}]\ncorpus: %s\n' "$corpus"
    echo 'agents: [{name: collector, server: a}, {name: insight, server: b}]'
    sed -n '/^factors:/,/^```/p' "$CHIMERA_SRC/doc/study.md" | sed '$d'
} >doc.yaml
check 0 'pair +512 +split +unset +collector, insight' run --dry-run doc.yaml

# Studies by name, and a new one.
check 0 '^duet +3 +3 +Do two agents' list studies
check 0 'plan [0-9a-f]{12}: 9 runs' run --dry-run duet
check 3 "did you mean 'duet'" run --dry-run duett
check 0 'mine.yaml is written' new study mine
check 0 'study mine: ' run --dry-run mine.yaml
check 0 '2 blocks x 2 arms' run --dry-run --scale smoke mine.yaml
check 2 'is there already' new study mine
check 2 'can not' new study ../mine
check 2 'chimera new study NAME' new studdy mine
for study in "$CHIMERA_SRC"/examples/studies/*.yaml; do
    check 0 '^plan [0-9a-f]{12}' run --dry-run "$study"
done

# A key is never written anywhere.
OPENAI_API_KEY=canary-7391 "$chimera" agent --server http://127.0.0.1:1 --model m --corpus "$corpus" --header 'X-Key: canary-7392' >out 2>&1
grep -rq 'canary-739' . && fail "a secret was written"
echo ok
