/* Every recorded stream, split in two at every byte and cut by the product's own cutters: the same events,
 * text, counts and ends come out as from the whole. (It stands here because load/ is the first room that
 * sees net/ and backend/.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../backend/sample_file.h"
#include "../backend/sample_rows.h"
#include "base/hash.h"
#include "net/ndjson.h"
#include "net/sse.h"

enum { LINE_MAX_BYTES = 1 << 20, EVENT_MAX_BYTES = 8 << 20 };

struct sink {
    const struct backend *backend;
    struct backend_state state;
    struct request r;
    int events, text_events, done_events;
    bool failed;
};

static void take(struct sink *k, struct span data)
{
    struct event ev;
    k->events++;
    if (k->backend->on_event(&k->state, data.at, data.len, &ev, NULL)) {
        k->failed = true;
        return;
    }
    k->done_events += ev.done;
    if (ev.kind == CHUNK_TEXT) {
        k->text_events++;
        str_add(&k->r.text, ev.text.at, ev.text.len);
    }
}

static bool on_sse(void *user, const struct sse_event *ev)
{
    if (!ev->comment)
        take(user, ev->data);
    return true;
}

static bool on_line(void *user, struct span line, uint32_t wire_bytes)
{
    (void)wire_bytes;
    take(user, line);
    return true;
}

static void cut_sse(struct sink *k, const struct str *body, size_t at)
{
    struct sse s;
    sse_init(&s, LINE_MAX_BYTES, EVENT_MAX_BYTES, on_sse, k);
    assert_int_equal(sse_feed(&s, body->at, at), SSE_OK);
    assert_int_equal(sse_feed(&s, body->at + at, body->len - at), SSE_OK);
    assert_int_equal(sse_finish(&s), SSE_OK);
    sse_release(&s);
}

static void cut_ndjson(struct sink *k, const struct str *body, size_t at)
{
    struct ndjson s;
    ndjson_init(&s, LINE_MAX_BYTES, on_line, k);
    assert_int_equal(ndjson_feed(&s, body->at, at), NDJSON_OK);
    assert_int_equal(ndjson_feed(&s, body->at + at, body->len - at), NDJSON_OK);
    assert_int_equal(ndjson_finish(&s), NDJSON_OK);
    ndjson_release(&s);
}

static void check(const struct sink *k, const struct sample_row *row)
{
    char hex[SHA256_HEX];
    assert_false(k->failed);
    assert_int_equal(k->events, row->events);
    assert_int_equal(k->text_events, row->text_events);
    assert_int_equal(k->done_events, 1);
    assert_string_equal(str_z(&k->r.finish_reason), row->finish);
    assert_memory_equal(&k->r.usage, &row->usage, sizeof row->usage);
    sha256_hex(str_z(&k->r.text), k->r.text.len, hex);
    assert_memory_equal(hex, row->sha256, 16);
}

/* One state for all splits, as one connection has one for all its responses. */
static void replay(const struct sample_row *row)
{
    struct sample_file f;
    struct sink k = {.backend = backend_find(row->backend)};
    assert_true(sample_load(row->file, &f));
    backend_state_init(&k.state);
    for (size_t at = 0; at <= f.body.len; at++) {
        k.events = k.text_events = k.done_events = 0;
        request_init(&k.r);
        backend_state_begin(&k.state, &k.r);
        if (row->framing == FRAMING_SSE)
            cut_sse(&k, &f.body, at);
        else
            cut_ndjson(&k, &f.body, at);
        check(&k, row);
        request_release(&k.r);
    }
    backend_state_release(&k.state);
    str_release(&f.body);
}

static void test_split_at_every_byte(void **state)
{
    (void)state;
    int streams = 0;
    for (size_t i = 0; i < sizeof sample_rows / sizeof sample_rows[0]; i++)
        if (sample_rows[i].framing != FRAMING_BODY) {
            replay(&sample_rows[i]);
            streams++;
        }
    assert_int_equal(streams, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_split_at_every_byte)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
