#!/usr/bin/env bash
# chimera compare on the study of two agents, with servers whose delays are known: insight's answers take three times as long
# to begin as collector's, and twin is collector under another name. Nothing here is as small as the noise of a host.
. "$(dirname "$0")/../real/lib.sh"
export XDG_STATE_HOME=$work/state

study() { # BLOCKS: examples/studies/duet.yaml on two stubs, and the twin
    sed -e "s|{name: a, kind: .*|{name: a, kind: \"cmd:'$chimera' stub --listen 127.0.0.1:{port} --first 30ms\", backend: openai, model: stub}|" \
        -e "s|{name: b, kind: .*|{name: b, kind: \"cmd:'$chimera' stub --listen 127.0.0.1:{port} --first 90ms\", backend: openai, model: stub}|" \
        -e "s|^corpus: .*|corpus: $corpus|" -e "s|^blocks: .*|blocks: $1\noversubscribe: true|" -e 's|num_predict: 96|num_predict: 16|' \
        -e 's|^\( *\)- {name: collector, \(.*\)|&\n\1- {name: twin, \2|' \
        -e 's|{name: pair,|{name: twin, agents: [twin]}, &|' "$CHIMERA_SRC/examples/studies/duet.yaml"
}
counted() { # FILE: runs that count, of the arm that has fewer
    "$chimera" compare "$1:solo-collector" "$1:solo-insight" --json >n.json || return 1
    json n.json 'min(d["baseline"]["runs"], d["candidate"]["runs"])'
}
run() { # BLOCKS LEAST: a result of which at least so many runs of each arm count; a host without time for them voids some
    study "$1" >"duet$1.yaml"
    for try in 1 2 3; do
        "$chimera" run "duet$1.yaml" -o "duet$1.db" --again -q >/dev/null 2>err || { cat err; fail "the study of $1 blocks"; }
        [ "$(counted "duet$1.db")" -ge "$2" ] && return
    done
    echo "SKIP: this host voids too many runs"
    exit 77
}

# Eight blocks show what was planted, with an interval around it: 60 ms more to the first token.
run 8 6
"$chimera" compare duet8.db:solo-collector duet8.db:solo-insight --metrics ttft >out || fail "compare"
grep -q 'solo-insight against solo-collector: worse in ttft' out || { cat out; fail "the verdict of eight blocks"; }
"$chimera" compare duet8.db:solo-collector duet8.db:solo-insight --metrics ttft --json >out.json || fail "json"
[ "$(json out.json '(lambda m: [m["verdict"], m["interval"][0] <= m["shift"] <= m["interval"][1], 40 < m["shift"] < 80])(d["metrics"][0])')" \
    = "['worse', True, True]" ] || { cat out.json; fail "the planted 60 ms"; }
"$chimera" compare duet8.db:solo-insight duet8.db:solo-collector --metrics ttft --fail-on worse >out || fail "the other way round"
grep -q 'solo-collector against solo-insight: better in ttft' out || { cat out; fail "the other way round"; }
"$chimera" compare duet8.db:solo-collector duet8.db:solo-insight --metrics ttft --fail-on worse >/dev/null 2>err
[ $? -eq 1 ] || fail "the gate: $(cat err)"

# The same arm under two names: never better or worse.
"$chimera" compare duet8.db:solo-collector duet8.db:twin --margin 50% --fail-on better,worse >out || { cat out; fail "A/A"; }
grep -q 'twin against solo-collector: \(equivalent\|inconclusive\) in ' out || { cat out; fail "the words of A/A"; }

# Three blocks show nothing, and that is said, however large the difference.
run 3 2
"$chimera" compare duet3.db:solo-collector duet3.db:solo-insight >out || fail "compare of three blocks"
grep -q 'solo-insight against solo-collector: inconclusive in ' out || { cat out; fail "the verdict of three blocks"; }
grep -q 'below 5 blocks nothing is concluded: [23] missing' out || { cat out; fail "what three blocks miss"; }
echo ok
