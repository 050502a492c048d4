"""Run by AIPerf's own Python: both files pass its models, and the summary is what NumPy makes of the records."""
import json
import math
import sys

import numpy as np
from aiperf.common.models.export_models import JsonExportData
from aiperf.common.models.record_models import MetricRecordInfo

text = open(sys.argv[1]).read()
summary = JsonExportData.model_validate_json(text)
records = [MetricRecordInfo.model_validate_json(line) for line in open(sys.argv[2])]
good = [r for r in records if r.error is None]
assert summary.request_count.avg == len(good), (summary.request_count, len(good))


def close(name, got, want):
    if not math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9):
        sys.exit(f"{name}: written {got}, of the records {want}")


seen = 0
for tag, metric in json.loads(text).items():
    if not isinstance(metric, dict) or "p50" not in metric:
        continue
    values = np.concatenate([np.atleast_1d(r.metrics[tag].value) for r in good if tag in r.metrics])
    for p in (1, 5, 10, 25, 50, 75, 90, 95, 99):
        close(f"{tag}.p{p}", metric[f"p{p}"], np.percentile(values, p))
    for name, f in dict(avg=np.mean, std=np.std, min=np.min, max=np.max, sum=np.sum, count=len).items():
        close(f"{tag}.{name}", metric[name], f(values))
    seen += 1
assert seen >= 9, seen
for r in good:  # what AIPerf derives from the times it has
    m = r.metrics
    close("end", (r.metadata.request_end_ns - r.metadata.request_start_ns) / 1e6 >= m["request_latency"].value, True)
    if "inter_chunk_latency" in m and "inter_token_latency" in m:
        gaps = sum(m["inter_chunk_latency"].value)
        close("itl", m["inter_token_latency"].value * (m["output_sequence_length"].value - 1), gaps)
print(len(records), "records,", seen, "metrics")
