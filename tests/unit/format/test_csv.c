/* CSV records: what RFC 4180 allows, what it does not, and the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "format/csv.h"

/* Reads everything; the records as "a|b|c" lines in out. Returns the last code. */
static int read_all(const char *p, size_t n, char separator, struct str *out, struct err *e)
{
    static struct csv c;
    int more;
    csv_init(&c, "f.csv", p, n, separator);
    while ((more = csv_next(&c, e)) > 0) {
        for (size_t i = 0; i < c.n_fields; i++) {
            if (i)
                str_addc(out, '|');
            str_add(out, c.field[i].at, c.field[i].len);
        }
        str_addc(out, '\n');
    }
    csv_release(&c);
    return more;
}

static void expect(const char *text, const char *records)
{
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    int rc = read_all(text, strlen(text), ',', &out, &e);
    if (rc)
        fail_msg("<%s>: %s", text, e.text);
    assert_string_equal(str_z(&out), records);
    str_release(&out);
}

static void expect_fault(const char *text, size_t n, int code, const char *message)
{
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    assert_int_equal(read_all(text, n, ',', &out, &e), code);
    assert_string_equal(e.text, message);
    str_release(&out);
}

static void records_and_fields(void **state)
{
    (void)state;
    expect("", "");
    expect("a", "a\n");
    expect("a,b\nc,d\n", "a|b\nc|d\n");
    expect("a,b\r\nc,d\r\n", "a|b\nc|d\n");
    expect("a,b\nc,d\r\n\n\r\ne,f", "a|b\nc|d\ne|f\n"); /* mixed ends, blank lines */
    expect("\xEF\xBB\xBF"
           "a,b\n",
           "a|b\n");
    expect(",\n,,\n", "|\n||\n");
    expect("a,", "a|\n");
    expect(" a , b ", " a | b \n");
    expect("\n\n", "");
    expect("\xFF\xFE,\xC3(\n", "\xFF\xFE|\xC3(\n"); /* not UTF-8: passes through */
}

static void quotes(void **state)
{
    (void)state;
    expect("\"a\",\"b\"\n", "a|b\n");
    expect("\"a,b\",c\n", "a,b|c\n");
    expect("\"say \"\"hi\"\"\"\n", "say \"hi\"\n");
    expect("\"\",\"\"\"\"\n", "|\"\n");
    expect("\"two\nlines\",x\ny,z\n", "two\nlines|x\ny|z\n");
    expect("\"two\r\nlines\",x\n", "two\r\nlines|x\n");
    expect("x,\"end\"", "x|end\n");
}

static void other_separators(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    assert_int_equal(read_all("a;b,c\n1\t2;3\n", 12, ';', &out, &e), 0);
    assert_string_equal(str_z(&out), "a|b,c\n1\t2|3\n");
    str_release(&out);
}

static void faults_have_a_place(void **state)
{
    (void)state;
    expect_fault("a,b\nc,d\"e\n", 10, ERR_INPUT, "f.csv:2:4: a quote inside an unquoted field");
    expect_fault("a,b\n\"c\"d,e\n", 11, ERR_INPUT, "f.csv:2:4: text behind a closing quote");
    expect_fault("a,\"b\nc\nd", 8, ERR_INPUT, "f.csv:1:3: the quote that opens here is never closed");
    expect_fault("a,\"", 3, ERR_INPUT, "f.csv:1:3: the quote that opens here is never closed");
    expect_fault("a\rb\n", 4, ERR_INPUT, "f.csv:1:2: a carriage return without a line feed");
    expect_fault("a,b\nc\0,d", 8, ERR_INPUT, "f.csv:2:2: a NUL byte: this is not a text file");
    expect_fault("\"x\ny\",\"z\"q", 10, ERR_INPUT, "f.csv:2:7: text behind a closing quote");
}

static void limits(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    for (int i = 0; i < CSV_MAX_FIELDS; i++)
        str_addc(&s, ',');
    expect_fault(s.at, s.len, ERR_LIMIT, "f.csv:1:1025: more than 1024 fields");
    str_clear(&s);
    for (int i = 0; i <= CSV_MAX_FIELD_BYTES; i++)
        str_addc(&s, 'x');
    expect_fault(s.at, s.len, ERR_LIMIT, "f.csv:1:65537: the field is longer than 64 KiB");
    s.len--;
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    assert_int_equal(read_all(s.at, s.len, ',', &out, &e), 0);
    assert_int_equal(out.len, CSV_MAX_FIELD_BYTES + 1);
    str_clear(&s);
    for (int i = 0; i < 40; i++) {
        for (int k = 0; k < 30000; k++)
            str_addc(&s, 'y');
        str_addc(&s, ',');
    }
    str_clear(&out);
    assert_int_equal(read_all(s.at, s.len, ',', &out, &e), ERR_LIMIT);
    assert_non_null(strstr(e.text, "the record is longer than 1 MiB"));
    str_release(&s);
    str_release(&out);
}

static void a_record_can_be_refused_with_its_place(void **state)
{
    (void)state;
    static struct csv c;
    struct err e = ERR_INIT;
    csv_init(&c, "f.csv", "a\n\"b\nc\"\nd\n", 10, ',');
    assert_int_equal(csv_next(&c, &e), 1);
    assert_int_equal(csv_next(&c, &e), 1);
    assert_int_equal(c.record_line, 2);
    assert_int_equal(csv_next(&c, &e), 1);
    assert_int_equal(c.record_line, 4);
    assert_int_equal(csv_error(&c, &e, "%d fields", 3), ERR_INPUT);
    assert_string_equal(e.text, "f.csv:4:1: 3 fields");
    assert_int_equal(csv_next(&c, &e), 0);
    assert_int_equal(csv_next(&c, &e), 0);
    csv_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_fields),
        cmocka_unit_test(quotes),
        cmocka_unit_test(other_separators),
        cmocka_unit_test(faults_have_a_place),
        cmocka_unit_test(limits),
        cmocka_unit_test(a_record_can_be_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
