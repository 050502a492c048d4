/* The running stub over sockets: dialects, counts, limits, truncation, load and unload, slots that really queue, equal
 * seeds, and the log against the bytes that came. */
#include "fixture.h"

static const char chat[] = "/v1/chat/completions";
#define ABC "\"messages\":[{\"role\":\"user\",\"content\":\"a b c\"}]"

static void test_openai(void **state)
{
    static struct fixture f;
    struct str in = STR_INIT;
    (void)state;
    start(&f, (struct stub_options){.tokens = 10, .tokens_per_chunk = 4});
    ask(&f, chat, "{" ABC ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}", &in);
    has(&in, "Content-Type: text/event-stream\r\n");
    assert_int_equal(count(&in, "\"role\":\"assistant\""), 1);
    assert_int_equal(count(&in, "\"delta\":{\"content\":"), 3); /* 4 + 4 + 2 words */
    has(&in, "\"finish_reason\":\"stop\"");
    has(&in, "\"predicted_n\":10,");
    has(&in, "\"usage\":{\"completion_tokens\":10,\"prompt_tokens\":3,\"total_tokens\":13,");
    has(&in, "data: [DONE]\n\n\r\n0\r\n\r\n");
    ask(&f, chat, "{" ABC ",\"stream\":true}", &in);
    has_not(&in, "\"usage\"");
    ask(&f, chat, "{" ABC ",\"max_tokens\":7}", &in);
    has(&in, "\"object\":\"chat.completion\"");
    has(&in, "\"finish_reason\":\"length\"");
    has(&in, "\"completion_tokens\":7,");
    ask(&f, chat, "{" ABC ",\"max_tokens\":10}", &in); /* the limit comes first */
    has(&in, "\"finish_reason\":\"length\"");
    ask(&f, chat, "{" ABC ",\"max_tokens\":11}", &in);
    has(&in, "\"finish_reason\":\"stop\"");
    ask(&f, chat, "{" ABC ",\"max_tokens\":25,\"ignore_eos\":true}", &in);
    has(&in, "\"completion_tokens\":25,");
    ask(&f, "/v1/completions", "{\"prompt\":\"a b\",\"stream\":true}", &in);
    has_not(&in, "\"role\"");
    assert_int_equal(count(&in, "\"object\":\"text_completion\""), 4);
    ask(&f, chat, "{\"messages\":1}", &in);
    has(&in, "HTTP/1.1 400 ");
    has(&in, "\"type\":\"invalid_request_error\"");
    ask(&f, "/tokenize", "{\"content\":\"a b  a\"}", &in);
    assert_int_equal(count(&in, ","), 2);
    ask(&f, "/apply-template", "{" ABC "}", &in);
    has(&in, "{\"prompt\":\"a b c\"}");
    struct stub_counts c = stop(&f);
    assert_int_equal(c.requests, 8);
    assert_int_equal(c.finished, 7);
    str_release(&in);
}

static void test_ollama_cold_and_cut(void **state)
{
    static struct fixture f;
    struct str in = STR_INIT;
    (void)state;
    start(&f, (struct stub_options){
                  .tokens = 3, .load = 20 * NS_PER_MS, .gap = {.ns = 1e6}, .first = {.ns = 2e6}, .num_ctx = 4});
    ask(&f, "/api/generate", "{\"prompt\":\"a b\"}", &in);
    has(&in, "Content-Type: application/x-ndjson\r\n");
    assert_int_equal(count(&in, "\"done\":false"), 3);
    has(&in, "\"context\":[0,1,2,3,4],\"total_duration\":24000000,\"load_duration\":20000000,\"prompt_eval_count\":2,"
             "\"prompt_eval_duration\":2000000,\"eval_count\":3,\"eval_duration\":2000000}");
    ask(&f, "/api/generate", "{\"prompt\":\"a b\",\"raw\":true,\"stream\":false}", &in);
    has(&in, "\"load_duration\":0,");
    has_not(&in, "\"context\"");
    ask(&f, "/api/generate", "{\"keep_alive\":0}", &in);
    has(&in, "\"done_reason\":\"unload\"");
    ask(&f, "/api/generate", "{\"prompt\":\"a b\",\"stream\":false,\"keep_alive\":0}", &in);
    has(&in, "\"load_duration\":20000000,");
    ask(&f, "/api/generate", "{\"prompt\":\"\"}", &in);
    has(&in, "\"done_reason\":\"load\"");
    ask(&f, "/api/chat", "{\"messages\":[{\"content\":\"a b c d e f\"}],\"stream\":false}", &in);
    has(&in, "\"load_duration\":0,\"prompt_eval_count\":4,"); /* loaded by the empty one; cut in silence */
    ask(&f, "/api/chat", "{\"messages\":[{\"content\":\"a b c d e f\"}],\"stream\":false,\"options\":{\"num_ctx\":5}}",
        &in);
    has(&in, "\"prompt_eval_count\":5,");
    ask(&f, chat, "{\"messages\":[{\"content\":\"a b c d\"}]}", &in);
    has(&in, "exceed_context_size_error");
    ask(&f, chat, "{" ABC ",\"stream\":true}", &in);
    has(&in, "\"finish_reason\":\"length\""); /* one token of room */
    assert_int_equal(count(&in, "\"delta\":{\"content\":"), 1);
    stop(&f);
    str_release(&in);
}

/* Five requests whose bytes are all kept; exponential delays, so that a draw out of place shows. */
static void collect(uint64_t seed, struct str *all)
{
    static struct fixture f;
    struct str in = STR_INIT;
    struct fault_rule rule;
    assert_int_equal(fault_rule_parse(&rule, "bad_json:rate=0.5", NULL), 0);
    start(&f, (struct stub_options){.seed = seed,
                                    .tokens = 5,
                                    .first = {.kind = LAW_EXP, .ns = 1e6},
                                    .gap = {.kind = LAW_EXP, .ns = 1e5},
                                    .rules = &rule,
                                    .n_rules = 1});
    for (int i = 0; i < 5; i++) {
        ask(&f, i % 2 ? chat : "/api/chat", "{" ABC ",\"stream\":true}", &in);
        str_add(all, in.at, in.len);
    }
    stop(&f);
    str_release(&in);
}

static void test_equal_seeds(void **state)
{
    struct str a = STR_INIT, b = STR_INIT, c = STR_INIT;
    (void)state;
    collect(7, &a);
    collect(7, &b);
    collect(8, &c);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.at, b.at, a.len);
    assert_true(a.len != c.len || memcmp(a.at, c.at, a.len) != 0);
    str_release(&a);
    str_release(&b);
    str_release(&c);
}

/* Words alone, and delays alone, follow the seed: no fault is drawn here. */
static void test_seed_reaches_all(void **state)
{
    struct str in[2] = {STR_INIT, STR_INIT};
    const struct law exponential = {.kind = LAW_EXP, .ns = 1e6};
    (void)state;
    for (int delays = 0; delays < 2; delays++) {
        for (int i = 0; i < 2; i++) {
            static struct fixture f;
            start(&f, (struct stub_options){
                          .seed = 7 + (uint64_t)i, .tokens = 9, .gap = delays ? exponential : (struct law){0}});
            ask(&f, "/api/generate", "{\"prompt\":\"a\",\"stream\":false}", &in[i]);
            stop(&f);
        }
        const char *part = delays ? "\"eval_duration\"" : "\"response\"";
        assert_string_not_equal(strstr(in[0].at, part), strstr(in[1].at, part));
    }
    str_release(&in[0]);
    str_release(&in[1]);
}

static void test_stamps(void **state)
{
    static struct fixture f;
    struct str in = STR_INIT;
    (void)state;
    start(&f, (struct stub_options){.tokens = 20, .stamps = true});
    mono_ns before = clock_now(NULL), last = before;
    ask(&f, chat, "{" ABC ",\"stream\":true}", &in);
    mono_ns after = clock_now(NULL);
    int n = 0;
    for (const char *p = in.at; (p = strstr(p, "\"delta\":{\"content\":\"")); n++) {
        char *end;
        p += strlen("\"delta\":{\"content\":\"") + (n > 0);
        mono_ns t = strtoll(p, &end, 10);
        assert_int_equal(end - p, 19);
        assert_int_equal(*end, '"');
        assert_true(t >= last && t <= after);
        last = t;
    }
    assert_int_equal(n, 20);
    stop(&f);
    str_release(&in);
}

/* ---- the log ----------------------------------------------------------------------------------------------------- */

/* The number behind "key": in line `line` (from 0) of a log; which: the entry of a list, from 0, -1 the last one. */
static int64_t logged(const struct str *log, int line, const char *key, int which)
{
    const char *p = str_z(log);
    char name[64];
    for (; line; line--)
        p = strchr(p, '\n') + 1;
    snprintf(name, sizeof name, "\"%s\":", key);
    const char *at = strstr(p, name);
    assert_non_null(at);
    at += strlen(name);
    if (*at != '[')
        return strtoll(at, NULL, 10);
    const char *end = strchr(at, ']');
    for (at++; which; which--) {
        const char *comma = strchr(at, ',');
        if (!comma || comma > end)
            break;
        at = comma + 1;
    }
    return strtoll(at, NULL, 10);
}

static void read_log(const char *path, struct str *log)
{
    struct err e = ERR_INIT;
    str_clear(log);
    assert_int_equal(file_read(path, 1 << 24, log, &e), 0);
}

static void test_log(void **state)
{
    static struct fixture f;
    struct str in = STR_INIT, log = STR_INIT;
    char path[] = "/tmp/stub-log-XXXXXX";
    (void)state;
    close(mkstemp(path));
    start(&f, (struct stub_options){.tokens = 6, .log = path, .first = {.ns = 3e6}, .gap = {.ns = 1e6}});
    int fd = dial(&f);
    say(fd, chat, "{" ABC ",\"stream\":true}", true);
    hear(fd, &in, "\r\n0\r\n\r\n");
    size_t first = in.len;
    say(fd, chat, "{" ABC "}", true);
    hear(fd, &in, "\"predicted_per_second\":1000}}");
    close(fd);
    stop(&f);
    read_log(path, &log);
    assert_int_equal(count(&log, "\n"), 2);
    assert_int_equal(logged(&log, 0, "n", 0), 1);
    assert_int_equal(logged(&log, 0, "on_conn", 0), 1);
    assert_int_equal(logged(&log, 1, "conn", 0), 1);
    assert_int_equal(logged(&log, 1, "on_conn", 0), 2);
    assert_int_equal(logged(&log, 0, "bytes", 0), first);
    assert_int_equal(logged(&log, 1, "bytes", 0), in.len - first);
    int64_t sum = 0, read = logged(&log, 0, "t_read", 0);
    for (int i = 0; i < 7; i++) { /* six chunks and the finish, which is due with the last chunk */
        int64_t due = logged(&log, 0, "due_ns", i);
        assert_int_equal(due - read, 3 * NS_PER_MS + (i < 5 ? i : 5) * NS_PER_MS);
        assert_true(logged(&log, 0, "sent_ns", i) >= due);
        sum += logged(&log, 0, "sent_bytes", i);
    }
    assert_int_equal(sum, first);
    assert_int_equal(logged(&log, 0, "t_start", 0), read);
    assert_true(logged(&log, 0, "t_end", 0) >= logged(&log, 0, "sent_ns", 6));
    unlink(path);
    str_release(&in);
    str_release(&log);
}

/* One slot: whoever comes while it is taken starts at the very moment of the other's last step, and in order. */
static void test_slot_passes_on(void **state)
{
    static struct fixture f;
    struct str in = STR_INIT, log = STR_INIT;
    char path[] = "/tmp/stub-log-XXXXXX";
    int fds[4];
    (void)state;
    close(mkstemp(path));
    start(&f, (struct stub_options){.tokens = 4, .log = path, .slots = 1, .first = {.ns = 100e6}, .gap = {.ns = 1e6}});
    for (int i = 0; i < 4; i++) {
        fds[i] = dial(&f);
        say(fds[i], chat,
            i == 2 ? "{" ABC ",\"stream\":true,\"stub_fault\":\"early_close\"}" : "{" ABC ",\"stream\":true}", false);
        str_clear(&in); /* the next one comes surely later: this one is in the queue */
        int probe = dial(&f);
        assert_int_equal(send(probe, "GET /slots HTTP/1.1\r\nConnection: close\r\n\r\n", 43, MSG_NOSIGNAL), 43);
        hear(probe, &in, NULL);
        has(&in, "\"is_processing\":true");
        close(probe);
    }
    for (int i = 0; i < 4; i++) {
        str_clear(&in);
        hear(fds[i], &in, NULL);
        close(fds[i]);
    }
    stop(&f);
    read_log(path, &log);
    assert_int_equal(count(&log, "\n"), 4);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(logged(&log, i, "n", 0), i + 1);
        if (logged(&log, i, "t_read", 0) < logged(&log, i - 1, "due_ns", 100)) /* else it came too late to wait */
            assert_int_equal(logged(&log, i, "t_start", 0), logged(&log, i - 1, "due_ns", 100));
    }
    unlink(path);
    str_release(&in);
    str_release(&log);
}

/* A client that leaves frees the slot; one that waits for it then gets it. */
static void test_gone_client_frees_slot(void **state)
{
    static struct fixture f;
    struct str in = STR_INIT;
    (void)state;
    start(&f, (struct stub_options){.tokens = 4, .slots = 1});
    int stalled = dial(&f), waiting = dial(&f);
    say(stalled, chat, "{" ABC ",\"stream\":true,\"stub_fault\":\"stall\"}", false);
    hear(stalled, &in, "\"content\":\"");
    say(waiting, chat, "{" ABC ",\"stream\":true}", false);
    close(stalled);
    str_clear(&in);
    assert_int_equal(hear(waiting, &in, NULL), BY_CLOSE);
    has(&in, "[DONE]");
    close(waiting);
    assert_int_equal(stop(&f).gone, 1);
    str_release(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openai),           cmocka_unit_test(test_ollama_cold_and_cut),
        cmocka_unit_test(test_equal_seeds),      cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_seed_reaches_all), cmocka_unit_test(test_log),
        cmocka_unit_test(test_slot_passes_on),   cmocka_unit_test(test_gone_client_frees_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
