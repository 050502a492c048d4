#!/usr/bin/env python3
"""How long a page of many runs takes, how large it is, and how smoothly it scrolls: page.py CHIMERA [RUNS [REQUESTS [CHUNKS]]],
by default 100 runs of 1,000 requests of 200 chunks. One run is recorded against the stub, the others are copies of its rows."""
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../browser"))
import results
from browser import Browser

SCROLL = """new Promise(done => {
  document.documentElement.style.scrollBehavior = "auto";
  const frames = [];
  let last = performance.now();
  const step = now => {
    frames.push(now - last);
    last = now;
    scrollBy(0, 120);
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1 || frames.length > 3000) done(frames.slice(2));
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


def main():
    chimera = os.path.abspath(sys.argv[1])
    runs, requests, chunks = [int(x) for x in sys.argv[2:5] + ["100", "1000", "200"][len(sys.argv) - 2:]]
    with tempfile.TemporaryDirectory(prefix="chimera-bench-") as folder:
        base = results.record(chimera, folder, requests, chunks, 20)
        db = results.changed(base, "big", results.many_runs(runs, 10))
        page = os.path.join(folder, "big.html")
        begin = time.monotonic()
        if os.spawnv(os.P_WAIT, chimera, [chimera, "report", db, "--format", "html", "-o", page]):
            sys.exit("chimera report failed")
        print(f"{runs} runs of {requests} requests of {chunks} chunks: {time.monotonic() - begin:.2f} s, {os.path.getsize(page) / 1e6:.2f} MB")
        if not Browser.program():
            print("no Chromium: frames are not measured")
            return
        browser = Browser()
        try:
            frames = sorted(browser.open(page).run(SCROLL))
            print(f"scrolled in {len(frames)} frames: median {frames[len(frames) // 2]:.1f} ms, largest {frames[-1]:.1f} ms")
        finally:
            browser.close()


main()
