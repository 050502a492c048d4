#!/usr/bin/env bash
# A cut prompt and an answer that is a loop, planted by the reference server: the report names both. (A busy host may make
# runs VOID: their generations are named, too.)
. "$(dirname "$0")/../real/lib.sh"

"$chimera" stub --first 5ms --gap 1ms --tokens 60 >stub.out 2>stub.err &
started+=($!)
wait_for 20 grep -q listening stub.out
url=$(sed 's/.* //' stub.out)

cat >spoilt.yaml <<END
study: spoilt
servers: [{name: s, kind: '$url', backend: ollama, model: stub}]
corpus: $corpus
agents:
  - {name: good, options: {num_predict: 40}}
  - {name: looping, options: {num_predict: 60}, extra_body: '{"stub_fault":"loop"}'}
loads:
  - {name: cut, input_len: 300, output_len: 20, max_concurrency: 1, num_requests: 2, options: {num_ctx: 200}}
arms:
  - {name: solo-good, agents: [good]}
  - {name: all, agents: [good, looping]}
  - {name: long, load: cut}
blocks: 2
END
"$chimera" run spoilt.yaml -o spoilt.db >run.out 2>&1 || { cat run.out; fail "chimera run"; }
"$chimera" report spoilt.db --format md >report.md || fail "report"
for row in '^| degenerate | all | .* | looping |' '^| context\\_truncated | long | .* | load |' '^| length | solo-good | .* | good |'; do
    grep -q "$row" report.md || { cat report.md; fail "no row $row"; }
done
! grep -q '^| degenerate | solo-good' report.md || fail "the good agent is accused"
"$chimera" report spoilt.db --format json >report.json || fail "report as JSON"
[ "$(json report.json 'd["generations"]["by_cause"]["degenerate"]')" -eq 4 ] || fail "JSON: not 4 degenerate answers"
echo ok
