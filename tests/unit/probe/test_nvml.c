/* GPU samples through a library made for this test (fake_nvml.c), found by LD_LIBRARY_PATH. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "probe/capability.h"
#include "probe/sampler.h"

static void keep(void *user, mono_ns t, const char *json, size_t n)
{
    (void)t;
    assert_true(n < 4096);
    memcpy(user, json, n + 1);
}

static void gpus_are_in_the_samples(void **state)
{
    (void)state;
    char last[4096];
    struct health h;
    struct sampler *s;
    struct sampler_spec spec = {"", NULL, 0, 0, keep, last};
    assert_int_equal(sampler_new(&s, &spec, NULL), 0);
    sampler_start(s, 0);
    sampler_stop(s, NS_PER_S, &h);
    assert_non_null(strstr(last, "\"gpus\":[{\"clock_mem_mhz\":2619,\"clock_sm_mhz\":1980,\"energy_j\":3,"
                                 "\"memory_used_bytes\":21474836480,\"power_w\":350.5,\"temperature_c\":61,"
                                 "\"util_gpu_percent\":97,\"util_mem_percent\":41},{"));
    assert_non_null(strstr(last,
                           "\"energy_j\":null,\"memory_used_bytes\":21474836480,\"power_w\":20,\"temperature_c\":61,"
                           "\"util_gpu_percent\":null,\"util_mem_percent\":null}]"));
    sampler_free(s);
}

static void the_doctor_counts_them(void **state)
{
    (void)state;
    struct capability c[CAPABILITY_MAX];
    size_t n = capability_read("", c), i = 0;
    while (i < n && strcmp(c[i].id, "nvml") != 0)
        i++;
    assert_true(i < n);
    assert_int_equal(c[i].state, CAPABILITY_YES);
    assert_string_equal(c[i].found, "2 GPUs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpus_are_in_the_samples),
        cmocka_unit_test(the_doctor_counts_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
