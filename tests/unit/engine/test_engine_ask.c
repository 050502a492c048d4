/* Request bodies of both dialects: what is understood, what is reported as not applied, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/ask.h"

static const struct ask_limits limits = {.n_ctx = 2048, .n_threads = 1, .n_batch = 512};

static int parse(struct ask *a, enum ask_route route, const char *body, struct err *e)
{
    *e = (struct err)ERR_INIT;
    return ask_parse(a, route, span_z(body), &limits, e);
}

static void accept(struct ask *a, enum ask_route route, const char *body)
{
    struct err e;
    if (parse(a, route, body, &e) != 0)
        fail_msg("%s: %s", body, e.text);
}

static void assert_not_applied(const struct ask *a, const char *names)
{
    struct str list = STR_INIT;
    for (size_t i = 0; i < a->n_not_applied; i++)
        str_addf(&list, "%s%s", i ? " " : "", a->not_applied[i]);
    assert_string_equal(str_z(&list), names);
    str_release(&list);
}

static void assert_near(double a, double b)
{
    assert_true(a - b < 1e-12 && b - a < 1e-12);
}

static void test_openai_chat(void **state)
{
    struct ask a;
    (void)state;
    accept(&a, ASK_CHAT,
           "{\"model\":\"m\",\"messages\":[{\"role\":\"developer\",\"content\":\"S\"},{\"role\":\"user\",\"content\":"
           "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]},{\"role\":\"assistant\","
           "\"content\":null}],\"stream\":true,\"stream_options\":{\"include_usage\":true},\"temperature\":0,"
           "\"top_k\":7,\"top_p\":0.5,\"repeat_penalty\":1.3,\"seed\":42,\"max_tokens\":9,\"stop\":\"X\","
           "\"ignore_eos\":true,\"chimera\":{\"stamps\":true},\"user\":\"me\",\"tools\":[],\"n\":1}");
    assert_int_equal(a.n_messages, 3);
    assert_string_equal(a.messages[0].role, "system");
    assert_string_equal(a.messages[1].content, "ab");
    assert_string_equal(a.messages[2].content, "");
    assert_true(a.stream && a.include_usage && a.stamps && a.sampling.ignore_eos);
    assert_near(a.sampling.temperature, 0);
    assert_int_equal(a.sampling.top_k, 7);
    assert_near(a.sampling.top_p, 0.5);
    assert_near(a.sampling.repeat_penalty, 1.3);
    assert_int_equal(a.sampling.seed, 42);
    assert_int_equal(a.max_tokens, 9);
    assert_int_equal(a.n_stops, 1);
    assert_true(span_eq_z(a.stops[0], "X"));
    assert_true(span_eq_z(a.model, "m"));
    assert_not_applied(&a, "");
    ask_release(&a);
}

static void test_openai_defaults(void **state)
{
    struct ask a;
    (void)state;
    accept(&a, ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
    assert_false(a.stream);
    assert_int_equal(a.max_tokens, -1);
    assert_near(a.sampling.temperature, 1);
    assert_near(a.sampling.top_p, 1);
    assert_int_equal(a.sampling.top_k, 0);
    assert_near(a.sampling.repeat_penalty, 1);
    assert_true(a.sampling.seed < 0);
    ask_release(&a);
    accept(&a, ASK_CHAT,
           "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_completion_tokens\":3,"
           "\"temperature\":null,\"stop\":[\"a\",\"\",\"b\"],\"logit_bias\":{\"1\":2},\"logprobs\":true,"
           "\"response_format\":null}");
    assert_int_equal(a.max_tokens, 3);
    assert_int_equal(a.n_stops, 2);
    assert_not_applied(&a, "logit_bias logprobs");
    ask_release(&a);
}

static void test_completions(void **state)
{
    struct ask a;
    (void)state;
    accept(&a, ASK_COMPLETION, "{\"prompt\":\"once\\u0000upon\",\"echo\":true}");
    assert_int_equal(a.prompt.len, 9);
    assert_not_applied(&a, "echo");
    ask_release(&a);
    accept(&a, ASK_COMPLETION, "{\"prompt\":[\"one\"],\"n_predict\":-1}");
    assert_true(span_eq_z(a.prompt, "one"));
    ask_release(&a);
    accept(&a, ASK_COMPLETION, "{\"prompt\":[1,2,3]}");
    assert_int_equal(a.n_prompt_tokens, 3);
    assert_int_equal(a.prompt_tokens[2], 3);
    ask_release(&a);
}

static void test_ollama(void **state)
{
    struct ask a;
    (void)state;
    accept(&a, ASK_GENERATE, "{\"model\":\"m\",\"prompt\":\"p\",\"system\":\"s\"}");
    assert_true(a.stream);
    assert_near(a.sampling.temperature, 0.8);
    assert_int_equal(a.sampling.top_k, 40);
    assert_near(a.sampling.top_p, 0.9);
    assert_near(a.sampling.repeat_penalty, 1.1);
    assert_int_equal(a.sampling.repeat_last_n, 64);
    assert_true(span_eq_z(a.system, "s"));
    ask_release(&a);
    accept(&a, ASK_GENERATE,
           "{\"prompt\":\"p\",\"raw\":true,\"stream\":false,\"format\":\"json\",\"context\":[1,2],\"images\":[],"
           "\"options\":{\"num_predict\":20,\"num_ctx\":2048,\"num_thread\":1,\"num_batch\":512,\"num_gpu\":99,"
           "\"mirostat\":2,\"stop\":[\"\\n\"],\"seed\":-1,\"num_keep\":null}}");
    assert_true(a.raw && !a.stream);
    assert_int_equal(a.max_tokens, 20);
    assert_int_equal(a.n_stops, 1);
    assert_not_applied(&a, "format context num_gpu mirostat");
    ask_release(&a);
    accept(&a, ASK_OLLAMA_CHAT, "{\"messages\":[],\"keep_alive\":0,\"options\":{\"num_predict\":0,\"num_ctx\":4096}}");
    assert_true(a.unload);
    assert_int_equal(a.max_tokens, -1);
    assert_not_applied(&a, "num_ctx");
    ask_release(&a);
}

static void test_keep_alive(void **state)
{
    static const struct {
        const char *value;
        bool unload;
    } cases[] = {{"0", true},    {"\"0\"", true}, {"\"0s\"", true},  {"\"5m\"", false},
                 {"300", false}, {"-1", false},   {"\"-1\"", false}, {"\"10m\"", false}};
    struct ask a;
    char body[100];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(body, sizeof body, "{\"prompt\":\"\",\"keep_alive\":%s}", cases[i].value);
        accept(&a, ASK_GENERATE, body);
        assert_int_equal(a.unload, cases[i].unload);
        ask_release(&a);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        enum ask_route route;
        const char *body, *says;
    } cases[] = {
        {ASK_CHAT, "", "missing request body"},
        {ASK_CHAT, "{\"messages\":", ""},
        {ASK_CHAT, "[]", "not a JSON object"},
        {ASK_CHAT, "{}", "'messages' is required"},
        {ASK_CHAT, "{\"messages\":[]}", "too short"},
        {ASK_CHAT, "{\"messages\":\"x\"}", "Expected 'messages' to be an array"},
        {ASK_CHAT, "{\"messages\":[1]}", "messages: expected objects"},
        {ASK_CHAT, "{\"messages\":[{\"content\":\"x\"}]}", "role: expected text"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":3}]}", "content: expected text"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\u0000b\"}]}", "NUL"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}", "parts of type text"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"n\":2}", "n: only 1"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":0}", "no completion"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":1.5}", "whole number"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"temperature\":\"hot\"}",
         "expected a number"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"top_p\":1.5}", "not within 0 to 1"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"top_k\":1.5}", "whole number"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"stream\":1}", "true or false"},
        {ASK_CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"stop\":[1]}", "stop: expected text"},
        {ASK_COMPLETION, "{}", "'prompt' is required"},
        {ASK_COMPLETION, "{\"prompt\":[\"a\",\"b\"]}", "one prompt per request"},
        {ASK_COMPLETION, "{\"prompt\":[1,-2]}", "token ids"},
        {ASK_COMPLETION, "{\"prompt\":{}}", "expected text"},
        {ASK_GENERATE, "{\"prompt\":3}", "prompt: expected text"},
        {ASK_GENERATE, "{\"prompt\":\"x\",\"options\":[]}", "expected an object"},
        {ASK_GENERATE, "{\"prompt\":\"x\",\"options\":{\"temperature\":-1}}", "not within"},
        {ASK_GENERATE, "{\"prompt\":\"x\",\"options\":{\"num_predict\":\"a\"}}", "whole number"},
    };
    struct ask a;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse(&a, cases[i].route, cases[i].body, &e), ERR_INPUT);
        if (!e.text[0] || !strstr(e.text, cases[i].says))
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].body, e.text, cases[i].says);
        ask_release(&a);
    }
}

static void test_sampling_table(void **state)
{
    struct sampling s = sampling_ollama();
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(sampling_set(&s, "nosuch", 1, &e), ERR_NOTFOUND);
    assert_int_equal(e.code, 0);
    assert_int_equal(sampling_set(&s, "min_p", 0.05, &e), 0);
    assert_near(s.min_p, 0.05);
    assert_int_equal(sampling_set(&s, "repeat_last_n", -1, &e), 0);
    assert_int_equal(s.repeat_last_n, -1);
    assert_false(sampling_greedy(&s));
    assert_int_equal(sampling_set(&s, "top_k", 1, &e), 0);
    assert_true(sampling_greedy(&s));
    assert_int_equal(sampling_set(&s, "seed", -3e30, &e), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openai_chat),    cmocka_unit_test(test_openai_defaults),
        cmocka_unit_test(test_completions),    cmocka_unit_test(test_ollama),
        cmocka_unit_test(test_keep_alive),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_sampling_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
