/* Request bodies of each dialect, byte for byte; options and their errors; what cannot be expressed is
 * named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "backend/backend.h"

static void set(struct options *o, const char *name, double value)
{
    struct err e = ERR_INIT;
    if (option_set(o, option_find(name), value, &e))
        fail_msg("%s", e.text);
}

static struct ask all_options(enum route route)
{
    struct ask a = {.route = route, .model = "m", .prompt = "Say \"hi\"\n", .stream = true};
    set(&a.options, "num_gpu", 7);
    set(&a.options, "num_ctx", 512);
    set(&a.options, "num_thread", 2);
    set(&a.options, "temperature", 0.7);
    set(&a.options, "top_p", 0.9);
    set(&a.options, "top_k", 40);
    set(&a.options, "repeat_penalty", 1.1);
    set(&a.options, "num_predict", 20);
    set(&a.options, "seed", 42);
    set(&a.options, "keep_alive", -1);
    set(&a.options, "ignore_eos", 1);
    set(&a.options, "cache_prompt", 0);
    return a;
}

static void check(const char *backend, const struct ask *a, const char *path, enum framing framing, const char *body,
                  const char *not_applied)
{
    struct built b = {0};
    struct err e = ERR_INIT;
    if (backend_find(backend)->build(a, &b, &e))
        fail_msg("%s", e.text);
    assert_string_equal(b.method, "POST");
    assert_string_equal(b.path, path);
    assert_int_equal(b.framing, framing);
    assert_string_equal(str_z(&b.body), body);
    assert_string_equal(str_z(&b.not_applied), not_applied);
    built_release(&b);
}

static void test_ollama(void **state)
{
    (void)state;
    struct ask a = all_options(ROUTE_CHAT);
    a.system = "Be brief.";
    check(
        "ollama", &a, "/api/chat", FRAMING_NDJSON,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":"
        "\"Say \\\"hi\\\"\\n\"}],\"stream\":true,\"options\":{\"num_gpu\":7,\"num_ctx\":512,\"num_thread\":2,"
        "\"temperature\":0.7,\"top_p\":0.9,\"top_k\":40,\"repeat_penalty\":1.1,\"num_predict\":20,\"seed\":42},"
        "\"keep_alive\":-1}",
        "ignore_eos,cache_prompt");
    a = (struct ask){.route = ROUTE_COMPLETION, .model = "m", .prompt = "x", .system = "lost"};
    check("ollama", &a, "/api/generate", FRAMING_BODY,
          "{\"model\":\"m\",\"prompt\":\"x\",\"raw\":true,\"stream\":false,\"options\":{}}", "system");
    a.system = NULL;
    a.want_engine_stamps = true;
    set(&a.options, "ignore_eos", 1);
    check("ollama", &a, "/api/generate", FRAMING_BODY,
          "{\"model\":\"m\",\"prompt\":\"x\",\"raw\":true,\"stream\":false,\"options\":{\"ignore_eos\":true},"
          "\"chimera\":{\"stamps\":true}}",
          "");
}

static void test_openai(void **state)
{
    (void)state;
    struct ask a = all_options(ROUTE_CHAT);
    check(
        "openai", &a, "/v1/chat/completions", FRAMING_SSE,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Say \\\"hi\\\"\\n\"}],\"stream\":true,"
        "\"stream_options\":{\"include_usage\":true},\"max_tokens\":20,\"temperature\":0.7,\"top_p\":0.9,\"seed\":42}",
        "num_gpu,num_ctx,num_thread,top_k,repeat_penalty,keep_alive,ignore_eos,cache_prompt");
    a.want_engine_stamps = true;
    a.route = ROUTE_COMPLETION;
    a.stream = false;
    check("openai", &a, "/v1/completions", FRAMING_BODY,
          "{\"model\":\"m\",\"prompt\":\"Say \\\"hi\\\"\\n\",\"stream\":false,\"max_tokens\":20,\"temperature\":0.7,"
          "\"top_p\":0.9,\"top_k\":40,\"repeat_penalty\":1.1,\"seed\":42,\"ignore_eos\":true,\"cache_prompt\":false,"
          "\"chimera\":{\"stamps\":true}}",
          "num_gpu,num_ctx,num_thread,keep_alive");
    assert_int_equal(backend_options_of(backend_find("openai"), &a) & OPTION_TOP_K, OPTION_TOP_K);
    a.want_engine_stamps = false;
    assert_int_equal(backend_options_of(backend_find("openai"), &a) & OPTION_TOP_K, 0);
}

static void test_llama_server(void **state)
{
    (void)state;
    struct ask a = all_options(ROUTE_COMPLETION);
    check(
        "llama-server", &a, "/v1/completions", FRAMING_SSE,
        "{\"model\":\"m\",\"prompt\":\"Say \\\"hi\\\"\\n\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
        "\"max_tokens\":20,\"temperature\":0.7,\"top_p\":0.9,\"top_k\":40,\"repeat_penalty\":1.1,\"seed\":42,"
        "\"ignore_eos\":true,\"cache_prompt\":false}",
        "num_gpu,num_ctx,num_thread,keep_alive");
}

/* The caller's object overrides ours member by member, within "options" too, and may add anything. */
static void test_extra_body(void **state)
{
    (void)state;
    struct ask a = {.route = ROUTE_COMPLETION, .model = "m", .prompt = "x", .stream = true};
    set(&a.options, "temperature", 0);
    set(&a.options, "num_ctx", 512);
    a.extra_body_json = "{\"raw\":false,\"options\":{\"num_ctx\":1024,\"mirostat\":1},\"suffix\":[1,{\"a\":null}]}";
    check("ollama", &a, "/api/generate", FRAMING_NDJSON,
          "{\"model\":\"m\",\"prompt\":\"x\",\"stream\":true,\"options\":{\"temperature\":0,\"num_ctx\":1024,"
          "\"mirostat\":1},\"raw\":false,\"suffix\":[1,{\"a\":null}]}",
          "");
    a.extra_body_json = "{\"options\":3}";
    check("ollama", &a, "/api/generate", FRAMING_NDJSON,
          "{\"model\":\"m\",\"prompt\":\"x\",\"raw\":true,\"stream\":true,\"options\":3}", "");
    a.extra_body_json = "{\"temperature\":1.5,\"stream_options\":{},\"options\":{\"n\":1}}";
    check("openai", &a, "/v1/completions", FRAMING_SSE,
          "{\"model\":\"m\",\"prompt\":\"x\",\"stream\":true,\"temperature\":1.5,\"stream_options\":{},"
          "\"options\":{\"n\":1}}",
          "num_ctx");
}

static void test_extra_body_errors(void **state)
{
    (void)state;
    static const char *const bad[] = {"[1]", "{\"stream\":false}", "{", "", "3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (size_t k = 0; backend_at(k); k++) {
            struct ask a = {.prompt = "x", .extra_body_json = bad[i]};
            struct built b = {0};
            struct err e = ERR_INIT;
            assert_int_equal(backend_at(k)->build(&a, &b, &e), ERR_INPUT);
            assert_memory_equal(e.text, "extra body: ", 12);
            built_release(&b);
        }
}

/* Bytes that are no UTF-8 cannot make the body something else than JSON. */
static void test_text_is_escaped(void **state)
{
    (void)state;
    struct ask a = {.route = ROUTE_COMPLETION, .prompt = "a\x80z\x01\x7f\xc3\xa4", .model = "\"}"};
    check("openai", &a, "/v1/completions", FRAMING_BODY,
          "{\"model\":\"\\\"}\",\"prompt\":\"a\xEF\xBF\xBDz\\u0001\\u007f\xc3\xa4\",\"stream\":false}", "");
}

/* ---- options ------------------------------------------------------------------------------------------- */

static void test_option_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double value;
        const char *error; /* NULL: accepted */
    } rows[] = {
        {"temperature", 0, NULL},
        {"temperature", 10, NULL},
        {"temperature", -0.1, "temperature must be a number from 0 to 10, not -0.1"},
        {"temperature", NAN, "temperature must be a number from 0 to 10, not nan"},
        {"top_p", 1.01, "top_p must be a number from 0 to 1, not 1.01"},
        {"num_predict", 0, "num_predict must be a whole number from 1 to 16777216, not 0"},
        {"num_predict", 1.5, "num_predict must be a whole number, not 1.5"},
        {"num_predict", INFINITY, "num_predict must be a whole number from 1 to 16777216, not inf"},
        {"num_ctx", 1e300, "num_ctx must be a whole number from 8 to 16777216, not 1e+300"},
        {"seed", 4294967295.0, NULL},
        {"seed", 4294967296.0, "seed must be a whole number from -1 to 4294967295, not 4.29497e+09"},
        {"keep_alive", -1, NULL},
        {"keep_alive", -2, "keep_alive must be a whole number from -1 to 315360000, not -2"},
        {"ignore_eos", 2, "ignore_eos must be a whole number from 0 to 1, not 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct options o = {0};
        struct err e = ERR_INIT;
        int at = option_find(rows[i].name);
        assert_int_equal(option_set(&o, at, rows[i].value, &e), rows[i].error ? ERR_INPUT : 0);
        assert_string_equal(e.text, rows[i].error ? rows[i].error : "");
        assert_int_equal(o.set, rows[i].error ? 0 : 1u << at);
        if (!rows[i].error)
            assert_true(option_get(&o, at) == rows[i].value);
        else
            assert_true(isnan(option_get(&o, at)));
    }
}

static void test_option_table(void **state)
{
    (void)state;
    struct options o = {0};
    for (int i = 0; i < OPTION_COUNT; i++) {
        struct option_range r = option_range(i);
        assert_int_equal(option_find(option_name((enum option_bit_index)i)), i);
        assert_true(r.least < r.most && r.what[0]);
        assert_int_equal(option_set(&o, i, r.most, NULL), 0);
        assert_true(option_get(&o, i) == r.most);
    }
    assert_int_equal(option_find("numctx"), -1);
    assert_int_equal(option_set(&o, -1, 1, NULL), ERR_INPUT);
    assert_int_equal(option_set(&o, OPTION_COUNT, 1, NULL), ERR_INPUT);
    assert_true(isnan(option_get(&o, 99)));
    assert_string_equal(option_range(99).what, "");
}

static void test_backend_table(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct backend *b; (b = backend_at(n)); n++) {
        assert_ptr_equal(backend_find(b->name), b);
        assert_true(b->what[0] && b->build && b->on_event && b->on_error_body && b->models_path && b->read_model);
        assert_int_equal(b->options & b->engine_options, 0);
        assert_int_equal(b->tokenize_path != NULL, (b->caps & BACKEND_CAN_TOKENIZE) != 0);
        assert_int_equal(b->version_path != NULL, b->read_version != NULL);
    }
    assert_int_equal(n, 3);
    assert_null(backend_find("vllm"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ollama),
        cmocka_unit_test(test_openai),
        cmocka_unit_test(test_llama_server),
        cmocka_unit_test(test_extra_body),
        cmocka_unit_test(test_extra_body_errors),
        cmocka_unit_test(test_text_is_escaped),
        cmocka_unit_test(test_option_ranges),
        cmocka_unit_test(test_option_table),
        cmocka_unit_test(test_backend_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
