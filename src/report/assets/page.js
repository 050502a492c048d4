(() => {
  "use strict";
  const root = document.documentElement;

  /* ---- light and dark: the system's choice until the reader makes his own ---- */
  const theme = document.getElementById("theme");
  const dark = () => (root.style.colorScheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  theme.hidden = false;
  theme.onclick = () => {
    root.style.colorScheme = dark() ? "light" : "dark";
    dispatchEvent(new Event("themechange"));
  };

  /* ---- tables sort by a click on a head: numbers by value, what is not there last ---- */
  const value = (row, i) => row.cells[i].textContent.trim();
  const number = text => {
    const m = /^[^\d+\u2212-]{0,3}([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/i.exec(text);
    return m ? +m[1] : NaN;
  };
  const compare = (a, b, sign) => {
    if (a === "\u2013" || b === "\u2013" || !a || !b) return (a === "\u2013" || !a) - (b === "\u2013" || !b);
    const x = number(a), y = number(b);
    return sign * (x === x && y === y ? x - y : a < b ? -1 : a > b ? 1 : 0);
  };
  const sort = (table, head) => {
    const up = head.ariaSort !== "ascending", body = table.tBodies[0], i = head.cellIndex;
    for (const th of table.tHead.rows[0].cells) th.ariaSort = th === head ? (up ? "ascending" : "descending") : "none";
    const rows = [...body.rows].map((row, k) => [value(row, i), k, row]);
    rows.sort((a, b) => compare(a[0], b[0], up ? 1 : -1) || a[1] - b[1]);
    body.append(...rows.map(r => r[2]));
  };
  for (const table of document.querySelectorAll("table.sort"))
    for (const th of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...th.childNodes);
      button.onclick = () => sort(table, th);
      th.ariaSort = "none";
      th.append(button);
    }

  /* ---- notes: what a number is, on a click, a tap, or with the arrow keys inside a table ---- */
  const note = document.createElement("div");
  note.id = "note";
  note.hidden = true;
  note.setAttribute("role", "status");
  document.body.append(note);
  const show = cell => {
    note.textContent = cell && cell.title ? cell.title : "";
    note.hidden = !note.textContent;
  };
  const go = (cell, key) => {
    const row = cell.parentNode, table = cell.closest("table"), at = [...table.rows].indexOf(row);
    const to = key === "ArrowRight" ? cell.nextElementSibling : key === "ArrowLeft" ? cell.previousElementSibling
      : (table.rows[at + (key === "ArrowDown" ? 1 : -1)] || row).cells[cell.cellIndex];
    if (!to) return;
    to.tabIndex = -1;
    to.focus();
    show(to);
  };
  addEventListener("click", e => show(e.target.closest && e.target.closest("td[title],th[title]")));
  addEventListener("keydown", e => {
    if (e.key === "Escape") show(null);
    const box = document.activeElement;
    if (!/^Arrow/.test(e.key) || !box.closest) return;
    const cell = box.closest("td,th");
    if (cell) go(cell, e.key);
    else if (box.classList.contains("scroll") && e.key === "ArrowDown" && box.querySelector("td")) {
      const first = box.querySelector("tbody").rows[0].cells[0];
      first.tabIndex = -1;
      first.focus();
      show(first);
    } else return;
    e.preventDefault();
  });

  /* ---- paper has no folds ---- */
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(d => { d.open = true; }));
})();
