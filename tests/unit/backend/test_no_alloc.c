/* Between recvmsg and the appended chunk nothing allocates: every sample is replayed with malloc counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample_file.h"
#include "sample_rows.h"

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_calloc(size_t n, size_t size);

static int allocations;

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations++;
    return __real_realloc(p, n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

static void check(struct backend_state *s, const struct backend *b, const char *p, size_t n)
{
    struct event ev;
    struct err e = ERR_INIT;
    allocations = 0;
    b->on_event(s, p, n, &ev, &e);
    assert_int_equal(allocations, 0);
}

static void test_samples_do_not_allocate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sample_rows / sizeof sample_rows[0]; i++) {
        const struct sample_row *row = &sample_rows[i];
        struct sample_file f;
        struct backend_state s;
        struct request r;
        assert_true(sample_load(row->file, &f));
        backend_state_init(&s);
        request_init(&r);
        backend_state_begin(&s, &r);
        size_t skip = row->framing == FRAMING_SSE ? 6 : 0;
        for (const char *line = f.body.at; *line;) {
            size_t n = row->framing == FRAMING_BODY ? f.body.len : strcspn(line, "\n");
            if (n > skip)
                check(&s, backend_find(row->backend), line + skip, n - skip);
            line += n + (line[n] == '\n');
        }
        backend_state_release(&s);
        request_release(&r);
        str_release(&f.body);
    }
}

/* The wrapping works: an event above the pool's size does allocate, and says so. */
static void test_big_one_is_counted(void **state)
{
    (void)state;
    struct backend_state s;
    struct request r;
    struct str json = STR_INIT;
    struct event ev;
    backend_state_init(&s);
    request_init(&r);
    backend_state_begin(&s, &r);
    str_addz(&json, "{\"response\":\"\\n");
    for (int i = 0; i < 2 * BACKEND_POOL_EVENT; i++)
        str_addc(&json, 'x');
    str_addz(&json, "\"}");
    allocations = 0;
    assert_int_equal(backend_find("ollama")->on_event(&s, json.at, json.len, &ev, NULL), 0);
    assert_true(allocations > 0);
    assert_int_equal(s.big_events, 1);
    str_release(&json);
    backend_state_release(&s);
    request_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_do_not_allocate),
        cmocka_unit_test(test_big_one_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
