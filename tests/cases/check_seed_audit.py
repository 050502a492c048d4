#!/usr/bin/env python3
"""Checks `chimera report --view seed-audit --json` against what is known of the original lab's files, and every value in its
traces against the files themselves, which are read here again with nothing of Chimera.

check_seed_audit.py AUDIT.json"""
import csv
import functools
import json
import math
import sys

# id, claimed, recomputed as printed, survives, source: the row of section D.1 (else the section) of the specification of the
# original's studies that has the recomputed number.
CLAIMS = [
    ("TR114.mean_efficiency", 98.281, "98.281", False, "D.1 TR114 mean efficiency"),
    ("TR114.peak_config", 99.396, "99.396", False, "D.1 TR114 peak config"),
    ("TR114.peak_run", 99.992, "99.992", False, "D.1 TR114 peak run"),
    ("TR114.contention", 0.74, "0.74", False, "D.1 TR114 contention: 1 / 135"),
    ("TR114.sd_efficiency", 4.9, "3.9", False, "D.1 TR114 sd: 3.855"),
    ("TR114.median_efficiency", 98.6, "98.9", False, "D.1 TR114 median: 98.863"),
    ("TR114.p05_efficiency", 88.9, "96.7", False, "A TR114: 96.72"),
    ("TR114.agent_tok_s", 42, "42", True, "A TR114: 41.88"),
]

# id, part of the metric's name, value as printed, source
INSTEAD = [
    ("TR114.mean_efficiency", "50 (1 + min / max)", "0.0071", "D.1 TR114 identity"),
    ("TR114.mean_efficiency", "speedup.tokens", "0.756", "D.1 TR114 true speedup"),
    ("TR114.mean_efficiency", "speedup.tokens of the best", "0.867", "D.1 TR114 true speedup: max"),
    ("TR114.mean_efficiency", "standard deviation of speedup.tokens", "0.058", "D.1 TR114 true speedup: sd"),
    ("TR114.mean_efficiency", "output tokens per second", "0.751", "D.1 TR114 true speedup, simpler"),
    ("TR114.peak_config", "without failed runs", "0.18", "A5: p 0.18"),
    ("TR114.peak_run", "correlation", "0.87", "A TR114: r = 0.87"),
    ("TR114.contention", "decode rate", "0.366", "A1: 0.366"),
    ("TR114.sd_efficiency", "without failed runs", "0.957", "A TR114: 0.957"),
]

faults = []


def fault(text):
    faults.append(text)


def printed(value, like):
    digits = len(like.split(".")[1]) if "." in like else 0
    return f"{value:.{digits}f}"


def check_claims(audit):
    by_id = {c["id"]: c for c in audit["claims"]}
    expected = {row[0] for row in CLAIMS}
    for unknown in by_id.keys() - expected:
        fault(f"{unknown} is not expected")
    for name, claimed, recomputed, survives, source in CLAIMS:
        c = by_id.get(name)
        if not c:
            fault(f"{name} ({source}) is missing")
            continue
        if c["claimed"] != claimed or c["survives"] is not survives:
            fault(f"{name}: claimed {c['claimed']}, survives {c['survives']}")
        if printed(c["recomputed"], recomputed) != recomputed:
            fault(f"{name}: {c['recomputed']} is not {recomputed} ({source})")
        if c["reproduced"] != (printed(c["recomputed"], recomputed) == printed(claimed, recomputed)):
            fault(f"{name}: reproduced {c['reproduced']}")
        if len(c["why"]) < 20 or not c["trace"]:
            fault(f"{name}: no reason or no trace")


def check_instead(audit):
    by_id = {c["id"]: c for c in audit["claims"]}
    for name, metric, value, source in INSTEAD:
        found = [f for f in by_id[name]["instead"] if metric in f["metric"]]
        if not found or found[0]["value"] is None or printed(found[0]["value"], value) != value:
            fault(f"{name}: instead {[(f['metric'], f['value']) for f in by_id[name]['instead']]}, no {metric} {value} ({source})")
        elif found[0]["lo"] is not None and not found[0]["lo"] <= found[0]["value"] <= found[0]["hi"]:
            fault(f"{name}: {found[0]['value']} outside its interval")


@functools.lru_cache(maxsize=None)
def lines(path):
    with open(path, encoding="utf-8-sig", newline="") as f:
        return f.read().split("\n")


@functools.lru_cache(maxsize=None)
def document(path):
    with open(path, encoding="utf-8-sig") as f:
        return json.load(f)


def row_of(path, number):
    """The object that a row is: a line of JSON, a line under the heads of a table, or a part of one document."""
    if path.endswith(".jsonl"):
        return json.loads(lines(path)[number - 1])
    if path.endswith(".json"):
        d = document(path)
        for key in ("results", "metrics"):
            if isinstance(d.get(key), list):
                return d[key][number - 1]
        return d
    head, line = (next(csv.reader([lines(path)[i]])) for i in (0, number - 1))
    return dict(zip((h.strip() for h in head), line))


def value_at(row, path):
    """Keys may hold dots themselves, so the longest that is there is taken."""
    if path == "":
        return row
    if isinstance(row, str) and row.startswith("{"):
        row = eval(row, {"__builtins__": {}}, {"nan": math.nan})  # printed by Python
    parts = path.split(".")
    if isinstance(row, list):
        return value_at(row[int(parts[0])], ".".join(parts[1:]))
    for n in range(len(parts), 0, -1):
        key = ".".join(parts[:n])
        if key in row:
            return value_at(row[key], ".".join(parts[n:]))
    raise KeyError(path)


def same(raw, value):
    if isinstance(raw, str):
        raw = {"true": 1, "false": 0}.get(raw.strip().lower(), raw)
    return float(str(raw).split()[0] if isinstance(raw, str) else raw) == value


def check_traces(audit):
    n = 0
    for c in audit["claims"]:
        for figure in [c, *c["instead"]]:
            if not figure["trace"]:
                fault(f"{c['id']}: {figure.get('metric')}: no trace")
            for entry in figure["trace"]:
                row = row_of(entry["file"], entry["row"])
                for path, value in entry["values"].items():
                    n += 1
                    if not same(value_at(row, path), value):
                        fault(f"{c['id']}: {entry['file']}:{entry['row']}: {path} is {value_at(row, path)}, not {value}")
    return n


def main():
    audit = json.load(open(sys.argv[1]))
    check_claims(audit)
    check_instead(audit)
    n = check_traces(audit)
    for text in faults[:40]:
        print(text)
    if faults:
        sys.exit(1)
    print(f"{len(audit['claims'])} claims, {n} values traced")


main()
