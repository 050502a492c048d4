/* What Python prints, as JSON; and what a JSON number is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "format/json.h"
#include "format/pyrepr.h"

static void values_become_json(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"{'a': 1, \"b\": -2.50, 'c': None, 'd': True, 'e': False}",
         "{\"a\":1,\"b\":-2.50,\"c\":null,\"d\":true,\"e\":false}"},
        {" {} ", "{}"},
        {"{'l': [1, 'x', (2, 3,)], 'n': {'m': 1e-07}}", "{\"l\":[1,\"x\",[2,3]],\"n\":{\"m\":1e-07}}"},
        {"'it\\'s \\x41\\u00e9\\n'", "\"it's A\xC3\xA9\\n\""},
        {"\"it's\"", "\"it's\""},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct str out = STR_INIT;
        struct err e = ERR_INIT;
        assert_int_equal(pyrepr_to_json(span_z(pairs[i][0]), &out, &e), 0);
        assert_string_equal(str_z(&out), pairs[i][1]);
        str_release(&out);
    }
}

static void other_things_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "{'a'}",   "{'a': }", "{'a': 1",   "{1: 2}",     "{'a': nan}",
                                      "[1, 2", "'open",   "'\\q'",   "'\\x4'",    "{'a': 1} x", "{'a': f(1)}",
                                      "[1 2]", "{'a' 1}", "'\\",     "{'a': 01}", "(",          "{'a': 1,, 'b': 2}"};
    char deep[64];
    struct str out = STR_INIT;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = ERR_INIT;
        if (pyrepr_to_json(span_z(bad[i]), &out, &e) != ERR_INPUT)
            fail_msg("%s", bad[i]);
        assert_non_null(strstr(e.text, "at byte"));
        assert_int_equal(out.len, 0);
    }
    memset(deep, '[', sizeof deep);
    assert_int_equal(pyrepr_to_json((struct span){deep, PYREPR_MAX_DEPTH + 1}, &out, NULL), ERR_INPUT);
    memset(deep, ']', sizeof deep);
    memset(deep, '[', PYREPR_MAX_DEPTH);
    assert_int_equal(pyrepr_to_json((struct span){deep, 2 * PYREPR_MAX_DEPTH}, &out, NULL), 0);
    str_release(&out);
}

static void numbers_are_those_of_json(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "-0", "12", "1.50", "1e5", "1E+5", "-2.5e-3"};
    static const char *const bad[] = {"",    "-",  "01",    "+1",  ".5",  "1.",  "1e",
                                      "0x1", "1 ", "1e999", "nan", "--1", "1e+", "1.5.2"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!json_is_number(span_z(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (json_is_number(span_z(bad[i])))
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_json),
        cmocka_unit_test(other_things_are_refused),
        cmocka_unit_test(numbers_are_those_of_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
