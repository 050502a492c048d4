/* conversation.c: see conversation.h. */
#include "load/conversation.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "format/json.h"

static struct rng stream(const struct conversation_spec *spec, const char *purpose, int64_t number)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%lld", purpose, (long long)number);
    return rng_stream(spec->seed, name);
}

size_t conversation_turns(const struct conversation_spec *spec, int64_t number)
{
    struct rng turns = stream(spec, "turns", number);
    int64_t n = amount_draw(&spec->turns, &turns);
    return n < CONVERSATION_MAX_TURNS ? (size_t)n : CONVERSATION_MAX_TURNS;
}

void conversation_plan(const struct conversation_spec *spec, int64_t number, struct turn_plan *turns, size_t n)
{
    struct rng input = stream(spec, "input lengths", number), output = stream(spec, "output lengths", number);
    struct rng think = stream(spec, "think times", number);
    for (size_t i = 0; i < n; i++) {
        turns[i].input_tok = amount_draw(&spec->input_tok, &input);
        turns[i].output_tok = amount_draw(&spec->output_tok, &output);
        turns[i].think_ns = i ? amount_draw(&spec->think_ms, &think) * NS_PER_MS : 0;
    }
}

void conversation_say(struct conversation *c, enum conversation_role role, const char *text, size_t n)
{
    static const char *const words[] = {"system", "user", "assistant"};
    struct json_writer w;
    if (c->n++)
        str_addc(&c->messages, ',');
    json_init(&w, &c->messages);
    json_object(&w);
    json_kz(&w, "role", words[role]);
    json_key(&w, "content");
    json_text(&w, text, n);
    json_object_end(&w);
}

void conversation_body(const struct conversation *c, const char *extra_json, struct str *out)
{
    static const char space[] = " \t\r\n";
    const char *members = extra_json ? extra_json + strspn(extra_json, space) : "{}";
    members += *members == '{';
    members += strspn(members, space);
    str_clear(out);
    str_addz(out, "{\"messages\":[");
    str_add(out, str_z(&c->messages), c->messages.len);
    str_addz(out, *members == '}' ? "]" : "],");
    str_addz(out, members);
}

void conversation_release(struct conversation *c)
{
    str_release(&c->messages);
    *c = (struct conversation){0};
}
