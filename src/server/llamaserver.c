/* llamaserver.c: llama.cpp's own server: the llama-server on PATH, else the launcher that tools/deps --all put into the
 * cache. Its log does not tell a port of its own choice in every version, so we reserve one. */
#include "server/kinds.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

static bool is_launcher(const struct server *s)
{
    struct str dir = STR_INIT;
    server_deps_dir(&dir);
    bool yes = dir.len && strncmp(s->program.at, dir.at, dir.len) == 0;
    str_release(&dir);
    return yes;
}

static int resolve(struct server *s, struct err *e)
{
    if (!launch_find("llama-server", "bin/llama-server", &s->program))
        return err_set(e, ERR_NOTFOUND, "llama-server is neither on PATH nor in the cache: run tools/deps --all");
    return launch_need_model_file(s, e);
}

static int arguments(struct server *s, struct launch *l, struct err *e)
{
    char port[8];
    l->port = launch_reserve_port();
    if (!l->port)
        return err_set(e, ERR_IO, "no free loopback port for server '%s'", s->spec.name);
    snprintf(port, sizeof port, "%d", l->port);
    launch_arg_as(l, s->program.at, path_base(s->program.at));
    launch_arg(l, "-m");
    launch_arg_as(l, s->model_file.at, "{model}");
    launch_arg(l, "--host");
    launch_arg(l, "127.0.0.1");
    launch_arg(l, "--port");
    launch_arg_as(l, port, "{port}");
    launch_int(l, "-c", s->num_ctx * server_parallel(s)); /* one slot has -c / -np */
    launch_int(l, "-np", server_parallel(s));
    launch_int(l, "-t", s->spec.threads > 0 ? s->spec.threads : 1);
    launch_arg(l, "--alias");
    launch_arg(l, str_z(&s->model));
    if (s->spec.num_gpu >= 0 && !is_launcher(s)) /* the launcher's wheel has no GPU backend and no such flag */
        launch_int(l, "-ngl", s->spec.num_gpu);
    launch_spec_args(l, &s->spec);
    return 0;
}

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

/* /v1/models has meta.n_params, which /props lacks. */
static void read_models(struct server *s, struct facts *f)
{
    yyjson_doc *doc = talk_get(s, "/v1/models", NULL);
    yyjson_val *first = yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(doc), "data"));
    yyjson_val *meta = yyjson_obj_get(first, "meta");
    f->parameters = json_get_int(meta, "n_params", -1);
    if (!f->quantisation.len)
        facts_put(&f->quantisation, json_get_text(meta, "ftype"));
    yyjson_doc_free(doc);
}

/* The launcher's own bytes say nothing about the wheel it loads, and the wheel's build_info is "b0-unknown": the version
 * is in the name of the folder that the wheel was unpacked with. */
static void add_wheel_version(struct str *version)
{
    static const char head[] = "xllamacpp-", tail[] = ".dist-info";
    struct str path = STR_INIT;
    server_deps_dir(&path);
    str_addz(&path, "/xllamacpp");
    DIR *dir = opendir(path.at);
    for (struct dirent *d; dir && (d = readdir(dir));) {
        size_t n = strlen(d->d_name);
        if (strncmp(d->d_name, head, sizeof head - 1) == 0 && n > sizeof tail &&
            strcmp(d->d_name + n - (sizeof tail - 1), tail) == 0)
            str_addf(version, " (xllamacpp %.*s)", (int)(n - (sizeof tail - 1) - (sizeof head - 1)),
                     d->d_name + sizeof head - 1);
    }
    if (dir)
        closedir(dir);
    str_release(&path);
}

static int facts(struct server *s, struct facts *f, struct err *e)
{
    yyjson_doc *doc = talk_get(s, "/props", e);
    if (!doc)
        return ERR_SERVER;
    yyjson_val *p = yyjson_doc_get_root(doc);
    facts_put(&f->version, json_get_text(p, "build_info"));
    if (s->kind == &server_kind_llamaserver && is_launcher(s))
        add_wheel_version(&f->version);
    facts_put(&f->model, json_get_text(p, "model_alias"));
    facts_put(&f->quantisation, json_get_text(p, "model_ftype"));
    facts_put_template(f, json_get_text(p, "chat_template"));
    f->parallel = json_get_int(p, "total_slots", -1);
    f->context = json_get_int(yyjson_obj_get(p, "default_generation_settings"), "n_ctx", -1);
    if (f->context > 0)
        s->num_ctx = f->context;
    yyjson_doc_free(doc);
    read_models(s, f);
    return 0;
}

/* The prompt with the chat template as the server itself applies it; false when it has no such route. */
static bool apply_template(struct server *s, const struct ask *ask, struct str *prompt)
{
    struct str body = STR_INIT;
    struct json_writer w;
    yyjson_doc *doc;
    int status;
    json_init(&w, &body);
    json_object(&w);
    talk_put_messages(&w, ask);
    json_object_end(&w);
    bool ok = talk_json(s, "POST", "/apply-template", body.at, 0, &status, &doc, NULL) == 0 && status == 200;
    struct span text = json_get_text(yyjson_doc_get_root(doc), "prompt");
    if (ok && text.at)
        str_add(prompt, text.at, text.len);
    yyjson_doc_free(doc);
    str_release(&body);
    return ok && text.at;
}

static int64_t count(struct server *s, const struct ask *ask)
{
    struct str prompt = STR_INIT, body = STR_INIT;
    struct json_writer w;
    int64_t n = -1;
    bool ok = true;
    if (ask->route == ROUTE_CHAT)
        ok = apply_template(s, ask, &prompt);
    else
        str_addz(&prompt, ask->prompt);
    if (ok) {
        json_init(&w, &body);
        json_object(&w);
        json_key(&w, "content");
        json_text(&w, str_z(&prompt), prompt.len);
        json_kbool(&w, "add_special", true);
        json_kbool(&w, "parse_special", true);
        json_object_end(&w);
        n = talk_tokenize(s, body.at);
    }
    str_release(&prompt);
    str_release(&body);
    return n;
}

static void options(const struct server *s, struct options *o)
{
    (void)s;
    o->cache_prompt = 0;
    o->set |= OPTION_CACHE_PROMPT;
}

const struct server_dialect server_dialect_llamaserver = {
    .name = "llama-server", .facts = facts, .count = count, .options = options};

const struct server_kind server_kind_llamaserver = {
    .name = "llama-server",
    .backend = "llama-server",
    .dialect = &server_dialect_llamaserver,
    .managed = true,
    .resolve = resolve,
    .arguments = arguments,
    .look = look,
};
