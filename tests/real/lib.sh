# Shared by the real tests: paths, skipping, a scratch folder, and the end of what was started.
set -u
: "${CHIMERA_BIN:?set by ctest: the build folder}" "${CHIMERA_SRC:?set by ctest: the source folder}"
CHIMERA_DEPS=${CHIMERA_DEPS:-${XDG_CACHE_HOME:-$HOME/.cache}/chimera}
export CHIMERA_DEPS
chimera=$CHIMERA_BIN/chimera
engine=$CHIMERA_BIN/chimera-engine
model=$CHIMERA_DEPS/models/smollm2-135m.gguf
corpus=$CHIMERA_SRC/examples/corpus
work=$(mktemp -d "${TMPDIR:-/tmp}/chimera-test-XXXXXX")
started=()

finish() {
    for pid in ${started[@]+"${started[@]}"}; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap finish EXIT
cd "$work" || exit 1

fail() {
    echo "FAIL: $*" >&2
    exit 1
}

# A missing part is a visible skip for a user and a failure under CI=true.
need() {
    [ -e "$1" ] || command -v "$1" >/dev/null 2>&1 && return 0
    echo "SKIP: $1 is missing: run ./dev setup --all"
    [ "${CI:-}" = true ] && exit 1
    exit 77
}

# wait_for SECONDS COMMAND…: polls until the command succeeds.
wait_for() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $until ] || fail "timed out waiting for: $*"
        sleep 0.1
    done
}

# json FILE EXPRESSION: evaluates a Python expression on the JSON document d and prints it.
json() {
    python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

# check STATUS PATTERN ARGUMENTS…: runs chimera: its exit status, and what stdout and stderr together must hold.
check() {
    local status=$1 pattern=$2
    shift 2
    "$chimera" "$@" >out 2>&1
    local got=$?
    [ $got -eq "$status" ] || { cat out; fail "chimera $*: exit $got, not $status"; }
    grep -qE -- "$pattern" out || { cat out; fail "chimera $*: no '$pattern'"; }
}
