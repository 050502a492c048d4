/* The command line of chimera-engine: defaults, every kind of option, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/options.h"

static int parse(struct options *o, struct err *e, const char *const *words)
{
    char *argv[16] = {(char *)(uintptr_t) "chimera-engine"};
    int n = 1;
    while (words[n - 1]) {
        argv[n] = (char *)(uintptr_t)words[n - 1];
        n++;
    }
    *e = (struct err)ERR_INIT;
    return options_parse(o, n, argv, e);
}
#define PARSE(...) parse(&o, &e, (const char *const[]){__VA_ARGS__, NULL})

static void test_defaults(void **state)
{
    struct options o;
    struct err e;
    (void)state;
    assert_int_equal(PARSE("-m", "x.gguf"), 0);
    assert_string_equal(o.model, "x.gguf");
    assert_string_equal(o.host, "127.0.0.1");
    assert_int_equal(o.port, 0);
    assert_int_equal(o.parallel, 1);
    assert_int_equal(o.truncate, TRUNCATE_REFUSE);
    assert_int_equal(o.log_level, LOG_WARN);
    assert_false(o.prompt_cache);
    assert_false(o.warmup);
    assert_true(o.threads >= 1);
    assert_null(o.chat_template);
}

static void test_every_kind(void **state)
{
    struct options o;
    struct err e;
    (void)state;
    assert_int_equal(PARSE("--model=a=b.gguf", "-c", "512", "--parallel=3", "--truncate", "cut", "--prompt-cache",
                           "--log-level=debug", "-t", "2", "--port", "65535"),
                     0);
    assert_string_equal(o.model, "a=b.gguf");
    assert_int_equal(o.ctx_size, 512);
    assert_int_equal(o.parallel, 3);
    assert_int_equal(o.truncate, TRUNCATE_CUT);
    assert_true(o.prompt_cache);
    assert_int_equal(o.log_level, LOG_DEBUG);
    assert_int_equal(o.threads, 2);
    assert_int_equal(o.port, 65535);
    assert_int_equal(PARSE("--help"), 0);
    assert_true(o.help);
    assert_int_equal(PARSE("--version"), 0);
    assert_true(o.version);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *words[4], *says;
    } cases[] = {
        {{"-t", "1"}, "no model"},
        {{"-m"}, "needs a value"},
        {{"-m", "x", "--prot=1"}, "did you mean --port?"},
        {{"-m", "x", "--paralel"}, "did you mean --parallel?"},
        {{"-m", "x", "--completely-unknown"}, "see --help"},
        {{"-m", "x", "y"}, "'y' is not an option"},
        {{"-m", "x", "--port=65536"}, "not a number from 0 to 65535"},
        {{"-m", "x", "--port=8o"}, "not a number"},
        {{"-m", "x", "--port="}, "not a number"},
        {{"-m", "x", "-np=0"}, "unknown option"},
        {{"-m", "x", "--threads=0"}, "not a number from 1"},
        {{"-m", "x", "--truncate=maybe"}, "not one of refuse|cut"},
        {{"-m", "x", "--warmup=yes"}, "takes no value"},
        {{"-m", "x", "-c=99999999999999999999"}, "unknown option"},
        {{"-m", "x", "--ctx-size=99999999999999999999"}, "not a number"},
    };
    struct options o;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *words[5] = {0};
        memcpy(words, cases[i].words, sizeof cases[i].words);
        assert_int_equal(parse(&o, &e, words), ERR_USAGE);
        if (!strstr(e.text, cases[i].says))
            fail_msg("case %zu: \"%s\" lacks \"%s\"", i, e.text, cases[i].says);
    }
}

static void test_help_names_every_option(void **state)
{
    static const char *const names[] = {"--model",     "--host",          "--port",     "--parallel",  "--ctx-size",
                                        "--threads",   "--chat-template", "--truncate", "--max-queue", "--alias",
                                        "--log-level", "--version",       "--help",     "example:"};
    struct str text = STR_INIT;
    (void)state;
    options_help(&text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(strstr(text.at, names[i]));
    str_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
