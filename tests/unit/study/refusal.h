/* One change to a good study file that must be refused: shared by the tests of study files. */
#ifndef TESTS_STUDY_REFUSAL_H
#define TESTS_STUDY_REFUSAL_H

#include <string.h>

#include "study/study.h"

struct bad {
    const char *from, *to, *says;
};

/* Replaces `from` in the good study by `to` and expects an error that has its place and holds `says`. */
static inline void expect_refusal(const char *good, const struct bad *bad)
{
    struct str text = STR_INIT;
    const char *at = strstr(good, bad->from);
    struct study s;
    struct err e = ERR_INIT;
    assert_non_null(at);
    str_add(&text, good, (size_t)(at - good));
    str_addz(&text, bad->to);
    str_addz(&text, at + strlen(bad->from));
    int rc = study_parse(&s, "f.yaml", "/dir", str_z(&text), text.len, &e);
    if (rc != ERR_INPUT || !strstr(e.text, bad->says))
        print_error("%s -> %s: rc %d, \"%s\"\n", bad->from, bad->to, rc, e.text);
    assert_int_equal(rc, ERR_INPUT);
    assert_non_null(strstr(e.text, bad->says));
    assert_non_null(strstr(e.text, "f.yaml:"));
    str_release(&text);
}

#endif
