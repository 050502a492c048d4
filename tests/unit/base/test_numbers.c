/* Random numbers, hashes and time: against published values where there are any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"

static void splitmix64_gives_its_published_sequence(void **state)
{
    /* the reference implementation's first outputs for seed 1234567 */
    static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                        4593380528125082431u, 16408922859458223821u};
    (void)state;
    struct rng r = {1234567};
    for (size_t i = 0; i < 5; i++)
        assert_true(rng_u64(&r) == expected[i]);
    struct rng zero = {0};
    assert_true(rng_u64(&zero) == 0xE220A8397B1DCDAFu);
}

static void streams_differ_by_seed_and_purpose(void **state)
{
    (void)state;
    struct rng a = rng_stream(1, "order"), same = rng_stream(1, "order");
    struct rng other = rng_stream(1, "arrivals"), seed = rng_stream(2, "order");
    uint64_t x = rng_u64(&a);
    assert_true(x == rng_u64(&same));
    assert_true(x != rng_u64(&other));
    assert_true(x != rng_u64(&seed));
}

static void below_is_bounded_and_even(void **state)
{
    (void)state;
    struct rng r = rng_stream(7, "test");
    int counts[6] = {0};
    for (int i = 0; i < 60000; i++)
        counts[rng_below(&r, 6)]++;
    for (int i = 0; i < 6; i++)
        assert_in_range(counts[i], 9600, 10400); /* 4 standard deviations */
    for (int i = 0; i < 100; i++)
        assert_int_equal(rng_below(&r, 1), 0);
    for (int i = 0; i < 100; i++)
        assert_true(rng_below(&r, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    double sum = 0;
    for (int i = 0; i < 10000; i++) {
        double d = rng_double(&r);
        assert_true(d >= 0 && d < 1);
        sum += d;
    }
    assert_true(sum > 4880 && sum < 5120);
}

static void shuffles_keep_every_element(void **state)
{
    (void)state;
    struct rng r = rng_stream(3, "shuffle");
    int v[100], seen[100] = {0}, moved = 0;
    for (int i = 0; i < 100; i++)
        v[i] = i;
    rng_shuffle(&r, v, 100, sizeof *v);
    for (int i = 0; i < 100; i++) {
        seen[v[i]]++;
        moved += v[i] != i;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 80);
    rng_shuffle(&r, v, 0, sizeof *v);
    rng_shuffle(&r, v, 1, sizeof *v);
}

static void sha256_gives_the_vectors_of_fips_180_4(void **state)
{
    (void)state;
    char hex[SHA256_HEX], again[SHA256_HEX];
    sha256_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    sha256_hex(two, strlen(two), hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    struct sha256 *h = sha256_new();
    for (size_t i = 0; i < strlen(two); i++)
        sha256_add(h, two + i, 1);
    sha256_done(h, again);
    assert_string_equal(again, hex);
}

static void files_are_hashed_whole(void **state)
{
    (void)state;
    char path[64], hex[SHA256_HEX];
    snprintf(path, sizeof path, "test-hash-%ld", (long)getpid());
    struct str million = STR_INIT;
    for (int i = 0; i < 1000000; i++)
        str_addc(&million, 'a');
    struct err e = ERR_INIT;
    long long bytes = 0;
    assert_int_equal(file_write(path, million.at, million.len, &e), 0);
    assert_int_equal(sha256_file(path, hex, &bytes, &e), 0);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(bytes, 1000000);
    assert_int_equal(sha256_file(path, hex, NULL, &e), 0);
    unlink(path);
    assert_int_equal(sha256_file(path, hex, NULL, &e), ERR_IO);
    assert_non_null(strstr(e.text, path));
    err_clear(&e);
    assert_int_equal(sha256_file(".", hex, NULL, &e), ERR_IO);
    str_release(&million);
}

static void a_virtual_clock_stands_until_it_is_moved(void **state)
{
    (void)state;
    struct clock c = {1000};
    assert_int_equal(clock_now(&c), 1000);
    assert_int_equal(clock_now(&c), 1000);
    clock_advance_to(&c, 5000);
    assert_int_equal(clock_now(&c), 5000);
    clock_advance_to(&c, 10);
    assert_int_equal(clock_now(&c), 5000); /* never backwards */
    struct clock real = {0};
    mono_ns a = clock_now(NULL), b = clock_now(&real);
    assert_true(b >= a && b - a < 60 * NS_PER_S);
}

static void the_offset_maps_monotonic_to_wall_time(void **state)
{
    (void)state;
    int64_t width = 0, offset = clock_realtime_offset(5, &width);
    assert_true(width >= 0 && width < NS_PER_S);
    int64_t wall = clock_wall_ns(), mapped = clock_now(NULL) + offset;
    assert_true(mapped - wall > -NS_PER_S && mapped - wall < 60 * NS_PER_S);
    assert_true(clock_realtime_offset(1, NULL) != 0);
    char text[32];
    clock_wall_text(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    clock_wall_text(1763720430 * NS_PER_S + 999, text);
    assert_string_equal(text, "2025-11-21T10:20:30Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitmix64_gives_its_published_sequence),
        cmocka_unit_test(streams_differ_by_seed_and_purpose),
        cmocka_unit_test(below_is_bounded_and_even),
        cmocka_unit_test(shuffles_keep_every_element),
        cmocka_unit_test(sha256_gives_the_vectors_of_fips_180_4),
        cmocka_unit_test(files_are_hashed_whole),
        cmocka_unit_test(a_virtual_clock_stands_until_it_is_moved),
        cmocka_unit_test(the_offset_maps_monotonic_to_wall_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
