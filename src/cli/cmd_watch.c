/* chimera watch FILE: the live view of a study that another chimera carries out, from what is stored. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "live/file.h"
#include "live/screen.h"
#include "live/show.h"

#define LOOK_NS (500 * NS_PER_MS)

struct watcher {
    const struct app *app;
    struct live_file *file;
    bool json;
    bool repaints;
    struct live_style style;
    struct screen screen;
    size_t complete; /* runs, when a line was last written */
    mono_ns line_ns; /* when; 0: never */
};

/* The stored text may be anybody's: one that cannot be read asks nothing. */
static void ask_study(struct course *c, const char *source)
{
    struct study s;
    struct err ignored = ERR_INIT;
    if (!source || study_parse(&s, "study", "", source, strlen(source), &ignored))
        return;
    progress_asked(c, &s);
    study_release(&s);
}

static void put(const struct str *out)
{
    fwrite(str_z(out), 1, out->len, stdout);
    fflush(stdout);
}

/* No terminal: a line when a run was completed, every ten seconds, and at the end. */
static bool line_is_due(struct watcher *w, const struct live_view *v)
{
    mono_ns now = clock_now(NULL);
    if (w->line_ns && v->complete == w->complete && now - w->line_ns < SHOW_LINE_NS && v->state != LIVE_COMPLETE)
        return false;
    w->complete = v->complete;
    w->line_ns = now;
    return true;
}

static void show(struct watcher *w, const struct live_view *v)
{
    struct str block = STR_INIT, out = STR_INIT;
    if (w->repaints) {
        terminal_measure(STDOUT_FILENO, &w->style);
        live_paint(v, &w->style, &block);
        screen_show(&w->screen, SPAN_NONE, (struct span){str_z(&block), block.len}, w->style.columns, &out);
    } else if (line_is_due(w, v)) {
        if (w->json)
            live_json(v, &out);
        else
            live_line(v, &out);
        if (!w->json)
            str_addc(&out, '\n');
    }
    put(&out);
    str_release(&block);
    str_release(&out);
}

static int look_once(struct watcher *w, struct err *e)
{
    struct live_view v;
    struct str out = STR_INIT;
    int rc = live_file_look(w->file, ask_study, &v, e);
    if (!rc && w->json)
        live_json(&v, &out);
    else if (!rc)
        live_paint(&v, &w->style, &out);
    put(&out);
    str_release(&out);
    return rc;
}

static int look_until_complete(struct watcher *w, struct err *e)
{
    for (;;) {
        const struct timespec pause = {.tv_nsec = LOOK_NS};
        struct live_view v;
        int rc = live_file_look(w->file, ask_study, &v, e);
        if (rc)
            return rc;
        show(w, &v);
        if (v.state == LIVE_COMPLETE)
            return 0;
        nanosleep(&pause, NULL); /* ended by a signal */
        if (*w->app->stop)
            return err_set(e, ERR_INTERRUPTED, "stopped watching; the study goes on as it did");
    }
}

static int watch(struct app *app, const char *path, bool once, bool json, struct err *e)
{
    struct watcher w = {.app = app, .json = json};
    int rc;
    w.repaints = !json && !once && terminal_can_repaint(STDOUT_FILENO);
    w.style = (struct live_style){.color = app->color, .ascii = !app->utf8, .columns = app->columns};
    w.file = live_file_new(path);
    setpriority(PRIO_PROCESS, 0, 19); /* an onlooker takes no time from what is measured; best effort */
    rc = once ? look_once(&w, e) : look_until_complete(&w, e);
    live_file_free(w.file);
    return rc;
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    bool help = false, once = false, json = false;
    const struct option_row rows[] = {
        {0, "once", OPT_FLAG, &once, NULL, "show it once and end"},
        {0, "json", OPT_FLAG, &json, NULL, "as JSON, a line each time it is shown"},
        {0},
    };
    int rc = options_parse(rows, argc, argv, &operands, &help, e);
    if (!rc && help)
        print_help(
            "chimera watch [options] FILE",
            "Shows how far a study is that another chimera carries out, from what its result file holds by now:\n"
            "runs done and what is left, the run in progress, its requests, outcomes and latencies so far.\n"
            "Ends when the study is complete; on no terminal it writes a line for each run and every ten seconds.",
            rows, "chimera watch results/duet.db");
    else if (!rc && operands.n != 1)
        rc = err_set(e, ERR_USAGE, "one result file is needed: chimera watch FILE");
    else if (!rc)
        rc = watch(app, operands.at[0], once, json, e);
    text_list_release(&operands);
    return rc;
}

const struct command cmd_watch = {"watch", "show a study that runs elsewhere, from its result file", run};
