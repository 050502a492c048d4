#!/usr/bin/env bash
# The real `chimera stub`: curl and `chimera agent` in each dialect, and the client's typed outcome for each fault by name.
. "$(dirname "$0")/../real/lib.sh"
need curl

# stub NAME OPTIONS…: starts one; its URL is in $url, its log in NAME.log.
stub() {
    local name=$1
    shift
    "$chimera" stub --log "$name.log" "$@" >"$name.out" 2>"$name.err" &
    started+=($!)
    wait_for 20 grep -q listening "$name.out"
    url=$(sed 's/.* //' "$name.out")
}

refused() { # PATTERN OPTIONS…
    local pattern=$1 status
    shift
    "$chimera" stub "$@" >out 2>&1
    status=$?
    [ $status -eq 2 ] && grep -q -- "$pattern" out || { cat out; fail "stub $*: exit $status, or no '$pattern'"; }
}
refused "did you mean 'reset'" --fault rest
refused 'rate=' --fault reset:often
refused "did you mean 'exp'" --gap expo:5ms
refused 'fifo or ps' --queue lifo
refused 'HOST:PORT' --listen nowhere:x
refused '1 … 1000000' --tokens 0
refused 'no duration' --load-time soon
refused 'SHARE/ANSWERS' --drift fast
refused 'SHARE/ANSWERS' --drift 1%/0
refused 'SHARE/ANSWERS' --drift 1%x
"$chimera" stub --help | grep -q 'example:' || fail "no help"

# A planted drift: half as long again in two answers, so by a quarter of the law's delay each.
stub drift --first 4ms --gap 2ms --tokens 3 --drift 50%/2
for i in 1 2 3; do curl -sS "$url/v1/completions" -d '{"prompt":"a","stream":true}' >out || fail "curl"; done
kill "${started[-1]}"
wait "${started[-1]}"
unset 'started[-1]'
python3 - <<'END' || fail "drift"
import json
rows = [json.loads(line) for line in open("drift.log")]
assert [r["first_ns"] for r in rows] == [4000000, 5000000, 6000000], rows
gaps = [r["due_ns"][-3] - r["due_ns"][-4] for r in rows]
assert all(abs(g - w) < 1000 for g, w in zip(gaps, [2000000, 2500000, 3000000])), rows
END

# curl, each dialect
stub plain --first 5ms --gap 1ms --tokens 5
curl -sS "$url/v1/chat/completions" -d '{"messages":[{"role":"user","content":"a b c"}],"stream":true}' >out || fail "curl"
[ "$(grep -c '^data: ' out)" -eq 8 ] || { cat out; fail "not role, 5 chunks, finish and [DONE]"; }
curl -sS "$url/v1/completions" -d '{"prompt":"a b","max_tokens":3}' >out || fail "curl"
[ "$(json out 'd["usage"]["completion_tokens"]')" -eq 3 ] || fail "max_tokens"
[ "$(json out 'len(d["choices"][0]["text"].split())')" -eq 3 ] || fail "a token is not a word"
curl -sS "$url/api/generate" -d '{"prompt":"a b"}' >out || fail "curl"
[ "$(wc -l <out)" -eq 6 ] || { cat out; fail "not 5 lines and the done line"; }
[ "$(tail -1 out | python3 -c 'import json,sys; print(json.load(sys.stdin)["eval_duration"])')" -eq 4000000 ] || fail "eval_duration"
curl -sS "$url/api/ps" >out && [ "$(json out 'len(d["models"])')" -eq 1 ] || fail "/api/ps"
[ "$(wc -l <plain.log)" -eq 3 ] || fail "the log has not a line for each request"
"$chimera" stub --list-faults --json >faults.json || fail "--list-faults"
json faults.json '"\n".join(f["name"] for f in d)' >names

# the agent, each dialect
for backend in openai ollama llama-server; do
    "$chimera" agent --server "$url" --backend $backend --runs 1 --corpus "$corpus" --num-predict 5 -o $backend.db >out 2>&1 ||
        { cat out; fail "agent with $backend"; }
    "$chimera" export $backend.db --format jsonl >$backend.jsonl
    [ "$(grep -c '"outcome":"ok"' $backend.jsonl)" -eq 2 ] || fail "agent with $backend: not two good requests"
done

# Each fault by name, and what the client calls it in the openai and in the ollama dialect.
cat >expected <<'END'
status_400 api_error
status_401 api_error
status_404 api_error
status_429 refused
status_500 api_error
status_503 refused
context_exceeded refused api_error
html_502 http_error
html_200 parse_error
no_body_500 http_error
redirect http_error
error_in_200 api_error
overloaded_in_200 refused
close_at_once reset
reset_at_once reset
no_first_byte timeout_first_byte
head_only timeout_idle
half_head reset
early_close reset
reset reset
stall timeout_idle
drip timeout_total
endless timeout_total
close_idle ok
bad_status_line parse_error
huge_head parse_error
many_fields parse_error
many_interims parse_error
interim ok
two_lengths parse_error
compressed parse_error
until_close ok
short_body reset
bad_chunk_size parse_error
chunk_too_long parse_error
chunk_cut reset
garbage_behind parse_error
trailers ok
wrong_type parse_error
no_type ok
not_streamed ok
empty_stream no_done
no_done no_done
done_early ok
done_twice ok
no_text empty
usage_missing ok
usage_absurd ok
bad_json parse_error
deep_json parse_error
duplicate_keys ok
huge_event parse_error
bad_utf8 parse_error
split_utf8 ok
nul parse_error
nul_escaped ok
empty_deltas ok
loop ok
crlf ok
cr ok
mixed_ends ok
bom ok
comments ok
fields ok
multi_line ok
byte_chunks ok
no_last_blank ok
END
cut -d' ' -f1 expected | diff names - || fail "the table of expected outcomes is not that of the faults"

# study BACKEND FAULT…: an agent for each fault, all at once; the fault is in the body, so none touches another.
study() {
    local backend=$1
    shift
    echo "study: faults"
    echo "servers: [{name: s, kind: '$url', backend: $backend, model: stub}]"
    echo "corpus: $corpus"
    echo "timeouts: {connect: 10, first_byte: 4, idle: 4, total: 10}"
    echo "agents:"
    printf "  - {name: %s, options: {num_predict: 40}, extra_body: '{\"stub_fault\":\"%s\"}'}\n" $(for f; do echo $f $f; done)
    echo "arms: [{name: all, agents: [$(echo "$@" | tr ' ' ',')]}]"
}

stub faulty --first 5ms --gap 2ms --tokens 40
for backend in openai ollama; do
    for half in "$(sed -n 1,34p names)" "$(sed -n '35,$p' names)"; do
        rm -f part.db
        study $backend $half >part.yaml
        "$chimera" run part.yaml -o part.db >out 2>&1 || { cat out; fail "chimera run with faults"; }
        "$chimera" export part.db --format jsonl >>$backend-faults.jsonl || fail "export"
    done
    python3 - $backend expected $backend-faults.jsonl <<'END' || fail "outcomes with $backend"
import json, sys
backend, expected, rows = sys.argv[1:]
want = {w[0]: w[-1] if backend == "ollama" else w[1] for w in map(str.split, open(expected))}
got, bad = {}, 0
for d in map(json.loads, open(rows)):
    got.setdefault(d["agent"], []).append(d)
for name, outcome in want.items():
    seen = [d["outcome"] for d in got.get(name, [])]
    if not seen or set(seen) != {outcome}:
        print(f"{name}: {seen}, not {outcome}")
        bad = 1
if any("degenerate" not in d["flags"] for d in got["loop"]):
    print("loop: not degenerate")
    bad = 1
sys.exit(bad)
END
done

# Alone, the agent has no other connection to go on with.
study openai close_idle >alone.yaml
"$chimera" run alone.yaml -o alone.db >out 2>&1 || { cat out; fail "chimera run with close_idle"; }
"$chimera" export alone.db --format jsonl >alone.jsonl
sed -n 2p alone.jsonl | grep -q '"reconnected"' || { cat alone.jsonl; fail "the second request was not on a new connection"; }

kill -TERM "${started[@]}"
for pid in "${started[@]}"; do
    wait "$pid" || fail "the stub ended with $?"
done
started=()
grep -q 'with a fault' faulty.err || fail "no summary"
echo ok
