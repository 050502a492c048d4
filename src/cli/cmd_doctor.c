/* chimera doctor: what this host has and can measure, and what each missing thing costs. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/options.h"
#include "format/json.h"
#include "net/loop.h"
#include "probe/capability.h"
#include "probe/host.h"
#include "server/server.h"

enum { MOST_ROWS = CAPABILITY_MAX + 16 };

struct finding {
    const char *what;
    enum capability_state state;
    char found[256];
    const char *cost;
};

static void check_stamps(struct finding *f)
{
    struct loop *l = NULL;
    *f = (struct finding){.what = "kernel receive stamps",
                          .cost = "arrival times are our own clock's: late by 0.1 to 10 ms when the client is busy"};
    bool works = loop_new(&l, NULL) == 0 && loop_warm_stamps(l);
    loop_free(l);
    f->state = works ? CAPABILITY_YES : CAPABILITY_NO;
    snprintf(f->found, sizeof f->found, "%s",
             works ? "SO_TIMESTAMPING on a loopback connection" : "no stamp came back");
}

/* A server that could be started, tried by resolving its programs and model, not by starting it. */
static void check_server(const struct app *app, const char *kind, const char *cost, struct finding *f)
{
    struct server_spec spec = {.name = "doctor", .kind = kind, .model = "smollm2-135m"};
    struct server_place place = {.work_dir = "/tmp", .self_path = app->self_path};
    struct server *s = NULL;
    struct err e = ERR_INIT;
    int rc = server_new(&s, &spec, &place, &e);
    *f = (struct finding){.what = kind, .state = rc ? CAPABILITY_NO : CAPABILITY_YES, .cost = cost};
    snprintf(f->found, sizeof f->found, "%.250s", rc ? e.text : "can be started");
    server_free(s);
}

static void check_model(const struct server_model_row *m, struct finding *f)
{
    struct str path = STR_INIT;
    struct err e = ERR_INIT;
    int rc = server_model_path(m->name, &path, &e);
    *f = (struct finding){.what = m->name, .state = rc ? CAPABILITY_NO : CAPABILITY_YES, .cost = m->what};
    snprintf(f->found, sizeof f->found, "%.250s", rc ? e.text : str_z(&path));
    str_release(&path);
}

static size_t examine(const struct app *app, struct finding rows[MOST_ROWS])
{
    struct capability caps[CAPABILITY_MAX];
    size_t n = 0, n_caps = capability_read("", caps);
    check_stamps(&rows[n++]);
    for (size_t i = 0; i < n_caps; i++) {
        rows[n] = (struct finding){.what = caps[i].what, .state = caps[i].state, .cost = caps[i].cost};
        snprintf(rows[n++].found, sizeof rows[0].found, "%s", caps[i].found);
    }
    check_server(app, "engine", "the built-in server: nothing runs without a URL", &rows[n++]);
    check_server(app, "llama-server", "no comparison with llama.cpp's own server", &rows[n++]);
    check_server(app, "ollama", "no comparison with Ollama", &rows[n++]);
    for (size_t i = 0; server_model_at(i) && n < MOST_ROWS; i++)
        check_model(server_model_at(i), &rows[n++]);
    return n;
}

static void print_text(const struct finding *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("%-7s %-30s %s\n", capability_word(rows[i].state), rows[i].what, rows[i].found);
        if (rows[i].state != CAPABILITY_YES)
            printf("        costs: %s\n", rows[i].cost);
    }
}

static void print_json(const struct finding *rows, size_t n)
{
    struct str out = STR_INIT, host = STR_INIT;
    struct json_writer w;
    host_facts("", &host, NULL);
    json_init(&w, &out);
    json_object(&w);
    json_key(&w, "host");
    json_raw(&w, str_z(&host), host.len);
    json_key(&w, "findings");
    json_array(&w);
    for (size_t i = 0; i < n; i++) {
        json_object(&w);
        json_kz(&w, "what", rows[i].what);
        json_kz(&w, "state", capability_word(rows[i].state));
        json_kz(&w, "found", rows[i].found);
        json_kz(&w, "cost", rows[i].cost);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    puts(str_z(&out));
    str_release(&out);
    str_release(&host);
}

static int run(struct app *app, int argc, char **argv, struct err *e)
{
    struct text_list operands = {0};
    struct finding rows[MOST_ROWS];
    bool help = false, json = false;
    const struct option_row options[] = {{0, "json", OPT_FLAG, &json, NULL, "print as JSON"}, {0}};
    int rc = options_parse(options, argc, argv, &operands, &help, e);
    if (!rc && help) {
        print_help(
            "chimera doctor [--json]",
            "Says what this host has and can measure (stamps, timers, cores, servers, models, GPU, energy), and what\n"
            "each missing thing costs.",
            options, "chimera doctor");
    } else if (!rc) {
        size_t n = examine(app, rows);
        if (json)
            print_json(rows, n);
        else
            print_text(rows, n);
    }
    text_list_release(&operands);
    return rc;
}

const struct command cmd_doctor = {"doctor", "what this host has and can measure", run};
