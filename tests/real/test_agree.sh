#!/usr/bin/env bash
# Text, token counts and timers of the export agree with the bytes that the servers themselves sent, as a proxy saw them.
. "$(dirname "$0")/lib.sh"
here=$CHIMERA_SRC/tests/real
need "$model"
need "$CHIMERA_DEPS/bin/llama-server"
need "$CHIMERA_DEPS/ollama/bin/ollama"

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }

# agree NAME PORT BACKEND MODEL [ROUTE…]: an agent through the proxy, then the comparison.
agree() {
    local name=$1 port=$2 backend=$3 tag=$4
    shift 4
    python3 "$here/proxy.py" "$port" "$name.log" >"$name.proxy" &
    started+=($!)
    wait_for 10 grep -q listening "$name.proxy"
    local url=http://127.0.0.1:$(awk '{print $2}' "$name.proxy")
    "$chimera" agent --server "$url" --backend "$backend" --model "$tag" --runs 2 --num-predict 20 --prompt-tokens 300 \
        --corpus "$corpus" -o "$name.db" "$@" >out 2>&1 || { cat out; fail "agent on $name"; }
    "$chimera" export "$name.db" --format jsonl >"$name.jsonl" || fail "export of $name"
    echo -n "$name $*: "
    python3 "$here/agree.py" "$name.log" "$name.jsonl" || fail "$name"
    rm -f "$name.db"
}

"$engine" -m "$model" --port 0 --threads 1 --ctx-size 2048 >engine.out 2>engine.err &
started+=($!)
wait_for 20 grep -q listening engine.out
port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' engine.out | head -1)
wait_for 60 curl -fs "http://127.0.0.1:$port/health" -o /dev/null
agree engine "$port" openai smollm2-135m
agree engine-body "$port" openai smollm2-135m --no-stream
agree engine-ollama "$port" ollama smollm2-135m
agree engine-completion "$port" ollama smollm2-135m --route completion

port=$(free_port)
"$CHIMERA_DEPS/bin/llama-server" -m "$model" --host 127.0.0.1 --port "$port" -c 2048 -t 1 -np 1 >llama.out 2>&1 &
started+=($!)
wait_for 60 curl -fs "http://127.0.0.1:$port/health" -o /dev/null
agree llama-server "$port" llama-server smollm2-135m
agree llama-server-completion "$port" llama-server smollm2-135m --route completion

port=$(free_port)
(cd "$CHIMERA_DEPS/ollama" && OLLAMA_HOST=127.0.0.1:$port OLLAMA_MODELS=$work/models HOME=$work exec bin/ollama serve) >ollama.out 2>&1 &
started+=($!)
wait_for 60 curl -fs "http://127.0.0.1:$port/api/version" -o /dev/null
echo "FROM $model" >Modelfile
OLLAMA_HOST=127.0.0.1:$port HOME=$work "$CHIMERA_DEPS/ollama/bin/ollama" create smollm2 -f Modelfile >create.out 2>&1 ||
    { cat create.out; fail "ollama create"; }
agree ollama "$port" ollama smollm2
agree ollama-body "$port" ollama smollm2 --no-stream
agree ollama-completion "$port" ollama smollm2 --route completion
exit 0
