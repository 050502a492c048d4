/* The default system message inside a Jinja text, and the names of libllama's templates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/template.h"

static void test_default_system(void **state)
{
    static const struct {
        const char *jinja, *message; /* NULL: none */
    } cases[] = {
        {"{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{% endif %}",
         "You help."},
        {"{{ '<|im_start|>system\nTwo\\nlines\nhere<|im_end|>\n' }}", "Two\nlines\nhere"},
        {"{{ \"<|im_start|>system\\nIt's.<|im_end|>\" }}", "It's."},
        {"{{ '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}", NULL},
        {"{{ '<|im_start|>system\\n' + m + '<|im_end|>' }}{{ '<|im_start|>system\\nDefault<|im_end|>' }}", "Default"},
        {"{{ '<|im_start|>' + message['role'] + '\\n' }}", NULL},
        {"<|im_start|>system\nnot quoted<|im_end|>", NULL},
        {"{{ '<|im_start|>system\\n<|im_end|>' }}", NULL},
        {"{{ '<|im_start|>system\\nnever closed", NULL},
        {"{{ '<|im_start|>system", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out = STR_INIT;
        bool found = template_default_system(cases[i].jinja, &out);
        assert_int_equal(found, cases[i].message != NULL);
        if (found)
            assert_string_equal(out.at, cases[i].message);
        else
            assert_int_equal(out.len, 0);
        str_release(&out);
    }
}

static void test_names(void **state)
{
    struct err e = ERR_INIT;
    (void)state;
    assert_string_equal(template_named("chatml", &e), "chatml");
    assert_null(template_named("lama3", &e));
    assert_int_equal(e.code, ERR_USAGE);
    assert_non_null(strstr(e.text, "did you mean llama"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_default_system), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
