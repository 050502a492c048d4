/* What a load takes of its host is planned from numbers: descriptors raised or refused, ports spread or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "load/limits.h"
#include "net/client.h"

enum { OTHER = LIMITS_OTHER_DESCRIPTORS, PORTS = 28232, USABLE = PORTS - LIMITS_PORTS_LEFT };

static const struct row {
    const char *name;
    struct limits_host host;
    struct limits_need need;
    int rc;
    struct limits_plan plan;
    const char *says[2];
} rows[] = {
    {"enough of all", {1024, 4096, PORTS}, {200, 200, true}, 0, {1024, 1}, {NULL}},
    {"raised to what is needed", {1024, 20000, PORTS}, {10000, 10000, false}, 0, {10000 + OTHER, 1}, {NULL}},
    {"the last that fits", {1024, 4096, PORTS}, {4096 - OTHER, 4096 - OTHER, false}, 0, {4096, 1}, {NULL}},
    {"one too many", {1024, 4096, PORTS}, {4097 - OTHER, 4097 - OTHER, false}, ERR_REFUSED, {0}, {" 4097 ", " 4096:"}},
    {"says how to raise it",
     {1024, 4096, PORTS},
     {10000, 10000, true},
     ERR_REFUSED,
     {0},
     {"`ulimit -n 10096`", "10000"}},
    {"an open loop takes what there is", {1024, 4096, PORTS}, {16, 1000000, false}, 0, {4096, 1}, {NULL}},
    {"never lowered", {4096, 4096, PORTS}, {16, 16, false}, 0, {4096, 1}, {NULL}},
    {"as many as ports", {1 << 20, 1 << 20, PORTS}, {USABLE, USABLE, false}, 0, {1 << 20, 1}, {NULL}},
    {"one more than ports",
     {1 << 20, 1 << 20, PORTS},
     {USABLE + 1, USABLE + 1, false},
     ERR_REFUSED,
     {0},
     {"27233", "27232"}},
    {"spread on loopback", {1 << 20, 1 << 20, PORTS}, {USABLE, USABLE, true}, 0, {1 << 20, 1}, {NULL}},
    {"over two addresses", {1 << 20, 1 << 20, PORTS}, {USABLE + 1, USABLE + 1, true}, 0, {1 << 20, 2}, {NULL}},
    {"over four", {1 << 20, 1 << 20, PORTS}, {100000, 100000, true}, 0, {1 << 20, 4}, {NULL}},
    {"an open loop may come to it", {1 << 20, 1 << 20, PORTS}, {16, 100000, true}, 0, {1 << 20, 4}, {NULL}},
    {"a range of nothing", {1024, 4096, 900}, {1, 1, true}, ERR_REFUSED, {0}, {"900", "ip_local_port_range"}},
};

static void plans_follow_the_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct limits_plan p = {0};
        struct err e = ERR_INIT;
        int rc = limits_plan(&rows[i].host, &rows[i].need, &p, &e);
        if (rc != rows[i].rc ||
            (!rc && (p.descriptors != rows[i].plan.descriptors || p.sources != rows[i].plan.sources)))
            print_error("%s: %d, %lld descriptors, %d sources (%s)\n", rows[i].name, rc, (long long)p.descriptors,
                        p.sources, e.text);
        assert_int_equal(rc, rows[i].rc);
        if (!rc) {
            assert_int_equal(p.descriptors, rows[i].plan.descriptors);
            assert_int_equal(p.sources, rows[i].plan.sources);
        }
        for (int k = 0; k < 2 && rows[i].says[k]; k++)
            if (!strstr(e.text, rows[i].says[k])) {
                print_error("%s: no \"%s\" in: %s\n", rows[i].name, rows[i].says[k], e.text);
                fail();
            }
    }
}

static void the_soft_limit_is_raised(void **state)
{
    struct limits_host before, after;
    struct rlimit r;
    struct err e = ERR_INIT;
    (void)state;
    getrlimit(RLIMIT_NOFILE, &r);
    const rlim_t soft = r.rlim_cur;
    r.rlim_cur = 128;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
    limits_of_host(&before);
    assert_int_equal(before.descriptors, 128);
    assert_true(before.ports > 0 && before.ports <= 65535);
    const struct limits_plan p = {.descriptors = 200, .sources = 1}, less = {.descriptors = 20, .sources = 1};
    assert_int_equal(limits_raise(&p, &e), 0);
    assert_int_equal(limits_raise(&less, &e), 0);
    limits_of_host(&after);
    assert_int_equal(after.descriptors, 200);
    r.rlim_cur = soft;
    setrlimit(RLIMIT_NOFILE, &r);
}

static void loopback_is_known_by_its_name(void **state)
{
    static const struct {
        const char *url;
        bool is;
    } urls[] = {{"http://127.0.0.1:1", true},  {"http://127.3.2.1:1", true},
                {"http://LocalHost:1", true},  {"http://[::1]:1", false},
                {"http://128.0.0.1:1", false}, {"http://127.0.0.1.example:1", false},
                {"http://192.168.1.1", false}, {"http://localhost.example", false}};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct endpoint ep;
        assert_int_equal(endpoint_parse(urls[i].url, &ep, NULL), 0);
        assert_int_equal(endpoint_is_loopback4(&ep), urls[i].is);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_follow_the_numbers),
        cmocka_unit_test(the_soft_limit_is_raised),
        cmocka_unit_test(loopback_is_known_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
