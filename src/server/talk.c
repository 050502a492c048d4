/* talk.c: small HTTP exchanges with a server before and after the measured window. See kinds.h. */
#include "server/kinds.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const mono_ns talk_timeout_ns = 10 * NS_PER_S;
static const mono_ns ask_timeout_ns = 120 * NS_PER_S; /* a cold model on a slow disk loads within it */

bool talk_stopped(const struct server *s)
{
    return s->place.stop && *s->place.stop;
}

int talk_pause(const struct server *s, struct pause *p, mono_ns deadline, struct err *e)
{
    if (talk_stopped(s))
        return err_set(e, ERR_INTERRUPTED, "interrupted while waiting for server '%s'", s->spec.name);
    mono_ns left = deadline - clock_now(NULL);
    if (left <= 0)
        return err_set(e, ERR_TIMEOUT, "waiting for server '%s' took too long", s->spec.name);
    mono_ns n = p->next_ns ? p->next_ns : 2 * NS_PER_MS;
    p->next_ns = n * 3 / 2 > 50 * NS_PER_MS ? 50 * NS_PER_MS : n * 3 / 2;
    if (n > left)
        n = left;
    struct timespec t = {n / NS_PER_S, n % NS_PER_S};
    nanosleep(&t, NULL); /* a signal ends it early, and the next call sees stop */
    return 0;
}

static int fetch(struct server *s, const char *method, const char *path, const char *body, mono_ns timeout_ns,
                 struct fetched *out, struct err *e)
{
    int rc = http_fetch(&s->endpoint, &s->spec.client, method, path, body, timeout_ns, out, e);
    s->answered_last = rc == 0;
    return rc;
}

int talk_json(struct server *s, const char *method, const char *path, const char *body, mono_ns timeout_ns, int *status,
              yyjson_doc **doc, struct err *e)
{
    struct fetched f = {0};
    *doc = NULL;
    *status = 0;
    int rc = fetch(s, method, path, body, timeout_ns ? timeout_ns : talk_timeout_ns, &f, e);
    if (!rc) {
        *status = f.status;
        if (f.body.len)
            *doc = json_read(f.body.at, f.body.len, NULL, NULL);
    }
    fetched_release(&f);
    return rc;
}

yyjson_doc *talk_get(struct server *s, const char *path, struct err *e)
{
    yyjson_doc *doc;
    int status;
    if (talk_json(s, "GET", path, NULL, 0, &status, &doc, e))
        return NULL;
    if (status == 200 && yyjson_is_obj(yyjson_doc_get_root(doc)))
        return doc;
    yyjson_doc_free(doc);
    err_set(e, ERR_SERVER, "server '%s' answers GET %s with status %d%s", s->spec.name, path, status,
            status == 200 ? " but no JSON object" : "");
    return NULL;
}

void talk_put_messages(struct json_writer *w, const struct ask *ask)
{
    json_key(w, "messages");
    json_array(w);
    for (int i = ask->system ? 0 : 1; i < 2; i++) {
        json_object(w);
        json_kz(w, "role", i ? "user" : "system");
        json_kz(w, "content", i ? ask->prompt : ask->system);
        json_object_end(w);
    }
    json_array_end(w);
}

int64_t talk_tokenize(struct server *s, const char *body)
{
    yyjson_doc *doc;
    int status;
    int64_t n = -1;
    if (talk_json(s, "POST", "/tokenize", body, 0, &status, &doc, NULL) == 0 && status == 200) {
        yyjson_val *t = yyjson_obj_get(yyjson_doc_get_root(doc), "tokens");
        n = yyjson_is_arr(t) ? (int64_t)yyjson_arr_size(t) : -1;
    }
    yyjson_doc_free(doc);
    return n;
}

/* ---- questions ----------------------------------------------------------------------------------------------------- */

void answer_release(struct answer *a)
{
    str_release(&a->error);
    *a = (struct answer){0};
}

static void usage_clear(struct usage *u)
{
    *u = (struct usage){-1, -1, -1, -1, -1, -1, -1, -1};
}

static int read_answer(struct server *s, const struct fetched *f, struct answer *out, struct err *e)
{
    struct backend_state st = {0};
    struct engine_stamps stamps = {MONO_NONE, MONO_NONE, MONO_NONE, NULL, 0};
    struct str finish = STR_INIT, not_applied = STR_INIT;
    struct event ev = {0};
    backend_state_init(&st);
    st.usage = &out->usage;
    st.engine = &stamps;
    st.finish_reason = &finish;
    st.not_applied = &not_applied;
    int rc = f->status >= 400 ? s->backend->on_error_body(f->status, str_z(&f->body), f->body.len, &ev)
                              : s->backend->on_event(&st, str_z(&f->body), f->body.len, &ev, e);
    if (f->status >= 400 || (!rc && ev.kind == CHUNK_ERROR)) {
        str_add(&out->error, ev.error.at, ev.error.len);
        rc = err_set(e, ERR_SERVER, "server '%s' refuses a question (status %d): %s", s->spec.name, f->status,
                     out->error.len ? out->error.at : "no reason given");
    }
    free(stamps.token_ns);
    str_release(&finish);
    str_release(&not_applied);
    backend_state_release(&st);
    return rc;
}

int talk_ask(struct server *s, const struct ask *ask, mono_ns timeout_ns, struct answer *out, struct err *e)
{
    struct built b = {0};
    struct fetched f = {0};
    usage_clear(&out->usage);
    int rc = s->backend->build(ask, &b, e);
    if (!rc)
        rc = fetch(s, b.method, b.path, str_z(&b.body), timeout_ns ? timeout_ns : ask_timeout_ns, &f, e);
    if (!rc) {
        out->status = f.status;
        rc = read_answer(s, &f, out, e);
    }
    fetched_release(&f);
    built_release(&b);
    return rc;
}

static struct ask one_token(const struct server *s, const struct options *o)
{
    struct ask a = {.model = str_z(&s->model), .prompt = "Hello", .stream = false};
    if (o)
        a.options = *o;
    else
        server_request_options(s, &a.options);
    a.options.num_predict = 1;
    a.options.set |= OPTION_NUM_PREDICT;
    a.options.set &= ~(unsigned)OPTION_IGNORE_EOS;
    return a;
}

/* Completion first where the server certainly has it: a base model refuses chat. A foreign openai server gets chat
 * first, because many have nothing else. */
int talk_one_token(struct server *s, const struct options *o, struct answer *out, struct err *e)
{
    bool completion_first = s->is_engine || s->dialect != &server_dialect_openai;
    struct ask a = one_token(s, o);
    struct err first = ERR_INIT;
    a.route = completion_first ? ROUTE_COMPLETION : ROUTE_CHAT;
    int rc = talk_ask(s, &a, 0, out, &first);
    if (rc == ERR_SERVER || rc == ERR_USAGE || rc == ERR_INPUT) {
        answer_release(out);
        a.route = completion_first ? ROUTE_CHAT : ROUTE_COMPLETION;
        if (talk_ask(s, &a, 0, out, NULL) == 0)
            return 0;
    }
    return rc ? err_set(e, first.code, "%s", first.text) : 0;
}

int64_t talk_count(struct server *s, const struct ask *ask)
{
    struct ask a = *ask;
    struct answer ans = {0};
    a.stream = false;
    a.want_engine_stamps = false;
    a.options.num_predict = 1;
    a.options.set = (a.options.set | OPTION_NUM_PREDICT) & ~(unsigned)OPTION_IGNORE_EOS;
    if (!a.model)
        a.model = str_z(&s->model);
    int64_t n = talk_ask(s, &a, 0, &ans, NULL) == 0 ? ans.usage.prompt_tok : -1;
    answer_release(&ans);
    return n;
}
