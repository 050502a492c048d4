#!/usr/bin/env bash
# What the original lab printed, recomputed from its own files on the command line: every number, every verdict, and every
# value of every trace, which is looked up again in the file that it names.
. "$(dirname "$0")/../real/lib.sh"
data=${CHIMERA_SEED_DATA:-$CHIMERA_SRC/../shared/seed-data}
checker=$CHIMERA_SRC/tests/cases/check_seed_audit.py

# Files of the shapes, not the studies: nothing is judged.
check 0 rust-pair import seed "$CHIMERA_SRC/tests/samples/seed" -o some.db
check 2 "did you mean 'seed-audit'" report some.db --view seed-adit
check 2 'there are terminal, md, csv, json' report some.db --view seed-audit --format xml
check 2 'not of the view' report some.db --view seed-audit --plot ttft
check 2 'not of the view' report some.db --view seed-audit --definitions peers
LC_ALL=C.UTF-8 check 0 '[^ -~]' report some.db --view seed-audit
LC_ALL=C.UTF-8 check 0 . report some.db --view seed-audit --ascii
LC_ALL=C grep '[^ -~]' out && fail "--ascii is more than ASCII"
printf 'timestamp,lag_ms\n1.5,3\n' >lag.csv
check 0 loop-lag import seed lag.csv -o none.db
check 0 'has none of the rows' report none.db --view seed-audit
check 0 '"claims":\[\]' report none.db --view seed-audit --json

[ -e "$data" ] || { echo "SKIP: $data is not there"; [ "${CI:-}" = true ] && exit 1; exit 77; }
check 0 rust-pair import seed "$data" -o seed.db
"$chimera" report seed.db --view seed-audit --json >audit.json || fail "no JSON"
python3 "$checker" audit.json || fail "the audit is not as the original's files have it"
check 0 'TR114.mean_efficiency falls' report seed.db --view seed-audit
check 0 '^## TR114' report seed.db --view seed-audit --format md
check 0 '^TR114.mean_efficiency,recomputed,.*,98.28' report seed.db --view seed-audit --format csv
echo ok
