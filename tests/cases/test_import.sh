#!/usr/bin/env bash
# Another lab's files on the command line: what is printed, what is refused, what a report says of it.
. "$(dirname "$0")/../real/lib.sh"
samples=$CHIMERA_SRC/tests/samples/seed

check 0 'example:' import --help
check 2 'a lab and its files' import
check 2 'a lab and its files' import seed -o x.db
check 2 '-o FILE' import seed "$samples"
check 2 "did you mean 'seed'" import sed "$samples" -o x.db
check 3 'cannot import nowhere' import seed nowhere -o x.db
check 2 'none of 1 file was understood' import seed "$samples/README.md" -o x.db
grep -q 'README.md: neither JSON nor a table' out || fail "the file that was not understood is not listed"
[ ! -e x.db ] || fail "a result of nothing"

check 0 'rust-pair +4 +6 +6 ' import seed "$samples" -o x.db
grep -q 'README.md: neither JSON nor a table' out || fail "the file that was not understood is not listed"
check 2 'x.db exists already' import seed "$samples" -o x.db
check 0 '"format":"python-single","rows":1,"refused":0,"runs":2,"problem":null' import seed --json "$samples" -o y.db
check 0 ', 21 imported and not' report x.db
check 0 '0  neither JSON nor a table' report x.db
check 0 '"format": ?"rust-pair"' report --json x.db
check 0 '"agent":"chimera_b"' export x.db
check 0 'test012' export --format csv x.db
echo ok
