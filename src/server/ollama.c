/* ollama.c: Ollama with a port and a model folder of its own. The folder lies in the cache and is shared by all runs: a
 * model is created once from its GGUF file, under a name that carries the file's digest, and its blob is a link to that
 * file, so that nothing is copied. A model that is no file is taken for a tag of the user's own folder. */
#include "server/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

static const mono_ns unload_timeout_ns = 30 * NS_PER_S;
static const mono_ns create_timeout_ns = 300 * NS_PER_S;

static void models_dir(struct str *out)
{
    server_deps_dir(out);
    str_addz(out, "/ollama-models");
}

/* ---- how it is started --------------------------------------------------------------------------------------------- */

/* "smollm2-135m:b179c9523d0e": lower case, and only what Ollama allows in a name. */
static void name_by_digest(struct server *s, const char *digest)
{
    const char *base = path_base(s->model_file.at), *dot = strrchr(base, '.');
    size_t n = dot ? (size_t)(dot - base) : strlen(base);
    str_clear(&s->model);
    for (size_t i = 0; i < n && i < 60; i++) {
        char c = base[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        str_addc(&s->model, word || (i && strchr("._-", c)) ? c : 'x');
    }
    str_addf(&s->model, ":%.12s", digest);
}

static bool is_file_word(const char *model)
{
    size_t n = strlen(model);
    for (size_t i = 0; server_model_at(i); i++)
        if (strcmp(server_model_at(i)->name, model) == 0)
            return true;
    return n > 5 && strcmp(model + n - 5, ".gguf") == 0;
}

static int resolve(struct server *s, struct err *e)
{
    const char *model = s->spec.model ? s->spec.model : server_model_at(0)->name;
    if (!launch_find("ollama", "ollama/bin/ollama", &s->program))
        return err_set(e, ERR_NOTFOUND, "ollama is neither on PATH nor in the cache: run tools/deps --all");
    struct err why = ERR_INIT;
    int rc = server_find_model(s, model, &s->model_file, &why);
    if (rc == ERR_NOTFOUND && !is_file_word(model)) {
        s->default_folder = true;
        str_addz(&s->model, model);
        return 0;
    }
    char digest[65];
    if (rc)
        return err_set(e, rc, "%s", why.text);
    rc = server_file_digest(s->model_file.at, digest, e);
    if (!rc)
        name_by_digest(s, digest);
    return rc;
}

static int arguments(struct server *s, struct launch *l, struct err *e)
{
    struct str dir = STR_INIT;
    int rc = 0;
    launch_arg_as(l, s->program.at, path_base(s->program.at));
    launch_arg(l, "serve");
    launch_spec_args(l, &s->spec);
    launch_env(l, false, "OLLAMA_HOST=127.0.0.1:0");
    launch_env(l, true, "OLLAMA_NUM_PARALLEL=%lld", (long long)server_parallel(s));
    launch_env(l, true, "OLLAMA_MAX_LOADED_MODELS=1");
    launch_env(l, true, "OLLAMA_KEEP_ALIVE=-1");
    launch_env(l, true, "OLLAMA_CONTEXT_LENGTH=%lld",
               (long long)s->num_ctx);        /* for dialects that cannot send num_ctx */
    launch_env(l, false, "OLLAMA_NOPRUNE=1"); /* another process may be creating a model in the same folder */
    if (!s->default_folder) {
        models_dir(&dir);
        rc = dir_make(dir.at, e);
        launch_env(l, false, "OLLAMA_MODELS=%s", dir.at);
        str_addf(&dir, "/home"); /* for the key that it makes at its first start */
        rc = rc ? rc : dir_make(dir.at, e);
        launch_env(l, false, "HOME=%s", dir.at);
    }
    l->tells = "Listening on 127.0.0.1:";
    str_release(&dir);
    return rc;
}

static int look(struct server *s, bool *ready, struct err *e)
{
    (void)e;
    yyjson_doc *doc;
    int status, rc = talk_json(s, "GET", "/api/version", NULL, 2 * NS_PER_S, &status, &doc, NULL);
    *ready = !rc && status == 200;
    yyjson_doc_free(doc);
    return 0;
}

/* ---- the model ----------------------------------------------------------------------------------------------------- */

static yyjson_doc *show(struct server *s, int *status, struct err *e)
{
    struct str body = STR_INIT;
    struct json_writer w;
    yyjson_doc *doc = NULL;
    json_init(&w, &body);
    json_object(&w);
    json_kz(&w, "model", str_z(&s->model));
    json_object_end(&w);
    if (talk_json(s, "POST", "/api/show", body.at, 0, status, &doc, e))
        *status = -1;
    str_release(&body);
    return doc;
}

static bool has_model(struct server *s, struct err *e)
{
    int status;
    yyjson_doc_free(show(s, &status, e));
    return status == 200;
}

/* Ollama reads blobs/sha256-DIGEST; a hard link costs nothing, a symbolic one works across file systems. */
static int link_blob(struct server *s, const char *digest, struct err *e)
{
    struct str blob = STR_INIT;
    char *real = realpath(s->model_file.at, NULL);
    int rc = 0;
    models_dir(&blob);
    str_addz(&blob, "/blobs");
    rc = dir_make(blob.at, e);
    str_addf(&blob, "/sha256-%s", digest);
    if (!rc && !file_exists(blob.at)) {
        unlink(blob.at); /* a symbolic link whose file went away */
        if (!real || (link(real, blob.at) != 0 && errno != EEXIST && symlink(real, blob.at) != 0 && errno != EEXIST))
            rc = err_sys(e, ERR_IO, errno, "cannot link %s into Ollama's folder", s->model_file.at);
    }
    free(real);
    str_release(&blob);
    return rc;
}

static int post_create(struct server *s, const char *digest, struct err *e)
{
    struct str body = STR_INIT;
    struct json_writer w;
    yyjson_doc *doc = NULL;
    int status = 0;
    json_init(&w, &body);
    json_object(&w);
    json_kz(&w, "model", s->model.at);
    json_key(&w, "files");
    json_object(&w);
    json_key(&w, "model.gguf");
    char text[80];
    snprintf(text, sizeof text, "sha256:%s", digest);
    json_z(&w, text);
    json_object_end(&w);
    json_kbool(&w, "stream", false);
    json_object_end(&w);
    int rc = talk_json(s, "POST", "/api/create", body.at, create_timeout_ns, &status, &doc, e);
    struct span why = json_get_text(yyjson_doc_get_root(doc), "error");
    if (!rc && (status != 200 || why.at))
        rc = err_set(e, ERR_SERVER, "server '%s' cannot create a model of %s (status %d): %.*s", s->spec.name,
                     s->model_file.at, status, (int)why.len, why.at ? why.at : "");
    yyjson_doc_free(doc);
    str_release(&body);
    return rc;
}

static int create(struct server *s, struct err *e)
{
    char digest[65];
    struct str lock = STR_INIT;
    models_dir(&lock);
    str_addz(&lock, "/chimera.lock");
    int fd = open(lock.at, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0)
        flock(fd, LOCK_EX); /* two studies that start at once create it one after the other */
    int rc = server_file_digest(s->model_file.at, digest, e);
    if (!rc && !has_model(s, e)) {
        server_say(s, "server %s: creating the model %s", s->spec.name, s->model.at);
        rc = link_blob(s, digest, e);
        rc = rc ? rc : post_create(s, digest, e);
    }
    if (fd >= 0)
        close(fd);
    str_release(&lock);
    return rc;
}

static int prepare(struct server *s, mono_ns deadline, struct err *e)
{
    (void)deadline;
    struct err why = ERR_INIT;
    if (has_model(s, &why))
        return 0;
    if (why.code)
        return err_set(e, why.code, "%s", why.text);
    if (!s->default_folder)
        return create(s, e);
    return err_set(e, ERR_NOTFOUND, "Ollama has no model '%s': run ollama pull %s, or name a GGUF file", s->model.at,
                   s->model.at);
}

/* ---- asking it ----------------------------------------------------------------------------------------------------- */

/* "FROM …/blobs/sha256-DIGEST" in the Modelfile is the digest of the GGUF; the manifest's digest differs by server. */
static void read_blob_digest(struct span modelfile, struct str *out)
{
    static const char mark[] = "\nFROM ", sha[] = "sha256-";
    const char *at = modelfile.len ? memmem(modelfile.at, modelfile.len, mark, sizeof mark - 1) : NULL;
    if (!at)
        return;
    size_t left = modelfile.len - (size_t)(at - modelfile.at) - 1;
    const char *end = memchr(at + 1, '\n', left);
    size_t n = end ? (size_t)(end - at) : left;
    const char *hex = memmem(at, n, sha, sizeof sha - 1);
    if (!hex || n - (size_t)(hex - at) < sizeof sha - 1 + 64)
        return;
    facts_put(out, (struct span){hex + sizeof sha - 1, 64});
}

static int facts(struct server *s, struct facts *f, struct err *e)
{
    yyjson_doc *doc = talk_get(s, "/api/version", e);
    if (!doc)
        return ERR_SERVER;
    facts_put(&f->version, json_get_text(yyjson_doc_get_root(doc), "version"));
    yyjson_doc_free(doc);
    int status;
    doc = show(s, &status, e);
    if (status == 200) {
        yyjson_val *root = yyjson_doc_get_root(doc), *details = yyjson_obj_get(root, "details");
        facts_put(&f->quantisation, json_get_text(details, "quantization_level"));
        facts_put(&f->parameters_text, json_get_text(details, "parameter_size"));
        f->parameters = json_get_int(yyjson_obj_get(root, "model_info"), "general.parameter_count", -1);
        facts_put_template(f, json_get_text(root, "template"));
        read_blob_digest(json_get_text(root, "modelfile"), &f->digest);
    }
    yyjson_doc_free(doc);
    if (status != 200)
        return err_set(e, ERR_SERVER, "server '%s' does not know the model '%s' (status %d)", s->spec.name,
                       str_z(&s->model), status);
    return 0;
}

static bool same_model(struct span listed, const char *asked)
{
    size_t n = strlen(asked);
    return span_eq_z(listed, asked) ||
           (listed.len == n + 7 && span_starts(listed, asked) && memcmp(listed.at + n, ":latest", 7) == 0);
}

/* Looks into /api/ps: *ours whether the model is loaded, *others how many more are. */
static int read_ps(struct server *s, bool *ours, int *others, struct err *e)
{
    yyjson_doc *doc = talk_get(s, "/api/ps", e);
    if (!doc)
        return ERR_SERVER;
    yyjson_val *models = yyjson_obj_get(yyjson_doc_get_root(doc), "models"), *m;
    size_t i, n;
    *ours = false;
    *others = 0;
    yyjson_arr_foreach (models, i, n, m) {
        bool same = same_model(json_get_text(m, "name"), s->model.at);
        *ours |= same;
        *others += !same;
    }
    yyjson_doc_free(doc);
    return 0;
}

static bool loaded(struct server *s, struct state_proof *proof)
{
    bool ours = false;
    int others;
    if (read_ps(s, &ours, &others, NULL))
        return false;
    size_t n = strlen(proof->how);
    snprintf(proof->how + n, sizeof proof->how - n, "; /api/ps %s it", ours ? "lists" : "does not list");
    return ours;
}

static int post_unload(struct server *s, struct err *e)
{
    struct str body = STR_INIT;
    struct json_writer w;
    yyjson_doc *doc = NULL;
    int status = 0;
    json_init(&w, &body);
    json_object(&w);
    json_kz(&w, "model", str_z(&s->model));
    json_kint(&w, "keep_alive", 0);
    json_object_end(&w);
    int rc = talk_json(s, "POST", "/api/generate", body.at, 0, &status, &doc, e);
    if (!rc && status != 200)
        rc = err_set(e, ERR_SERVER, "server '%s' does not unload '%s' (status %d)", s->spec.name, str_z(&s->model),
                     status);
    yyjson_doc_free(doc);
    str_release(&body);
    return rc;
}

/* The answer comes before the model has left: 1.2 ms against 43 ms (samples/README), so /api/ps is polled. */
static int cold(struct server *s, struct state_proof *out, struct err *e)
{
    struct pause pause = {0};
    bool ours = true;
    int others = 0, rc = post_unload(s, e);
    mono_ns t0 = clock_now(NULL), deadline = t0 + unload_timeout_ns;
    while (!rc) {
        rc = read_ps(s, &ours, &others, e);
        if (rc || !ours)
            break;
        rc = talk_pause(s, &pause, deadline, e);
    }
    if (rc)
        return rc;
    out->proven = out->by_request = true;
    int n = snprintf(out->how, sizeof out->how, "unloaded with keep_alive 0; /api/ps was without it %.0f ms later",
                     (double)(clock_now(NULL) - t0) / 1e6);
    if (others)
        n += snprintf(out->how + n, sizeof out->how - (size_t)n, ", with %d other models loaded", others);
    snprintf(out->how + n, sizeof out->how - (size_t)n, "; the first request's load time completes the proof");
    return 0;
}

static void options(const struct server *s, struct options *o)
{
    if (s->num_ctx > 0) {
        o->num_ctx = s->num_ctx;
        o->set |= OPTION_NUM_CTX;
    }
    if (s->spec.threads > 0) {
        o->num_thread = s->spec.threads;
        o->set |= OPTION_NUM_THREAD;
    }
    if (s->kind->managed && s->spec.num_gpu >= 0) {
        o->num_gpu = s->spec.num_gpu;
        o->set |= OPTION_NUM_GPU;
    }
}

/* No tokenize route: a one-token request. A prompt that fills the context was cut silently, so its count is unknown. */
static int64_t count(struct server *s, const struct ask *ask)
{
    struct ask a = *ask;
    server_request_options(s, &a.options);
    int64_t n = talk_count(s, &a), ctx = a.options.set & OPTION_NUM_CTX ? a.options.num_ctx : -1;
    return ctx > 0 && n >= ctx ? -1 : n;
}

const struct server_dialect server_dialect_ollama = {
    .name = "ollama", .facts = facts, .cold = cold, .loaded = loaded, .count = count, .options = options};

const struct server_kind server_kind_ollama = {
    .name = "ollama",
    .backend = "ollama",
    .dialect = &server_dialect_ollama,
    .managed = true,
    .resolve = resolve,
    .arguments = arguments,
    .look = look,
    .prepare = prepare,
};
