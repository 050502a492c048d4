#!/usr/bin/env bash
# chimera-engine with the real model: every route, the stamps, greedy decoding against a bare libllama program, batching,
# queueing, cancellation, limits, ends. 77: something it needs is not here.
set -eu
: "${CHIMERA_BIN:?}" "${CHIMERA_SRC:?}" "${CHIMERA_DEPS:?}"
skip() { echo "SKIP: $1"; [ "${CI:-}" = true ] && exit 1; exit 77; }
[ -x "$CHIMERA_BIN/chimera-engine" ] || skip "chimera-engine was not built"
[ -f "$CHIMERA_DEPS/models/smollm2-135m.gguf" ] || skip "the model is missing: run ./dev setup"
command -v python3 >/dev/null || skip "no python3"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
lib=$CHIMERA_DEPS/llama/lib
"${CC:-cc}" -O1 "$CHIMERA_SRC/tests/real/engine/greedy.c" -o "$WORK/greedy" -isystem "$CHIMERA_DEPS/llama/include" \
    "-L$lib" "-Wl,-rpath,$lib" -Wl,--allow-shlib-undefined -l:libllama.v0.5.0.so -l:libggml.v0.5.0.so -l:libggml-base.so
export WORK GREEDY="$WORK/greedy" PYTHONDONTWRITEBYTECODE=1
python3 "$CHIMERA_SRC/tests/real/engine/checks.py" "$@"
