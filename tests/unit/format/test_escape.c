/* Text from outside can not take over a terminal, a Markdown page or an HTML page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/utf8.h"
#include "format/escape.h"

static void expect(void (*fn)(struct span, struct str *), const char *in, const char *want)
{
    struct str out = STR_INIT;
    fn(span_z(in), &out);
    assert_string_equal(str_z(&out), want);
    str_release(&out);
}

static void utf8(struct span s, struct str *out)
{
    escape_terminal(s, false, out);
}

static void ascii(struct span s, struct str *out)
{
    escape_terminal(s, true, out);
}

static void terminal(void **state)
{
    (void)state;
    expect(utf8, "plain name-1.0", "plain name-1.0");
    expect(utf8, "\x1b[31mred\x1b]8;;http://x\x07link\x1b\\", "[31mred]8;;http://xlink\\");
    expect(utf8,
           "csi\xc2\x9b"
           "2J",
           "csi2J");
    expect(utf8, "a\nb\tc\rd\x7f", "a b cd");
    expect(utf8, "user\u202egnp.exe\u2066x\u200b\ufeff", "usergnp.exex");
    expect(utf8, "bad\xff\xc3(\xe2\x82", "bad\ufffd\ufffd(\ufffd\ufffd");
    expect(utf8, "gr\u00fc\u00df \u4e2d\u6587 \U0001F600", "gr\u00fc\u00df \u4e2d\u6587 \U0001F600");
    expect(ascii, "3 \u00b1 1 \u00b5s \u2026 \u2265 2 \u4e2d", "3 +- 1 us ... >= 2 ?");
}

static void markdown(void **state)
{
    (void)state;
    expect(escape_md, "a|b`c`<img src=x onerror=1>&amp;", "a\\|b\\`c\\`&lt;img src=x onerror=1&gt;&amp;amp;");
    expect(escape_md, "[x](javascript:1) *b* _i_ ~s~ $m$", "\\[x\\](javascript:1) \\*b\\* \\_i\\_ \\~s\\~ \\$m\\$");
    expect(escape_md, "- 1. # 0.756 -1", "\\- 1. # 0.756 -1");
    expect(escape_md, "# h", "\\# h");
    expect(escape_md, "12. item 3.5", "12\\. item 3.5");
    expect(escape_md, "0.756 [0.71, 0.80]", "0.756 \\[0.71, 0.80\\]");
    expect(escape_md, "see http://x/y, www.x.org, a@b.c", "see http\\://x/y, www\\.x.org, a\\@b.c");
    expect(escape_md, "line\nbreak\r\n| next", "line break \\| next");
}

static void html(void **state)
{
    (void)state;
    expect(escape_html, "<script>\"'&\x01", "&lt;script&gt;&quot;&#39;&amp;");
}

/* Whatever the bytes: the result is valid UTF-8 without controls, and the three agree on what there is to
 * show. */
static void any_bytes(void **state)
{
    (void)state;
    struct rng r = rng_stream(7, "bytes");
    for (int round = 0; round < 3000; round++) {
        char bytes[40];
        size_t n = (size_t)rng_below(&r, sizeof bytes);
        for (size_t i = 0; i < n; i++)
            bytes[i] = rng_below(&r, 3) ? (char)rng_u64(&r) : "\x1b\n|<`\xe2\x80\xae"[rng_below(&r, 8)];
        void (*const all[])(struct span, struct str *) = {utf8, ascii, escape_md, escape_html};
        for (size_t k = 0; k < 4; k++) {
            struct str out = STR_INIT;
            all[k]((struct span){bytes, n}, &out);
            for (size_t at = 0; at < out.len;) {
                uint32_t v;
                size_t len = utf8_next(out.at + at, out.len - at, &v);
                assert_true(len > 0 && v >= 0x20 && (v < 0x7F || v >= 0xA0) && v != 0x202E);
                assert_true(k != 1 || v < 0x80);
                assert_true(k != 3 || (v != '<' && v != '>'));
                at += len;
            }
            str_release(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminal),
        cmocka_unit_test(markdown),
        cmocka_unit_test(html),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
