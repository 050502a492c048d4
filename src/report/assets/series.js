/* Series over time, drawn by uPlot: one run at a time, all charts over the same seconds, zoomed together. */
(() => {
  "use strict";
  const runs = JSON.parse(document.getElementById("series").textContent);
  const box = document.getElementById("charts"), pick = document.getElementById("run");
  const charts = [
    ["requests in flight", "step", [["flight", "mean"], ["most", "most"]]],
    ["output, tok/s", "step", [["rate", "tok/s"]]],
    ["longest gap between chunks, ms", "step", [["gap", "ms"]]],
    ["CPUs in use", "sample", [["host", "host"], ["servers", "servers"], ["client", "client"]]],
    ["memory, MiB", "sample", [["servers_mib", "servers"], ["client_mib", "client"]]],
    ["GPU utilisation, %", "sample", [["gpu", "mean of GPUs"]]],
    ["GPU memory, MiB", "sample", [["gpu_mib", "all GPUs"]]],
    ["GPU power, W", "sample", [["gpu_w", "all GPUs"]]],
  ];
  const probe = document.createElement("i");
  document.body.append(probe);
  const ink = name => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  let plots = [], zoom = null, whole = [0, 1];

  const text = v => v == null ? "\u2013" : String(+v.toPrecision(4));
  const axis = label => ({
    stroke: () => ink("--mute"), grid: { stroke: () => ink("--rule"), width: 1 }, ticks: { show: false },
    font: "12px system-ui,sans-serif", labelFont: "12px system-ui,sans-serif", label, labelSize: label ? 18 : 0, size: label === "seconds" ? 32 : 56,
  });
  const setZoom = range => {
    zoom = range;
    for (const plot of plots) plot.setScale("x", { min: range[0], max: range[1] });
  };
  const draw = (run, [label, time, lines], sync) => {
    const shown = lines.filter(([key]) => run[key] && run[key].some(v => v != null));
    if (!shown.length) return null;
    const x = time === "sample" ? run.sample_s : run.flight.map((_, i) => (i + 0.5) * run.step_s);
    const frame = document.createElement("div");
    frame.className = "chart";
    frame.setAttribute("role", "img");
    const values = run[shown[0][0]].filter(v => v != null);
    frame.setAttribute("aria-label", `${label} over seconds: ${text(values.reduce((a, b) => Math.min(a, b)))} to ${text(values.reduce((a, b) => Math.max(a, b)))}`);
    const title = document.createElement("h3");
    title.textContent = label;
    box.append(title, frame);
    return new uPlot({
      width: Math.max(280, box.clientWidth), height: 170, legend: { live: true },
      cursor: { sync: { key: sync, setSeries: false }, drag: { x: true, y: false, setScale: true } },
      scales: { x: { time: false, range: (u, lo, hi) => zoom || [lo, hi] }, y: { range: (u, lo, hi) => [Math.min(0, lo), hi > 0 ? hi * 1.05 : 1] } },
      axes: [axis("seconds"), axis("")],
      series: [{ label: "s", value: (u, v) => text(v) }, ...shown.map(([key, name], i) => ({
        label: name, stroke: () => ink(`--c${i}`), width: 1.5, value: (u, v) => text(v), points: { show: time === "step" && key === "gap", size: 3 },
        paths: time === "step" && key !== "gap" ? uPlot.paths.stepped({ align: 0 }) : undefined,
      }))],
      hooks: { setSelect: [u => { if (u.select.width > 3) setZoom([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]); }], },
    }, [x, ...shown.map(([key]) => run[key])], frame);
  };
  const show = () => {
    const run = runs[pick.selectedIndex];
    for (const plot of plots) plot.destroy();
    box.replaceChildren();
    whole = [0, run.step_s * run.flight.length];
    zoom = whole;
    plots = charts.map(chart => draw(run, chart, "runs")).filter(Boolean);
    for (const plot of plots) plot.root.addEventListener("dblclick", () => setZoom(whole));
  };
  const steer = (shift, scale) => {
    const [a, b] = zoom, mid = (a + b) / 2 + shift * (b - a), half = Math.min((b - a) * scale, whole[1]) / 2;
    const from = Math.min(Math.max(mid - half, 0), whole[1] - 2 * half);
    setZoom([from, from + 2 * half]);
  };
  pick.onchange = show;
  const act = { in: [0, 0.5], out: [0, 2], left: [-0.25, 1], right: [0.25, 1] };
  for (const button of document.querySelectorAll("[data-zoom]"))
    button.onclick = () => button.dataset.zoom === "all" ? setZoom(whole) : steer(...act[button.dataset.zoom]);
  addEventListener("themechange", () => plots.forEach(plot => plot.redraw()));
  matchMedia("(prefers-color-scheme: dark)").onchange = () => plots.forEach(plot => plot.redraw());
  addEventListener("resize", () => plots.forEach(plot => plot.setSize({ width: Math.max(280, box.clientWidth), height: 170 })));
  show();
})();
