/* Study files: core-schema typing, positions, and everything that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "format/yaml.h"

struct doc {
    struct arena arena;
    struct yaml_node *root;
    struct err e;
    int rc;
};

static struct doc parse_n(const char *text, size_t n)
{
    struct doc d = {0};
    d.rc = yaml_parse("s.yaml", text, n, &d.arena, &d.root, &d.e);
    return d;
}

static struct doc parse(const char *text)
{
    return parse_n(text, strlen(text));
}

static void done(struct doc *d)
{
    arena_release(&d->arena);
}

static void expect_fault(const char *text, int code, const char *start, const char *part)
{
    struct doc d = parse(text);
    if (d.rc != code || strncmp(d.e.text, start, strlen(start)) != 0 || !strstr(d.e.text, part))
        fail_msg("for <%s>: rc %d, text <%s>", text, d.rc, d.e.text);
    assert_null(d.root);
    assert_int_equal(d.e.code, code);
    done(&d);
}

static void typing_is_the_core_schema(void **state)
{
    static const struct {
        const char *text;
        enum yaml_type type;
        double f;
    } cases[] = {
        {"null", YAML_NULL, 0},
        {"Null", YAML_NULL, 0},
        {"NULL", YAML_NULL, 0},
        {"~", YAML_NULL, 0},
        {"nULL", YAML_TEXT, 0},
        {"true", YAML_BOOL, 1},
        {"False", YAML_BOOL, 0},
        {"TRUE", YAML_BOOL, 1},
        {"tRUE", YAML_TEXT, 0},
        {"yes", YAML_TEXT, 0},
        {"no", YAML_TEXT, 0},
        {"on", YAML_TEXT, 0},
        {"off", YAML_TEXT, 0},
        {"y", YAML_TEXT, 0},
        {"0", YAML_INT, 0},
        {"-7", YAML_INT, -7},
        {"+7", YAML_INT, 7},
        {"007", YAML_INT, 7},
        {"0x1F", YAML_INT, 31},
        {"0o17", YAML_INT, 15},
        {"0x", YAML_TEXT, 0},
        {"0o8", YAML_TEXT, 0},
        {"-0x1F", YAML_TEXT, 0},
        {"1_000", YAML_TEXT, 0},
        {"12:30", YAML_TEXT, 0},
        {"2025-11-14", YAML_TEXT, 0},
        {"1.5", YAML_FLOAT, 1.5},
        {".5", YAML_FLOAT, 0.5},
        {"5.", YAML_FLOAT, 5},
        {"-1e3", YAML_FLOAT, -1000},
        {"1E+2", YAML_FLOAT, 100},
        {"1e", YAML_TEXT, 0},
        {".", YAML_TEXT, 0},
        {"1.2.3", YAML_TEXT, 0},
        {".inf", YAML_FLOAT, INFINITY},
        {"-.Inf", YAML_FLOAT, -INFINITY},
        {"+.INF", YAML_FLOAT, INFINITY},
        {"inf", YAML_TEXT, 0},
        {"nan", YAML_TEXT, 0},
        {"'8'", YAML_TEXT, 0},
        {"\"true\"", YAML_TEXT, 0},
        {"''", YAML_TEXT, 0},
        {"!!str 8", YAML_TEXT, 0},
        {"|\n  8\n", YAML_TEXT, 0},
        {"9223372036854775807", YAML_INT, 9223372036854775807.0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct doc d = parse(cases[i].text);
        if (d.rc || d.root->type != cases[i].type)
            fail_msg("<%s>: rc %d %s", cases[i].text, d.rc, d.e.text);
        double got = d.root->type == YAML_BOOL ? d.root->b : d.root->f;
        assert_true(got == cases[i].f);
        done(&d);
    }
    struct doc d = parse(".NaN");
    assert_true(d.root->type == YAML_FLOAT && isnan(d.root->f));
    done(&d);
}

static void positions_and_shapes(void **state)
{
    (void)state;
    struct doc d = parse(
        "# a study\nagents:\n  - {name: a, kind: engine, n: 2}\n  - name: b\n    list: [1, 2.5, x]\nlast:\n");
    assert_int_equal(d.rc, 0);
    struct yaml_node *agents = yaml_get(d.root, "agents");
    assert_int_equal(agents->type, YAML_LIST);
    assert_int_equal(agents->n, 2);
    struct yaml_node *first = agents->item[0], *kind = yaml_get(first, "kind");
    assert_string_equal(kind->text, "engine");
    assert_int_equal(kind->line, 3);
    assert_int_equal(kind->column, 21);
    assert_string_equal(kind->file, "s.yaml");
    struct yaml_node *list = yaml_get(agents->item[1], "list");
    assert_int_equal(list->n, 3);
    assert_true(list->item[1]->f == 2.5);
    assert_int_equal(yaml_get(d.root, "last")->type, YAML_NULL);
    assert_null(yaml_get(d.root, "first"));
    assert_null(yaml_get(list, "x"));
    assert_null(yaml_get(NULL, "x"));
    done(&d);
    d = parse("\xEF\xBB\xBF"
              "a: 1\r\nb: \"x\\ty\"\r\n");
    assert_int_equal(d.rc, 0);
    assert_string_equal(yaml_get(d.root, "b")->text, "x\ty");
    assert_int_equal(d.root->key[0]->column, 1);
    done(&d);
    d = parse("8: eight\ntrue: t\n");
    assert_string_equal(yaml_get(d.root, "8")->text, "eight");
    assert_int_equal(d.root->key[1]->type, YAML_TEXT);
    done(&d);
}

static void refused_with_a_position(void **state)
{
    (void)state;
    expect_fault("a: 1\nb: 2\na: 3\n", ERR_INPUT, "s.yaml:3:1: ", "there twice, first on line 1");
    expect_fault("{a: 1, 'a': 2}", ERR_INPUT, "s.yaml:1:8: ", "twice");
    expect_fault("a: &x 1\n", ERR_INPUT, "s.yaml:1:4: ", "anchors");
    expect_fault("a: &x [1]\n", ERR_INPUT, "s.yaml:1:4: ", "anchors");
    expect_fault("a: &x {b: 1}\n", ERR_INPUT, "s.yaml:1:4: ", "anchors");
    expect_fault("&k a: 1\n", ERR_INPUT, "s.yaml:1:1: ", "anchors");
    expect_fault("a: *x\n", ERR_INPUT, "s.yaml:1:4: ", "aliases");
    expect_fault("*x : 1\n", ERR_INPUT, "s.yaml:1:1: ", "key must be a word");
    expect_fault("a: !!int 3\n", ERR_INPUT, "s.yaml:1:4: ", "tags");
    expect_fault("a: !x [1]\n", ERR_INPUT, "s.yaml:1:4: ", "tags");
    expect_fault("[1]: 2\n", ERR_INPUT, "s.yaml:1:", "key must be a word");
    expect_fault("? {a: 1}\n: 2\n", ERR_INPUT, "s.yaml:1:3: ", "key must be a word");
    expect_fault("{'': 2}\n", ERR_INPUT, "s.yaml:1:2: ", "key is missing");
    expect_fault("", ERR_INPUT, "s.yaml:1:1: ", "empty");
    expect_fault("# only a comment\n", ERR_INPUT, "s.yaml:1:1: ", "empty");
    expect_fault("a: 1\n---\nb: 2\n", ERR_INPUT, "s.yaml:2:1: ", "second document");
    expect_fault("a: 1\n b: 2\n", ERR_INPUT, "s.yaml:2:", "not YAML: mapping values are not allowed");
    expect_fault("a: [1, 2\n", ERR_INPUT, "s.yaml:2:1: ", "not YAML");
    expect_fault("a: \"x\n", ERR_INPUT, "s.yaml:2:1: ", "not YAML");
    expect_fault("\ta: 1\n", ERR_INPUT, "s.yaml:1:1: ", "not YAML");
    expect_fault("a: 99999999999999999999\n", ERR_INPUT, "s.yaml:1:4: ", "64 bits");
    expect_fault("a: 1e999\n", ERR_INPUT, "s.yaml:1:4: ", "too large");
    expect_fault("a: \"x\\0y\"\n", ERR_INPUT, "s.yaml:1:4: ", "NUL");
    expect_fault("ok: 1\nbad: \xC3(\n", ERR_INPUT, "s.yaml:2:", "not YAML");
    struct doc d = parse_n("a: 1\0b\n", 7);
    assert_int_equal(d.rc, ERR_INPUT);
    done(&d);
}

static void limits_hold(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    for (int i = 0; i < 200; i++)
        str_addc(&s, '[');
    expect_fault(str_z(&s), ERR_LIMIT, "s.yaml:1:34: ", "deeply");
    str_clear(&s);
    for (int i = 0; i < 2000; i++)
        str_addf(&s, "k%d: 1\n", i);
    expect_fault(str_z(&s), ERR_LIMIT, "s.yaml:1025:1: ", "keys");
    str_clear(&s);
    for (int i = 0; i < 70000; i++)
        str_addz(&s, "- 1\n");
    expect_fault(str_z(&s), ERR_LIMIT, "s.yaml:", "more values");
    str_clear(&s);
    str_reserve(&s, YAML_MAX_BYTES + 2);
    memset(s.at, '#', YAML_MAX_BYTES + 1);
    s.len = YAML_MAX_BYTES + 1;
    s.at[s.len] = 0;
    expect_fault(str_z(&s), ERR_LIMIT, "s.yaml:1:1: ", "larger");
    str_release(&s);
}

static void unknown_keys_get_a_suggestion(void **state)
{
    static const char *const keys[] = {"study", "agents", "blocks", "seed"};
    (void)state;
    struct doc d = parse("study: x\nagnets: []\n");
    struct err e = ERR_INIT;
    assert_int_equal(yaml_allow(d.root, keys, 4, "the study", &e), ERR_INPUT);
    assert_string_equal(e.text, "s.yaml:2:1: unknown key 'agnets' in the study; did you mean 'agents'?");
    assert_int_equal(e.line, 2);
    done(&d);
    d = parse("zzzzzz: 1\n");
    err_clear(&e);
    assert_int_equal(yaml_allow(d.root, keys, 4, "the study", &e), ERR_INPUT);
    assert_string_equal(e.text, "s.yaml:1:1: unknown key 'zzzzzz' in the study; one of: study, agents, blocks, seed");
    done(&d);
    d = parse("study: 1\nseed: 2\n");
    err_clear(&e);
    assert_int_equal(yaml_allow(d.root, keys, 4, "the study", &e), 0);
    done(&d);
    d = parse("[1]");
    assert_int_equal(yaml_allow(d.root, keys, 4, "the study", &e), ERR_INPUT);
    assert_string_equal(e.text, "s.yaml:1:1: the study must be a map, not a list");
    done(&d);
}

static void getters_check_type_and_range(void **state)
{
    (void)state;
    struct doc d = parse("i: 5\nf: 2.5\nt: word\nq: '5'\nb: true\ny: yes\nnone:\nl: [1]\nm: {a: 1}\nn: .nan\n");
    struct err e = ERR_INIT;
    int64_t i = -1;
    double f = -1;
    bool b = false;
    const char *t = "unset";
    struct yaml_node *node = NULL;
    assert_int_equal(yaml_get_int(d.root, "absent", 0, 9, &i, &e), 0);
    assert_int_equal(i, -1);
    assert_int_equal(yaml_get_int(d.root, "i", 0, 9, &i, &e), 0);
    assert_int_equal(i, 5);
    assert_int_equal(yaml_get_double(d.root, "i", 0, 9, &f, &e), 0);
    assert_true(f == 5);
    assert_int_equal(yaml_get_double(d.root, "f", 0, 9, &f, &e), 0);
    assert_int_equal(yaml_get_bool(d.root, "b", &b, &e), 0);
    assert_true(b);
    assert_int_equal(yaml_get_text(d.root, "t", &t, &e), 0);
    assert_string_equal(t, "word");
    assert_int_equal(yaml_get_scalar(d.root, "i", &t, &e), 0);
    assert_string_equal(t, "5");
    assert_int_equal(yaml_get_list(d.root, "l", &node, &e), 0);
    assert_int_equal(node->n, 1);
    assert_int_equal(yaml_get_map(d.root, "m", &node, &e), 0);
    assert_int_equal(yaml_need(d.root, "m", "the study", &node, &e), 0);
    assert_int_equal(e.code, 0);

#define REFUSED(call, words)                                                                                           \
    do {                                                                                                               \
        err_clear(&e);                                                                                                 \
        assert_int_equal(call, ERR_INPUT);                                                                             \
        assert_string_equal(e.text, words);                                                                            \
    } while (0)
    REFUSED(yaml_get_int(d.root, "i", 6, 9, &i, &e), "s.yaml:1:4: i must be 6 to 9, not 5");
    REFUSED(yaml_get_int(d.root, "f", 0, 9, &i, &e), "s.yaml:2:4: f must be a whole number, not '2.5'");
    REFUSED(yaml_get_int(d.root, "q", 0, 9, &i, &e), "s.yaml:4:4: q must be a whole number, not the text '5'");
    REFUSED(yaml_get_int(d.root, "none", 0, 9, &i, &e), "s.yaml:7:6: none must be a whole number, not nothing");
    REFUSED(yaml_get_double(d.root, "n", 0, 9, &f, &e), "s.yaml:10:4: n must be 0 to 9, not .nan");
    REFUSED(yaml_get_double(d.root, "t", 0, 9, &f, &e), "s.yaml:3:4: t must be a number, not 'word'");
    REFUSED(yaml_get_bool(d.root, "y", &b, &e), "s.yaml:6:4: y must be true or false ('yes' is text in YAML 1.2)");
    REFUSED(yaml_get_bool(d.root, "i", &b, &e), "s.yaml:1:4: i must be true or false, not '5'");
    REFUSED(yaml_get_text(d.root, "i", &t, &e), "s.yaml:1:4: i must be text, not '5'");
    REFUSED(yaml_get_scalar(d.root, "l", &t, &e), "s.yaml:8:4: l must be one value, not a list");
    REFUSED(yaml_get_list(d.root, "t", &node, &e), "s.yaml:3:4: t must be a list, not 'word'");
    REFUSED(yaml_get_map(d.root, "l", &node, &e), "s.yaml:8:4: l must be a map, not a list");
#undef REFUSED
    done(&d);
}

static void choices(void **state)
{
    static const char *const words[] = {"chat", "completion"};
    (void)state;
    struct doc d = parse("a: completion\nb: caht\nc: zebra\n");
    struct err e = ERR_INIT;
    int out = -1;
    assert_int_equal(yaml_get_choice(d.root, "a", words, 2, &out, &e), 0);
    assert_int_equal(out, 1);
    assert_int_equal(yaml_get_choice(d.root, "b", words, 2, &out, &e), ERR_INPUT);
    assert_string_equal(e.text, "s.yaml:2:4: b cannot be 'caht'; did you mean 'chat'?");
    err_clear(&e);
    assert_int_equal(yaml_get_choice(d.root, "c", words, 2, &out, &e), ERR_INPUT);
    assert_string_equal(e.text, "s.yaml:3:4: c cannot be 'zebra'; one of: chat, completion");
    assert_int_equal(out, 1);
    done(&d);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct arena a = {0};
    struct yaml_node *root;
    struct err e = ERR_INIT;
    assert_int_equal(yaml_read("/nonexistent/x.yaml", &a, &root, &e), ERR_NOTFOUND);
    assert_non_null(strstr(e.text, "/nonexistent/x.yaml"));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typing_is_the_core_schema),
        cmocka_unit_test(positions_and_shapes),
        cmocka_unit_test(refused_with_a_position),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(unknown_keys_get_a_suggestion),
        cmocka_unit_test(getters_check_type_and_range),
        cmocka_unit_test(choices),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
