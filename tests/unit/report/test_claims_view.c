/* Rows of a result as claims see them, and the view as text, JSON and CSV; text of the file cannot act on a terminal. */
#include "../store/fixture.h"

#include "format/json.h"
#include "report/claims_view.h"

static const struct store_source source = {.path = "a.csv", .format = "some"};

static const struct claim_field *field(const struct claim_row *r, const char *name)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (!strcmp(r->fields[i].name, name))
            return &r->fields[i];
    return NULL;
}

static void rows_are_lists_of_named_values(void **state)
{
    (void)state;
    struct claims_view v = {.n_rows = 0};
    struct err e = ERR_INIT;
    char json[600], text[300];
    memset(text, 'x', sizeof text);
    snprintf(
        json, sizeof json,
        "{\"collector\":{\"result\":{\"llm_calls\":[{\"metrics\":{\"a\":1.5}},{\"metrics\":{\"a\":true,\"b\":null}}]}},"
        "\"t\":\"short\",\"long\":\"%.201s\",\"edge\":\"%.200s\"}",
        text, text);
    must(claims_add_row(&v, &source, &(struct store_source_row){.line = 7, .origin = "o", .json = json}, &e), &e);
    const struct claim_row *r = &v.rows[0];
    assert_int_equal(r->n_fields, 4);
    assert_true(field(r, "collector.calls.0.a")->number == 1.5);
    assert_string_equal(field(r, "collector.calls.0.a")->path, "collector.result.llm_calls.0.metrics.a");
    assert_true(field(r, "collector.calls.1.a")->number == 1 && !field(r, "collector.calls.1.b"));
    assert_string_equal(field(r, "t")->text, "short");
    assert_true(isnan(field(r, "t")->number));
    assert_true(field(r, "edge") && !field(r, "long"));
    assert_true(r->line == 7 && !strcmp(r->origin, "o") && !strcmp(r->format, "some") && !r->runs);
    assert_int_equal(claims_add_row(&v, &source, &(struct store_source_row){.json = "{\"a\""}, &e), ERR_INPUT);
    free(v.rows);
    arena_release(&v.arena);
}

static void many_fields_are_cut_off(void **state)
{
    (void)state;
    struct claims_view v = {.n_rows = 0};
    struct err e = ERR_INIT;
    struct str json = STR_INIT;
    str_addz(&json, "{\"a\":[0");
    for (int i = 0; i < CLAIMS_FIELDS_MAX + 10; i++)
        str_addz(&json, ",0");
    str_addz(&json, "]}");
    must(claims_add_row(&v, &source, &(struct store_source_row){.json = str_z(&json)}, &e), &e);
    assert_int_equal(v.rows[0].n_fields, CLAIMS_FIELDS_MAX);
    str_release(&json);
    free(v.rows);
    arena_release(&v.arena);
}

/* The lab's summary of first calls, in a file with a hostile name; and one record with a run. */
static struct claims_view *stored(struct scratch *scratch)
{
    struct err e = ERR_INIT;
    struct claims_view *view;
    char sha[65];
    sha256_hex("x", 1, sha);
    scratch_make(scratch);
    struct store *s = fixture_create(scratch);
    struct store_source f = {.path = "\x1b[31m\"cold_start_effect_overall\",.csv",
                             .sha256 = sha,
                             .bytes = 5,
                             .format = "cold-start-effect",
                             .rows = 2};
    must(store_import_file(s, &f, &e), &e);
    struct store_source_row rows[] = {
        {.source = f.id,
         .line = 2,
         .json = "{\"backend\":\"transformers-gpu\",\"mean_ms\":404.0549,\"mean_excl_first_ms\":386.7455}"},
        {.source = f.id,
         .line = 3,
         .json = "{\"backend\":\"transformers-gpu-compile\",\"mean_ms\":389.2239,\"mean_excl_first_ms\":388.2852}"}};
    for (int i = 0; i < 2; i++)
        must(store_import_row(s, &rows[i], &e), &e);
    fixture_close(s);
    s = fixture_open(scratch, false);
    must(claims_view_build(s, &view, &e), &e);
    fixture_close(s);
    return view;
}

static yyjson_val *claim_of(yyjson_doc *doc, const char *id)
{
    size_t i, max;
    yyjson_val *c;
    yyjson_arr_foreach (yyjson_obj_get(yyjson_doc_get_root(doc), "claims"), i, max, c) {
        if (span_eq_z(json_get_text(c, "id"), id))
            return c;
    }
    fail_msg("no claim %s", id);
    return NULL;
}

static void json_has_every_figure_with_its_trace(void **state)
{
    (void)state;
    struct scratch scratch;
    struct claims_view *v = stored(&scratch);
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    claims_json(v, &out);
    assert_true(out.at[out.len - 1] == '\n' && !memchr(out.at, '\n', out.len - 1));
    yyjson_doc *doc = json_read(out.at, out.len, NULL, &e);
    assert_non_null(doc);
    yyjson_val *root = yyjson_doc_get_root(doc), *c = claim_of(doc, "TR117.compiled_mean_ms");
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "claims")), 4);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "claims")) +
                         yyjson_arr_size(yyjson_obj_get(root, "without_rows")),
                     v->n_results);
    assert_true(json_get_double(c, "claimed", 0) == 389.22 && json_get_double(c, "recomputed", 0) == 389.2239);
    assert_true(json_get_bool(c, "reproduced", false) && !json_get_bool(c, "survives", true));
    yyjson_val *use = yyjson_arr_get_first(yyjson_obj_get(c, "trace"));
    assert_true(span_eq_z(json_get_text(use, "file"), "\x1b[31m\"cold_start_effect_overall\",.csv"));
    assert_int_equal(json_get_int(use, "row", 0), 3);
    assert_true(json_get_double(yyjson_obj_get(use, "values"), "mean_ms", 0) == 389.2239);
    yyjson_val *eager = yyjson_arr_get(yyjson_obj_get(c, "instead"), 1);
    assert_true(json_get_double(eager, "value", 0) == 386.7455 &&
                yyjson_is_null(yyjson_arr_get(yyjson_obj_get(eager, "interval"), 0)));
    assert_true(json_get_bool(claim_of(doc, "TR120.eager_without_first_ms"), "survives", false));
    yyjson_doc_free(doc);
    str_release(&out);
    claims_view_free(v);
    scratch_remove(&scratch);
}

static void texts_do_not_act(void **state)
{
    (void)state;
    struct scratch scratch;
    struct claims_view *v = stored(&scratch);
    struct str text = STR_INIT, md = STR_INIT, csv = STR_INIT;
    claims_terminal(v, NULL, &text);
    assert_null(strchr(str_z(&text), '\x1b'));
    assert_non_null(strstr(str_z(&text), "TR117.eager_mean_ms falls."));
    assert_non_null(strstr(str_z(&text), "4 of 4 printed numbers"));
    claims_md(v, &md);
    assert_non_null(strstr(str_z(&md), "## TR120"));
    claims_csv(v, &csv);
    assert_non_null(strstr(str_z(&csv),
                           "TR120.eager_without_first_ms,recomputed,\"the same, not compiled\",\"ms\",386.7455,,,1,"
                           "true,survives,"));
    str_release(&text);
    str_release(&md);
    str_release(&csv);
    claims_view_free(v);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_lists_of_named_values),
        cmocka_unit_test(many_fields_are_cut_off),
        cmocka_unit_test(json_has_every_figure_with_its_trace),
        cmocka_unit_test(texts_do_not_act),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
