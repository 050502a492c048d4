"""Checks a duet's report and export. usage: check_duet.py REPORT.json EXPORT.jsonl SERVERS"""
import json
import os
import sys

report, lines, n_servers = json.load(open(sys.argv[1])), [json.loads(l) for l in open(sys.argv[2])], int(sys.argv[3])
STAMPS = "planned ready sent first_byte first_chunk first_token first_answer last_token done".split()


def check(ok, *what):
    if not ok:
        sys.exit("FAIL: " + " ".join(map(str, what)))


check(report["schema"] == "chimera.report/1", "schema", report["schema"])
arms = {a["arm"]: a for a in report["arms"]}
check(set(arms) == {"solo-collector", "solo-insight", "pair"}, "arms", list(arms))
blocks = len(arms["pair"]["runs"])
check(blocks >= 1 and all(len(a["runs"]) == blocks for a in arms.values()), "runs per arm")
check(all(r["verdict"] != "VOID" for a in arms.values() for r in a["runs"]), "verdicts")
speedup = arms["pair"]["metrics"]["speedup"]
check(0.2 < speedup["value"] < 4 and speedup["unit"] == "ratio" and speedup["n_runs"] == blocks, "speedup", speedup)
overlap = arms["pair"]["metrics"]["overlap"]["value"]
check(50 <= overlap <= 100, "overlap", overlap)
check(len(report["servers"]) == n_servers, "servers", len(report["servers"]))
threads = sum(s.get("threads") or 0 for s in report["servers"])
check(0 < threads <= os.cpu_count(), "threads", threads)
check(all(len(s["model_digest"]) >= 64 for s in report["servers"]), "digests")
check(len({s["model_digest"][-64:] for s in report["servers"]}) == 1, "one model")

check(len(lines) == blocks * 8, "requests", len(lines))
for l in lines:
    who = f"request {l['run']}/{l['seq']}"
    check(l["outcome"] == "ok", who, l["outcome"], l.get("error"))
    check(l["prompt_tokens"] > 20 and l["completion_tokens"] > 0, who, "tokens", l["prompt_tokens"], l["completion_tokens"])
    stamps = [l["stamps_ns"][s] for s in STAMPS]
    check(None not in stamps, who, "stamps", l["stamps_ns"])
    check(stamps == sorted(stamps), who, "stamp order", l["stamps_ns"])
    check(l["chunks"] and all(c["app_ns"] >= c["t_ns"] - 1000 for c in l["chunks"]), who, "chunk clocks")
    check(sum(c["kind"] == "text" for c in l["chunks"]) > 0, who, "text chunks")
    check(l["text"] and len(l["text_sha256"]) == 64, who, "text")
stages = {l["stage"] for l in lines}
check(stages == {"analysis", "report"}, "stages", stages)
print(f"{len(lines)} requests in {blocks} blocks: speedup {speedup['value']:.3f}, overlap {overlap:.1f} %")
