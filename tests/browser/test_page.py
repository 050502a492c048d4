#!/usr/bin/env python3
"""The HTML report in a real browser: nothing is asked of the network, nothing from the data runs, and what a reader does
(sort, theme, keyboard, zoom) works, whatever the result file holds. CHIMERA_BIN is the folder of the program."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import results
from browser import Browser

SKIP = 77
chimera = os.path.abspath(os.path.join(os.environ.get("CHIMERA_BIN", "build/dev"), "chimera"))
failures = []


def check(what, ok, shown=""):
    print(f"{'ok' if ok else 'FAILED'}: {what}{'' if ok else f': {shown}'}", flush=True)
    if not ok:
        failures.append(what)


def render(db, **environment):
    page = db[:-3] + ".html"
    subprocess.run([chimera, "report", db, "--format", "html", "-o", page], check=True, env={**os.environ, **environment})
    return page


def quiet(name, page):
    """What holds for every page."""
    check(f"{name}: no error on the console", not page.problems, page.problems)
    check(f"{name}: no request", not page.requests, page.requests)
    check(f"{name}: nothing from the data ran", page.run("document.title").endswith("Chimera report"), page.run("document.title"))
    check(f"{name}: no element from the data", page.run("document.querySelectorAll('img,iframe,object,link,form').length") == 0)
    check(f"{name}: one level 1 head and a way to each section",
          page.run("document.querySelectorAll('h1').length == 1 && [...document.querySelectorAll('nav a')].every(a => document.getElementById(a.hash.slice(1)))"))
    check(f"{name}: every figure has a name", page.run("[...document.querySelectorAll('svg')].every(s => s.ariaLabel || s.getAttribute('aria-label'))"))
    check(f"{name}: ids are unique", page.run("(a => new Set(a).size == a.length)([...document.querySelectorAll('[id]')].map(e => e.id))"))


def reader(page):
    """A reader's own acts, on the page of three arms."""
    order = "[...document.querySelectorAll('table.sort')].find(t => t.tHead.textContent.includes('ttft ms')).tBodies[0].rows"
    click = "[...document.querySelectorAll('table.sort')].find(t => t.tHead.textContent.includes('ttft ms')).tHead.rows[0].cells[0].querySelector('button')"
    names = f"[...{order}].map(r => r.cells[0].textContent)"
    check("arms stand in the plan's order", page.run(names) == ["arm 0", "arm 1", "arm 2"], page.run(names))
    page.run(f"{click}.click(); {click}.click()")
    check("a head sorts, twice the other way round", page.run(names) == ["arm 2", "arm 1", "arm 0"], page.run(names))
    check("and says how", page.run(f"{click}.closest('th').ariaSort") == "descending")
    before = page.run("getComputedStyle(document.body).backgroundColor")
    page.run("document.getElementById('theme').click()")
    check("the theme changes", page.run("getComputedStyle(document.body).backgroundColor") != before)
    page.key("Tab")
    page.run("document.activeElement.blur(); document.querySelector('.skip').focus()")
    page.key("Tab")
    check("the keyboard reaches the theme button behind the skip link", page.run("document.activeElement.id") == "theme")
    page.run("[...document.querySelectorAll('.scroll')].find(s => s.querySelector('td[title]')).focus()")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.key(key)
    note = page.run("document.getElementById('note').hidden ? '' : document.getElementById('note').textContent")
    check("arrow keys show what a number is: id, n, method", re.search(r"^makespan, s: median of \d+ values.*interval.*the values: ", note), note)
    page.key("Escape")
    check("Escape puts it away", page.run("document.getElementById('note').hidden"))


def charts(page):
    check("series are drawn", page.run("document.querySelectorAll('#charts canvas').length") >= 4)
    check("their heads carry units", page.run("[...document.querySelectorAll('#charts h3')].every(h => /, |in use|in flight/.test(h.textContent))"))
    wide = page.run("document.querySelector('#charts .chart').getAttribute('aria-label')")
    page.run("document.querySelector('[data-zoom=in]').click(); new Promise(r => setTimeout(r, 50))")
    page.run("document.getElementById('run').selectedIndex = 1; document.getElementById('run').onchange()")
    check("another run is another series with a name of its own", "over seconds" in wide and page.run("document.querySelectorAll('#charts canvas').length") >= 4)
    axes = page.run("[...document.querySelectorAll('svg text')].map(t => t.textContent)")
    check("axes of figures carry units", any(", ms" in t for t in axes) and any("seconds" in t for t in axes), axes[:40])


def same_bytes(db, page):
    first = pathlib.Path(page).read_bytes()
    here = os.getcwd()
    os.chdir("/")
    again = pathlib.Path(render(db, LC_ALL="C", LANG="tr_TR.UTF-8", TZ="Pacific/Kiritimati")).read_bytes()
    os.chdir(here)
    check("the same file gives the same bytes under another locale, time zone and folder", first == again)


def phone(browser, page):
    small = browser.open(page, width=400, height=800, dark=True)
    check("on a phone nothing is wider than the screen", small.run("document.documentElement.scrollWidth") <= 400,
          small.run("document.documentElement.scrollWidth"))
    check("what is wider than a phone scrolls by itself", small.run("""[...document.querySelectorAll('table, svg')].every(e =>
        e.getBoundingClientRect().width <= innerWidth || getComputedStyle(e.parentElement).overflowX == 'auto')"""))
    check("dark as the system asks", small.run("getComputedStyle(document.documentElement).getPropertyValue('--paper') && getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)",
          small.run("getComputedStyle(document.body).backgroundColor"))
    small.view(800, 1000, dark=True, print=True)
    check("on paper light, without the list of sections", small.run("getComputedStyle(document.querySelector('nav')).display") == "none" and
          small.run("getComputedStyle(document.body).backgroundColor") == "rgb(253, 253, 252)", small.run("getComputedStyle(document.body).backgroundColor"))
    quiet("phone", small)


COMPARED = "[...document.querySelectorAll('table')].filter(t => t.tHead && /change \\[|how sure/.test(t.tHead.textContent)).flatMap(t => [...t.tBodies[0].rows])"


def comparisons(page):
    """Three arms with three blocks each: nothing is decided, and it looks like that."""
    check("the first answer is the comparison", "It cannot be told whether arm" in page.run("document.querySelector('.answer').textContent"))
    check("each arm but the first has a row in the first figure", page.run("[...document.querySelectorAll('.first svg text')].filter(t => t.textContent == 'inconclusive').length") == 2)
    check("and a chip whose border is broken", page.run("[...document.querySelectorAll('.chips .inconclusive')].filter(c => getComputedStyle(c).borderTopStyle == 'dashed').length") == 2)
    check("a row for each metric of each arm, twice", page.run(f"{COMPARED}.length") == 2 * 4 * 2, page.run(f"{COMPARED}.length"))


def main():
    if not Browser.program():
        print("SKIP: no Chromium: ./dev setup --all brings one")
        return 1 if os.environ.get("CI") == "true" else SKIP
    with tempfile.TemporaryDirectory(prefix="chimera-page-") as folder:
        base = results.record(chimera, folder, 24, 12, 4)
        browser = Browser()
        try:
            db = results.changed(base, "three", results.many_runs(9, 3))
            path = render(db)
            same_bytes(db, path)
            page = browser.open(path)
            quiet("three arms", page)
            charts(page)
            comparisons(page)
            reader(page)
            phone(browser, path)
            for name, change in (("hostile", results.hostile), ("ten megabytes", results.ten_megabytes), ("no numbers", results.no_numbers),
                                 ("nothing ran", results.nothing_ran), ("one run", lambda db: None), ("void", results.void),
                                 ("5000 arms", results.many_runs(5000, 5000))):
                page = browser.open(render(results.changed(base, name.replace(" ", "-"), change)))
                quiet(name, page)
                if name == "hostile":
                    text = page.run("document.body.innerText")
                    check("hostile text is shown as text, without hidden characters", "<script>document.title" in text and "\u202e" not in text)
                if name == "5000 arms":
                    check("the figure of 5000 arms has 20 rows", page.run("[...document.querySelectorAll('.first svg text')].filter(t => t.textContent == 'inconclusive').length") in (0, 20))
                    check("the comparisons of 5000 arms are folded and bounded", page.run(f"{COMPARED}.length") == 100 * 4 * 2 and page.run(f"[...{COMPARED}].filter(r => !r.closest('details')).length") == 20 * 4 * 2,
                          page.run(f"{COMPARED}.length"))
                if name == "void":
                    check("VOID looks like it", page.run("document.querySelectorAll('tr.no').length") > 0 and "VOID" in page.run("document.querySelector('.chips').textContent"))
                if name == "nothing ran":
                    check("nothing can be concluded", "Nothing can be concluded" in page.run("document.querySelector('.answer').textContent"))
        finally:
            browser.close()
    return 1 if failures else 0


sys.exit(main())
