/* carry_out.c: see carry_out.h. */
#include "cli/carry_out.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/dry_run.h"
#include "cli/progress.h"
#include "cli/show.h"
#include "study/execute.h"

/* The key comes from a file or the environment, never from argv, and is given to external servers only. */
static int read_key(const struct carry_out *c, struct str *key, struct err *e)
{
    const char *env = getenv("OPENAI_API_KEY");
    if (c->api_key_file) {
        int rc = file_read(c->api_key_file, 64 * 1024, key, e);
        while (key->len && isspace((unsigned char)key->at[key->len - 1]))
            key->at[--key->len] = 0;
        return rc ? rc : key->len ? 0 : err_set(e, ERR_INPUT, "%s holds no key", c->api_key_file);
    }
    if (env)
        str_addz(key, env);
    return 0;
}

static void set_clients(struct study *s, const struct carry_out *c, const char *key)
{
    for (size_t i = 0; i < s->n_servers; i++) {
        struct server_spec *v = &s->servers[i];
        if (server_spec_is_managed(v))
            continue;
        if (c->headers.n)
            v->client.header = c->headers.at;
        if (c->cacert)
            v->client.cacert = c->cacert;
        if (*key)
            v->client.api_key = key;
    }
}

static void say_end(struct progress *p, const struct execute_summary *sum, const char *path)
{
    struct str line = STR_INIT;
    if (sum->already_complete)
        str_addf(&line, "%s is complete (%zu runs); --again runs it anew", path, sum->planned);
    else
        str_addf(&line, "%zu of %zu runs done%s, %zu failed requests; result: %s", sum->done_before + sum->done_now,
                 sum->planned, sum->done_before ? " (some of them before)" : "", sum->failed_requests, path);
    progress_say(p, str_z(&line));
    str_release(&line);
}

static int execute(struct app *app, const struct study *s, const struct carry_out *c, const char *path, struct err *e)
{
    struct execute_summary sum;
    struct execute_options o = {
        .result_path = path,
        .report_dir = c->report_dir,
        .again = c->again,
        .self_path = app->self_path,
        .command_line = app->command_line,
        .version = CHIMERA_VERSION,
        .commit = CHIMERA_COMMIT,
        .stop = app->stop,
    };
    struct progress *progress = progress_start(app, s, c->quiet, &o);
    int rc = study_execute(s, &o, &sum, e);
    if (rc == ERR_INTERRUPTED)
        snprintf(e->text, sizeof e->text, "interrupted after %zu of %zu runs; to go on: %s",
                 sum.done_before + sum.done_now, sum.planned, app->command_line);
    if (!rc)
        say_end(progress, &sum, path);
    progress_stop(progress);
    return rc;
}

int carry_out_study(struct app *app, struct study *s, const struct carry_out *c, const char *path, struct err *e)
{
    struct str key = STR_INIT, dir = STR_INIT;
    path_dir(&dir, path);
    int rc = dir_make(str_z(&dir), e);
    if (!rc)
        rc = read_key(c, &key, e);
    set_clients(s, c, str_z(&key));
    if (!rc)
        rc = execute(app, s, c, path, e);
    if (key.at)
        explicit_bzero(key.at, key.cap);
    str_release(&key);
    str_release(&dir);
    return rc;
}

int carry_out(struct app *app, struct study *s, struct carry_out *c, struct err *e)
{
    struct str path = STR_INIT;
    int rc;
    if (c->output)
        str_addz(&path, c->output);
    else
        str_addf(&path, "results/%s.db", s->name);
    struct show_options show = {.format = c->json ? "json" : "terminal", .gate_void = c->gate_void};
    if (c->dry_run) {
        rc = dry_run(app, s, &(struct dry_run_options){c->prior, str_z(&path), c->json}, e);
        str_release(&path);
        return rc;
    }
    rc = carry_out_study(app, s, c, str_z(&path), e);
    if (!rc)
        rc = show_report(app, str_z(&path), &show, e);
    else if (rc == ERR_SERVER && file_exists(str_z(&path))) /* some runs could not be made, others were */
        show_report(app, str_z(&path), &show, NULL);
    str_release(&path);
    return rc;
}
