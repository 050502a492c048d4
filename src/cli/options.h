/* options.h: a command's options are rows of one table; parsing, --help and suggestions come from it. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum option_type {
    OPT_FLAG,   /* bool */
    OPT_TEXT,   /* const char * */
    OPT_INT,    /* int64_t */
    OPT_DOUBLE, /* double */
    OPT_LIST,   /* struct text_list: the option may be repeated */
    OPT_SPEC    /* const char *, left to the command; as OPT_TEXT */
};

struct text_list {
    const char **at; /* owned array of borrowed texts, NULL-terminated once non-empty */
    size_t n;
};

struct option_row {
    char letter; /* 0: none */
    const char *name;
    enum option_type type;
    void *to;         /* where the value goes; stays as it was when the option is absent */
    const char *arg;  /* name of the value in the help; NULL for flags */
    const char *help; /* one line */
};

/* Parses argv[1…]; operands are collected in order. Stops options at "--". ERR_USAGE names the option and suggests. *help is
 * set when --help or -h was met. Rows end with name NULL. */
int options_parse(const struct option_row *rows, int argc, char **argv, struct text_list *operands, bool *help,
                  struct err *e);
void options_help(const struct option_row *rows, struct str *out);
/* *i becomes the place of the word among words. ERR_USAGE suggests one, or lists them: "no view 'x'; there are a, b". */
int choose_word(const char *what, const char *word, const char *const *words, size_t n, size_t *i, struct err *e);
void text_list_add(struct text_list *l, const char *text);
void text_list_release(struct text_list *l);

#endif
