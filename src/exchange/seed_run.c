/* seed_run.c: see seed_run.h. */
#include "exchange/seed_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "format/json.h"
#include "text/sanity.h"

/* Of 1,184 calls of TR111 to TR117 none loaded for 400 ms to 3 s; the middle of the gap: sqrt(0.4 · 3) = 1.1 s. */
#define SEED_COLD_LOAD_NS (1100 * NS_PER_MS)

enum { ARM_FOLDERS = 4, BLOCKS_MAX = 1000000 };

/* ---- where a record came from --------------------------------------------------------------------------------------- */

/* N of "run_N", "run_N.json"; 0: it is not called so. */
static int64_t run_number(struct span name)
{
    if (!span_starts(name, "run_"))
        return 0;
    char *end;
    char text[24] = "";
    memcpy(text, name.at + 4, name.len - 4 < sizeof text - 1 ? name.len - 4 : sizeof text - 1);
    long long n = strtoll(text, &end, 10);
    return end != text && (!*end || !strcmp(end, ".json")) && n > 0 && n <= BLOCKS_MAX ? n : 0;
}

/* Takes the last part off a path. */
static struct span last_part(struct span *path)
{
    size_t at = path->len;
    while (at && path->at[at - 1] != '/')
        at--;
    struct span part = {path->at + at, path->len - at};
    path->len = at ? at - 1 : 0;
    return part;
}

/* The folder that names the configuration; *number is what the outermost run_N under it says, else as it was. */
static struct span configuration(const char *origin, int64_t *number)
{
    struct span left = span_z(origin), part = last_part(&left);
    if (run_number(part))
        *number = run_number(part);
    struct span folder = left;
    while (left.len) {
        part = last_part(&left);
        if (run_number(part))
            *number = run_number(part);
        else if (!span_eq_z(part, "data"))
            break;
        folder = left;
    }
    struct span arm = folder;
    size_t parts = 0;
    while (arm.len && parts < ARM_FOLDERS)
        parts += arm.at[--arm.len] == '/';
    size_t skip = parts == ARM_FOLDERS ? arm.len + 1 : 0;
    return folder.len ? (struct span){folder.at + skip, folder.len - skip} : span_z(path_base(origin));
}

struct run *seed_run_new(struct import_runs *out, const char *origin, const char *side, int64_t number)
{
    struct run *r = import_runs_add(out);
    int64_t from_path = 0;
    struct span arm = configuration(origin, &from_path);
    int64_t n = from_path ? from_path : number;
    r->arm = arena_printf(out->arena, "%.*s%s%s", (int)arm.len, arm.at, side ? " " : "", side ? side : "");
    r->block = (int32_t)(n > 0 && n <= BLOCKS_MAX ? n - 1 : 0);
    r->started_ns = 0;
    return r;
}

struct session *seed_session_new(struct import_runs *out, struct run *r, const char *agent, size_t n)
{
    size_t k = r->n_sessions++, first = r->n_requests;
    r->sessions = arena_grow(out->arena, r->sessions, k * sizeof *r->sessions, (k + 1) * sizeof *r->sessions);
    r->requests = arena_grow(out->arena, r->requests, first * sizeof *r->requests, (first + n) * sizeof *r->requests);
    for (size_t i = 0; i < n; i++) {
        struct request *q = &r->requests[first + i];
        request_init(q);
        q->seq = (int64_t)(first + i);
        q->session = (int32_t)k;
        q->turn = (int32_t)i;
        q->agent = agent;
        q->backend = "ollama";
    }
    r->n_requests += n;
    struct session *s = &r->sessions[k];
    *s = (struct session){.number = (int32_t)k, .agent = agent, .ended_ns = MONO_NONE};
    return s;
}

struct request *seed_request(struct run *r, const struct session *s, size_t turn)
{
    for (size_t i = 0; i < r->n_requests; i++)
        if (r->requests[i].session == s->number && r->requests[i].turn == (int32_t)turn)
            return &r->requests[i];
    BUG("a session without the request it was made with");
}

void seed_session_end(struct run *r, struct session *s, mono_ns ended_ns)
{
    s->ended_ns = ended_ns;
    s->ok = true;
    for (size_t i = 0; i < r->n_requests; i++)
        s->ok = s->ok && (r->requests[i].session != s->number || r->requests[i].outcome == OUTCOME_OK);
    if (!s->ok)
        s->error = "a call did not end as it should";
    if (ended_ns != MONO_NONE && (r->ended_ns == MONO_NONE || ended_ns > r->ended_ns))
        r->ended_ns = ended_ns;
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */

enum { TAIL = 40, UNIT_MAX = 8, LOOPED = 24 };

/* The last characters of an answer: a token that is none, or one short unit (with more in it than the dashes and bars of
 * tables) over and over. The text's own rules (text/sanity.h) want more of it than these 40 characters. */
static bool tail_is_loop(struct span tail)
{
    uint32_t c[TAIL];
    size_t n = 0, i = 0, len = 0;
    static const char raw[] = "<unused";
    for (size_t k = 0; k + sizeof raw <= tail.len; k++)
        if (!memcmp(tail.at + k, raw, sizeof raw - 1))
            return true;
    while (i < tail.len && n < TAIL) {
        len = utf8_next(tail.at + i, tail.len - i, &c[n]);
        i += len ? len : 1;
        n += len != 0;
    }
    for (size_t unit = 1; unit <= UNIT_MAX && unit < n; unit++) {
        size_t same = 0;
        bool speaks = false;
        while (same + unit < n && c[n - 1 - same] == c[n - 1 - same - unit])
            same++;
        for (size_t k = 1; k <= unit; k++)
            speaks = speaks || c[n - k] >= 0x80 || (c[n - k] | 0x20) - 'a' < 26 || c[n - k] - '0' < 10;
        if (speaks && same + unit >= LOOPED)
            return true;
    }
    return false;
}

void seed_answer(struct request *q, yyjson_val *call)
{
    struct span prompt = json_get_text(call, "prompt"), text = json_get_text(call, "response");
    struct span tail = json_get_text(call, "resp_tail");
    int64_t chars = text.at ? (int64_t)text.len : json_get_int(call, "resp_chars", -1);
    if (prompt.len)
        str_add(&q->prompt, prompt.at, prompt.len);
    if (text.len)
        str_add(&q->text, text.at, text.len);
    /* its client wrote 0 for counts that never came */
    if (q->usage.completion_tok == 0) {
        q->outcome = chars == 0 ? OUTCOME_EMPTY : OUTCOME_NO_DONE;
        q->usage = USAGE_NONE;
    }
    if (q->usage.load_ns > SEED_COLD_LOAD_NS)
        q->flags |= REQUEST_COLD;
    if (text.len ? sanity_check(text).degenerate : tail_is_loop(tail))
        q->flags |= REQUEST_DEGENERATE;
}
