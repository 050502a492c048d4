"""Run by inference-perf's own Python: its validator of summaries finds nothing wrong."""
import json
import sys

from inference_perf.reportgen.summary.validation import SummaryLifecycleValidator
from inference_perf.reportgen.validation import run_validators
from inference_perf.utils import ReportFile

summary = json.load(open(sys.argv[1]))
report = run_validators([SummaryLifecycleValidator()], [ReportFile("summary_lifecycle_metrics", summary)])
for finding in report.all_errors():
    print(finding)
assert "summary_lifecycle_metrics.json" in report.reports
print(len(report.all_errors()), "errors,", len(report.all_warnings()), "warnings")
sys.exit(bool(report.all_errors()))
