/* What needs no server: division of threads, model names, digests, command templates, refused specs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "server/kinds.h"

/* ---- threads -------------------------------------------------------------------------------------------------------- */

static int divide(int64_t a, int64_t b, const char *kind_b, int cores, bool over, int64_t out[2])
{
    struct server_spec s[2] = {{.name = "a", .threads = a}, {.name = "b", .threads = b, .kind = kind_b}};
    int rc = servers_divide_threads(s, 2, cores, over, NULL);
    out[0] = s[0].threads;
    out[1] = s[1].threads;
    return rc;
}

static void check_division(int64_t a, int64_t b, const char *kind_b, int cores, int64_t want_a, int64_t want_b)
{
    int64_t got[2];
    assert_int_equal(divide(a, b, kind_b, cores, false, got), 0);
    assert_int_equal(got[0], want_a);
    assert_int_equal(got[1], want_b);
}

static void a_url_is_not_managed(void **state)
{
    static const char *const managed[] = {NULL, "engine", "ollama", "cmd:proxy --to http://127.0.0.1:8080"};
    (void)state;
    for (size_t i = 0; i < sizeof managed / sizeof *managed; i++)
        assert_true(server_spec_is_managed(&(struct server_spec){.kind = managed[i]}));
    assert_false(server_spec_is_managed(&(struct server_spec){.kind = "https://example.org/v1"}));
}

static void test_threads(void **state)
{
    (void)state;
    int64_t got[2];
    check_division(0, 0, NULL, 2, 1, 1);
    check_division(0, 0, NULL, 8, 4, 4);
    check_division(0, 0, NULL, 7, 3, 3);         /* equal, rather than all cores used */
    check_division(6, 0, NULL, 8, 6, 2);         /* what one asks for is left alone */
    check_division(0, 0, "http://h:1", 4, 4, 0); /* an external one is somebody else's */
    check_division(0, 0, "ollama", 4, 2, 2);
    check_division(0, 0, "cmd:s --register http://h:1", 4, 2, 2);
    assert_int_equal(divide(0, 0, NULL, 1, false, got), ERR_REFUSED);
    assert_int_equal(got[0], 0); /* refused: nothing is changed */
    assert_int_equal(divide(0, 0, NULL, 1, true, got), 0);
    assert_int_equal(got[0] + got[1], 2);
    assert_int_equal(divide(2, 2, NULL, 2, false, got), ERR_REFUSED);
    assert_int_equal(divide(2, 2, NULL, 2, true, got), 0);
    assert_int_equal(got[1], 2);
    assert_int_equal(divide(-1, 0, NULL, 2, false, got), ERR_INPUT);
}

/* ---- models and digests --------------------------------------------------------------------------------------------- */

struct cache {
    char dir[64];
};

static void write_text(const char *dir, const char *name, const char *text)
{
    struct str path = STR_INIT;
    struct err e = ERR_INIT;
    path_join(&path, dir, name);
    if (file_write(path.at, text, strlen(text), &e))
        fail_msg("%s", e.text);
    str_release(&path);
}

static int make_cache(void **state)
{
    struct cache *c = xcalloc(1, sizeof *c);
    char models[96];
    snprintf(c->dir, sizeof c->dir, "/tmp/chimera-test-XXXXXX");
    if (!mkdtemp(c->dir))
        return -1;
    snprintf(models, sizeof models, "%s/chimera/models", c->dir);
    dir_make(models, NULL);
    write_text(models, "tiny.gguf", "GGUF....");
    write_text(models, "wrong.gguf", "PK......");
    setenv("XDG_CACHE_HOME", c->dir, 1);
    unsetenv("CHIMERA_DEPS");
    *state = c;
    return 0;
}

static int drop_cache(void **state)
{
    char cmd[128];
    struct cache *c = *state;
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", c->dir);
    int rc = system(cmd);
    free(c);
    return rc;
}

static void check_model(const char *model, int code, const char *words)
{
    struct str path = STR_INIT;
    struct err e = ERR_INIT;
    assert_int_equal(server_model_path(model, &path, &e), code);
    if (!strstr(code ? e.text : path.at, words))
        fail_msg("'%s' is not in: %s", words, code ? e.text : path.at);
    str_release(&path);
}

static void test_models(void **state)
{
    struct cache *c = *state;
    char path[128];
    check_model("tiny", 0, "/chimera/models/tiny.gguf");
    snprintf(path, sizeof path, "%s/chimera/models/tiny.gguf", c->dir);
    check_model(path, 0, path);
    check_model("wrong", ERR_INPUT, "is not a GGUF file");
    check_model("smollm2-135m", ERR_NOTFOUND, "run tools/deps");
    check_model("gemma3-270m", ERR_NOTFOUND, "tools/deps --all");
    check_model("smolm2-135m", ERR_NOTFOUND, "did you mean 'smollm2-135m'");
    check_model("/nowhere/x.gguf", ERR_NOTFOUND, "there is no model file /nowhere/x.gguf");
    check_model("", ERR_USAGE, "missing");
    assert_string_equal(server_model_at(0)->name, "smollm2-135m");
    assert_null(server_model_at(99));
}

static void test_digest(void **state)
{
    struct cache *c = *state;
    char path[128], one[65], two[65], three[65];
    struct stat st;
    struct err e = ERR_INIT;
    snprintf(path, sizeof path, "%s/file", c->dir);
    write_text(c->dir, "file", "abc");
    assert_int_equal(server_file_digest(path, one, &e), 0);
    assert_string_equal(one, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

    /* The same size, inode and time: the remembered value is given, which shows that nothing was hashed again. */
    assert_int_equal(stat(path, &st), 0);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fputs("xyz", f);
    fclose(f);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(0, path, times, 0), 0);
    assert_int_equal(server_file_digest(path, two, &e), 0);
    assert_string_equal(two, one);

    /* Another time: hashed. */
    assert_int_equal(utimensat(0, path, NULL, 0), 0);
    assert_int_equal(server_file_digest(path, three, &e), 0);
    assert_string_equal(three, "3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282");
    assert_int_equal(server_file_digest("/nowhere/at/all", two, &e), ERR_NOTFOUND);

    /* A cache that cannot be written costs time only. */
    setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
    assert_int_equal(server_file_digest(path, two, &(struct err)ERR_INIT), 0);
    assert_string_equal(two, three);
}

/* ---- commands ------------------------------------------------------------------------------------------------------- */

static void check_words(const char *text, const char *joined)
{
    struct server s = {.spec = {.name = "a", .kind = "cmd:", .threads = 3, .parallel = 2, .model = "m"},
                       .num_ctx = 512};
    struct launch l = {.port = 4711};
    struct err e = ERR_INIT;
    struct str got = STR_INIT;
    int rc = command_fill(&s, &l, text, &e);
    if (rc)
        str_addz(&got, e.text);
    for (size_t i = 0; !rc && i < l.n_args; i++)
        str_addf(&got, "%s[%s]", i ? " " : "", l.argv[i]);
    if (rc ? !strstr(got.at, joined) : strcmp(str_z(&got), joined) != 0)
        fail_msg("%s: %s, not %s", text, str_z(&got), joined);
    str_release(&got);
    arena_release(&l.text);
}

static void test_templates(void **state)
{
    (void)state;
    check_words("./srv --port {port} -m {model}", "[./srv] [--port] [4711] [-m] [m]");
    check_words("s {threads} {ctx} {ctx_total} {parallel} {name} {host}", "[s] [3] [512] [1024] [2] [a] [127.0.0.1]");
    check_words("s --bind={host}:{port}", "[s] [--bind=127.0.0.1:4711]");
    check_words("s 'two words' \"three {port} words\" a\\ b ''", "[s] [two words] [three 4711 words] [a b] []");
    check_words("s '{\"json\": 1}' {} {Port} {1}", "[s] [{\"json\": 1}] [{}] [{Port}] [{1}]");
    check_words("  s  ", "[s]");
    check_words("s {prot}", "did you mean {port}?");
    check_words("s 'open", "open ' quote");
}

static void check_refused(const struct server_spec *spec, int code, const char *words)
{
    struct server_place place = {.work_dir = "/tmp"};
    struct server *s;
    struct err e = ERR_INIT;
    assert_int_equal(server_new(&s, spec, &place, &e), code);
    assert_null(s);
    if (!strstr(e.text, words))
        fail_msg("'%s' is not in: %s", words, e.text);
}

static void test_refused_specs(void **state)
{
    (void)state;
    setenv("CHIMERA_ENGINE", "/nowhere/engine", 1);
    check_refused(&(struct server_spec){.name = "a"}, ERR_NOTFOUND, "CHIMERA_ENGINE names /nowhere/engine");
    check_refused(&(struct server_spec){.name = "a/b"}, ERR_USAGE, "name without slashes");
    check_refused(&(struct server_spec){.name = "a", .threads = -2}, ERR_INPUT, "threads");
    check_refused(&(struct server_spec){.name = "a", .kind = "olama"}, ERR_USAGE, "did you mean 'ollama'");
    check_refused(&(struct server_spec){.name = "a", .kind = "cmd:true http://h"}, ERR_USAGE, "has no {port}");
    check_refused(&(struct server_spec){.name = "a", .kind = "cmd:true {port} {model}"}, ERR_USAGE,
                  "no model is named");
    check_refused(&(struct server_spec){.name = "a", .kind = "cmd:no-such-prog {port}"}, ERR_NOTFOUND, "no-such-prog");
    check_refused(&(struct server_spec){.name = "a", .kind = "http://u:p@h"}, ERR_INPUT, "server 'a'");
    check_refused(&(struct server_spec){.name = "a", .kind = "http://h:1", .backend = "opeai"}, ERR_USAGE,
                  "no backend");
}

int main(void)
{
#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, make_cache, drop_cache)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_not_managed),
        cmocka_unit_test(test_threads),
        CACHE_TEST(test_models),
        CACHE_TEST(test_digest),
        cmocka_unit_test(test_templates),
        CACHE_TEST(test_refused_specs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
