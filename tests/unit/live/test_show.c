/* The thread of the live view: it paints, what is said stays above, and at the end nothing of it is left. What the time of
 * a repaint is, is not looked at: the test waits for what is written. */
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "live/show.h"

struct terminal {
    pthread_mutex_t lock;
    pthread_cond_t written;
    struct str bytes;
    int fills;
};

static void fill(void *user, struct live_view *v)
{
    struct terminal *t = user;
    pthread_mutex_lock(&t->lock);
    int n = ++t->fills;
    pthread_mutex_unlock(&t->lock);
    *v = (struct live_view){.state = LIVE_STARTING, .study = "duet", .planned = (size_t)n, .silent_ns = -1};
    v->eta.left_ns = -1;
}

static void measure(void *user, struct live_style *style)
{
    (void)user;
    style->columns = 30;
}

static void take(void *user, const char *bytes, size_t n)
{
    struct terminal *t = user;
    pthread_mutex_lock(&t->lock);
    str_add(&t->bytes, bytes, n);
    pthread_cond_broadcast(&t->written);
    pthread_mutex_unlock(&t->lock);
}

static void wait_for(struct terminal *t, const char *text)
{
    pthread_mutex_lock(&t->lock);
    while (!strstr(str_z(&t->bytes), text))
        pthread_cond_wait(&t->written, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

#define TERMINAL                                                                                                       \
    {                                                                                                                  \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, STR_INIT, 0                                               \
    }

static void it_paints_and_clears(void **state)
{
    struct terminal t = TERMINAL;
    struct show_spec spec = {.fill = fill, .measure = measure, .write = take, .user = &t};
    (void)state;
    struct show *s = show_start(&spec);
    wait_for(&t, "\rduet: starting\x1b[K\n0 of 1 runs\x1b[K\n\x1b[J");
    wait_for(&t, "\r\x1b[2A"
                 "duet: starting\x1b[K\n0 of 2 runs\x1b[K\n\x1b[J");
    show_say(s, "a \x1b[2Jline");
    wait_for(&t, "\r\x1b[2A\x1b[Ja [2Jline\nduet: starting");
    assert_true(show_cpu_ns(s) > 0);
    show_say(s, "the last");
    show_stop(s);
    /* whether or not another frame came between, the view is gone and the line stays */
    static const char gone[] = "\r\x1b[2A\x1b[J";
    assert_non_null(strstr(t.bytes.at, "the last\n"));
    size_t n = t.bytes.len;
    bool said_last = !strcmp(t.bytes.at + n - strlen("\x1b[2A\x1b[Jthe last\n\x1b[J"), "\x1b[2A\x1b[Jthe last\n\x1b[J");
    assert_true(said_last || !strcmp(t.bytes.at + n - strlen(gone), gone));
    str_release(&t.bytes);
}

static int fills(struct terminal *t)
{
    pthread_mutex_lock(&t->lock);
    int n = t->fills;
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* Something is said between what the thread takes and the next lock that it shares with the test. */
static void measure_slowly(void *user, struct live_style *style)
{
    poll(NULL, 0, 20);
    measure(user, style);
}

/* What is said while the thread paints: no line is lost, none is written twice. */
static void it_is_told_while_it_paints(void **state)
{
    struct terminal t = TERMINAL;
    struct show_spec spec = {.fill = fill, .measure = measure_slowly, .write = take, .user = &t};
    int said = 0, written = 0;
    (void)state;
    struct show *s = show_start(&spec);
    for (; fills(&t) < 3; said++) {
        show_say(s, "a line");
        poll(NULL, 0, 1);
    }
    show_stop(s);
    for (const char *at = str_z(&t.bytes); (at = strstr(at, "a line\n")); at++)
        written++;
    assert_int_equal(written, said);
    str_release(&t.bytes);
}

/* A line comes at once and unpainted; there is no run in progress to tell of. */
static void no_terminal(void **state)
{
    struct terminal t = TERMINAL;
    struct show_spec spec = {.fill = fill, .write = take, .user = &t};
    (void)state;
    struct show *s = show_start(&spec);
    show_say(s, "one");
    assert_string_equal(str_z(&t.bytes), "one\n");
    show_stop(s);
    assert_string_equal(str_z(&t.bytes), "one\n");
    show_stop(NULL);
    str_release(&t.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_paints_and_clears),
                                       cmocka_unit_test(it_is_told_while_it_paints), cmocka_unit_test(no_terminal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
