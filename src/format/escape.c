/* escape.c: see escape.h. */
#include "format/escape.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"

/* Characters that change how others are shown without being seen (Unicode "Trojan source" and terminal
 * injection). */
static bool hidden(uint32_t v)
{
    return v < 0x20 || (v >= 0x7F && v < 0xA0) || v == 0xAD || v == 0x61C || v == 0x180E ||
           (v >= 0x200B && v <= 0x200F) || (v >= 0x2028 && v <= 0x202E) || (v >= 0x2060 && v <= 0x206F) ||
           v == 0xFEFF || (v >= 0xFFF9 && v <= 0xFFFB) || (v >= 0xE0000 && v <= 0xE0FFF);
}

/* The next character that may be shown: false at the end. Spaces stand for breaks; runs of breaks stay one
 * each. */
static bool next(struct span *s, uint32_t *code)
{
    while (s->len) {
        uint32_t v = 0xFFFD;
        size_t len = utf8_next(s->at, s->len, &v);
        len = len ? len : 1;
        s->at += len;
        s->len -= len;
        if (v == '\t' || v == '\n' || v == 0x2028 || v == 0x2029)
            v = ' ';
        if (!hidden(v)) {
            *code = v;
            return true;
        }
    }
    return false;
}

static void encode(uint32_t v, struct str *out)
{
    if (v < 0x80) {
        str_addc(out, (char)v);
        return;
    }
    int more = v < 0x800 ? 1 : v < 0x10000 ? 2 : 3;
    str_addc(out, (char)((0xFF00u >> (more + 1) & 0xFFu) | v >> (6 * more)));
    while (more--)
        str_addc(out, (char)(0x80 | (v >> (6 * more) & 0x3F)));
}

static const char *ascii_of(uint32_t v)
{
    static const struct {
        uint32_t code;
        const char *ascii;
    } spellings[] = {{0xA0, " "},    {0xB0, "deg"}, {0xB1, "+-"},   {0xB5, "u"},    {0xB7, "*"},    {0xD7, "x"},
                     {0x3BC, "u"},   {0x2010, "-"}, {0x2011, "-"},  {0x2012, "-"},  {0x2013, "-"},  {0x2014, "-"},
                     {0x2018, "'"},  {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""}, {0x2022, "*"},  {0x2026, "..."},
                     {0x2192, "->"}, {0x2212, "-"}, {0x2500, "-"},  {0x2248, "~"},  {0x2264, "<="}, {0x2265, ">="}};
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        if (spellings[i].code == v)
            return spellings[i].ascii;
    return "?";
}

void escape_terminal(struct span s, bool ascii, struct str *out)
{
    uint32_t v;
    while (next(&s, &v))
        if (ascii && v >= 0x80)
            str_addz(out, ascii_of(v));
        else
            encode(v, out);
}

static const char *entity(uint32_t v)
{
    switch (v) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void escape_html(struct span s, struct str *out)
{
    uint32_t v;
    while (next(&s, &v))
        if (entity(v))
            str_addz(out, entity(v));
        else
            encode(v, out);
}

/* '.' and ')' only mark a list behind digits at a line's start, and '-', '+', '=', '#' only act at the
 * start; numbers are everywhere in a report, so these get their backslash only there. GFM makes links of
 * bare addresses: "://", '@' and "www." are broken up by a backslash too. */
static bool acts(uint32_t v, bool start, bool digits, int www, struct span rest)
{
    if (v >= 0x80 || !v)
        return false;
    if (strchr("\\`*_[]|~$@", (int)v))
        return true;
    bool list = digits && (v == '.' || v == ')') && !(rest.len && isalnum((unsigned char)rest.at[0]));
    bool link = (v == '.' && www >= 3) || (v == ':' && rest.len && rest.at[0] == '/');
    return list || link || (start && strchr("-+=#", (int)v));
}

void escape_md(struct span s, struct str *out)
{
    uint32_t v;
    bool start = true, digits = false;
    int www = 0;
    while (next(&s, &v)) {
        if (v == '<' || v == '>' || v == '&') {
            str_addz(out, entity(v));
        } else {
            if (acts(v, start, digits, www, s))
                str_addc(out, '\\');
            encode(v, out);
        }
        digits = (start || digits) && v >= '0' && v <= '9';
        start = start && v == ' ';
        www = v == 'w' || v == 'W' ? www + 1 : 0;
    }
}
