/* The pinned folder: what it takes, what it refuses and with which words, and its identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "format/json.h"
#include "scratch.h"

static void expect_fault(int rc, const struct err *e, int code, const char *words)
{
    if (rc != code || e->code != code || !strstr(e->text, words))
        fail_msg("%d <%s>, not %d <%s>", rc, e->text, code, words);
}

static void expect_open_fault(const struct scratch *s, int code, const char *words)
{
    struct corpus c;
    struct err e = ERR_INIT;
    expect_fault(corpus_open(&c, s->dir, &e), &e, code, words);
    assert_int_equal(c.n_files, 0); /* empty, and safe to release again */
    assert_null(c.arena.head);
    corpus_release(&c);
}

/* Pinning and opening refuse the same things. */
static void expect_pin_fault(const struct scratch *s, int code, const char *words)
{
    char path[256];
    struct err e = ERR_INIT;
    scratch_path(s, CORPUS_MANIFEST, path);
    expect_fault(corpus_pin(s->dir, &e), &e, code, words);
    assert_false(file_exists(path));
    scratch_file(s, CORPUS_MANIFEST, "");
    struct corpus c;
    struct err open = ERR_INIT;
    assert_true(corpus_open(&c, s->dir, &open) < 0);
}

static void three_files(const struct scratch *s)
{
    scratch_file(s, "b.csv", "ms\n5\n");
    scratch_file(s, "a.json", "{\"x\": 1}");
    scratch_file(s, "sub/notes.md", "# Notes\n");
}

/* The manifest with one text put in another's place. */
static void edit_manifest(const struct scratch *s, const char *from, const char *to)
{
    char path[256];
    struct str old = STR_INIT, new = STR_INIT;
    struct err e = ERR_INIT;
    scratch_path(s, CORPUS_MANIFEST, path);
    assert_int_equal(file_read(path, 1 << 20, &old, &e), 0);
    const char *at = strstr(str_z(&old), from);
    assert_non_null(at);
    str_add(&new, old.at, (size_t)(at - old.at));
    str_addz(&new, to);
    str_addz(&new, at + strlen(from));
    assert_int_equal(file_write(path, str_z(&new), new.len, &e), 0);
    str_release(&old);
    str_release(&new);
}

static void a_pinned_folder_opens_with_its_files_in_order(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    three_files(s);
    scratch_file(s, ".hidden", "not part of it");
    scratch_open(s, &c);
    assert_int_equal(c.n_files, 3);
    assert_string_equal(c.files[0].path, "a.json");
    assert_string_equal(c.files[1].path, "b.csv");
    assert_string_equal(c.files[2].path, "sub/notes.md");
    assert_int_equal(c.files[0].type, CORPUS_JSON);
    assert_int_equal(c.files[1].type, CORPUS_CSV);
    assert_int_equal(c.files[2].type, CORPUS_MD);
    for (int i = 0; i < CORPUS_TYPE_COUNT; i++)
        assert_int_equal(c.count[i], 1);
    assert_int_equal(c.bytes, 5 + 8 + 8);
    assert_string_equal(c.title[2], "Notes");
    assert_null(c.title[0]);
    corpus_release(&c);
    assert_int_equal(c.n_files, 0);
}

static void the_manifest_is_the_identity(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    struct str text = STR_INIT, wanted = STR_INIT;
    struct err e = ERR_INIT;
    char path[256], hex[65];
    three_files(s);
    scratch_open(s, &c);
    scratch_path(s, CORPUS_MANIFEST, path);
    assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
    sha256_hex("{\"x\": 1}", 8, hex);
    str_addf(&wanted, "%s  8  a.json\n", hex);
    assert_true(strncmp(str_z(&text), str_z(&wanted), wanted.len) == 0);
    sha256_hex(text.at, text.len, hex);
    assert_string_equal(c.sha256, hex);
    corpus_release(&c);
    str_release(&text);
    str_release(&wanted);
}

static void a_folder_that_is_not_there_is_not_found(void **state)
{
    const struct scratch *s = *state;
    struct scratch none = *s;
    struct err e = ERR_INIT;
    strcat(none.dir, "/none");
    expect_open_fault(&none, ERR_NOTFOUND, "there is no folder");
    expect_fault(corpus_pin(none.dir, &e), &e, ERR_NOTFOUND, "/none");
}

static void an_empty_folder_is_no_corpus(void **state)
{
    const struct scratch *s = *state;
    scratch_file(s, ".only-hidden", "");
    expect_open_fault(s, ERR_INPUT, "chimera corpus pin");
    expect_pin_fault(s, ERR_INPUT, "holds no .csv, .json or .md file");
    expect_open_fault(s, ERR_INPUT, "holds no .csv, .json or .md file");
}

static void a_folder_without_a_manifest_says_how_to_make_one(void **state)
{
    const struct scratch *s = *state;
    three_files(s);
    expect_open_fault(s, ERR_INPUT, "has no MANIFEST.sha256: make one with `chimera corpus pin");
}

static void a_changed_file_is_refused_by_name(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    three_files(s);
    scratch_open(s, &c);
    corpus_release(&c);
    scratch_file(s, "b.csv", "ms\n6\n"); /* as long as before */
    expect_open_fault(s, ERR_REFUSED, "/b.csv was changed");
    scratch_file(s, "b.csv", "ms\n66\n");
    expect_open_fault(s, ERR_REFUSED, "/b.csv has another size");
    scratch_file(s, "b.csv", "ms\n5\n");
    struct err e = ERR_INIT;
    assert_int_equal(corpus_open(&c, s->dir, &e), 0);
    corpus_release(&c);
}

static void a_missing_and_an_extra_file_are_refused_by_name(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    char path[256];
    three_files(s);
    scratch_open(s, &c);
    corpus_release(&c);
    scratch_file(s, "aa.csv", "ms\n5\n");
    expect_open_fault(s, ERR_REFUSED, "/aa.csv is not in the manifest");
    scratch_path(s, "aa.csv", path);
    remove(path);
    scratch_file(s, "z.csv", "ms\n5\n"); /* behind all others */
    expect_open_fault(s, ERR_REFUSED, "/z.csv is not in the manifest");
    scratch_path(s, "z.csv", path);
    remove(path);
    scratch_path(s, "sub/notes.md", path);
    remove(path);
    expect_open_fault(s, ERR_REFUSED, "/sub/notes.md is missing");
}

static void a_manifest_of_another_form_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *from, *to, *words;
    } rows[] = {
        {"  5  b", "  5 b", ":2:1: not a line"},
        {"  5  b", " 5  b", ":2:1: not a line"},
        {"  5  b", "  x  b", ":2:1: not a line"},
        {"  5  b", "    b", ":2:1: not a line"},
        {"  8  a", "  -8  a", ":1:1: not a line"},
        {"  5  b.csv\n", "  5  b.csv\n\n", ":3:1: not a line"},
        {"  5  b.csv", "  5  ", ":2:1: not a line"},
        {"  5  b", "0  5  b", ":2:1: not a line"},
        {"  5  b", "  1234567890123456  b", ":2:1: not a line"},
        {"  8  a", "  8  z", "not sorted by path"},
    };
    const struct scratch *s = *state;
    struct corpus c;
    three_files(s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scratch_open(s, &c);
        corpus_release(&c);
        edit_manifest(s, rows[i].from, rows[i].to);
        expect_open_fault(s, i == 9 ? ERR_REFUSED : ERR_INPUT,
                          i == 9 ? "a.json is not in the manifest" : rows[i].words);
    }
}

static void a_line_twice_is_not_sorted(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    struct err e = ERR_INIT;
    struct str text = STR_INIT;
    char path[256];
    scratch_file(s, "b.csv", "ms\n5\n");
    scratch_open(s, &c);
    corpus_release(&c);
    scratch_path(s, CORPUS_MANIFEST, path);
    assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
    size_t n = text.len;
    str_reserve(&text, n);
    str_add(&text, text.at, n);
    assert_int_equal(file_write(path, text.at, text.len, &e), 0);
    expect_open_fault(s, ERR_INPUT, ":2:1: lines are not sorted by path");
    str_release(&text);
}

static void an_unreadable_file_is_refused(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    char path[256];
    three_files(s);
    scratch_open(s, &c);
    corpus_release(&c);
    scratch_path(s, "b.csv", path);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(chmod(s->dir, 0755), 0);
    uid_t me = geteuid(); /* root reads everything: be somebody else while the folder is opened */
    if (me == 0 && seteuid(65534) != 0)
        skip();
    struct err e = ERR_INIT;
    int rc = corpus_open(&c, s->dir, &e);
    assert_int_equal(seteuid(me), 0);
    expect_fault(rc, &e, ERR_REFUSED, "b.csv");
}

static void links_and_special_files_are_refused(void **state)
{
    const struct scratch *s = *state;
    char path[256];
    three_files(s);
    scratch_path(s, "link.csv", path);
    assert_int_equal(symlink("b.csv", path), 0);
    expect_pin_fault(s, ERR_REFUSED, "link.csv is a symbolic link");
    remove(path);
    scratch_path(s, CORPUS_MANIFEST, path);
    remove(path);
    scratch_path(s, "sub/pipe.csv", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_pin_fault(s, ERR_REFUSED, "pipe.csv is not a plain file");
}

static void only_three_kinds_of_files_are_taken(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    scratch_file(s, "A.CSV", "ms\n5\n"); /* in any case */
    scratch_open(s, &c);
    assert_int_equal(c.count[CORPUS_CSV], 1);
    corpus_release(&c);
    char path[256];
    scratch_path(s, CORPUS_MANIFEST, path);
    remove(path);
    scratch_file(s, "sub/run.log", "text");
    expect_pin_fault(s, ERR_INPUT, "sub/run.log is none of .csv, .json, .md");
}

static void a_file_that_is_only_an_ending_is_hidden(void **state)
{
    const struct scratch *s = *state;
    scratch_file(s, ".csv", "ms\n5\n");
    expect_pin_fault(s, ERR_INPUT, "holds no .csv");
}

static void binary_files_are_refused_by_name(void **state)
{
    static const char bytes[] = {'#', ' ', 1, 2, '\n', 0, 0x7F, 'E', 'L', 'F'};
    static const char *const names[] = {"x.csv", "x.json", "x.md"};
    const struct scratch *s = *state;
    for (int i = 0; i < 3; i++) {
        char path[256];
        scratch_bytes(s, names[i], bytes, sizeof bytes);
        expect_pin_fault(s, ERR_INPUT, names[i]);
        scratch_path(s, names[i], path);
        remove(path);
        scratch_path(s, CORPUS_MANIFEST, path);
        remove(path);
    }
}

static void a_file_that_is_not_what_its_name_says_gives_its_line(void **state)
{
    const struct scratch *s = *state;
    char path[256];
    scratch_file(s, "x.csv", "a,b\n1,2\n1\n");
    expect_pin_fault(s, ERR_INPUT, "x.csv:3:1: 1 fields where the header has 2");
    scratch_path(s, CORPUS_MANIFEST, path);
    remove(path);
    scratch_file(s, "x.csv", "");
    expect_pin_fault(s, ERR_INPUT, "x.csv:1:1: the file has no header line");
    remove(path);
    scratch_file(s, "a.json", "{\n \"a\": }");
    expect_pin_fault(s, ERR_INPUT, "a.json: not JSON at line 2, column 7");
}

static void sizes_numbers_and_depth_have_limits(void **state)
{
    const struct scratch *s = *state;
    char path[256];
    scratch_sparse(s, "big.md", (off_t)CORPUS_MAX_FILE_BYTES + 1);
    expect_pin_fault(s, ERR_LIMIT, "big.md is larger than 4 MiB");
    scratch_path(s, CORPUS_MANIFEST, path);
    remove(path);
    scratch_path(s, "big.md", path);
    remove(path);
    scratch_file(s, "1/2/3/4/5/6/7/8/x.md", "# in the eighth folder\n");
    struct corpus c;
    scratch_open(s, &c);
    assert_int_equal(c.n_files, 1);
    corpus_release(&c);
    scratch_path(s, CORPUS_MANIFEST, path);
    remove(path);
    scratch_file(s, "1/2/3/4/5/6/7/8/9/x.md", "# in the ninth\n");
    expect_pin_fault(s, ERR_LIMIT, "nested deeper than 8 folders");
}

static void all_files_together_have_a_limit(void **state)
{
    const struct scratch *s = *state;
    for (int i = 0; i < 16; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.md", i);
        scratch_sparse(s, name, (off_t)CORPUS_MAX_FILE_BYTES);
    }
    expect_pin_fault(s, ERR_INPUT, "NUL"); /* exactly 64 MiB pass the limit, and are read */
    char path[256];
    scratch_path(s, CORPUS_MANIFEST, path);
    remove(path);
    scratch_file(s, "one.md", "x");
    expect_pin_fault(s, ERR_LIMIT, "holds more than 64 MiB");
}

static void a_folder_holds_at_most_so_many_files(void **state)
{
    const struct scratch *s = *state;
    char path[256], name[16];
    FILE *f;
    for (int i = 0; i <= CORPUS_MAX_FILES; i++) { /* without the fsync of file_write */
        snprintf(name, sizeof name, "%d.md", i);
        scratch_path(s, name, path);
        f = fopen(path, "w");
        assert_non_null(f);
        fclose(f);
    }
    expect_pin_fault(s, ERR_LIMIT, "holds more than 1000 files");
    remove(path);
    scratch_path(s, CORPUS_MANIFEST, path);
    remove(path);
    struct corpus c;
    scratch_open(s, &c);
    assert_int_equal(c.n_files, CORPUS_MAX_FILES);
    corpus_release(&c);
}

static void a_name_that_is_not_utf8_is_kept_and_shown_as_valid_json(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    scratch_file(s, "caf\xE9.csv", "ms\n5\n");
    scratch_open(s, &c);
    assert_string_equal(c.files[0].path, "caf\xE9.csv");
    corpus_json(&c, &out);
    yyjson_doc *doc = json_read(str_z(&out), out.len, NULL, &e);
    assert_non_null(doc);
    assert_non_null(strstr(str_z(&out), "caf\xEF\xBF\xBD.csv"));
    yyjson_doc_free(doc);
    str_release(&out);
    corpus_release(&c);
}

static void a_name_with_control_characters_is_refused(void **state)
{
    const struct scratch *s = *state;
    scratch_file(s, "a\nb.csv", "ms\n5\n"); /* would be two lines of the manifest */
    expect_pin_fault(s, ERR_REFUSED, "control characters");
}

static void names_with_blanks_are_found_again(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    scratch_file(s, "two  blanks.csv", "ms\n5\n");
    scratch_open(s, &c);
    assert_string_equal(c.files[0].path, "two  blanks.csv");
    corpus_release(&c);
}

static void the_corpus_as_json(void **state)
{
    const struct scratch *s = *state;
    struct corpus c;
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    three_files(s);
    scratch_open(s, &c);
    corpus_json(&c, &out);
    yyjson_doc *doc = json_read(str_z(&out), out.len, NULL, &e);
    yyjson_val *root = yyjson_doc_get_root(doc), *list = yyjson_obj_get(root, "list");
    assert_true(span_eq_z(json_get_text(root, "sha256"), c.sha256));
    assert_int_equal(json_get_int(root, "files", -1), 3);
    assert_int_equal(json_get_int(root, "csv", -1), 1);
    assert_int_equal(json_get_int(root, "json", -1), 1);
    assert_int_equal(json_get_int(root, "markdown", -1), 1);
    assert_int_equal(json_get_int(root, "bytes", -1), 21);
    assert_int_equal(json_get_int(root, "facts", -1), c.n_facts);
    assert_int_equal(yyjson_arr_size(list), 3);
    assert_true(span_eq_z(json_get_text(yyjson_arr_get(list, 1), "path"), "b.csv"));
    assert_int_equal(json_get_int(yyjson_arr_get(list, 1), "bytes", -1), 5);
    assert_true(span_eq_z(json_get_text(yyjson_arr_get(list, 1), "sha256"), c.files[1].sha256));
    yyjson_doc_free(doc);
    str_release(&out);
    corpus_release(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pinned_folder_opens_with_its_files_in_order),
        TEST(the_manifest_is_the_identity),
        TEST(a_folder_that_is_not_there_is_not_found),
        TEST(an_empty_folder_is_no_corpus),
        TEST(a_folder_without_a_manifest_says_how_to_make_one),
        TEST(a_changed_file_is_refused_by_name),
        TEST(a_missing_and_an_extra_file_are_refused_by_name),
        TEST(a_manifest_of_another_form_is_refused_with_its_line),
        TEST(a_line_twice_is_not_sorted),
        TEST(an_unreadable_file_is_refused),
        TEST(links_and_special_files_are_refused),
        TEST(only_three_kinds_of_files_are_taken),
        TEST(a_file_that_is_only_an_ending_is_hidden),
        TEST(binary_files_are_refused_by_name),
        TEST(a_file_that_is_not_what_its_name_says_gives_its_line),
        TEST(sizes_numbers_and_depth_have_limits),
        TEST(all_files_together_have_a_limit),
        TEST(a_folder_holds_at_most_so_many_files),
        TEST(a_name_that_is_not_utf8_is_kept_and_shown_as_valid_json),
        TEST(a_name_with_control_characters_is_refused),
        TEST(names_with_blanks_are_found_again),
        TEST(the_corpus_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
