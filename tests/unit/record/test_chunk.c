/* The chunk list: no allocation in add, and a stored form that survives the way there and back and nothing
 * else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "record/chunk.h"

static void test_add_is_bounded(void **state)
{
    (void)state;
    struct chunk_list l;
    chunk_list_init(&l, 2);
    assert_true(chunk_list_add(&l, (struct chunk){.t_ns = 1}));
    assert_true(chunk_list_add(&l, (struct chunk){.t_ns = 2}));
    assert_false(chunk_list_add(&l, (struct chunk){.t_ns = 3}));
    assert_int_equal(l.n, 2);
    assert_int_equal(l.dropped, 1);
    chunk_list_reserve(&l, 1);
    assert_true(chunk_list_add(&l, (struct chunk){.t_ns = 4}));
    assert_int_equal(l.at[2].t_ns, 4);
    chunk_list_reserve(&l, 9);
    chunk_list_fit(&l);
    assert_int_equal(l.cap, 3);
    assert_int_equal(l.at[2].t_ns, 4);
    assert_false(chunk_list_add(&l, (struct chunk){.t_ns = 5}));
    l.n = 0;
    chunk_list_fit(&l);
    assert_null(l.at);
    assert_int_equal(l.cap, 0);
    chunk_list_release(&l);
    chunk_list_release(&l);
}

static void check_round_trip(const struct chunk_list *l, mono_ns base)
{
    struct str blob = STR_INIT, again = STR_INIT;
    struct chunk_list back;
    chunk_list_encode(l, base, &blob);
    assert_int_equal(chunk_list_decode(&back, base, blob.at, blob.len, NULL), 0);
    assert_int_equal(back.cap, back.n); /* no memory for what is not there */
    assert_int_equal(back.n, l->n);
    for (size_t i = 0; i < l->n; i++) {
        assert_int_equal(back.at[i].t_ns, l->at[i].t_ns);
        assert_int_equal(back.at[i].app_ns, l->at[i].app_ns);
        assert_int_equal(back.at[i].bytes, l->at[i].bytes);
        assert_int_equal(back.at[i].text_bytes, l->at[i].text_bytes);
        assert_int_equal(back.at[i].kind, l->at[i].kind);
        assert_int_equal(back.at[i].flags, l->at[i].flags);
    }
    chunk_list_encode(&back, base, &again);
    assert_int_equal(again.len, blob.len);
    assert_memory_equal(again.at, blob.at, blob.len);
    chunk_list_release(&back);
    str_release(&blob);
    str_release(&again);
}

static void test_round_trip_of_extremes(void **state)
{
    (void)state;
    struct chunk at[] = {
        {0, 0, 0, CHUNK_ROLE, 0, 0},
        {INT64_MAX, INT64_MIN, UINT32_MAX, CHUNK_OTHER, CHUNK_MERGED | CHUNK_UNSTAMPED, UINT16_MAX},
        {MONO_NONE, INT64_MAX, 1, CHUNK_TEXT, CHUNK_MERGED, 1},
        {-1, 1, 127, CHUNK_DONE, 0, 128},
    };
    struct chunk_list l = {at, 4, 4, 0}, empty = {0};
    check_round_trip(&l, 0);
    check_round_trip(&l, INT64_MIN);
    check_round_trip(&l, INT64_MAX);
    check_round_trip(&empty, 7);
}

static void test_round_trip_of_random_lists(void **state)
{
    (void)state;
    struct rng rng = rng_stream(1, "chunks");
    for (int round = 0; round < 200; round++) {
        struct chunk_list l;
        mono_ns t = (mono_ns)rng_below(&rng, 1u << 30);
        chunk_list_init(&l, 300);
        for (size_t n = rng_below(&rng, 300); n; n--) {
            t += (mono_ns)rng_below(&rng, 40000000);
            struct chunk c = {t,
                              t + (mono_ns)rng_below(&rng, 90000),
                              (uint32_t)rng_below(&rng, 5000),
                              (uint8_t)rng_below(&rng, CHUNK_KIND_COUNT),
                              (uint8_t)rng_below(&rng, 4),
                              (uint16_t)rng_below(&rng, 65536)};
            chunk_list_add(&l, c);
        }
        check_round_trip(&l, t / 2);
        chunk_list_release(&l);
    }
}

/* 20 tokens 15 ms apart with a 12 µs delay, as a small model streams them. */
static void test_size_of_an_ordinary_stream(void **state)
{
    (void)state;
    struct chunk at[100];
    for (int i = 0; i < 100; i++)
        at[i] = (struct chunk){1000000 + i * 15123456LL, 1012000 + i * 15123456LL, 231, CHUNK_TEXT, 0, 5};
    struct chunk_list l = {at, 100, 100, 0};
    struct str blob = STR_INIT;
    chunk_list_encode(&l, 0, &blob);
    assert_in_range(blob.len, 100, 1100);
    str_release(&blob);
}

static void refuse(const void *p, size_t n)
{
    struct chunk_list l = {(void *)1, 9, 9, 9};
    struct err e = ERR_INIT;
    assert_int_equal(chunk_list_decode(&l, 0, p, n, &e), ERR_INPUT);
    assert_null(l.at);
    assert_int_equal(l.n, 0);
    assert_true(e.text[0] != 0);
}

#define REFUSE(...)                                                                                                    \
    do {                                                                                                               \
        static const unsigned char bytes[] = {__VA_ARGS__};                                                            \
        refuse(bytes, sizeof bytes);                                                                                   \
    } while (0)

static void test_corrupt_blobs(void **state)
{
    (void)state;
    refuse("", 0);
    REFUSE(0);                                                                            /* version */
    REFUSE(2, 0, 0, 0, 0, 1);                                                             /* version */
    REFUSE(1, 0);                                                                         /* ends within a chunk */
    REFUSE(1, 0, 0, 0, 0);                                                                /* no kind */
    REFUSE(1, 0, 0, 0, 0, CHUNK_KIND_COUNT);                                              /* no such kind */
    REFUSE(1, 0, 0, 0, 0, 0x41);                                                          /* no such flag */
    REFUSE(1, 0, 0, 0, 0, 0x81);                                                          /* no such flag */
    REFUSE(1, 0x80, 0, 0, 0, 0, 1);                                                       /* 0 spelt in two bytes */
    REFUSE(1, 0xFF, 0x80, 0, 0, 0, 0, 1);                                                 /* a trailing zero group */
    REFUSE(1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 1);       /* above 64 bits */
    REFUSE(1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0, 0, 0, 0, 1); /* eleven bytes */
    REFUSE(1, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 1);                                  /* bytes = 2^32 */
    REFUSE(1, 0, 0, 0, 0x80, 0x80, 4, 1);                                                 /* text_bytes = 65536 */
    REFUSE(1, 0, 0, 0, 0, 1, 7); /* a whole chunk, then a piece */
}

/* Every truncation of a good blob is refused or is itself a shorter list; every changed byte gives a list
 * or an error. */
static void test_mutations(void **state)
{
    (void)state;
    struct chunk at[8];
    for (int i = 0; i < 8; i++)
        at[i] = (struct chunk){i * 15123456LL, i * 15123456LL + 900, 200, CHUNK_TEXT, (uint8_t)(i & 3), 4};
    struct chunk_list l = {at, 8, 8, 0}, back;
    struct str blob = STR_INIT;
    chunk_list_encode(&l, 0, &blob);
    for (size_t n = 0; n < blob.len; n++) {
        if (!chunk_list_decode(&back, 0, blob.at, n, NULL))
            assert_true(back.n < 8);
        chunk_list_release(&back);
    }
    for (size_t i = 0; i < blob.len; i++)
        for (int v = 0; v < 256; v++) {
            char keep = blob.at[i];
            blob.at[i] = (char)v;
            if (!chunk_list_decode(&back, 0, blob.at, blob.len, NULL))
                assert_true(back.n <= blob.len / 5);
            chunk_list_release(&back);
            blob.at[i] = keep;
        }
    str_release(&blob);
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(chunk_kind_word(CHUNK_ROLE), "role");
    assert_string_equal(chunk_kind_word(CHUNK_OTHER), "other");
    assert_string_equal(chunk_kind_word((enum chunk_kind)99), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_is_bounded),
        cmocka_unit_test(test_round_trip_of_extremes),
        cmocka_unit_test(test_round_trip_of_random_lists),
        cmocka_unit_test(test_size_of_an_ordinary_stream),
        cmocka_unit_test(test_corrupt_blobs),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
