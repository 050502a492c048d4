/* Scripts of code points, at the borders of their blocks (Unicode's Blocks.txt) and in the gaps between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/script.h"

static void blocks_begin_and_end_where_unicode_says(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        enum script script;
    } rows[] = {
        {0, SCRIPT_NON_TEXT},
        {'\b', SCRIPT_NON_TEXT},
        {'\t', SCRIPT_COMMON},
        {'\n', SCRIPT_COMMON},
        {'\v', SCRIPT_NON_TEXT},
        {'\r', SCRIPT_COMMON},
        {0x1B, SCRIPT_NON_TEXT},
        {' ', SCRIPT_COMMON},
        {'0', SCRIPT_COMMON},
        {'@', SCRIPT_COMMON},
        {'A', SCRIPT_LATIN},
        {'Z', SCRIPT_LATIN},
        {'[', SCRIPT_COMMON},
        {'a', SCRIPT_LATIN},
        {'z', SCRIPT_LATIN},
        {'{', SCRIPT_COMMON},
        {0x7F, SCRIPT_NON_TEXT},
        {0x9F, SCRIPT_NON_TEXT},
        {0xA0, SCRIPT_COMMON},
        {0xD7, SCRIPT_COMMON},
        {0xDF, SCRIPT_LATIN},
        {0xF7, SCRIPT_COMMON},
        {0x2AF, SCRIPT_LATIN},
        {0x300, SCRIPT_COMMON},
        {0x3B1, SCRIPT_GREEK},
        {0x400, SCRIPT_CYRILLIC},
        {0x52F, SCRIPT_CYRILLIC},
        {0x531, SCRIPT_CAUCASIAN},
        {0x5D0, SCRIPT_HEBREW},
        {0x628, SCRIPT_ARABIC},
        {0x905, SCRIPT_INDIC},
        {0xDFF, SCRIPT_INDIC},
        {0xE01, SCRIPT_SOUTH_EAST_ASIAN},
        {0x10D0, SCRIPT_CAUCASIAN},
        {0x1100, SCRIPT_EAST_ASIAN},
        {0x1200, SCRIPT_ETHIOPIC},
        {0x1780, SCRIPT_SOUTH_EAST_ASIAN},
        {0x1EBF, SCRIPT_LATIN},
        {0x1F00, SCRIPT_GREEK},
        {0x2014, SCRIPT_COMMON},
        {0x20AC, SCRIPT_COMMON},
        {0x218F, SCRIPT_COMMON},
        {0x2190, SCRIPT_SYMBOL},
        {0x24FF, SCRIPT_SYMBOL},
        {0x2500, SCRIPT_COMMON},
        {0x257F, SCRIPT_COMMON},
        {0x2580, SCRIPT_SYMBOL},
        {0x3002, SCRIPT_COMMON},
        {0x3042, SCRIPT_EAST_ASIAN},
        {0x4E00, SCRIPT_EAST_ASIAN},
        {0xAC00, SCRIPT_EAST_ASIAN},
        {0xE000, SCRIPT_NON_TEXT},
        {0xF8FF, SCRIPT_NON_TEXT},
        {0xF900, SCRIPT_EAST_ASIAN},
        {0xFE0F, SCRIPT_COMMON},
        {0xFEFF, SCRIPT_COMMON},
        {0xFFFD, SCRIPT_NON_TEXT},
        {0x1F600, SCRIPT_SYMBOL},
        {0x20000, SCRIPT_EAST_ASIAN},
        {0xE0100, SCRIPT_COMMON},
        {0xF0000, SCRIPT_NON_TEXT},
        {0x10FFFF, SCRIPT_NON_TEXT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (script_of(rows[i].code) != rows[i].script)
            fail_msg("U+%04X has script %d, not %d", rows[i].code, (int)script_of(rows[i].code), (int)rows[i].script);
}

static void letters_are_what_belongs_to_a_script(void **state)
{
    (void)state;
    for (int s = 0; s < SCRIPT_COUNT; s++)
        assert_int_equal(script_is_letters((enum script)s),
                         s != SCRIPT_COMMON && s != SCRIPT_NON_TEXT && s != SCRIPT_SYMBOL);
    assert_false(script_is_letters(SCRIPT_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_begin_and_end_where_unicode_says),
        cmocka_unit_test(letters_are_what_belongs_to_a_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
