/* case_script.h: the lines of a case that say what the server does, turned into steps. Private to case.c, which reads
 * all other lines. */
#ifndef STUB_CASE_SCRIPT_H
#define STUB_CASE_SCRIPT_H

#include "stub/case.h"

/* How the body of the response under way is carried. */
enum case_framing {
    CASE_RAW, /* as it stands: without a head, or until the connection closes */
    CASE_CHUNKED,
    CASE_LENGTH /* Content-Length is filled in when the body is known */
};

struct case_reader {
    struct stub_case *c;
    const char *name; /* of the file, for messages */
    long line;
    size_t cap_steps, sent_bytes;
    enum case_framing framing;
    bool head_open;   /* further fields may come */
    size_t head_step; /* CASE_LENGTH: where Content-Length is to be put in … */
    size_t head_end;  /* … at this byte */
    size_t body_bytes;
    bool joined, may_join; /* this line began with '+'; the last step was a plain send */
};

/* True when `word` is a key of the script; *rc is then what reading the line gave. */
bool case_script_line(struct case_reader *r, struct span word, struct span rest, int *rc, struct err *e);
int case_script_end(struct case_reader *r, struct err *e);
/* Appends the script's keys to words[]; returns how many. */
size_t case_script_words(const char **out);

/* ---- shared with case.c ---- */

int case_fault(const struct case_reader *r, struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Cuts the first word off *rest. */
struct span case_cut_word(struct span *rest);
bool case_number(struct span text, int64_t *out); /* digits only, up to 15 of them */
/* \r \n \t \0 \\ and \xHH; anything else behind a backslash is refused, so that a mistyped one is not sent. */
int case_unescape(const struct case_reader *r, struct span text, struct str *out, struct err *e);

#endif
