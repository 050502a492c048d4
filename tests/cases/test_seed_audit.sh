#!/usr/bin/env bash
# What the original lab printed, recomputed from its own files on the command line: every number, every verdict, and every
# value of every trace, which is looked up again in the file that it names.
. "$(dirname "$0")/../real/lib.sh"
data=${CHIMERA_SEED_DATA:-$CHIMERA_SRC/../shared/seed-data}
check=$CHIMERA_SRC/tests/cases/check_seed_audit.py

# check STATUS PATTERN ARGUMENTS…: exit status and what stdout and stderr together must hold.
says() {
    local status=$1 pattern=$2
    shift 2
    "$chimera" "$@" >out 2>&1
    local got=$?
    [ $got -eq "$status" ] || { cat out; fail "chimera $*: exit $got, not $status"; }
    grep -qE -- "$pattern" out || { cat out; fail "chimera $*: no '$pattern'"; }
}

# Files of the shapes, not the studies: nothing is judged.
says 0 rust-pair import seed "$CHIMERA_SRC/tests/samples/seed" -o some.db
says 2 "did you mean 'seed-audit'" report some.db --view seed-adit
says 2 'there are terminal, md, csv, json' report some.db --view seed-audit --format xml
says 2 'not of the view' report some.db --view seed-audit --plot ttft
says 2 'not of the view' report some.db --view seed-audit --definitions peers
LC_ALL=C.UTF-8 says 0 '[^ -~]' report some.db --view seed-audit
LC_ALL=C.UTF-8 says 0 . report some.db --view seed-audit --ascii
LC_ALL=C grep '[^ -~]' out && fail "--ascii is more than ASCII"
printf 'timestamp,lag_ms\n1.5,3\n' >lag.csv
says 0 loop-lag import seed lag.csv -o none.db
says 0 'has none of the rows' report none.db --view seed-audit
says 0 '"claims":\[\]' report none.db --view seed-audit --json

[ -e "$data" ] || { echo "SKIP: $data is not there"; [ "${CI:-}" = true ] && exit 1; exit 77; }
says 0 rust-pair import seed "$data" -o seed.db
"$chimera" report seed.db --view seed-audit --json >audit.json || fail "no JSON"
python3 "$check" audit.json || fail "the audit is not as the original's files have it"
says 0 'TR114.mean_efficiency falls' report seed.db --view seed-audit
says 0 '^## TR114' report seed.db --view seed-audit --format md
says 0 '^TR114.mean_efficiency,recomputed,.*,98.28' report seed.db --view seed-audit --format csv
echo ok
