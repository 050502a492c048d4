/* Every recorded answer of the real servers, replayed through its backend: exact text, counts, timers,
 * ends, errors, facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "base/hash.h"
#include "sample_file.h"
#include "sample_rows.h"

/* ---- replay -------------------------------------------------------------------------------------------- */

struct replay {
    struct backend_state state;
    struct request r;
    int events, text_events, done_events;
    bool failed;
};

static void replay_init(struct replay *p)
{
    *p = (struct replay){0};
    backend_state_init(&p->state);
    request_init(&p->r);
    backend_state_begin(&p->state, &p->r);
}

static void replay_release(struct replay *p)
{
    backend_state_release(&p->state);
    request_release(&p->r);
}

/* What the driver does with an event, without its stamps. */
static void feed(struct replay *p, const struct backend *b, const char *at, size_t n)
{
    struct event ev;
    struct err e = ERR_INIT;
    p->events++;
    if (b->on_event(&p->state, at, n, &ev, &e)) {
        p->failed = true;
        return;
    }
    p->done_events += ev.done;
    p->text_events += ev.kind == CHUNK_TEXT;
    if (ev.kind == CHUNK_TEXT)
        str_add(&p->r.text, ev.text.at, ev.text.len);
    if (!p->r.chunks.at)
        chunk_list_init(&p->r.chunks, 4096);
    chunk_list_add(&p->r.chunks, (struct chunk){.kind = (uint8_t)ev.kind});
}

/* A trivial splitter: lines, of SSE those that start with "data: ". */
static void feed_body(struct replay *p, const struct sample_row *row, const struct str *body)
{
    const struct backend *b = backend_find(row->backend);
    if (row->framing == FRAMING_BODY) {
        feed(p, b, body->at, body->len);
        return;
    }
    for (const char *line = body->at; *line;) {
        size_t n = strcspn(line, "\n"), skip = row->framing == FRAMING_SSE ? 6 : 0;
        if (n > skip && (!skip || !strncmp(line, "data: ", 6)))
            feed(p, b, line + skip, n - skip);
        line += n + (line[n] == '\n');
    }
}

static void check_usage(const struct usage *got, const struct usage *want)
{
    assert_int_equal(got->total_ns, want->total_ns);
    assert_int_equal(got->load_ns, want->load_ns);
    assert_int_equal(got->prompt_eval_ns, want->prompt_eval_ns);
    assert_int_equal(got->eval_ns, want->eval_ns);
    assert_int_equal(got->prompt_tok, want->prompt_tok);
    assert_int_equal(got->completion_tok, want->completion_tok);
    assert_int_equal(got->cached_tok, want->cached_tok);
    assert_int_equal(got->context_ids, want->context_ids);
}

static void check_row(const struct sample_row *row)
{
    struct sample_file f;
    struct replay p;
    struct str flags = STR_INIT;
    char hex[SHA256_HEX];
    print_message("%s\n", row->file);
    assert_true(sample_load(row->file, &f));
    replay_init(&p);
    feed_body(&p, row, &f.body);
    assert_false(p.failed);
    assert_int_equal(p.events, row->events);
    assert_int_equal(p.text_events, row->text_events);
    assert_int_equal(p.done_events, 1);
    if (row->text)
        assert_string_equal(str_z(&p.r.text), row->text);
    sha256_hex(str_z(&p.r.text), p.r.text.len, hex);
    assert_memory_equal(hex, row->sha256, 16);
    assert_string_equal(str_z(&p.r.finish_reason), row->finish);
    check_usage(&p.r.usage, &row->usage);
    request_derive(&p.r, 0);
    request_flags_words(p.r.flags, " ", &flags);
    assert_string_equal(str_z(&flags), row->flags);
    assert_int_equal(p.r.outcome, row->outcome);
    assert_int_equal(p.state.big_events, 0);
    str_release(&flags);
    replay_release(&p);
    str_release(&f.body);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sample_rows / sizeof sample_rows[0]; i++)
        check_row(&sample_rows[i]);
}

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sample_errors / sizeof sample_errors[0]; i++) {
        const struct sample_error_row *row = &sample_errors[i];
        struct sample_file f;
        struct event ev;
        print_message("%s\n", row->file);
        assert_true(sample_load(row->file, &f));
        assert_int_equal(f.status, row->status);
        int rc = backend_find(row->backend)->on_error_body(f.status, str_z(&f.body), f.body.len, &ev);
        assert_int_equal(rc, row->rc);
        assert_int_equal(ev.kind, CHUNK_ERROR);
        assert_int_equal(ev.refused, row->refused);
        assert_int_equal(ev.error.len, strlen(row->error));
        if (ev.error.len)
            assert_memory_equal(ev.error.at, row->error, ev.error.len);
        str_release(&f.body);
    }
}

/* The second of two equal prompts came from the prefix cache; only its speed says so. */
static void test_cached_by_rate(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool cached;
    } rows[] = {{"ollama_gen_stream_cold.http", false}, {"ollama_gen_stream_warm.http", true}};
    for (size_t i = 0; i < 2; i++) {
        struct sample_file f;
        struct replay p;
        struct sample_row row = {.backend = "ollama", .framing = FRAMING_NDJSON};
        assert_true(sample_load(rows[i].file, &f));
        replay_init(&p);
        feed_body(&p, &row, &f.body);
        request_derive(&p.r, 38 / 0.256450494);
        assert_int_equal((p.r.flags & REQUEST_CACHED_PREFIX) != 0, rows[i].cached);
        replay_release(&p);
        str_release(&f.body);
    }
}

/* A page that is no answer to a question is never taken for one: each of the other samples through each
 * backend. */
static void test_other_pages(void **state)
{
    (void)state;
    static const char *const pages[] = {
        "lcpp_health.http",
        "lcpp_metrics.http",
        "lcpp_metrics_after.http",
        "lcpp_props.http",
        "lcpp_props_post.http",
        "lcpp_slots.http",
        "lcpp_slots_after.http",
        "lcpp_tokenize.http",
        "lcpp_v1_models.http",
        "ollama_embed.http",
        "ollama_ps_after_unload.http",
        "ollama_ps_loaded.http",
        "ollama_ps_two.http",
        "ollama_root.http",
        "ollama_show.http",
        "ollama_show_gemma.http",
        "ollama_tags.http",
        "ollama_v1_models.http",
        "ollama_version.http",
    };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        struct sample_file f;
        assert_true(sample_load(pages[i], &f));
        for (size_t k = 0; backend_at(k); k++) {
            struct replay p;
            replay_init(&p);
            feed(&p, backend_at(k), str_z(&f.body), f.body.len);
            assert_int_equal(p.done_events, 0);
            assert_int_equal(p.text_events, 0);
            replay_release(&p);
        }
        str_release(&f.body);
    }
}

static bool in_a_table(const char *name)
{
    for (size_t i = 0; i < sizeof sample_rows / sizeof sample_rows[0]; i++)
        if (!strcmp(sample_rows[i].file, name))
            return true;
    for (size_t i = 0; i < sizeof sample_errors / sizeof sample_errors[0]; i++)
        if (!strcmp(sample_errors[i].file, name))
            return true;
    return false;
}

/* No sample lies there unused. */
static void test_all_are_used(void **state)
{
    (void)state;
    int used = 0, others = 0;
    DIR *d = opendir(TESTS_DIR "/samples");
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.' || e->d_type == DT_DIR || strstr(e->d_name, ".reads") ||
            !strcmp(e->d_name, "README.md"))
            continue;
        if (in_a_table(e->d_name))
            used++;
        else
            others++;
    }
    closedir(d);
    assert_int_equal(used, sizeof sample_rows / sizeof sample_rows[0] + sizeof sample_errors / sizeof sample_errors[0]);
    assert_int_equal(others, 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),     cmocka_unit_test(test_errors),       cmocka_unit_test(test_cached_by_rate),
        cmocka_unit_test(test_other_pages), cmocka_unit_test(test_all_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
