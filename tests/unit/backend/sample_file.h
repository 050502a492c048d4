/* Reading a recorded answer in the test's own way: head and decoded body (.http), exact bytes with chunk
 * framing (.raw), or a body alone (.json). Shares no code with net/, so that the replay checks it. */
#ifndef TESTS_SAMPLE_FILE_H
#define TESTS_SAMPLE_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

struct sample_file {
    int status;
    struct str body;
};

static inline void sample_dechunk(const char *p, const char *end, struct str *out)
{
    while (p < end) {
        char *after;
        size_t n = strtoul(p, &after, 16);
        p = after + 2;
        if (!n)
            return;
        str_add(out, p, n);
        p += n + 2;
    }
}

/* False when there is no such file. The caller releases body. */
static inline bool sample_load(const char *name, struct sample_file *f)
{
    struct str path = STR_INIT, bytes = STR_INIT;
    *f = (struct sample_file){.status = 200};
    str_addf(&path, "%s/samples/%s", TESTS_DIR, name);
    bool ok = file_read(path.at, 1 << 20, &bytes, NULL) == 0;
    const char *all = str_z(&bytes), *body = all, *split = strstr(all, "\r\n\r\n");
    if (ok && !strncmp(all, "HTTP/", 5) && split) {
        f->status = atoi(strchr(all, ' '));
        body = split + 4;
    }
    const char *chunked = strstr(all, "Transfer-Encoding: chunked");
    if (ok && strstr(name, ".raw") && chunked && chunked < body)
        sample_dechunk(body, all + bytes.len, &f->body);
    else if (ok)
        str_add(&f->body, body, (size_t)(all + bytes.len - body));
    str_release(&path);
    str_release(&bytes);
    return ok;
}

#endif
