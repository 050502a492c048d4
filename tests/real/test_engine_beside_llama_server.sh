#!/usr/bin/env bash
# The same prompts through chimera-engine and llama.cpp's server: the prompt token ids must be equal. 77: not here.
set -eu
: "${CHIMERA_BIN:?}" "${CHIMERA_SRC:?}" "${CHIMERA_DEPS:?}"
skip() { echo "SKIP: $1"; [ "${CI:-}" = true ] && exit 1; exit 77; }
[ -x "$CHIMERA_BIN/chimera-engine" ] || skip "chimera-engine was not built"
[ -f "$CHIMERA_DEPS/models/smollm2-135m.gguf" ] || skip "the model is missing: run ./dev setup"
command -v python3 >/dev/null || skip "no python3"
server=$(command -v llama-server || true)
[ -x "$CHIMERA_DEPS/bin/llama-server" ] && server=$CHIMERA_DEPS/bin/llama-server
[ -n "$server" ] || skip "no llama-server: run tools/deps --all"
export PYTHONDONTWRITEBYTECODE=1
python3 "$CHIMERA_SRC/tests/real/engine/compare.py" "$server"
