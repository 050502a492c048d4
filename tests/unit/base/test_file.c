/* Files, folders and paths in a folder of their own. */
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

static int enter(void **state)
{
    char dir[] = "/tmp/chimera-file-XXXXXX";
    if (!mkdtemp(dir))
        return -1;
    *state = strdup(dir);
    return chdir(dir);
}

static int leave(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf -- '%s'", (char *)*state);
    int rc = chdir("/") || system(command);
    free(*state);
    return rc;
}

static void written_bytes_are_read_back(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct str s = STR_INIT;
    assert_int_equal(file_write("a", "x\0y\n", 4, &e), 0);
    str_addz(&s, "before ");
    assert_int_equal(file_read("a", 100, &s, &e), 0);
    assert_int_equal(s.len, 11);
    assert_memory_equal(s.at, "before x\0y\n", 12);
    assert_int_equal(file_write("a", NULL, 0, &e), 0);
    str_clear(&s);
    assert_int_equal(file_read("a", 0, &s, &e), 0);
    assert_int_equal(s.len, 0);
    assert_string_equal(str_z(&s), "");
    str_release(&s);
}

static void a_read_is_capped_and_a_failure_leaves_the_string(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct str s = STR_INIT;
    str_addz(&s, "kept");
    file_write("b", "12345", 5, &e);
    assert_int_equal(file_read("b", 5, &s, &e), 0);
    assert_string_equal(str_z(&s), "kept12345");
    assert_int_equal(file_read("b", 4, &s, &e), ERR_LIMIT);
    assert_string_equal(str_z(&s), "kept12345");
    err_clear(&e);
    assert_int_equal(file_read("none", 4, &s, &e), ERR_NOTFOUND);
    assert_non_null(strstr(e.text, "none"));
    err_clear(&e);
    assert_int_equal(file_read(".", 4, &s, &e), ERR_IO);
    assert_string_equal(str_z(&s), "kept12345");
    str_release(&s);
}

static void a_write_replaces_all_or_nothing(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct str s = STR_INIT;
    assert_int_equal(file_write("c", "old", 3, &e), 0);
    assert_int_equal(file_write("c", "new and longer", 14, &e), 0);
    file_read("c", 100, &s, &e);
    assert_string_equal(str_z(&s), "new and longer");
    assert_int_equal(file_write("no/such/folder/c", "x", 1, &e), ERR_IO);
    err_clear(&e);
    assert_int_equal(mkdir("taken", 0777), 0);
    assert_int_equal(mkdir("taken/inside", 0777), 0);
    assert_int_equal(file_write("taken", "x", 1, &e), ERR_IO); /* a folder is not replaced */
    assert_int_equal(system("ls | grep -q tmp-") == 0, 0);     /* and no temporary file is left */
    str_release(&s);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    assert_int_equal(dir_make("p/q/r", &e), 0);
    assert_true(dir_exists("p/q/r"));
    assert_int_equal(dir_make("p/q/r", &e), 0);
    assert_int_equal(dir_make("p//q/s/", &e), 0);
    assert_true(dir_exists("p/q/s"));
    assert_int_equal(dir_make("/", &e), 0);
    file_write("plain", "x", 1, &e);
    assert_int_equal(dir_make("plain", &e), ERR_IO);
    err_clear(&e);
    assert_int_equal(dir_make("plain/below", &e), ERR_IO);
    err_clear(&e);
    assert_int_equal(dir_make("", &e), ERR_IO);
    assert_true(file_exists("plain"));
    assert_false(file_exists("p"));
    assert_false(dir_exists("plain"));
}

static void expect_path(void (*fn)(struct str *, const char *), const char *in, const char *expected)
{
    struct str s = STR_INIT;
    fn(&s, in);
    assert_string_equal(str_z(&s), expected);
    str_release(&s);
}

static void join_with_dir(struct str *out, const char *name)
{
    path_join(out, "dir", name);
}

static void join_with_slash(struct str *out, const char *name)
{
    path_join(out, "dir/", name);
}

static void join_with_nothing(struct str *out, const char *name)
{
    path_join(out, "", name);
    path_join(out, NULL, name);
}

static void paths(void **state)
{
    (void)state;
    expect_path(join_with_dir, "name", "dir/name");
    expect_path(join_with_slash, "name", "dir/name");
    expect_path(join_with_dir, "/abs", "/abs");
    expect_path(join_with_nothing, "n", "nn");
    expect_path(path_dir, "a/b/c", "a/b");
    expect_path(path_dir, "c", ".");
    expect_path(path_dir, "/c", "/");
    assert_string_equal(path_base("a/b/c"), "c");
    assert_string_equal(path_base("c"), "c");
    assert_string_equal(path_base("a/"), "");
}

static void programs_are_found_on_path(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    struct err e = ERR_INIT;
    char *before = strdup(getenv("PATH"));
    assert_true(path_find_program("sh", &s));
    assert_true(file_exists(str_z(&s)));
    assert_false(path_find_program("no-such-program-here", &s));
    assert_false(path_find_program("./sh", &s));
    dir_make("bin", &e);
    file_write("bin/tool", "#!/bin/sh\n", 10, &e);
    setenv("PATH", "::missing:bin", 1);
    str_clear(&s);
    assert_false(path_find_program("tool", &s)); /* not executable */
    assert_int_equal(chmod("bin/tool", 0755), 0);
    assert_true(path_find_program("tool", &s));
    assert_string_equal(str_z(&s), "bin/tool");
    setenv("PATH", before, 1);
    free(before);
    str_release(&s);
}

static void the_cache_follows_xdg(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    setenv("XDG_CACHE_HOME", "/x", 1);
    path_cache(&s);
    assert_string_equal(str_z(&s), "/x/chimera");
    setenv("XDG_CACHE_HOME", "relative is ignored", 1);
    setenv("HOME", "/h", 1);
    str_clear(&s);
    path_cache(&s);
    assert_string_equal(str_z(&s), "/h/.cache/chimera");
    str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_bytes_are_read_back),
        cmocka_unit_test(a_read_is_capped_and_a_failure_leaves_the_string),
        cmocka_unit_test(a_write_replaces_all_or_nothing),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(paths),
        cmocka_unit_test(programs_are_found_on_path),
        cmocka_unit_test(the_cache_follows_xdg),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
