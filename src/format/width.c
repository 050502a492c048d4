/* width.c: see width.h. */
#include "format/width.h"

#include "base/utf8.h"

struct range {
    uint32_t first, last;
};

static int in(uint32_t v, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v >= r[i].first && v <= r[i].last)
            return 1;
    return 0;
}

int width_of(uint32_t v)
{
    static const struct range none[] = {
        {0, 0x1F},        {0x7F, 0x9F},     {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},
        {0x64B, 0x65F},   {0x900, 0x902},   {0x93C, 0x93C},   {0x941, 0x948},   {0x94D, 0x94D},   {0xE31, 0xE31},
        {0xE34, 0xE3A},   {0xE47, 0xE4E},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E},
        {0x2060, 0x206F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE01EF}};
    static const struct range wide[] = {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
                                        {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2753, 0x2757},
                                        {0x2795, 0x2797},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                                        {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                                        {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF}, {0x1AFF0, 0x1B2FF},
                                        {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
    if (v >= 0x20 && v < 0x7F)
        return 1;
    if (in(v, none, sizeof none / sizeof none[0]))
        return 0;
    return in(v, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

size_t width_columns(const char *p, size_t n)
{
    size_t columns = 0;
    while (n) {
        uint32_t v = '?';
        size_t len = utf8_next(p, n, &v);
        columns += (size_t)width_of(v);
        len = len ? len : 1;
        p += len;
        n -= len;
    }
    return columns;
}
