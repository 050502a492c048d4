/* memo.c: see memo.h. */
#include "backend/memo.h"

#include <string.h>

#include "format/json.h"

enum { MEMO_BYTES = 1024 }; /* one for every stream: an ordinary event has 150 to 400 */

struct backend_memo {
    bool known, two_holes;
    enum chunk_kind kind;
    size_t before, between, after; /* lengths of the fixed parts, which follow each other in bytes[] */
    char bytes[MEMO_BYTES];
};

struct backend_memo *memo_new(void)
{
    return xcalloc(1, sizeof(struct backend_memo));
}

void memo_forget(struct backend_memo *m)
{
    m->known = false;
}

/* Whether the span is a string token of p as it stands, quotes around it. */
static bool is_token(const char *p, size_t n, struct span s)
{
    return s.at > p && s.at + s.len < p + n && s.at[-1] == '"' && s.at[s.len] == '"' &&
           json_plain(s.at, s.len) == s.len;
}

void memo_learn(struct backend_memo *m, const char *p, size_t n, struct span text, struct span other,
                enum chunk_kind kind)
{
    m->known = false;
    if (!text.len || !is_token(p, n, text))
        return;
    m->two_holes = other.at != NULL;
    if (m->two_holes && (!is_token(p, n, other) || other.at + other.len >= text.at))
        return;
    const char *first = m->two_holes ? other.at : text.at, *first_end = m->two_holes ? other.at + other.len : text.at;
    m->before = (size_t)(first - p);
    m->between = m->two_holes ? (size_t)(text.at - first_end) : 0;
    m->after = (size_t)(p + n - (text.at + text.len));
    if (m->before + m->between + m->after > sizeof m->bytes)
        return;
    memcpy(m->bytes, p, m->before);
    memcpy(m->bytes + m->before, first_end, m->between);
    memcpy(m->bytes + m->before + m->between, text.at + text.len, m->after);
    m->kind = kind;
    m->known = true;
}

bool memo_match(const struct backend_memo *m, const char *p, size_t n, struct event *out)
{
    if (!m->known || n <= m->before + m->between + m->after || memcmp(p, m->bytes, m->before) != 0 ||
        memcmp(p + n - m->after, m->bytes + m->before + m->between, m->after) != 0)
        return false;
    const char *text = p + m->before, *end = p + n - m->after;
    if (m->two_holes) {
        text += json_plain(text, (size_t)(end - text));
        if ((size_t)(end - text) <= m->between || memcmp(text, m->bytes + m->before, m->between) != 0)
            return false;
        text += m->between;
    }
    size_t len = (size_t)(end - text);
    if (!len || json_plain(text, len) != len)
        return false;
    out->kind = m->kind;
    out->text = (struct span){text, len};
    return true;
}
