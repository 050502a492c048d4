/* What must hold for any report: golden files, made anew by CHIMERA_GOLDEN=write (the difference is for a person to read),
 * lines that fit, nothing that acts on a terminal or a page. */
#ifndef TESTS_REPORT_CHECK_H
#define TESTS_REPORT_CHECK_H

#include <string.h>

#include "base/utf8.h"
#include "fixture.h"
#include "format/json.h"
#include "format/width.h"

static struct str rendered(const struct report_view *v, const char *format)
{
    struct str out = STR_INIT;
    struct report_style color = {.color = true}, ascii = {.ascii = true}, narrow = {.columns = 80};
    if (!strcmp(format, "md"))
        report_md(v, &out);
    else if (!strcmp(format, "json"))
        report_json(v, &out);
    else
        report_terminal(v,
                        !strcmp(format, "color")    ? &color
                        : !strcmp(format, "ascii")  ? &ascii
                        : !strcmp(format, "narrow") ? &narrow
                                                    : NULL,
                        &out);
    return out;
}

static struct str golden_path(const char *name, const char *end)
{
    struct str path = STR_INIT;
    str_addf(&path, "%s/unit/report/golden/%s.%s", TESTS_DIR, name, end);
    return path;
}

static bool writing(void)
{
    const char *mode = getenv("CHIMERA_GOLDEN");
    return mode && !strcmp(mode, "write");
}

/* Definitions are the metric table's business: they are cut off. */
static void golden(const struct report_view *v, const char *name, const char *format)
{
    struct str got = rendered(v, format), want = STR_INIT,
               path = golden_path(name, strcmp(format, "md") ? "txt" : "md");
    struct err e = ERR_INIT;
    char *definitions = strstr(str_z(&got), "## Definitions");
    if (definitions)
        got.len = (size_t)(definitions - got.at);
    if (writing())
        assert_int_equal(file_write(str_z(&path), got.at, got.len, &e), 0);
    if (file_read(str_z(&path), 1 << 22, &want, &e))
        fail_msg("%s", e.text);
    if (got.len != want.len || memcmp(got.at, want.at, got.len) != 0)
        fail_msg("%s differs from the report:\n%.*s", str_z(&path), (int)got.len, str_z(&got));
    str_release(&got);
    str_release(&want);
    str_release(&path);
}

/* Valid UTF-8, no controls but line ends (and our own SGR when asked for), at most 100 columns. */
static void check_terminal(const struct report_view *v, const char *format)
{
    struct str s = rendered(v, format);
    size_t columns = 0;
    for (size_t i = 0; i < s.len;) {
        uint32_t c;
        size_t n = utf8_next(s.at + i, s.len - i, &c);
        assert_true(n > 0);
        if (c == 0x1B && !strcmp(format, "color")) {
            i += strcspn(s.at + i, "m") + 1;
            continue;
        }
        assert_true(c == '\n' || (c >= 0x20 && (c < 0x7F || c >= 0xA0) && c != 0x202E));
        assert_true(c < 0x80 || strcmp(format, "ascii") != 0);
        columns = c == '\n' ? 0 : columns + (size_t)width_of(c);
        if (columns > 100)
            fail_msg("a line of more than 100 columns: %.*s", 120, s.at + (i > 100 ? i - 100 : 0));
        i += n;
    }
    str_release(&s);
}

static yyjson_doc *as_json(const struct report_view *v)
{
    struct str s = rendered(v, "json");
    struct err e = ERR_INIT;
    yyjson_doc *doc = json_read(s.at, s.len, NULL, &e);
    if (!doc)
        fail_msg("%s", e.text);
    assert_int_equal(s.at[s.len - 1], '\n');
    str_release(&s);
    return doc;
}

static yyjson_val *at(yyjson_doc *doc, const char *pointer)
{
    return yyjson_doc_ptr_get(doc, pointer);
}

/* Everything in `want` is in `got`, numbers to 9 digits; got may hold more keys: the format may grow. */
static bool holds(yyjson_val *got, yyjson_val *want, struct str *where)
{
    size_t i, max, len = where->len;
    yyjson_val *k, *v;
    if (yyjson_is_num(want))
        return yyjson_is_num(got) &&
               fabs(yyjson_get_num(got) - yyjson_get_num(want)) <= 1e-9 * (1 + fabs(yyjson_get_num(want)));
    if (!yyjson_is_ctn(want))
        return yyjson_equals(got, want);
    if (yyjson_get_type(got) != yyjson_get_type(want) ||
        (yyjson_is_arr(want) && yyjson_get_len(got) != yyjson_get_len(want)))
        return false;
    yyjson_arr_foreach (want, i, max, v) {
        str_addf(where, "/%zu", i);
        if (!holds(yyjson_arr_get(got, i), v, where))
            return false;
        where->len = len;
    }
    yyjson_obj_foreach (want, i, max, k, v) {
        str_addf(where, "/%s", unsafe_yyjson_get_str(k));
        if (!holds(yyjson_obj_get(got, unsafe_yyjson_get_str(k)), v, where))
            return false;
        where->len = len;
    }
    return true;
}

static void write_golden_json(yyjson_doc *doc, const char *path)
{
    struct err e = ERR_INIT;
    size_t n;
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    yyjson_mut_obj_remove_key(yyjson_mut_doc_get_root(copy), "definitions");
    char *text = yyjson_mut_write(copy, YYJSON_WRITE_PRETTY_TWO_SPACES, &n);
    assert_int_equal(file_write(path, text, n, &e), 0);
    free(text);
    yyjson_mut_doc_free(copy);
}

__attribute__((unused)) static void golden_json(const struct report_view *v, const char *name)
{
    struct str path = golden_path(name, "json"), text = STR_INIT, where = STR_INIT;
    struct err e = ERR_INIT;
    yyjson_doc *got = as_json(v);
    if (writing())
        write_golden_json(got, str_z(&path));
    if (file_read(str_z(&path), 1 << 22, &text, &e))
        fail_msg("%s", e.text);
    yyjson_doc *want = json_read(text.at, text.len, NULL, &e);
    assert_non_null(want);
    if (!holds(yyjson_doc_get_root(got), yyjson_doc_get_root(want), &where))
        fail_msg("%s differs at %s", str_z(&path), str_z(&where));
    yyjson_doc_free(got);
    yyjson_doc_free(want);
    str_release(&text);
    str_release(&path);
    str_release(&where);
}

static void check_all(const struct report_view *v)
{
    check_terminal(v, "terminal");
    check_terminal(v, "color");
    check_terminal(v, "ascii");
    yyjson_doc *doc = as_json(v);
    assert_string_equal(yyjson_get_str(at(doc, "/schema")), "chimera.report/1");
    assert_true(yyjson_arr_size(at(doc, "/answers")) > 0);
    yyjson_doc_free(doc);
    struct str md = rendered(v, "md");
    assert_true(md.len > 0 && !strstr(md.at, "<script") && !strchr(md.at, 0x1B));
    str_release(&md);
}

/* In one of the answers. */
static bool answer_has(const struct report_view *v, const char *words)
{
    for (size_t i = 0; i < v->n_answers; i++)
        if (strstr(v->answers[i], words))
            return true;
    return false;
}

#endif
