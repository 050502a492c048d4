#!/usr/bin/env bash
# The same duet on chimera-engine, llama.cpp's server and Ollama, with one server and with two.
. "$(dirname "$0")/lib.sh"
here=$CHIMERA_SRC/tests/real
need "$model"
need "$CHIMERA_DEPS/bin/llama-server"
need "$CHIMERA_DEPS/ollama"

# One thread each: with one for every core, a single busy neighbour makes the spinning threads of llama.cpp crawl.
for kind in engine llama-server ollama; do
    for servers in 1 2; do
        "$chimera" agent --scenario chimera_homo --server $kind --servers $servers --runs 1 --num-predict 24 --threads 1 \
            --prompt-tokens 300 --temperature 0.8 --corpus "$corpus" -o duet.db --again --json >report.json 2>log ||
            { cat log; fail "$kind with $servers"; }
        [ -e duet.db-wal ] && fail "$kind: the result is not one file"
        "$chimera" export duet.db --format jsonl >export.jsonl || fail "export"
        echo -n "$kind, $servers server(s): "
        python3 "$here/check_duet.py" report.json export.jsonl $servers || { cat log; fail "$kind with $servers"; }
        rm -f duet.db
    done
done
pgrep -f "chimera-engine.*$work" && fail "an engine was left behind"
exit 0
