/* harness.c: see harness.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness.h"

#include <string.h>

static void note(struct tale *t, char letter)
{
    assert_int_equal(t->ends, 0); /* nothing comes behind the end */
    str_addc(&t->order, letter);
    if (t->cancel_at == letter && (letter != 'e' || t->events == t->cancel_event)) {
        t->cancel_at = 0;
        call_cancel(t->call);
        assert_int_equal(t->ends, 1);
    }
}

static void check_arrival(struct tale *t, const struct arrival *a)
{
    assert_true(a->t_ns <= a->app_ns);
    assert_true(a->app_ns <= clock_now(NULL));
    assert_true(a->t_ns >= t->last_event_ns);
    assert_true(a->t_ns >= t->sent_ns);
    assert_true(a->read > 0);
    t->last_event_ns = a->t_ns;
    t->unstamped += a->unstamped;
}

static void on_sent(void *user, mono_ns t_ns, bool kernel)
{
    struct tale *t = user;
    t->sent++;
    t->kernel_sent = kernel;
    t->sent_ns = t_ns;
    assert_true(t_ns <= clock_now(NULL));
    note(t, 's');
}

static void on_acked(void *user, mono_ns t_ns)
{
    struct tale *t = user;
    t->acked++;
    t->acked_ns = t_ns;
    assert_true(t->sent > 0 && t_ns >= t->sent_ns);
    note(t, 'a');
}

static void on_first_byte(void *user, const struct arrival *a)
{
    struct tale *t = user;
    t->first_bytes++;
    t->first_ns = a->t_ns;
    check_arrival(t, a);
    note(t, 'f');
}

static void on_head(void *user, int status, struct span content_type)
{
    struct tale *t = user;
    t->heads++;
    t->status = status;
    str_add(&t->type, content_type.at, content_type.len);
    note(t, 'h');
}

static void on_event(void *user, struct span data, struct span event_name, uint32_t wire_bytes, bool comment,
                     const struct arrival *a)
{
    struct tale *t = user;
    int n = t->events + t->comments;
    assert_non_null(data.at);
    assert_non_null(event_name.at);
    check_arrival(t, a);
    if (n < 64) {
        t->reads[n] = a->read;
        t->wire[n] = wire_bytes;
    }
    if (comment)
        str_addc(&t->text, '#');
    str_add(&t->text, event_name.at, event_name.len);
    if (event_name.len)
        str_addc(&t->text, '=');
    str_add(&t->text, data.at, data.len);
    str_addc(&t->text, '|');
    t->events += !comment;
    t->comments += comment;
    note(t, comment ? 'c' : 'e');
}

static void on_end(void *user, const struct call_end *end)
{
    struct tale *t = user;
    assert_non_null(end->why);
    assert_true(strlen(end->why) < sizeof t->why);
    assert_int_equal(end->result == NET_DONE, end->why[0] == 0);
    note(t, '.');
    t->ends++;
    t->end = *end;
    strcpy(t->why, end->why);
    t->end.why = t->why;
    t->call = NULL;
    if (t->at_end)
        t->at_end(t);
}

const struct call_ops tale_ops = {
    .sent = on_sent, .acked = on_acked, .first_byte = on_first_byte, .head = on_head, .event = on_event, .end = on_end};

void tale_release(struct tale *t)
{
    str_release(&t->type);
    str_release(&t->text);
    str_release(&t->order);
    *t = (struct tale){0};
}

void bench_client(struct bench *b, const char *url, const struct client_options *o)
{
    struct err e = ERR_INIT;
    struct endpoint ep;
    client_free(b->client);
    b->client = NULL;
    if (endpoint_parse(url, &ep, &e) || client_new(&b->client, b->loop, &ep, o, &e))
        fail_msg("%s", e.text);
}

void bench_open(struct bench *b, const struct client_options *o)
{
    struct err e = ERR_INIT;
    memset(b, 0, sizeof *b);
    if (loop_new(&b->loop, &e))
        fail_msg("%s", e.text);
    player_start(&b->player, b->loop, false);
    assert_false(b->player.failed);
    bench_client(b, b->player.url, o);
}

void bench_close(struct bench *b)
{
    client_free(b->client);
    player_stop(&b->player);
    loop_free(b->loop);
}

void bench_start(struct bench *b, const struct call_spec *spec, struct tale *t)
{
    struct err e = ERR_INIT;
    t->call = call_start(b->client, spec, &tale_ops, t, &e);
    if (!t->call)
        fail_msg("%s", e.text);
    assert_int_equal(t->order.len, 0); /* no callback inside call_start */
}

void bench_step(struct bench *b)
{
    player_poll(&b->player);
    loop_step(b->loop, clock_now(NULL) + NS_PER_MS);
}

void bench_until_ended(struct bench *b, struct tale *t)
{
    mono_ns give_up = clock_now(NULL) + PATIENCE_NS;
    while (!t->ends && clock_now(NULL) < give_up)
        bench_step(b);
    assert_int_equal(t->ends, 1);
    assert_true(t->sent <= 2 && t->acked <= 2 && t->first_bytes <= 1 && t->heads <= 1);
}

void bench_call(struct bench *b, const struct call_spec *spec, struct tale *t)
{
    bench_start(b, spec, t);
    bench_until_ended(b, t);
}

void play_call(const struct step *script, const struct call_spec *spec, struct tale *t)
{
    struct bench b;
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    bench_call(&b, spec, t);
    bench_close(&b);
}
