/* Single events: what each means in each dialect, hostile ones included; the engine's additions; the shape
 * that is learned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/rng.h"

struct fixture {
    struct backend_state state;
    struct request r;
    struct event ev;
    struct err e;
};

static void open_fixture(struct fixture *f)
{
    backend_state_init(&f->state);
    request_init(&f->r);
    backend_state_begin(&f->state, &f->r);
    f->e = (struct err)ERR_INIT;
}

static void close_fixture(struct fixture *f)
{
    backend_state_release(&f->state);
    request_release(&f->r);
}

static int give(struct fixture *f, const char *backend, const char *json)
{
    return backend_find(backend)->on_event(&f->state, json, strlen(json), &f->ev, &f->e);
}

static bool span_is(struct span s, const char *z)
{
    return s.len == strlen(z) && (!s.len || !memcmp(s.at, z, s.len));
}

/* ---- one event, one meaning ---------------------------------------------------------------------------- */

struct meaning {
    const char *backend, *json;
    int rc;
    enum chunk_kind kind;
    const char *text;
    bool done, finished;
};

/* clang-format off */
#define CHAT(inner) "{\"choices\":[{\"index\":0," inner "}]}"
#define BAD ERR_INPUT, CHUNK_OTHER, "", false, false

static const struct meaning meanings[] = {
    /* openai: deltas */
    {"openai", "[DONE]", 0, CHUNK_DONE, "", true, false},
    {"openai", " [DONE]\r", 0, CHUNK_DONE, "", true, false},
    {"openai", "", 0, CHUNK_OTHER, "", false, false},
    {"openai", " \t", 0, CHUNK_OTHER, "", false, false},
    {"llama-server", "", 0, CHUNK_OTHER, "", false, false},
    {"openai", CHAT("\"delta\":{\"role\":\"assistant\",\"content\":null}"), 0, CHUNK_ROLE, "", false, false},
    {"openai", CHAT("\"delta\":{\"role\":\"assistant\",\"content\":\"\"}"), 0, CHUNK_ROLE, "", false, false},
    {"openai", CHAT("\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"}"), 0, CHUNK_TEXT, "Hi", false, false},
    {"openai", CHAT("\"delta\":{\"content\":\"a\\u00e4\\n\\\"\"}"), 0, CHUNK_TEXT, "a\xc3\xa4\n\"", false, false},
    {"openai", CHAT("\"delta\":{\"content\":\"\"}"), 0, CHUNK_OTHER, "", false, false},
    {"openai", CHAT("\"delta\":{}"), 0, CHUNK_OTHER, "", false, false},
    {"openai", CHAT("\"delta\":null"), 0, CHUNK_OTHER, "", false, false},
    {"openai", CHAT("\"delta\":{\"reasoning_content\":\"hm\",\"content\":null}"), 0, CHUNK_REASONING, "hm", false, false},
    {"openai", CHAT("\"delta\":{\"reasoning\":\"hm\"}"), 0, CHUNK_REASONING, "hm", false, false},
    {"openai", CHAT("\"delta\":{\"reasoning\":\"\",\"content\":\"x\"}"), 0, CHUNK_TEXT, "x", false, false},
    {"openai", CHAT("\"delta\":{\"refusal\":\"No.\"}"), 0, CHUNK_TEXT, "No.", false, false},
    {"openai", CHAT("\"delta\":{\"tool_calls\":null,\"content\":\"x\"}"), 0, CHUNK_TEXT, "x", false, false},
    {"openai", CHAT("\"delta\":{\"tool_calls\":null}"), 0, CHUNK_OTHER, "", false, false},
    {"openai", CHAT("\"delta\":{\"tool_calls\":[]}"), 0, CHUNK_OTHER, "", false, false},
    {"openai", CHAT("\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}"), 0,
     CHUNK_TOOL, "f", false, false},
    {"openai", CHAT("\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\":\"}}]}"), 0, CHUNK_TOOL,
     "{\"a\":", false, false},
    {"openai", CHAT("\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"1\"}]}"), 0, CHUNK_TOOL, "", false, false},
    {"openai", CHAT("\"delta\":{\"tool_calls\":[7]}"), 0, CHUNK_OTHER, "", false, false},
    {"openai", CHAT("\"delta\":{\"function_call\":{\"name\":\"f\"}}"), 0, CHUNK_TOOL, "f", false, false},
    {"openai", CHAT("\"delta\":{},\"finish_reason\":\"stop\""), 0, CHUNK_OTHER, "", false, true},
    {"openai", CHAT("\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":\"length\""), 0, CHUNK_OTHER, "",
     false, true},
    {"openai", CHAT("\"delta\":{\"content\":\"!\"},\"finish_reason\":\"stop\""), 0, CHUNK_TEXT, "!", false, true},
    {"openai", CHAT("\"delta\":{\"content\":\"x\"},\"finish_reason\":\"\""), 0, CHUNK_TEXT, "x", false, false},
    {"openai", CHAT("\"delta\":{\"content\":\"x\"},\"finish_reason\":7"), 0, CHUNK_TEXT, "x", false, false},
    {"openai", "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}", 0, CHUNK_USAGE, "", false, false},
    {"openai", "{\"choices\":[],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}}", 0, CHUNK_OTHER, "", false, false},
    {"openai", "{\"choices\":[],\"usage\":null}", 0, CHUNK_OTHER, "", false, false},
    {"openai", "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other\"}}]}", 0, CHUNK_OTHER, "", false, false},
    /* openai: pieces of a text completion, whole bodies */
    {"openai", CHAT("\"text\":\" a\",\"finish_reason\":null"), 0, CHUNK_TEXT, " a", false, false},
    {"openai", CHAT("\"text\":\"\",\"finish_reason\":\"length\""), 0, CHUNK_OTHER, "", false, true},
    {"openai", "{\"choices\":[{\"text\":\"all\",\"finish_reason\":\"stop\"}],\"usage\":{\"completion_tokens\":1}}", 0,
     CHUNK_TEXT, "all", true, true},
    {"openai", "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"all\"},\"finish_reason\":\"stop\"}]}", 0,
     CHUNK_TEXT, "all", true, true},
    {"openai", "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":null},\"finish_reason\":\"stop\"}]}", 0,
     CHUNK_DONE, "", true, true},
    {"openai", "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":"
               "\"{}\"}}]}}]}", 0, CHUNK_TOOL, "{}", true, false},
    /* llama-server's own route */
    {"llama-server", "{\"index\":0,\"content\":\" a\",\"stop\":false,\"tokens_predicted\":1}", 0, CHUNK_TEXT, " a", false, false},
    {"llama-server", "{\"content\":\"\",\"stop\":true,\"stop_type\":\"eos\"}", 0, CHUNK_DONE, "", true, true},
    /* ollama */
    {"ollama", "{\"response\":\"a\",\"done\":false}", 0, CHUNK_TEXT, "a", false, false},
    {"ollama", "{\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":false}", 0, CHUNK_TEXT, "a", false, false},
    {"ollama", "{\"message\":{\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}", 0, CHUNK_REASONING, "hm", false, false},
    {"ollama", "{\"response\":\"\",\"thinking\":\"hm\",\"done\":false}", 0, CHUNK_REASONING, "hm", false, false},
    {"ollama", "{\"message\":{\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]}}", 0,
     CHUNK_TOOL, "f", false, false},
    {"ollama", "{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\"}", 0, CHUNK_DONE, "", true, true},
    {"ollama", "{\"response\":\"all\",\"done\":true}", 0, CHUNK_TEXT, "all", true, true},
    {"ollama", "{\"response\":null,\"done\":false}", 0, CHUNK_OTHER, "", false, false},
    {"ollama", "{\"response\":7,\"done\":\"true\"}", 0, CHUNK_OTHER, "", false, false},
    {"ollama", "{\"response\":\"a\\u0000b\",\"done\":false}", 0, CHUNK_TEXT, "a", false, false}, /* NUL: see below */
    {"ollama", "{}", 0, CHUNK_OTHER, "", false, false},
    /* not what they claim to be */
    {"openai", "[]", BAD},
    {"openai", "null", BAD},
    {"openai", "{\"choices\":[{\"delta\":{\"content\":\"x\"", BAD},
    {"openai", "<html><body>502</body></html>", BAD},
    {"openai", "{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}", BAD},
    {"openai", "{\"choices\":[{\"delta\":{\"content\":\"\\ud83d\"}}]}", BAD},
    {"openai", "{\"choices\":\"no\"}", 0, CHUNK_OTHER, "", false, false},
    {"openai", "{\"choices\":[[]]}", 0, CHUNK_OTHER, "", false, false},
    {"openai", "{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\"}]}}]}", 0, CHUNK_OTHER, "", false, false},
    {"openai", "{\"choices\":[{\"index\":0,\"index\":1,\"delta\":{\"content\":\"first\",\"content\":\"second\"}}]}", 0,
     CHUNK_TEXT, "first", false, false},
    {"ollama", "Ollama is running", BAD},
    {"ollama", "{\"response\":\"a\"}{\"response\":\"b\"}", BAD},
    {"ollama", "{\"response\":1e999}", BAD},
};

/* clang-format on */

static void test_meanings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        const struct meaning *m = &meanings[i];
        struct fixture f;
        open_fixture(&f);
        bool ok = give(&f, m->backend, m->json) == m->rc && f.ev.kind == m->kind && f.ev.done == m->done &&
                  f.ev.finished == m->finished && (f.e.text[0] != 0) == (m->rc != 0);
        if (strstr(m->json, "\\u0000"))
            ok = ok && f.ev.text.len == 3 && !memcmp(f.ev.text.at, "a\0b", 3);
        else
            ok = ok && span_is(f.ev.text, m->text);
        if (!ok)
            fail_msg("%s: %s gives %s '%.*s' done %d finished %d", m->backend, m->json, chunk_kind_word(f.ev.kind),
                     (int)f.ev.text.len, f.ev.text.len ? f.ev.text.at : "", f.ev.done, f.ev.finished);
        close_fixture(&f);
    }
}

static void test_reasoning_beside_text(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    assert_int_equal(
        give(&f, "openai", "{\"choices\":[{\"message\":{\"reasoning_content\":\"hm\",\"content\":\"yes\"}}]}"), 0);
    assert_int_equal(f.ev.kind, CHUNK_TEXT);
    assert_true(span_is(f.ev.text, "yes") && span_is(f.ev.reasoning, "hm"));
    assert_int_equal(give(&f, "ollama", "{\"message\":{\"thinking\":\"hm\",\"content\":\"yes\"},\"done\":true}"), 0);
    assert_true(span_is(f.ev.text, "yes") && span_is(f.ev.reasoning, "hm"));
    close_fixture(&f);
}

/* A text completion: the last piece of a stream is not the end of it, a whole body is. */
static void test_stream_or_body(void **state)
{
    (void)state;
    static const char last[] =
        "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":3}}";
    struct fixture f;
    open_fixture(&f);
    give(&f, "openai", CHAT("\"text\":\" a\",\"finish_reason\":null"));
    give(&f, "openai", last);
    assert_false(f.ev.done);
    assert_true(f.ev.finished);
    assert_int_equal(f.ev.kind, CHUNK_USAGE);
    backend_state_begin(&f.state,
                        &f.r); /* another response: its first piece is read by its shape, and counts as a piece */
    give(&f, "openai", CHAT("\"text\":\" b\",\"finish_reason\":null"));
    assert_int_equal(f.state.memo_events, 1);
    give(&f, "openai", last);
    assert_false(f.ev.done);
    backend_state_begin(&f.state, &f.r);
    give(&f, "openai", last);
    assert_true(f.ev.done);
    close_fixture(&f);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

static void test_errors_within_200(void **state)
{
    (void)state;
    static const struct {
        const char *backend, *json, *error;
        bool refused;
    } rows[] = {
        {"openai", "{\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":500}}", "boom", false},
        {"openai", "{\"error\":{\"message\":\"later\",\"code\":429}}", "later", true},
        {"openai", "{\"error\":{\"message\":\"later\",\"code\":\"rate_limit_exceeded\"}}", "later", true},
        {"openai", "{\"error\":{\"message\":\"Loading model\",\"type\":\"unavailable_error\",\"code\":503}}",
         "Loading model", true},
        {"openai", "{\"error\":{\"message\":\"long\",\"type\":\"exceed_context_size_error\"}}", "long", true},
        {"openai", "{\"object\":\"error\",\"message\":\"old vLLM\",\"code\":400}", "old vLLM", false},
        {"openai", "{\"error\":\"just text\"}", "just text", false},
        {"openai", "{\"error\":{}}", "an error object without a message", false},
        {"openai", "{\"error\":[1]}", "an error object without a message", false},
        {"openai", "{\"error\":{\"type\":\"t\",\"message\":null}}", "t", false},
        {"openai", "{\"error\":\"x\",\"choices\":[{\"delta\":{\"content\":\"lost\"}}]}", "x", false},
        {"ollama", "{\"error\":\"model runner has unexpectedly stopped\"}", "model runner has unexpectedly stopped",
         false},
        {"ollama", "{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}",
         "server busy, please try again.  maximum pending requests exceeded", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        open_fixture(&f);
        assert_int_equal(give(&f, rows[i].backend, rows[i].json), 0);
        assert_int_equal(f.ev.kind, CHUNK_ERROR);
        assert_true(span_is(f.ev.error, rows[i].error));
        assert_int_equal(f.ev.refused, rows[i].refused);
        assert_int_equal(f.ev.text.len, 0);
        close_fixture(&f);
    }
    struct fixture f;
    open_fixture(&f);
    assert_int_equal(give(&f, "openai", "{\"error\":null,\"choices\":[{\"delta\":{\"content\":\"x\"}}]}"), 0);
    assert_int_equal(f.ev.kind, CHUNK_TEXT); /* a null error is none */
    close_fixture(&f);
}

/* An event that is an error by its name: wrapped, bare, or a sentence. */
static void test_errors_by_name(void **state)
{
    static const struct {
        const char *data, *error;
        bool refused;
    } rows[] = {
        {"{\"error\":{\"message\":\"gone\"}}", "gone", false},
        {"{\"message\":\"gone\",\"status\":502}", "gone", false},
        {"{\"code\":503,\"message\":\"busy\",\"type\":\"unavailable_error\"}", "busy", true},
        {"{\"type\":\"rate_limit_error\"}", "rate_limit_error", true},
        {"{}", "an error object without a message", false},
        {"upstream is gone\nsee the log", "upstream is gone", false},
        {"", "an error event without data", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        open_fixture(&f);
        backend_on_error_event(&f.state, rows[i].data, strlen(rows[i].data), &f.ev);
        assert_int_equal(f.ev.kind, CHUNK_ERROR);
        assert_true(span_is(f.ev.error, rows[i].error));
        assert_int_equal(f.ev.refused, rows[i].refused);
        assert_false(f.ev.done);
        close_fixture(&f);
    }
}

static void test_error_bodies(void **state)
{
    (void)state;
    struct event ev;
    struct str long_one = STR_INIT;
    int (*read)(int, const char *, size_t, struct event *) = backend_find("openai")->on_error_body;
    assert_int_equal(read(502, "<html>\r\n<h1>Bad Gateway", 23, &ev), ERR_INPUT);
    assert_true(span_is(ev.error, "<html>"));
    assert_false(ev.refused);
    assert_int_equal(read(503, "", 0, &ev), ERR_INPUT);
    assert_true(ev.refused);
    assert_int_equal(read(429, "{\"detail\":\"slow down\"}", 22, &ev), ERR_INPUT);
    assert_true(ev.refused);
    assert_int_equal(read(400, "[\"error\"]", 9, &ev), ERR_INPUT);
    str_addz(&long_one, "{\"error\":\"");
    for (int i = 0; i < 400; i++)
        str_addz(&long_one, "\xc3\xa4"); /* cut between characters, not within one */
    str_addz(&long_one, "\"}");
    assert_int_equal(read(400, long_one.at, long_one.len, &ev), 0);
    assert_int_equal(ev.error.len, 512);
    str_clear(&long_one);
    str_addz(&long_one, "{\"error\":\"x");
    for (int i = 0; i < 400; i++)
        str_addz(&long_one, "\xc3\xa4");
    str_addz(&long_one, "\"}");
    assert_int_equal(read(400, long_one.at, long_one.len, &ev), 0);
    assert_int_equal(ev.error.len, 511);
    str_release(&long_one);
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static void test_absurd_usage(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t tokens;
    } rows[] = {
        {"12", 12},
        {"12.0", 12},
        {"-1", -1},
        {"1e300", -1},
        {"\"12\"", -1},
        {"null", -1},
        {"{}", -1},
        {"true", -1},
        {"-1e300", -1},
        {"1e9", 1000000000},
        {"1000000001", -1},
        {"18446744073709551615", -1},
        {"-9223372036854775808", -1},
        {"99999999999999999999999999", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        char json[512];
        open_fixture(&f);
        snprintf(json, sizeof json,
                 "{\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":%s,"
                 "\"prompt_tokens_details\":{\"cached_tokens\":%s}}}",
                 rows[i].value, rows[i].value);
        assert_int_equal(give(&f, "openai", json), 0);
        assert_int_equal(f.r.usage.completion_tok, rows[i].tokens);
        assert_int_equal(f.r.usage.cached_tok, rows[i].tokens);
        assert_int_equal(f.r.usage.prompt_tok, 7);
        snprintf(json, sizeof json, "{\"done\":true,\"eval_count\":%s,\"total_duration\":%s,\"context\":%s}",
                 rows[i].value, rows[i].value, rows[i].value);
        assert_int_equal(give(&f, "ollama", json), 0);
        assert_int_equal(f.r.usage.completion_tok, rows[i].tokens);
        assert_int_equal(f.r.usage.context_ids, -1);
        snprintf(json, sizeof json, "{\"choices\":[],\"timings\":{\"predicted_n\":%s,\"prompt_ms\":%s}}", rows[i].value,
                 rows[i].value);
        assert_int_equal(give(&f, "llama-server", json), 0);
        assert_int_equal(f.r.usage.completion_tok, rows[i].tokens);
        request_derive(&f.r, 1);
        close_fixture(&f);
    }
}

/* Ollama's /v1/completions sends zeros in every chunk, the real counts last; a broken stream must not end
 * with zeros. */
static void test_zero_usage_says_nothing(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    give(&f, "openai",
         "{\"choices\":[{\"text\":\"a\",\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":0,"
         "\"completion_tokens\":0,\"total_tokens\":0}}");
    assert_int_equal(f.ev.kind, CHUNK_TEXT);
    assert_int_equal(f.r.usage.completion_tok, -1);
    give(&f, "openai", "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":0}}");
    assert_int_equal(f.r.usage.completion_tok, 0);
    assert_int_equal(f.r.usage.prompt_tok, 5);
    close_fixture(&f);
}

/* ---- chimera-engine ------------------------------------------------------------------------------------ */

static const char stamped[] =
    "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"timings\":{\"cache_n\":2,\"prompt_n\":3,"
    "\"prompt_ms\":1.5,\"predicted_n\":2,\"predicted_ms\":4.0},\"chimera\":{\"queued_ns\":100,\"prefill_start_ns\":200,"
    "\"prefill_end_ns\":300,\"token_ns\":[310,420],\"not_applied\":[\"mirostat\",\"num_ctx\"]}}";

static void test_engine(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    str_addz(&f.r.not_applied, "num_ctx");
    for (int twice = 0; twice < 2; twice++)
        assert_int_equal(give(&f, "openai", stamped), 0);
    assert_true(f.ev.finished);
    assert_int_equal(f.r.engine.queued_ns, 100);
    assert_int_equal(f.r.engine.prefill_start_ns, 200);
    assert_int_equal(f.r.engine.prefill_end_ns, 300);
    assert_int_equal(f.r.engine.n, 2);
    assert_int_equal(f.r.engine.token_ns[1], 420);
    assert_string_equal(str_z(&f.r.not_applied), "num_ctx,mirostat");
    assert_string_equal(str_z(&f.r.finish_reason), "stop");
    assert_int_equal(f.r.usage.prompt_tok, 5);
    assert_int_equal(f.r.usage.prompt_eval_ns, 1500000);
    assert_int_equal(f.r.usage.eval_ns, 4000000);
    close_fixture(&f);
}

static void test_engine_truncation(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    assert_int_equal(give(&f, "ollama",
                          "{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":256,"
                          "\"eval_count\":4,\"chimera\":{\"truncated\":{\"prompt_tokens\":900,\"kept_tokens\":"
                          "256}}}"),
                     0);
    request_derive(&f.r, 0);
    assert_true(f.r.flags & REQUEST_CONTEXT_TRUNCATED);
    close_fixture(&f);
}

static void test_engine_lies(void **state)
{
    (void)state;
    static const char *const lists[] = {"[1,\"2\"]", "[2,1]", "[-1]", "[1.5]", "{}", "null", "[]", "[[1]]"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct fixture f;
        char json[512];
        open_fixture(&f);
        snprintf(json, sizeof json,
                 "{\"done\":true,\"chimera\":{\"queued_ns\":-5,\"prefill_start_ns\":\"x\",\"token_ns\":%s,"
                 "\"not_applied\":[1,null,\"\",\"a,b\",{}]}}",
                 lists[i]);
        assert_int_equal(give(&f, "ollama", json), 0);
        assert_int_equal(f.r.engine.n, 0);
        assert_null(f.r.engine.token_ns);
        assert_int_equal(f.r.engine.queued_ns, MONO_NONE);
        assert_int_equal(f.r.engine.prefill_start_ns, MONO_NONE);
        assert_string_equal(str_z(&f.r.not_applied), "");
        close_fixture(&f);
    }
    struct fixture f;
    open_fixture(&f);
    assert_int_equal(give(&f, "openai", "{\"chimera\":\"yes\"}"), 0);
    close_fixture(&f);
}

/* A caller that wants the translation only (server/'s one-token question) binds less. */
static void test_unbound_state(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    f.state.usage = NULL;
    f.state.engine = NULL;
    f.state.finish_reason = f.state.not_applied = NULL;
    assert_int_equal(give(&f, "openai", stamped), 0);
    assert_int_equal(give(&f, "ollama", "{\"done\":true,\"done_reason\":\"stop\",\"chimera\":{\"queued_ns\":1}}"), 0);
    assert_int_equal(give(&f, "llama-server", "{\"content\":\"x\",\"stop\":true}"), 0);
    close_fixture(&f);
}

/* ---- size and depth ------------------------------------------------------------------------------------ */

static void test_big_events(void **state)
{
    (void)state;
    struct fixture f;
    struct str json = STR_INIT;
    open_fixture(&f);
    for (size_t size = 100; size < 400000; size *= 4) {
        str_clear(&json);
        str_addz(&json, "{\"response\":\"\\n"); /* an escape: not learned */
        for (size_t i = 1; i < size; i++)
            str_addc(&json, 'x');
        str_addz(&json, "\",\"done\":false}");
        uint64_t before = f.state.big_events;
        assert_int_equal(give(&f, "ollama", json.at), 0);
        assert_int_equal(f.ev.text.len, size);
        assert_int_equal(f.state.big_events - before, json.len > BACKEND_POOL_EVENT + 20);
    }
    assert_int_equal(f.state.big_events, 2);
    str_release(&json);
    close_fixture(&f);
}

static void test_depth(void **state)
{
    (void)state;
    struct fixture f;
    struct str json = STR_INIT;
    open_fixture(&f);
    str_addz(&json, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        str_addc(&json, '[');
    assert_int_equal(give(&f, "openai", json.at), ERR_LIMIT);
    assert_int_equal(f.ev.kind, CHUNK_OTHER);
    str_release(&json);
    close_fixture(&f);
}

/* ---- the learned shape --------------------------------------------------------------------------------- */

static void add_random_text(struct rng *rng, struct str *out)
{
    static const char *const pieces[] = {"a", " the", "\\n",   "\\\"",          "\\u00e4", "\xc3\xa4", "\xe2\x82\xac",
                                         "0", "\x7f", "}",     "\",\"",         "\\",      "\x01",     "\xff",
                                         "",  " ",    "x}}]}", "\\ud83d\\ude00"};
    for (uint64_t n = rng_below(rng, 4); n; n--) {
        /* mostly ordinary text; a broken piece now and then */
        uint64_t i = rng_below(rng, 8) ? rng_below(rng, 2) : rng_below(rng, sizeof pieces / sizeof pieces[0]);
        str_addz(out, pieces[i]);
    }
}

/* 20,000 events, some of another shape, some broken: a state that learns and one that never saw an event
 * before must say the same about each. */
static void same_with_and_without(const char *backend, const char *before, const char *between, const char *after)
{
    struct rng rng = rng_stream(3, backend);
    struct fixture learns, fresh;
    struct str json = STR_INIT;
    open_fixture(&learns);
    for (int i = 0; i < 20000; i++) {
        str_clear(&json);
        str_addf(&json, "%s%d", before, 100 + i / 7);
        str_addz(&json, between);
        add_random_text(&rng, &json);
        str_addz(&json, after);
        if (!rng_below(&rng, 50))
            json.at[rng_below(&rng, json.len)] = (char)rng_below(&rng, 256);
        open_fixture(&fresh);
        struct err e1 = ERR_INIT, e2 = ERR_INIT;
        int a = backend_find(backend)->on_event(&learns.state, json.at, json.len, &learns.ev, &e1);
        int b = backend_find(backend)->on_event(&fresh.state, json.at, json.len, &fresh.ev, &e2);
        bool same = a == b && learns.ev.kind == fresh.ev.kind && learns.ev.done == fresh.ev.done &&
                    learns.ev.finished == fresh.ev.finished && learns.ev.text.len == fresh.ev.text.len &&
                    (!fresh.ev.text.len || !memcmp(learns.ev.text.at, fresh.ev.text.at, fresh.ev.text.len));
        if (!same)
            fail_msg("%s: learned %s '%.*s', parsed %s '%.*s'", json.at, chunk_kind_word(learns.ev.kind),
                     (int)learns.ev.text.len, learns.ev.text.at, chunk_kind_word(fresh.ev.kind), (int)fresh.ev.text.len,
                     fresh.ev.text.at);
        close_fixture(&fresh);
    }
    assert_true(learns.state.memo_events > 5000);
    close_fixture(&learns);
    str_release(&json);
}

static void test_learning_changes_nothing(void **state)
{
    (void)state;
    same_with_and_without("openai", "{\"created\":", ",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
                          "\"},\"finish_reason\":null}]}");
    same_with_and_without("openai", "{\"created\":", ",\"choices\":[{\"delta\":{\"reasoning_content\":\"", "\"}}]}");
    same_with_and_without("llama-server", "{\"created\":", ",\"choices\":[{\"text\":\"", "\",\"index\":0}]}");
    same_with_and_without("ollama", "{\"model\":\"m\",\"created_at\":\"2026-", "Z\",\"response\":\"",
                          "\",\"done\":false}");
    same_with_and_without("ollama", "{\"created_at\":\"", "\",\"message\":{\"content\":\"", "\"},\"done\":false}");
}

/* Events that carry more than text are never learned: the next one would lose its usage, its end, its
 * stamps. */
static void test_what_is_not_learned(void **state)
{
    (void)state;
    static const struct {
        const char *backend, *json;
    } rows[] = {
        {"openai", "{\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":{\"completion_tokens\":1}}"},
        {"openai", "{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}"},
        {"openai", "{\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"timings\":{\"predicted_n\":1}}"},
        {"openai", "{\"choices\":[{\"delta\":{\"content\":\"x\",\"reasoning\":\"y\"}}]}"},
        {"openai", "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}"},
        {"openai", "{\"choices\":[{\"delta\":{\"content\":\"\\n\"}}]}"},
        {"openai", "{\"choices\":[{\"delta\":{\"content\":\"\"}}]}"},
        {"llama-server", "{\"content\":\"x\",\"tokens_predicted\":1,\"stop\":false}"},
        {"ollama", "{\"response\":\"x\",\"done\":true}"},
        {"ollama", "{\"error\":\"x\",\"response\":\"x\",\"done\":false}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        open_fixture(&f);
        for (int k = 0; k < 3; k++)
            assert_int_equal(give(&f, rows[i].backend, rows[i].json), 0);
        assert_int_equal(f.state.memo_events, 0);
        assert_int_equal(f.state.events, 3);
        close_fixture(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meanings),
        cmocka_unit_test(test_reasoning_beside_text),
        cmocka_unit_test(test_stream_or_body),
        cmocka_unit_test(test_errors_within_200),
        cmocka_unit_test(test_errors_by_name),
        cmocka_unit_test(test_error_bodies),
        cmocka_unit_test(test_absurd_usage),
        cmocka_unit_test(test_zero_usage_says_nothing),
        cmocka_unit_test(test_engine),
        cmocka_unit_test(test_engine_truncation),
        cmocka_unit_test(test_engine_lies),
        cmocka_unit_test(test_unbound_state),
        cmocka_unit_test(test_big_events),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_learning_changes_nothing),
        cmocka_unit_test(test_what_is_not_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
