#!/usr/bin/env python3
"""Checks `chimera report --view seed-audit --json` against what is known of the original lab's files, and every value in its
traces against the files themselves, which are read here again with nothing of Chimera.

check_seed_audit.py AUDIT.json [full]     full: of all of the original's files, not of those beside this repository"""
import csv
import functools
import json
import math
import sys

# id, claimed, recomputed as printed, survives, source: the row of section D.1 (else the section) of the specification of the
# original's studies that has the recomputed number.
CLAIMS = [
    ("TR108.llama_q4_0_tok_s", 76.59, "76.59", True, "D.1 TR108 llama means"),
    ("TR108.llama_q5_K_M_tok_s", 65.18, "65.18", True, "D.1 TR108 llama means"),
    ("TR108.llama_q8_0_tok_s", 46.57, "46.57", True, "D.1 TR108 llama means"),
    ("TR108.llama_best_tok_s", 78.42, "78.42", False, "A TR108"),
    ("TR108.context_gain", 15, "0.3", False, "A TR108: 77.75 / 77.51"),
    ("TR108.temperature_ttft", 20, "40", False, "A TR108: 20 to 60"),
    ("TR108.gemma3_best_tok_s", 102.31, "101.78", False, "A TR108"),
    ("TR108.gemma3_tok_s", 102.85, "101.99", False, "A TR108"),
    ("TR108.gemma3_270m_best_tok_s", 303.9, "303.9", False, "A TR108"),
    ("TR108.gemma3_1b_best_tok_s", 187.2, "187.2", False, "A TR108"),
    ("TR109.cells_better", 38.9, "38.9", False, "D.1 TR112 / TR109 38.9 %"),
    ("TR109.best_gain", 2.2, "2.2", False, "A TR109"),
    ("TR109.best_ttft_reduction", 68, "68", False, "A TR109"),
    ("TR110.mean_efficiency", 95.8, "93.214", False, "D.1 TR110 95.8 %"),
    ("TR110.peak_config", 99.25, "99.251", False, "D.1 TR110 99.25 %"),
    ("TR110.peak_config_wall_s", 101.3, "56.8", False, "A TR110"),
    ("TR110.contention", 11.3, "11.3", False, "A TR110: 17 / 150"),
    ("TR111.tok_s", 114.54, "114.54", True, "D.1 TR111 114.54 tok/s"),
    ("TR111.sd_tok_s", 2.97, "2.97", False, "D.1 TR111 114.54 tok/s"),
    ("TR111.ttft_ms", 603.53, "603.53", False, "D.1 TR111 TTFT"),
    ("TR112.cells_better", 72.2, "72.2", False, "D.1 TR112 72.2 %"),
    ("TR112.python_tok_s", 99.34, "99.04", False, "D.1 TR112 Python"),
    ("TR112.python_ttft_ms", 1437, "1427.6", False, "D.1 TR112 Python"),
    ("TR112.language_gain", 15.2, "15.6", False, "A2: 114.54 / 99.04"),
    ("TR112.cold_ttft_gain", -58, "-58", False, "A TR112: 603.53 / 1427.6"),
    ("TR113.peak_efficiency", 82.2, "82.21", False, "D.1 TR113 82.2 % peak"),
    ("TR113.contention_19", 63, "68.4", False, "A TR113: 13 / 19"),
    ("TR114.mean_efficiency", 98.281, "98.281", False, "D.1 TR114 mean efficiency"),
    ("TR114.peak_config", 99.396, "99.396", False, "D.1 TR114 peak config"),
    ("TR114.peak_run", 99.992, "99.992", False, "D.1 TR114 peak run"),
    ("TR114.contention", 0.74, "0.7407", False, "D.1 TR114 contention"),
    ("TR114.sd_efficiency", 4.9, "3.855", False, "D.1 TR114 sd"),
    ("TR114.median_efficiency", 98.6, "98.863", False, "D.1 TR114 median"),
    ("TR114.p05_efficiency", 88.9, "96.72", False, "A TR114"),
    ("TR114.agent_tok_s", 42, "41.88", True, "A TR114"),
    ("TR117.loop_lag_mean", 5.33, "5.33", False, "D.1 TR117_multi"),
    ("TR117.loop_lag_p99", 12.13, "12.13", False, "D.1 TR117_multi"),
    ("TR117.loop_lag_max", 15.22, "15.22", False, "D.1 TR117_multi"),
    ("TR118.gpt2_compile_tok_s", 2121, "2121", True, "D.1 TR118 prefill table"),
    ("TR118.gpt2_ort_cpu_tok_s", 1434, "1434", True, "D.1 TR118 prefill table"),
    ("TR118.gpt2_ort_gpu_tok_s", 3927, "3927", False, "D.1 TR118 prefill table"),
    ("TR118.gpt2_trt_fp32_tok_s", 4711, "4711", False, "D.1 TR118 prefill table"),
    ("TR118.gpt2_trt_fp16_tok_s", 3851, "3851", False, "D.1 TR118 prefill table"),
    ("TR118.gpt2_trt_int8_tok_s", 6284, "6284", False, "D.1 TR118 prefill table"),
    ("TR118.tiny_compile_tok_s", 4011, "4011", True, "D.1 TR118 prefill table"),
    ("TR118.tiny_ort_cpu_tok_s", 87996, "87996", True, "D.1 TR118 prefill table"),
    ("TR118.tiny_ort_gpu_tok_s", 4527, "4527", True, "D.1 TR118 prefill table"),
    ("TR118.tiny_trt_fp32_tok_s", 5620, "5620", True, "D.1 TR118 prefill table"),
    ("TR118.tiny_trt_fp16_tok_s", 4831, "4831", True, "D.1 TR118 prefill table"),
    ("TR118.tiny_trt_int8_tok_s", 5424, "5424", True, "D.1 TR118 prefill table"),
    ("TR118.degraded", 200, "200", True, "D.1 TR118 prefill table"),
    ("TR118.headline_trt_fp16_ms", 2.48, "2.478", False, "D.1 TR118 README"),
    ("TR118.headline_ort_cpu_ms", 43.3, "43.26", False, "D.1 TR118 README"),
    ("TR118.headline_gain", -87.08, "-87.08", False, "D.1 TR118 README"),
    ("TR119.cost_per_m", 0.1279, "0.1279", False, "D.1 TR119"),
    ("TR119.spot_per_m", 0.03868, "0.03868", False, "D.1 TR119"),
    ("TR119.tok_per_kwh", 503440295, "503440295", False, "D.1 TR119"),
    ("TR121.hf_cpu_prefill_slope", 0.281, "0.281", False, "D.1 TR121 slopes"),
    ("TR121.hf_gpu_prefill_slope", 0.034, "0.034", False, "D.1 TR121 slopes"),
    ("TR121.ollama_prefill_slope", 0.623, "0.623", False, "D.1 TR121 slopes"),
    ("TR121.ollama_decode_slope", 0.649, "0.649", False, "D.1 TR121 slopes"),
]

# The same of studies whose files are not all beside this repository: there a sample of their rows at most.
CLAIMS_OF_FULL_SET = [
    ("TR113.contention", 63, "63.3", False, "D.1 63 %"),
    ("TR115.tokio_default_mean", 98.72, "98.72", False, "D.1 TR115 table"),
    ("TR115.tokio_default_sd", 1.21, "1.21", True, "D.1 TR115 table"),
    ("TR115.tokio_default_min", 94.80, "94.80", True, "D.1 TR115 table"),
    ("TR115.tokio_default_max", 99.89, "99.89", True, "D.1 TR115 table"),
    ("TR115.smol_1kb_mean", 98.61, "98.61", False, "D.1 TR115 table"),
    ("TR115.smol_1kb_sd", 1.32, "1.32", True, "D.1 TR115 table"),
    ("TR115.smol_1kb_min", 94.98, "94.98", True, "D.1 TR115 table"),
    ("TR115.smol_1kb_max", 99.94, "99.94", True, "D.1 TR115 table"),
    ("TR115.tokio_localset_mean", 97.95, "97.95", False, "D.1 TR115 table"),
    ("TR115.tokio_localset_sd", 4.03, "4.03", False, "D.1 TR115 table"),
    ("TR115.tokio_localset_min", 81.03, "81.03", False, "D.1 TR115 table"),
    ("TR115.tokio_localset_max", 99.99, "99.99", True, "D.1 TR115 table"),
    ("TR115.smol_mean", 97.72, "97.72", False, "D.1 TR115 table"),
    ("TR115.smol_sd", 4.87, "4.87", False, "D.1 TR115 table"),
    ("TR115.smol_min", 72.80, "72.80", False, "D.1 TR115 table"),
    ("TR115.smol_max", 99.87, "99.87", True, "D.1 TR115 table"),
    ("TR115.async_std_mean", 50.00, "50.00", False, "D.1 TR115 table"),
    ("TR115.async_std_sd", 0.00, "0.00", False, "D.1 TR115 table"),
    ("TR115.async_std_min", 49.99, "49.99", False, "D.1 TR115 table"),
    ("TR115.async_std_max", 50.00, "50.00", False, "D.1 TR115 table"),
    ("TR116.rust_gemma3", 99.2, "99.22", False, "D.1 TR116"),
    ("TR116.rust_llama3_1", 98.5, "98.55", False, "D.1 TR116"),
    ("TR116.rust_qwen2_5", 90.0, "89.97", False, "D.1 TR116"),
    ("TR116.python_gemma3", 84.9, "84.85", False, "D.1 TR116"),
    ("TR116.python_llama3_1", 85.8, "85.77", False, "D.1 TR116"),
    ("TR116.python_qwen2_5", 77.6, "77.57", False, "D.1 TR116"),
    ("TR116.rust_gemma3_bvc", 97.31, "97.31", False, "A TR116"),
    ("TR116.rust_llama3_1_bvc", 96.55, "96.55", False, "A TR116"),
    ("TR116.rust_qwen2_5_homo", 89.41, "89.41", False, "A TR116"),
    ("TR116.python_gemma3_bvc", 80.24, "80.24", False, "A TR116"),
    ("TR116.python_llama3_1_bvc", 83.80, "83.80", False, "A TR116"),
    ("TR116.python_qwen2_5_homo", 84.12, "84.12", False, "A TR116"),
    ("TR117.compiled_mean_ms", 389.22, "389.22", False, "D.1 TR117 389.22"),
    ("TR117.eager_mean_ms", 404.05, "404.05", False, "D.1 TR117 389.22"),
    ("TR120.compiled_mean_ms", 0.522, "0.522", True, "D.1 TR120 prefill"),
    ("TR120.compiled_median_ms", 0.194, "0.194", True, "D.1 TR120 prefill"),
    ("TR120.compiled_p99_ms", 5.21, "5.21", True, "D.1 TR120 prefill"),
    ("TR120.compiled_without_first_ms", 388.29, "388.29", True, "D.1 TR117 389.22"),
    ("TR120.eager_without_first_ms", 386.75, "386.75", True, "D.1 TR117 389.22"),
]

# id, part of the metric's name, value as printed, source
INSTEAD = [
    ("TR108.llama_best_tok_s", "standard deviation", "0.28", "A TR108: sd 0.28"),
    ("TR108.gemma3_best_tok_s", "best of all cells", "103.16", "A TR108"),
    ("TR108.temperature_ttft", "load time", "3.31", "A9: 3.31 s"),
    ("TR109.cells_better", "sign test", "0.48", "A TR109: p = 0.48"),
    ("TR110.mean_efficiency", "tok/s of both in tests 001 to 012", "39.7", "A TR110: 39.7"),
    ("TR110.mean_efficiency", "tok/s of both in the tests after", "75.0", "A TR110: 75.0"),
    ("TR110.contention", "rule that the report states", "40", "A TR110: 60 / 150"),
    ("TR111.ttft_ms", "longest load", "269", "D.1 TR111 TTFT: 269 ms"),
    ("TR111.ttft_ms", "calls that load", "4935", "A12: about 4.9 s"),
    ("TR112.cells_better", "sign test", "0.096", "A TR112: p = 0.096"),
    ("TR112.cells_better", "Fisher", "0.092", "A24: p = 0.092"),
    ("TR112.language_gain", "10 November", "-0.3", "A2: -0.3 %"),
    ("TR113.contention_19", "tok/s of both, one server", "67.2", "A TR113 table"),
    ("TR113.contention_19", "tok/s of both, two servers", "81.8", "A TR113 table"),
    ("TR113.contention_19", "TTFT, two servers", "693", "A TR113 table"),
    ("TR114.mean_efficiency", "50 (1 + min / max)", "0.0071", "D.1 TR114 identity"),
    ("TR114.mean_efficiency", "speedup.tokens", "0.756", "D.1 TR114 true speedup"),
    ("TR114.mean_efficiency", "speedup.tokens of the best", "0.867", "D.1 TR114 true speedup: max"),
    ("TR114.mean_efficiency", "standard deviation of speedup.tokens", "0.058", "D.1 TR114 true speedup: sd"),
    ("TR114.mean_efficiency", "output tokens per second", "0.751", "D.1 TR114 true speedup, simpler"),
    ("TR114.peak_config", "without failed runs", "0.18", "A5: p 0.18"),
    ("TR114.peak_run", "correlation", "0.87", "A TR114: r = 0.87"),
    ("TR114.contention", "decode rate", "0.366", "A1: 0.366"),
    ("TR114.sd_efficiency", "without failed runs", "0.957", "A TR114: 0.957"),
    ("TR117.loop_lag_mean", "65,536", "4.71", "A TR117_multi"),
    ("TR117.loop_lag_mean", "without any chunk", "7.75", "A TR117_multi"),
    ("TR118.gpt2_trt_fp16_tok_s", "repeated session", "8271", "A TR118"),
    ("TR118.gpt2_trt_int8_tok_s", "repeated session", "6608", "A TR118"),
    ("TR118.gpt2_trt_fp32_tok_s", "repeated session", "6559", "A TR118"),
    ("TR119.cost_per_m", "first of the three", "0.1427", "A TR119"),
    ("TR119.cost_per_m", "the same in the second", "0.2656", "A TR119"),
    ("TR119.cost_per_m", "transformers-gpu in the second", "0.1759", "A TR119"),
    ("TR119.cost_per_m", "GPU power", "16.6", "A17: 16.6 W"),
    ("TR121.ollama_prefill_slope", "slope without", "0.473", "D.1 TR121 slopes: without 20b"),
    ("TR121.ollama_decode_slope", "slope without", "0.515", "D.1 TR121 slopes: without 20b"),
    ("TR121.ollama_decode_slope", "R2 without", "0.998", "A TR121"),
]

INSTEAD_OF_FULL_SET = [
    ("TR112.language_gain", "26 and 27 November", "-3.6", "A2: -3.6 %"),
    ("TR113.contention", "tok/s of both, one server", "83.6", "A TR113 table"),
    ("TR113.contention", "TTFT, one server", "4182", "A TR113 table"),
    ("TR115.tokio_default_mean", "output tok/s", "77.5", "D.1 TR115 system tok/s"),
    ("TR115.tokio_default_mean", "median", "78.8", "D.1 TR115 system tok/s"),
    ("TR115.smol_1kb_mean", "output tok/s", "78.4", "D.1 TR115 system tok/s"),
    ("TR115.smol_1kb_mean", "median", "78.7", "D.1 TR115 system tok/s"),
    ("TR115.smol_1kb_mean", "does not differ", "0.75", "A TR115: p 0.76"),
    ("TR115.tokio_localset_mean", "output tok/s", "78.6", "D.1 TR115 system tok/s"),
    ("TR115.tokio_localset_mean", "median", "78.4", "D.1 TR115 system tok/s"),
    ("TR115.tokio_localset_mean", "does not differ", "0.4", "A TR115: p 0.39"),
    ("TR115.tokio_localset_sd", "without failed", "0.92", "A TR115: 0.92"),
    ("TR115.smol_mean", "output tok/s", "78.8", "D.1 TR115 system tok/s"),
    ("TR115.smol_mean", "median", "79.4", "D.1 TR115 system tok/s"),
    ("TR115.smol_mean", "does not differ", "0.69", "A TR115: p 0.69"),
    ("TR115.smol_sd", "without failed", "1.29", "A TR115: 1.29"),
    ("TR115.async_std_mean", "output tok/s of both", "84.8", "D.1 TR115 system tok/s"),
    ("TR115.async_std_mean", "median", "95.5", "D.1 TR115 system tok/s"),
    ("TR115.async_std_mean", "that mean", "0.07", "A3: p = 0.07"),
    ("TR115.async_std_mean", "by rank", "0.0001", "A3: p = 1e-4"),
    ("TR115.async_std_mean", "another job", "93.6", "A3: 93.6"),
    ("TR116.rust_gemma3", "Python client", "95.8", "A TR116"),
    ("TR116.rust_llama3_1", "Python client", "93.5", "A TR116"),
    ("TR116.rust_qwen2_5", "Python client", "81.9", "A TR116"),
    ("TR116.rust_qwen2_5_homo", "Python client", "84.7", "A TR116"),
    ("TR116.rust_gemma3_bvc", "Python client", "94.1", "A TR116"),
    ("TR116.rust_llama3_1_bvc", "Python client", "92.9", "A TR116"),
    ("TR116.python_gemma3_bvc", "Rust client", "90.7", "A TR116"),
    ("TR116.python_llama3_1_bvc", "Rust client", "92.8", "A TR116"),
    ("TR116.python_qwen2_5_homo", "Rust client", "89.8", "A TR116"),
    ("TR116.python_gemma3", "Rust client", "92.2", "A TR116"),
    ("TR116.python_llama3_1", "Rust client", "93.4", "A TR116"),
    ("TR116.python_qwen2_5", "Rust client", "87.2", "A TR116"),
    ("TR116.python_llama3_1", "best of these", "91.7", "A TR116"),
]

# What the one or few rows of the samples give.
SAMPLED = [
    ("TR113.contention", "100"),
    ("TR115.async_std_mean", "49.99486"),
    ("TR116.python_gemma3_bvc", "60.1155"),
    ("TR116.rust_gemma3_bvc", "97.464334"),
]

faults = []


def fault(text):
    faults.append(text)


def printed(value, like):
    digits = len(like.split(".")[1]) if "." in like else 0
    return f"{value:.{digits}f}"


def check_claim(c, claimed, recomputed, survives, source):
    name = c["id"]
    if c["claimed"] != claimed or c["survives"] is not survives:
        fault(f"{name}: claimed {c['claimed']}, survives {c['survives']}")
    if printed(c["recomputed"], recomputed) != recomputed:
        fault(f"{name}: {c['recomputed']} is not {recomputed} ({source})")
    if c["reproduced"] != (f"{c['recomputed']:.{c['digits']}f}" == f"{claimed:.{c['digits']}f}"):
        fault(f"{name}: reproduced {c['reproduced']}")
    if len(c["why"]) < 20 or not c["trace"]:
        fault(f"{name}: no reason or no trace")


def check_claims(audit, full):
    by_id = {c["id"]: c for c in audit["claims"]}
    for unknown in by_id.keys() - {row[0] for row in CLAIMS + CLAIMS_OF_FULL_SET}:
        fault(f"{unknown} is not expected")
    for name, *expected in CLAIMS + (CLAIMS_OF_FULL_SET if full else []):
        if name in by_id:
            check_claim(by_id[name], *expected)
        else:
            fault(f"{name} ({expected[-1]}) is missing")
    for name, claimed, *_ in [] if full else CLAIMS_OF_FULL_SET:
        c = by_id.get(name)
        if c and (c["survives"] is not None or c["claimed"] != claimed or "Only" not in c["why"] or c["instead"]):
            fault(f"{name} is judged by a sample of its rows")
        if not c and name not in audit["without_rows"]:
            fault(f"{name} is nowhere")
    if not full:  # the samples: one run of async-std, one of each client of TR116, five calls of TR120, one run of one server
        for name, value in SAMPLED:
            if printed(by_id[name]["recomputed"], value) != value:
                fault(f"{name}: {by_id[name]['recomputed']} of the sample, not {value}")


def check_instead(audit, full):
    by_id = {c["id"]: c for c in audit["claims"]}
    for name, metric, value, source in INSTEAD + (INSTEAD_OF_FULL_SET if full else []):
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
        if isinstance(d, list):
            return d[number - 1]
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
    if isinstance(value, str):
        return raw == value
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
    audit, full = json.load(open(sys.argv[1])), sys.argv[2:] == ["full"]
    check_claims(audit, full)
    if not faults:
        check_instead(audit, full)
    n = check_traces(audit)
    for text in faults[:40]:
        print(text)
    if faults:
        sys.exit(1)
    print(f"{len(audit['claims'])} claims, {n} values traced")


main()
