/* engine.c: chimera-engine, the embedded default. It takes its own port and logs it before it loads the model, so that a
 * start is two waits: for the line, then for /health to turn from 503 to 200. */
#include "server/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

int server_find_engine(const struct server *s, struct str *program, struct err *e)
{
    const char *named = getenv("CHIMERA_ENGINE");
    if (named && named[0]) {
        str_addz(program, named);
        if (access(named, X_OK) != 0)
            return err_set(e, ERR_NOTFOUND, "CHIMERA_ENGINE names %s, which is no program", named);
    } else if (!server_beside(s, "chimera-engine", program) && !path_find_program("chimera-engine", program)) {
        return err_set(e, ERR_NOTFOUND,
                       "chimera-engine lies neither beside chimera nor on PATH: build it (./dev build) or set "
                       "CHIMERA_ENGINE");
    }
    return 0;
}

static int resolve(struct server *s, struct err *e)
{
    int rc = server_find_engine(s, &s->program, e);
    return rc ? rc : launch_need_model_file(s, e);
}

static int arguments(struct server *s, struct launch *l, struct err *e)
{
    char digest[65];
    int rc = server_file_digest(s->model_file.at, digest, e);
    if (rc)
        return rc;
    launch_arg_as(l, s->program.at, path_base(s->program.at));
    launch_arg(l, "-m");
    launch_arg_as(l, s->model_file.at, "{model}");
    launch_arg(l, "--host");
    launch_arg(l, "127.0.0.1");
    launch_arg(l, "--port");
    launch_arg_as(l, "0", "{port}");
    launch_int(l, "--parallel", server_parallel(s));
    launch_int(l, "-c", s->num_ctx);
    launch_int(l, "-t", s->spec.threads > 0 ? s->spec.threads : 1);
    launch_arg(l, "--alias");
    launch_arg(l, str_z(&s->model));
    launch_arg(l, "--sha256"); /* it repeats it to whoever asks */
    launch_arg_as(l, digest, "{digest}");
    launch_spec_args(l, &s->spec);
    l->tells = "listening on http://127.0.0.1:";
    return 0;
}

/* /health: 503 while it loads, 200 when it can answer; a model that cannot be loaded ends the process. */
static int look(struct server *s, bool *ready, struct err *e)
{
    (void)e;
    yyjson_doc *doc;
    int status, rc = talk_json(s, "GET", "/health", NULL, 2 * NS_PER_S, &status, &doc, NULL);
    *ready = !rc && status == 200;
    yyjson_doc_free(doc);
    return 0;
}

/* ---- asking it ----------------------------------------------------------------------------------------------------- */

static int facts(struct server *s, struct facts *f, struct err *e)
{
    yyjson_doc *doc = talk_get(s, "/props", e);
    if (!doc)
        return ERR_SERVER;
    yyjson_val *p = yyjson_doc_get_root(doc);
    yyjson_val *own = yyjson_obj_get(p, "chimera");
    struct span version = json_get_text(own, "engine_version"), build = json_get_text(p, "build_info");
    str_clear(&f->version);
    str_addf(&f->version, "%.*s (%.*s)", (int)version.len, version.at ? version.at : "", (int)build.len,
             build.at ? build.at : "");
    facts_put(&f->model, json_get_text(p, "model_alias"));
    facts_put(&f->digest, json_get_text(p, "sha256"));
    facts_put(&f->quantisation, json_get_text(p, "model_ftype"));
    facts_put_template(f, json_get_text(p, "chat_template"));
    facts_put(&f->compute, json_get_text(p, "backend"));
    f->parameters = json_get_int(p, "n_params", -1);
    f->context = json_get_int(p, "n_ctx", -1);
    f->threads = json_get_int(p, "n_threads", -1);
    f->parallel = json_get_int(p, "total_slots", -1);
    s->start_load_ns = json_get_int(own, "load_ns", -1);
    if (f->context > 0)
        s->num_ctx = f->context;
    yyjson_doc_free(doc);
    return 0;
}

/* Its /tokenize takes messages and applies the chat template itself. */
static int64_t count(struct server *s, const struct ask *ask)
{
    struct str body = STR_INIT;
    struct json_writer w;
    json_init(&w, &body);
    json_object(&w);
    if (ask->route == ROUTE_CHAT) {
        talk_put_messages(&w, ask);
    } else {
        json_kz(&w, "content", ask->prompt);
        json_kbool(&w, "add_special", true);
    }
    json_object_end(&w);
    int64_t n = talk_tokenize(s, body.at);
    str_release(&body);
    return n;
}

const struct server_dialect server_dialect_engine = {.name = "engine", .facts = facts, .count = count};

const struct server_kind server_kind_engine = {
    .name = "engine",
    .backend = "openai",
    .dialect = &server_dialect_engine,
    .managed = true,
    .resolve = resolve,
    .arguments = arguments,
    .look = look,
};
