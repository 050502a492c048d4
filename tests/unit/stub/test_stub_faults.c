/* Each fault's bytes, in an SSE and in an NDJSON stream: what must be there, what must not, and how the connection ends.
 * What the client makes of them is tested in tests/cases/test_stub.sh. */
#include <poll.h>

#include "fixture.h"

#define HEAD "HTTP/1.1 200 OK\r\n"
#define LAST "\r\n0\r\n\r\n"

/* NULL: nothing is asked. `sse` and `line` besides `both`: what the OpenAI and the Ollama stream must have. */
static const struct row {
    const char *name;
    enum ended end; /* BY_NEEDLE: it hangs behind `both` */
    const char *both, *sse, *line, *without;
} rows[] = {
    {"status_400", BY_CLOSE, "HTTP/1.1 400 ", "\"error\":{\"code\":400", "{\"error\":\"", NULL},
    {"status_401", BY_CLOSE, "HTTP/1.1 401 ", "\"error\":{\"code\":401", "{\"error\":\"", NULL},
    {"status_404", BY_CLOSE, "HTTP/1.1 404 ", "\"error\":{\"code\":404", "{\"error\":\"", NULL},
    {"status_429", BY_CLOSE, "HTTP/1.1 429 ", "Retry-After: 1\r\n", "Retry-After: 1\r\n", NULL},
    {"status_500", BY_CLOSE, "HTTP/1.1 500 ", "\"error\":{\"code\":500", "{\"error\":\"", NULL},
    {"status_503", BY_CLOSE, "HTTP/1.1 503 ", "Retry-After: 1\r\n", "Retry-After: 1\r\n", NULL},
    {"context_exceeded", BY_CLOSE, "HTTP/1.1 400 ", "exceed_context_size_error", "{\"error\":\"", NULL},
    {"html_502", BY_CLOSE, "HTTP/1.1 502 ", "<!DOCTYPE html>", "Content-Type: text/html", NULL},
    {"html_200", BY_CLOSE, HEAD, "<!DOCTYPE html>", "Content-Type: text/html", NULL},
    {"no_body_500", BY_CLOSE, "HTTP/1.1 500 ", "Content-Length: 0\r\n", "Content-Length: 0\r\n", "{"},
    {"redirect", BY_CLOSE, "HTTP/1.1 302 ", "Location: /", "Location: /", NULL},
    {"error_in_200", BY_CLOSE, LAST, "data: {\"error\":{", "{\"error\":\"", "DONE]"},
    {"overloaded_in_200", BY_CLOSE, LAST, "overloaded_error", "maximum pending requests exceeded", "DONE]"},
    {"close_at_once", BY_CLOSE, NULL, NULL, NULL, "H"},
    {"reset_at_once", BY_RESET, NULL, NULL, NULL, "H"},
    {"no_first_byte", BY_NEEDLE, NULL, NULL, NULL, "H"},
    {"head_only", BY_NEEDLE, "\r\n\r\n", NULL, NULL, "{"},
    {"half_head", BY_CLOSE, HEAD "Content-Ty", NULL, NULL, "\r\n\r\n"},
    {"early_close", BY_CLOSE, HEAD, "\"content\":", "\"content\":", LAST},
    {"reset", BY_RESET, HEAD, "\"content\":", "\"content\":", LAST},
    {"stall", BY_NEEDLE, "\"content\":", NULL, NULL, "[DONE]"},
    {"drip", BY_NEEDLE, "\r\n1\r\n{\r\n1\r\n\"\r\n", NULL, NULL, "[DONE]"},
    {"endless", BY_NEEDLE, "\"content\":\" ", NULL, NULL, LAST},
    {"close_idle", BY_CLOSE, LAST, "[DONE]", "\"done\":true", NULL},
    {"bad_status_line", BY_CLOSE, "HELLO 200", NULL, NULL, "HTTP"},
    {"huge_head", BY_CLOSE, HEAD "X-Huge: hhhh", NULL, NULL, NULL},
    {"many_fields", BY_CLOSE, "\r\nX: y\r\nX: y\r\n", NULL, NULL, NULL},
    {"many_interims", BY_CLOSE, "HTTP/1.1 103 Early Hints\r\n", HEAD, HEAD, NULL},
    {"interim", BY_CLOSE, "HTTP/1.1 103 Early Hints\r\n", "[DONE]", "\"done\":true", LAST},
    {"two_lengths", BY_CLOSE, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", NULL, NULL, NULL},
    {"compressed", BY_CLOSE, "Content-Encoding: gzip\r\n", NULL, NULL, NULL},
    {"until_close", BY_CLOSE, HEAD, "[DONE]\n\n", "\"done\":true", "chunked"},
    {"short_body", BY_CLOSE, "Content-Length: 102\r\n\r\n{}", NULL, NULL, "{}}"},
    {"bad_chunk_size", BY_CLOSE, "\r\nzz\r\n", NULL, NULL, NULL},
    {"chunk_too_long", BY_CLOSE, "\r\n3\r\n: more\r\n", NULL, NULL, NULL},
    {"chunk_cut", BY_CLOSE, "\r\nff\r\ndata: {", NULL, NULL, "[DONE]"},
    {"garbage_behind", BY_CLOSE, LAST "garbage", "[DONE]", "\"done\":true", NULL},
    {"trailers", BY_CLOSE, "\r\n0\r\nX-Sum: 1\r\nServer-Timing: total;dur=1\r\n\r\n", "[DONE]", "\"done\":true", NULL},
    {"wrong_type", BY_CLOSE, "Content-Type: text/plain\r\n", "[DONE]", "\"done\":true", NULL},
    {"no_type", BY_CLOSE, LAST, "[DONE]", "\"done\":true", "Content-Type"},
    {"not_streamed", BY_CLOSE, "Content-Length: ", "\"message\":", "\"done\":true", "chunked"},
    {"empty_stream", BY_CLOSE, "\r\n\r\n0\r\n\r\n", NULL, NULL, "{"},
    {"no_done", BY_CLOSE, LAST, "\"content\":", "\"content\":", "stop"},
    {"done_early", BY_CLOSE, LAST, "[DONE]", "\"done\":true", NULL},
    {"done_twice", BY_CLOSE, LAST, "[DONE]", "\"done\":true", NULL},
    {"no_text", BY_CLOSE, LAST, "[DONE]", "\"done\":true", "\"content\":\" "},
    {"usage_missing", BY_CLOSE, LAST, "[DONE]", "\"done\":true", "eval"},
    {"usage_absurd", BY_CLOSE, LAST, "\"completion_tokens\":1e300", "\"prompt_eval_count\":-7", NULL},
    {"bad_json", BY_CLOSE, "{\"choices\":[{\"delta\":{\"content\":\"cut", NULL, NULL, "\"cut\""},
    {"deep_json", BY_CLOSE, "{\"deep\":[[[[[[", "]]]]]]}", "]]]]]]}", NULL},
    {"duplicate_keys", BY_CLOSE, "\"done\":false,\"done\":false", "[DONE]", "\"done\":true", NULL},
    {"huge_event", BY_CLOSE, " huge huge huge", "[DONE]", "\"done\":true", NULL},
    {"bad_utf8", BY_CLOSE, " \xFF\xFE\xC3(\"", NULL, NULL, NULL},
    {"split_utf8", BY_CLOSE, " caf\xC3\r\n", "\r\n\xA9\"", "\r\n\xA9\"", "caf\xC3\xA9"},
    {"nul", BY_CLOSE, "\"content\":\" a", NULL, NULL, NULL},
    {"nul_escaped", BY_CLOSE, "\" a\\u0000b\"", NULL, NULL, NULL},
    {"empty_deltas", BY_CLOSE, "\"content\":\"\"", NULL, NULL, NULL},
    {"loop", BY_CLOSE, "\" again\"", NULL, NULL, NULL},
    {"crlf", BY_CLOSE, LAST, "data: [DONE]\r\n\r\n", "}\r\n\r\n", NULL},
    {"cr", BY_CLOSE, LAST, "data: [DONE]\r\r", "\"done\":true", NULL},
    {"mixed_ends", BY_CLOSE, LAST, "}\r\r\n", "}\r\n", NULL},
    {"bom", BY_CLOSE, "\r\n\r\n\xEF\xBB\xBF", "[DONE]", "\"done\":true", NULL},
    {"comments", BY_CLOSE, LAST, ": keep-alive\n\ndata: [DONE]", "}\n\n", NULL},
    {"fields", BY_CLOSE, LAST, "event: message\nid: 7\nretry: 1000\nunknown: field\ndata: [DONE]", "\"done\":true",
     NULL},
    {"multi_line", BY_CLOSE, LAST, ",\ndata: ", "\"done\":true", NULL},
    {"byte_chunks", BY_CLOSE, "\r\n1\r\n{\r\n", "\r\n1\r\nD\r\n1\r\nO\r\n", "\r\n1\r\nd\r\n1\r\no\r\n", NULL},
    {"no_last_blank", BY_CLOSE, LAST, "data: [DONE]" LAST, "}" LAST, NULL},
};

static void wrong(const struct row *row, bool sse, const char *what, const struct str *in)
{
    fail_msg("%s (%s): %s: %.2000s", row->name, sse ? "SSE" : "NDJSON", what, str_z(in));
}

static void check(const struct fixture *f, const struct row *row, bool sse)
{
    struct str in = STR_INIT;
    char body[256];
    int fd = dial(f);
    snprintf(body, sizeof body, "{\"messages\":[{\"content\":\"a b\"}],\"stream\":true,\"stub_fault\":\"%s\"}",
             row->name);
    say(fd, sse ? "/v1/chat/completions" : "/api/chat", body, false);
    enum ended end = row->end == BY_NEEDLE && !row->both ? BY_NEEDLE
                                                         : hear(fd, &in, row->end == BY_NEEDLE ? row->both : NULL);
    if (end != row->end)
        wrong(row, sse, "another end", &in);
    if (row->end == BY_NEEDLE && strcmp(row->name, "endless") != 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 50) > 0 && !row->both)
            wrong(row, sse, "something came", &in);
    }
    if (row->both && !contains(&in, row->both))
        wrong(row, sse, row->both, &in);
    const char *own = sse ? row->sse : row->line;
    if (own && !contains(&in, own))
        wrong(row, sse, own, &in);
    if (row->without && contains(&in, row->without))
        wrong(row, sse, "has what it must not", &in);
    close(fd);
    str_release(&in);
}

static void test_bytes(void **state)
{
    static struct fixture f;
    (void)state;
    start(&f, (struct stub_options){.tokens = 4});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int sse = 0; sse < 2; sse++)
            check(&f, &rows[i], sse);
    struct stub_counts c = stop(&f);
    assert_int_equal(c.requests, 2 * sizeof rows / sizeof *rows);
    assert_int_equal(c.faulted, c.requests);
}

static void test_complete(void **state)
{
    (void)state;
    for (size_t i = 0; fault_at(i); i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
            found |= strcmp(rows[k].name, fault_at(i)->name) == 0;
        if (!found)
            fail_msg("no row for the fault %s", fault_at(i)->name);
    }
}

/* Sizes that the table above cannot see. */
static void test_sizes(void **state)
{
    static struct fixture f;
    struct str in = STR_INIT;
    (void)state;
    start(&f, (struct stub_options){.tokens = 4});
#define ASK(fault)                                                                                                     \
    ask(&f, "/v1/chat/completions",                                                                                    \
        "{\"messages\":[{\"content\":\"a\"}],\"stream\":true,\"stub_fault\":\"" fault "\"}", &in)
    ASK("huge_head");
    assert_true(in.len > 65536);
    ASK("many_fields");
    assert_true(count(&in, "\r\nX: y") > 200);
    ASK("many_interims");
    assert_true(count(&in, "HTTP/1.1 103") > 16);
    ASK("huge_event");
    assert_true(in.len > 8u << 20);
    ASK("deep_json");
    assert_true(count(&in, "[[[[") > 16);
    ASK("empty_deltas");
    assert_true(count(&in, "\"content\":\"\"") > 99);
    ASK("done_twice");
    assert_int_equal(count(&in, "[DONE]"), 2);
    ASK("done_early");
    assert_int_equal(count(&in, "[DONE]"), 2);
    ASK("nul");
    assert_non_null(memmem(in.at, in.len, " a\0b", 4));
    ASK("no_such_fault");
    has(&in, "HTTP/1.1 400 ");
#undef ASK
    stop(&f);
    str_release(&in);
}

/* An answer that is one document can also be cut. */
static void test_cut_document(void **state)
{
    static struct fixture f;
    struct str in = STR_INIT;
    (void)state;
    start(&f, (struct stub_options){.tokens = 4});
    assert_int_equal(
        ask(&f, "/api/generate", "{\"prompt\":\"a\",\"stream\":false,\"stub_fault\":\"early_close\"}", &in), BY_CLOSE);
    has(&in, "Content-Length: ");
    has(&in, "\r\n\r\n{\"model\"");
    has_not(&in, "eval_count");
    assert_int_equal(ask(&f, "/api/generate", "{\"prompt\":\"a\",\"stream\":false,\"stub_fault\":\"reset\"}", &in),
                     BY_RESET);
    assert_int_equal(ask(&f, "/api/generate", "{\"prompt\":\"a\",\"stream\":false,\"stub_fault\":\"crlf\"}", &in),
                     BY_CLOSE);
    has(&in, "\"done\":true");
    stop(&f);
    str_release(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_cut_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
