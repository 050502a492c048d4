/* Case files: what each line becomes, what is refused and where; and the player that plays them, over a raw socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "stub/case.h"
#include "stub/player.h"

#define ASKED "why because\nbackend openai\n"
#define RIGHT "expect outcome ok\n"
#define CASE(script) ASKED script RIGHT

static int parse(struct stub_case *c, const char *text, struct err *e)
{
    *e = (struct err)ERR_INIT;
    return case_parse(c, "x.case", text, strlen(text), e);
}

static void parse_good(struct stub_case *c, const char *text)
{
    struct err e;
    if (parse(c, text, &e))
        fail_msg("%s", e.text);
}

/* All bytes of a case's first connection. */
static void assert_sends(const char *script, const char *bytes, size_t n)
{
    struct stub_case c;
    struct str text = STR_INIT, all = STR_INIT;
    str_addf(&text, "%s%s%s", ASKED, script, RIGHT);
    parse_good(&c, str_z(&text));
    for (size_t i = 0; i < c.connection[0].n; i++)
        if (c.steps[i].op == CASE_SEND)
            str_add(&all, c.steps[i].bytes.at, c.steps[i].bytes.len);
    assert_int_equal(all.len, n);
    assert_memory_equal(str_z(&all), bytes, n);
    str_release(&all);
    str_release(&text);
    case_release(&c);
}

#define SENDS(script, bytes) assert_sends(script, bytes, sizeof bytes - 1)

static void lines_become_bytes(void **state)
{
    (void)state;
    SENDS("send a\\r\\n\\x41\\xff\\0\\\\ b\n", "a\r\nA\xff\0\\ b");
    SENDS("head 200 text/x\nsse {\"a\\n\":1}\nend\n", "HTTP/1.1 200 OK\r\nContent-Type: text/x\r\n"
                                                      "Transfer-Encoding: chunked\r\n\r\n"
                                                      "11\r\ndata: {\"a\\n\":1}\n\n\r\n0\r\n\r\n");
    SENDS("head 404 - close\nndjson {}\nend\n", "HTTP/1.1 404 Other\r\nConnection: close\r\n\r\n{}\n");
    SENDS("head 200 a/b length\nfield X: \\x41\nbody 12\nsend 345\nbody 67\n",
          "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX: A\r\nContent-Length: 4\r\n\r\n1234567");
    SENDS("head 200 a/b length=7\nbody 12\n", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 7\r\n\r\n12");
    SENDS("head 503 - length\n", "HTTP/1.1 503 Other\r\nContent-Length: 0\r\n\r\n");
    SENDS("repeat 3 send ab\n", "ababab");
    SENDS("head 200 - length\nrepeat 3 body ab\nrepeat 2 every 1ms body c\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabababc"); /* the last one is sent twice */
    SENDS("head 200 - length\nbody a\nhead 200 - length\nbody bc\nrequest\nbody raw\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbcraw");
}

static void steps_keep_their_order_and_timing(void **state)
{
    struct stub_case c;
    (void)state;
    parse_good(&c,
               CASE("request\r\n  mark a\nwait 1.5ms\n# no step\n\nsend x\n+ send y\n+ repeat 2 send z\nrepeat 4 every "
                    "2s send r\ndribble 3 every 10us send abcdefg\nhalf-close\nstall\nconnection\nreset\nclose\n"));
    assert_int_equal(c.n_connections, 2);
    assert_int_equal(c.connection[0].n, 8);
    assert_int_equal(c.connection[1].first, 8);
    assert_int_equal(c.connection[1].n, 2);
    const enum case_op ops[] = {CASE_REQUEST, CASE_MARK,       CASE_WAIT,  CASE_SEND,  CASE_SEND,
                                CASE_SEND,    CASE_HALF_CLOSE, CASE_STALL, CASE_RESET, CASE_CLOSE};
    for (size_t i = 0; i < c.n_steps; i++)
        assert_int_equal(c.steps[i].op, ops[i]);
    assert_int_equal(c.steps[2].pause_ns, 1500000);
    assert_string_equal(str_z(&c.steps[3].bytes), "xyzz");
    assert_int_equal(c.steps[3].times, 1);
    assert_int_equal(c.steps[4].times, 4);
    assert_int_equal(c.steps[4].piece, 0);
    assert_int_equal(c.steps[4].pause_ns, 2 * NS_PER_S);
    assert_int_equal(c.steps[5].times, 1);
    assert_int_equal(c.steps[5].piece, 3);
    assert_int_equal(c.steps[5].pause_ns, 10000);
    assert_int_equal(case_find_mark(&c, span_z("a")), 0);
    assert_int_equal(case_find_mark(&c, span_z("b")), -1);
    case_release(&c);
}

static void what_is_asked_and_right(void **state)
{
    struct stub_case c;
    (void)state;
    parse_good(
        &c, "why one sentence\nbackend ollama\nroute completion\nstream no\nlisten no\nask 3\nthink 20ms\nnum_ctx 512\n"
            "max_tokens 7\nconnect_limit 1s\nfirst_byte_limit 2s\nidle_limit 3s\ntotal_limit 4s\nhead_limit 5\n"
            "line_limit 6\nevent_limit 7\nbody_limit 8\ndrip_limit 9\n"
            "expect text a\\0b\nexpect 3 metric ttft none\nexpect error\n");
    assert_string_equal(c.why, "one sentence");
    assert_string_equal(c.backend, "ollama");
    assert_false(c.chat || c.stream || c.listens);
    assert_int_equal(c.asks, 3);
    assert_int_equal(c.think_ns, 20 * NS_PER_MS);
    assert_int_equal(c.num_ctx, 512);
    assert_int_equal(c.max_tokens, 7);
    const struct case_limits l = {NS_PER_S, 2 * NS_PER_S, 3 * NS_PER_S, 4 * NS_PER_S, 5, 6, 7, 8, 9};
    assert_memory_equal(&c.limits, &l, sizeof l);
    assert_int_equal(c.n_expects, 3);
    assert_int_equal(c.expect[0].key, CASE_EXPECT_TEXT);
    assert_int_equal(c.expect[0].request, 0);
    assert_int_equal(c.expect[0].line, 19);
    assert_int_equal(c.expect[0].text.len, 3);
    assert_memory_equal(c.expect[0].text.at, "a\0b", 4);
    assert_int_equal(c.expect[1].key, CASE_EXPECT_METRIC);
    assert_int_equal(c.expect[1].request, 2);
    assert_string_equal(c.expect[1].text.at, "ttft none");
    assert_string_equal(c.expect[2].text.at, "");
    case_release(&c);
    parse_good(&c, CASE("close\n"));
    assert_true(c.chat && c.stream && c.listens);
    assert_int_equal(c.asks, 1);
    assert_int_equal(c.num_ctx, -1);
    assert_int_equal(c.limits.idle_ns, -1);
    case_release(&c);
}

static const struct refused {
    const char *text, *why;
} refused[] = {
    {ASKED "requst\n", "x.case:3: no key 'requst'; did you mean 'request'?"},
    {ASKED "idle 3s\n", "x.case:3: no key 'idle'"},
    {CASE("close\n") "expect outcom ok\n", "x.case:5: no expectation 'outcom'; did you mean 'outcome'?"},
    {CASE("close\n") "expect 2 outcome ok\n", "x.case:5: there is no question 2"},
    {CASE("close\n") "expect 0 outcome ok\n", "x.case:5: questions are numbered"},
    {"backend openai\nclose\n" RIGHT, "no `why`"},
    {"why x\nclose\n" RIGHT, "no `backend`"},
    {ASKED "close\n", "nothing is expected"},
    {ASKED RIGHT, "the server does nothing"},
    {CASE("listen no\nclose\n"), "does not listen"},
    {ASKED "why\n", "x.case:3: why has no value"},
    {ASKED "stream maybe\n", "x.case:3: stream is yes or no"},
    {ASKED "route text\n", "x.case:3: route is chat or completion"},
    {ASKED "ask 0\n", "x.case:3: ask is a number from 1"},
    {ASKED "ask 17\n", "x.case:3: ask is a number from 1"},
    {ASKED "max_tokens -1\n", "x.case:3: max_tokens is a whole number"},
    {ASKED "idle_limit 3\n", "x.case:3: idle_limit is a time"},
    {ASKED "idle_limit 3601s\n", "x.case:3: idle_limit is a time"},
    {ASKED "wait 61s\n", "x.case:3: wait takes a time up to 60s"},
    {ASKED "wait .ms\n", "x.case:3: wait takes"},
    {ASKED "send a\\q\n", "x.case:3: behind a backslash"},
    {ASKED "send a\\x4\n", "x.case:3: behind a backslash"},
    {ASKED "send a\\\n", "x.case:3: behind a backslash"},
    {ASKED "+ wait 1s\n", "x.case:3: '+' joins"},
    {ASKED "+ send a\n", "x.case:3: '+' joins"},
    {ASKED "send a\nwait 1s\n+ send b\n", "x.case:5: '+' joins"},
    {ASKED "repeat 2 every 1s send a\n+ send b\n", "x.case:4: '+' joins"},
    {ASKED "send a\n+ repeat 2 every 1s send a\n", "x.case:4: what comes with pauses"},
    {ASKED "send a\nconnection\n+ send b\n", "x.case:5: '+' joins"},
    {ASKED "repeat send a\n", "x.case:3: a number from 1"},
    {ASKED "repeat 0 send a\n", "x.case:3: a number from 1"},
    {ASKED "repeat 2 close\n", "x.case:3: only send"},
    {ASKED "repeat 2 every send a\n", "x.case:3: behind `every`"},
    {ASKED "dribble 2 send a\n", "x.case:3: dribble N every T"},
    {ASKED "repeat 10000000 send 12345678\n", "x.case:3: more than 67108864 bytes"},
    {ASKED "field X: y\n", "x.case:3: a field comes right behind"},
    {ASKED "head 200 - close\nbody a\nfield X: y\n", "x.case:5: a field comes right behind"},
    {ASKED "head 20 -\n", "x.case:3: head is a status"},
    {ASKED "head 200\n", "x.case:3: head is a status"},
    {ASKED "head 200 - gzip\n", "x.case:3: a body comes"},
    {ASKED "head 200 - length=x\n", "x.case:3: a body comes"},
    {ASKED "mark\n", "x.case:3: a mark needs a name"},
    {ASKED "mark a b\n", "x.case:3: a mark needs a name"},
    {ASKED "mark a\nmark a\n", "x.case:4: a mark needs a name"},
    {ASKED "close now\n", "x.case:3: nothing comes behind close"},
    {ASKED "connection\n", "x.case:3: the first connection"},
    {CASE("close\nconnection\nconnection\nclose\n"), "connection 2 does nothing"},
};

static void what_is_no_case_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct stub_case c;
        struct err e;
        int rc = parse(&c, refused[i].text, &e);
        if (!rc || !strstr(e.text, refused[i].why))
            fail_msg("%s\ngives: %s\nnot: %s", refused[i].text, rc ? e.text : "no error", refused[i].why);
        assert_true(rc == ERR_INPUT || rc == ERR_LIMIT);
        case_release(&c);
    }
    struct stub_case c;
    struct err e = ERR_INIT;
    assert_int_equal(case_parse(&c, "x.case", "why a\0b\n", 8, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "x.case:1: a NUL"));
    case_release(&c);
    e = (struct err)ERR_INIT;
    assert_int_equal(case_read(&c, "/nowhere/x.case", &e), ERR_NOTFOUND);
    case_release(&c);
}

static void limits_hold(void **state)
{
    static const struct {
        const char *line;
        int n;
    } rows[] = {{"wait 1ms\n", CASE_MAX_STEPS},
                {"expect outcome ok\n", CASE_MAX_EXPECTS},
                {"connection\nclose\n", CASE_MAX_CONNECTIONS - 1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int over = 0; over < 2; over++) {
            struct stub_case c;
            struct str text = STR_INIT;
            struct err e;
            str_addz(&text, i == 0 ? ASKED RIGHT : i == 1 ? ASKED "close\n" : CASE("close\n"));
            for (int k = 0; k < rows[i].n + over; k++)
                str_addz(&text, rows[i].line);
            assert_int_equal(parse(&c, str_z(&text), &e), over ? ERR_LIMIT : 0);
            str_release(&text);
            case_release(&c);
        }
}

static void durations(void **state)
{
    mono_ns t;
    (void)state;
    assert_true(case_duration(span_z("300us"), &t) && t == 300000);
    assert_true(case_duration(span_z("0ms"), &t) && t == 0);
    assert_true(case_duration(span_z("1.5s"), &t) && t == 1500 * NS_PER_MS);
    static const char *const none[] = {"", "1", "s", "-1s", "1 s", "1m", "1.5.5s", "1e3s", "4000s", "1sx"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(case_duration(span_z(none[i]), &t));
}

/* ---- the player ---- */

static int connect_to(const struct player *p)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)player_port(p)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {30, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads n bytes and no more. */
static void hear(int fd, const char *text)
{
    char got[256];
    size_t n = strlen(text);
    assert_true(n < sizeof got);
    assert_int_equal(recv(fd, got, n, MSG_WAITALL), n);
    assert_memory_equal(got, text, n);
}

static void hear_end(int fd, int how)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), how ? -1 : 0);
    if (how)
        assert_int_equal(errno, how);
    close(fd);
}

static struct player *player_of(struct stub_case *c, const char *text)
{
    struct player *p = NULL;
    struct err e = ERR_INIT;
    parse_good(c, text);
    assert_int_equal(player_new(&p, c, 0, &e), 0);
    assert_int_equal(player_start(p, &e), 0);
    return p;
}

static void end_play(struct player *p, struct stub_case *c)
{
    player_free(p);
    case_release(c);
}

static void requests_are_read_whole(void **state)
{
    struct stub_case c;
    struct player *p = player_of(&c, CASE("request\nsend 1\nrequest\nsend 2\nrequest\nsend 3\nmark end\n"));
    int fd = connect_to(p);
    (void)state;
    /* a body by its length, in pieces; a chunked one; none; and the script from its beginning again */
    say(fd, "POST /a HTTP/1.1\r\ncontent-length: 5\r\n\r\n12");
    say(fd, "345POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n");
    hear(fd, "1");
    say(fd, "\r\n");
    hear(fd, "2");
    say(fd, "GET /c HTTP/1.1\r\nX-Content-Length: 9\r\n\r\nGET /d HTTP/1.1\r\n\r\n");
    hear(fd, "31");
    close(fd);
    const struct player_log *log = player_stop(p);
    assert_int_equal(log->requests, 4);
    assert_int_equal(log->connections, 1);
    assert_true(log->mark[0] > 0);
    assert_non_null(
        strstr(str_z(&log->received), "/b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET"));
    end_play(p, &c);
}

static void connections_have_their_scripts(void **state)
{
    struct stub_case c;
    struct player *p = player_of(
        &c, CASE("send first\nstall\nconnection\nsend second\nreset\nconnection\nsend last\nclose\n"));
    int a = connect_to(p);
    (void)state;
    hear(a, "first");
    int b = connect_to(p);
    hear(b, "second");
    hear_end(b, ECONNRESET);
    for (int i = 0; i < 20; i++) { /* the last script again and again */
        int d = connect_to(p);
        hear(d, "last");
        hear_end(d, 0);
    }
    shutdown(a, SHUT_WR); /* a stall is over when the client has closed */
    hear_end(a, 0);
    assert_int_equal(player_stop(p)->connections, 0); /* nobody said anything */
    end_play(p, &c);
}

static void pieces_pauses_and_half_close(void **state)
{
    struct stub_case c;
    struct player *p = player_of(&c,
                                 CASE("dribble 2 every 1ms send abcde\nmark a\nwait 3ms\nmark b\nrepeat 3 every 1ms "
                                      "send x\nmark c\nhalf-close\nrequest\nreset\nclose\nmark never\n"));
    int fd = connect_to(p);
    char byte;
    (void)state;
    hear(fd, "abcdexxx");
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    say(fd, "GET / HTTP/1.1\r\n\r\n"); /* it still listens, and then resets */
    struct pollfd f = {.fd = fd};
    assert_int_equal(poll(&f, 1, 30000), 1);
    close(fd);
    const struct player_log *log = player_stop(p);
    assert_int_equal(log->requests, 1);
    assert_true(log->mark[1] - log->mark[0] >= 3 * NS_PER_MS);
    assert_true(log->mark[2] - log->mark[1] >= 2 * NS_PER_MS); /* no pause behind the last time */
    assert_true(log->mark[3] == MONO_NONE);
    end_play(p, &c);
}

static void a_server_that_does_not_listen(void **state)
{
    struct stub_case c;
    struct player *p = player_of(&c, ASKED "listen no\n" RIGHT);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)player_port(p)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    end_play(p, &c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_bytes),
        cmocka_unit_test(steps_keep_their_order_and_timing),
        cmocka_unit_test(what_is_asked_and_right),
        cmocka_unit_test(what_is_no_case_is_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(durations),
        cmocka_unit_test(requests_are_read_whole),
        cmocka_unit_test(connections_have_their_scripts),
        cmocka_unit_test(pieces_pauses_and_half_close),
        cmocka_unit_test(a_server_that_does_not_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
