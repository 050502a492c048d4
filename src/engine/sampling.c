/* sampling.c: see sampling.h. One table: name, field, range. */
#include "engine/sampling.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

struct sampling sampling_ollama(void)
{
    return (struct sampling){
        .temperature = 0.8, .top_k = 40, .top_p = 0.9, .repeat_penalty = 1.1, .repeat_last_n = 64, .seed = -1};
}

struct sampling sampling_openai(void)
{
    return (struct sampling){.temperature = 1, .top_p = 1, .repeat_penalty = 1, .repeat_last_n = 64, .seed = -1};
}

static const struct parameter {
    const char *name;
    size_t offset;
    bool whole; /* an int64_t field, else a double */
    double least, most;
} parameters[] = {
    {"temperature", offsetof(struct sampling, temperature), false, 0, 100},
    {"top_k", offsetof(struct sampling, top_k), true, -1, 1e6},
    {"top_p", offsetof(struct sampling, top_p), false, 0, 1},
    {"min_p", offsetof(struct sampling, min_p), false, 0, 1},
    {"repeat_penalty", offsetof(struct sampling, repeat_penalty), false, 0.01, 100},
    {"frequency_penalty", offsetof(struct sampling, frequency_penalty), false, -2, 2},
    {"presence_penalty", offsetof(struct sampling, presence_penalty), false, -2, 2},
    {"repeat_last_n", offsetof(struct sampling, repeat_last_n), true, -1, 1e6},
    {"seed", offsetof(struct sampling, seed), true, -9.2e18, 9.2e18},
};

int sampling_set(struct sampling *s, const char *name, double value, struct err *e)
{
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        const struct parameter *p = &parameters[i];
        if (strcmp(p->name, name) != 0)
            continue;
        if (!(value >= p->least && value <= p->most)) /* also refuses NaN */
            return err_set(e, ERR_INPUT, "%s: %g is not within %g to %g", name, value, p->least, p->most);
        if (p->whole && value != floor(value))
            return err_set(e, ERR_INPUT, "%s: %g is not a whole number", name, value);
        if (p->whole)
            *(int64_t *)(void *)((char *)s + p->offset) = (int64_t)value;
        else
            *(double *)(void *)((char *)s + p->offset) = value;
        return 0;
    }
    return ERR_NOTFOUND;
}

bool sampling_greedy(const struct sampling *s)
{
    return s->temperature <= 0 || s->top_k == 1;
}
