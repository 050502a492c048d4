#!/usr/bin/env bash
# The n-th call of a kind fails under a small chimera load, for every n until none is left to fail; once, and from then on for
# ever. Each time: no crash, no hang, a typed outcome or one clear sentence, and a result that can be read. The calls of net/
# and store/ alone fail in test_net_faults and test_store_fault.
. "$(dirname "$0")/../real/lib.sh"
shim=$CHIMERA_BIN/fault_nth.so
export ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" # the library stands before the sanitizer's

"$chimera" stub >url 2>stub.err &
started+=($!)
wait_for 20 grep -q http url
url=$(grep -o 'http://[0-9.:]*' url)

load() { # KIND N FROM
    rm -f hit n.db*
    env LD_PRELOAD="$shim" NTH_KIND="$1" NTH="$2" ${3:+NTH_FROM=1} NTH_FILE=hit timeout 60 "$chimera" load "$url" -m stub \
        --input-len 4 --output-len 2 --max-concurrency 2 --num-requests 4 --timeout 0.5 -o n.db --json >n.json 2>n.log
    status=$?
}

check() { # WHAT
    case $status in
        0 | 1 | 3) ;;
        2) grep -q 'is damaged\|lock file' n.log || fail "$1: exit status 2: $(tail -1 n.log)" ;; # as SQLite takes a read that fails
        *) fail "$1: exit status $status: $(tail -3 n.log)" ;;
    esac
    [ $status -eq 0 ] || [ "$(grep -c '^chimera: .' n.log)" -eq 1 ] || fail "$1: not one sentence: $(cat n.log)"
    ! grep -q 'accounting:' n.json || fail "$1: requests were lost or invented"
    [ ! -e n.db ] || "$chimera" report n.db >report 2>&1 || fail "$1: the result cannot be read: $(cat report)"
}

# every KIND [FROM]: one by one up to 24; behind that every fifth, others with FROM than without
every() {
    local n=0 tried=0
    while :; do
        n=$((n < 24 ? n + 1 : n + 5 + (n == 24 ? ${2:-0} : 0)))
        load "$1" "$n" "${2-}"
        check "$1 $n ${2:+and on}"
        [ -e hit ] || break
        tried=$((tried + 1))
    done
    [ $status -le 1 ] || fail "$1: undisturbed, and yet exit status $status"
    [ $tried -ge 5 ] || fail "$1: only $tried calls were seen"
    echo "$1${2:+ from then on}: $tried faults, up to call $n"
}

for kind in connect send recv open sync write; do
    every $kind
    every $kind 1
done
every read
echo ok
