/* outcome.c: the words of outcome.h. */
#include "record/outcome.h"

#include <string.h>

static const struct word_what outcomes[] = {
#define X(name, word, what) {word, what},
    OUTCOME_LIST(X)
#undef X
};

static const struct {
    unsigned flag;
    struct word_what row;
} flags_table[] = {
#define X(name, bit, word, what) {1u << (bit), {word, what}},
    REQUEST_FLAG_LIST(X)
#undef X
};

enum { FLAG_ROWS = sizeof flags_table / sizeof flags_table[0] };

const char *outcome_word(enum outcome o)
{
    return (unsigned)o < OUTCOME_COUNT ? outcomes[o].word : "?";
}

const char *outcome_what(enum outcome o)
{
    return (unsigned)o < OUTCOME_COUNT ? outcomes[o].what : "?";
}

int outcome_find(const char *word)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (!strcmp(outcomes[i].word, word))
            return i;
    return -1;
}

void request_flags_words(unsigned flags, const char *separator, struct str *out)
{
    const char *before = "";
    for (int i = 0; i < FLAG_ROWS; i++)
        if (flags & flags_table[i].flag) {
            str_addz(out, before);
            str_addz(out, flags_table[i].row.word);
            before = separator;
        }
}

struct word_what request_flag_row(int i)
{
    return i >= 0 && i < FLAG_ROWS ? flags_table[i].row : (struct word_what){0};
}
