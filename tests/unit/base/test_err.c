/* Errors as values, and the arena. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

static void the_first_message_wins(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    assert_int_equal(err_set(&e, ERR_INPUT, "first %d", 1), ERR_INPUT);
    assert_int_equal(err_set(&e, ERR_IO, "second"), ERR_IO);
    assert_int_equal(e.code, ERR_INPUT);
    assert_string_equal(e.text, "first 1");
    err_clear(&e);
    assert_int_equal(e.code, 0);
    assert_int_equal(err_at(&e, ERR_LIMIT, 3, 7, "there"), ERR_LIMIT);
    assert_int_equal(e.line, 3);
    assert_int_equal(e.column, 7);
    assert_int_equal(err_set(NULL, ERR_BUG, "nobody listens"), ERR_BUG);
    err_clear(NULL);
}

static void system_errors_end_with_the_systems_words(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    err_sys(&e, ERR_IO, ENOENT, "cannot open %s", "x");
    assert_string_equal(e.text, "cannot open x: No such file or directory");
}

static void prefixes_go_in_front(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    err_prefix(&e, "nothing held");
    assert_string_equal(e.text, "");
    err_prefix(NULL, "nothing");
    err_set(&e, ERR_INPUT, "bad");
    err_prefix(&e, "file %s", "a");
    assert_string_equal(e.text, "file a: bad");
}

static void long_texts_are_cut_and_stay_one_line(void **state)
{
    (void)state;
    char wide[1500];
    for (size_t i = 0; i + 3 < sizeof wide; i += 3)
        memcpy(wide + i, "\xE2\x82\xAC", 4); /* euro signs */
    struct err e = ERR_INIT;
    err_set(&e, ERR_INPUT, "xx%s", wide);
    size_t n = strlen(e.text);
    assert_true(n < sizeof e.text);
    assert_int_equal((n - 2) % 3, 0); /* no half character at the end */
    err_prefix(&e, "%s", wide);
    assert_true(strlen(e.text) < sizeof e.text);
    err_clear(&e);
    err_set(&e, ERR_SERVER, "the server said: a\r\nb\tc");
    assert_string_equal(e.text, "the server said: a  b c");
}

static void codes_have_words_and_exit_statuses(void **state)
{
    (void)state;
    assert_int_equal(err_exit_status(0), 0);
    assert_int_equal(err_exit_status(ERR_USAGE), 2);
    assert_int_equal(err_exit_status(ERR_GATE), 1);
    assert_int_equal(err_exit_status(ERR_IO), 3);
    assert_int_equal(err_exit_status(ERR_INTERRUPTED), 130);
    assert_int_equal(err_exit_status(-999), 70);
    assert_string_equal(err_word(0), "ok");
    assert_string_equal(err_word(ERR_NET), "network");
    assert_string_equal(err_word(77), "unknown");
}

static void arena_pieces_are_zeroed_aligned_and_stay(void **state)
{
    (void)state;
    struct arena a = {0};
    char *pieces[500];
    for (int i = 0; i < 500; i++) {
        size_t n = (size_t)(i * 37 % 900 + 1);
        pieces[i] = arena_alloc(&a, n);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], i & 0x7F, n);
    }
    for (int i = 0; i < 500; i++)
        assert_int_equal(pieces[i][0], i & 0x7F);
    assert_non_null(arena_alloc(&a, 0));
    char *large = arena_alloc(&a, 1 << 20);
    memset(large, 1, 1 << 20);
    arena_release(&a);
    arena_release(&a);
}

static void arena_copies(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_null(arena_dupz(&a, NULL));
    assert_string_equal(arena_dupz(&a, "word"), "word");
    assert_memory_equal(arena_dup(&a, "a\0b", 3), "a\0b", 4);
    assert_string_equal(arena_dup(&a, NULL, 0), "");
    assert_string_equal(arena_printf(&a, "%s-%05d", "n", 42), "n-00042");
    int *numbers = arena_alloc(&a, 2 * sizeof *numbers);
    numbers[0] = 5;
    numbers[1] = 6;
    numbers = arena_grow(&a, numbers, 2 * sizeof *numbers, 4 * sizeof *numbers);
    assert_int_equal(numbers[0] + numbers[1] + numbers[2] + numbers[3], 11);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_wins),
        cmocka_unit_test(system_errors_end_with_the_systems_words),
        cmocka_unit_test(prefixes_go_in_front),
        cmocka_unit_test(long_texts_are_cut_and_stay_one_line),
        cmocka_unit_test(codes_have_words_and_exit_statuses),
        cmocka_unit_test(arena_pieces_are_zeroed_aligned_and_stay),
        cmocka_unit_test(arena_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
