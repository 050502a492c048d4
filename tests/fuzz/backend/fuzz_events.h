/* What the fuzz targets of the dialects share: the input is a stream, one event a line. Each event goes
 * through a state that lives as long as the stream and through one that never saw another; both must say
 * the same, every byte they point at must be readable, and what was told must be within its limits. The
 * input as a whole is tried as an error body and a model list. */
#ifndef FUZZ_EVENTS_H
#define FUZZ_EVENTS_H

#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/memo.h"

static inline void fuzz_require(bool holds)
{
    if (!holds)
        abort();
}

static inline unsigned fuzz_touch(struct span s)
{
    unsigned sum = 0;
    for (size_t i = 0; i < s.len; i++)
        sum += (unsigned char)s.at[i];
    return sum;
}

static inline bool fuzz_same_span(struct span a, struct span b)
{
    return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

static inline void fuzz_check_usage(const struct usage *u)
{
    const int64_t counts[] = {u->prompt_tok, u->completion_tok, u->cached_tok};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        fuzz_require(counts[i] >= -1 && counts[i] <= 2000000000);
    fuzz_require(u->total_ns >= -1 && u->load_ns >= -1 && u->prompt_eval_ns >= -1 && u->eval_ns >= -1);
}

static inline void fuzz_one_event(const struct backend *b, struct backend_state *st, struct backend_state *fresh,
                                  const char *p, size_t n)
{
    struct event ev, again;
    struct err e = ERR_INIT;
    memo_forget(fresh->memo);
    fresh->pending_done = st->pending_done;
    int rc = b->on_event(st, p, n, &ev, &e), rc_again = b->on_event(fresh, p, n, &again, NULL);
    fuzz_require(rc == rc_again && rc <= 0 && (rc == 0) == (e.text[0] == 0));
    fuzz_require((unsigned)ev.kind < CHUNK_KIND_COUNT && ev.kind == again.kind);
    fuzz_require(ev.done == again.done && ev.finished == again.finished && ev.refused == again.refused);
    fuzz_require(fuzz_same_span(ev.text, again.text) && fuzz_same_span(ev.reasoning, again.reasoning) &&
                 fuzz_same_span(ev.error, again.error));
    fuzz_touch(ev.text);
    fuzz_touch(ev.reasoning);
    fuzz_touch(ev.error);
    fuzz_require(rc == 0 || (!ev.done && !ev.text.len && ev.kind == CHUNK_OTHER));
}

static inline void fuzz_pages(const struct backend *b, const char *p, size_t n)
{
    struct event ev;
    struct str parts[4] = {STR_INIT, STR_INIT, STR_INIT, STR_INIT};
    int64_t tokens;
    b->on_error_body(500, p, n, &ev);
    fuzz_touch(ev.error);
    b->read_model(p, n, NULL, &parts[0], &parts[1], &parts[2], &parts[3], NULL);
    b->read_model(p, n, "m", &parts[0], &parts[1], &parts[2], &parts[3], NULL);
    if (b->read_version)
        b->read_version(p, n, &parts[0], NULL);
    if (b->read_tokenize && b->read_tokenize(p, n, &tokens, NULL) == 0)
        fuzz_require(tokens >= 0);
    for (int i = 0; i < 4; i++)
        str_release(&parts[i]);
}

static inline void fuzz_stream(const struct backend *b, const char *p, size_t n)
{
    struct backend_state st, fresh;
    struct request r, other;
    backend_state_init(&st);
    backend_state_init(&fresh);
    request_init(&r);
    request_init(&other);
    backend_state_begin(&st, &r);
    backend_state_begin(&fresh, &other);
    for (size_t at = 0; at < n;) {
        const char *end = memchr(p + at, '\n', n - at);
        size_t len = end ? (size_t)(end - p) - at : n - at;
        fuzz_one_event(b, &st, &fresh, p + at, len);
        at += len + 1;
    }
    fuzz_check_usage(&r.usage);
    fuzz_require(!memcmp(&r.usage, &other.usage, sizeof r.usage)); /* what is learned loses no count */
    request_derive(&r, 100);
    backend_state_release(&st);
    backend_state_release(&fresh);
    request_release(&r);
    request_release(&other);
    fuzz_pages(b, p, n);
}

#endif
