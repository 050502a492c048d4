/* hash.c: the hash over the raw rows of a run, so that one changed byte of the record shows.
 *
 * SHA-256 over the concatenation of rows, in this order: the run (position … start_state), its health, its sessions by number,
 * its requests by seq, its samples by id. A row is the name of its table and '\n', then its values in the order of schema.h
 * without id and run_id, each ended by '\n':
 *     NULL  n                  integer  i and the decimal number         real  f and the 16 hex digits of its IEEE 754 bits
 *     text  t, the count of bytes, ':', the bytes                        blob  b, the count of bytes, ':', the bytes
 * After the values of a request follow three more: for prompt_sha256, text_sha256, reasoning_sha256 the SHA-256 of the body
 * that `content` holds under it, or the key itself where the body was not kept, or NULL. So a run hashes the same whether
 * a text was kept or not, and a changed body changes the hash. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "store/blob.h"
#include "store/db.h"
#include "store/schema.h"
#include "store/store.h"

struct row_hash {
    struct store *store;
    struct sha256 *sum;
    char key[SHA256_HEX], body[SHA256_HEX]; /* the last text looked up: prompts repeat */
};

static void add_bytes(struct sha256 *sum, char tag, const void *p, size_t n)
{
    char head[32];
    int len = snprintf(head, sizeof head, "%c%zu:", tag, n);
    sha256_add(sum, head, (size_t)len);
    sha256_add(sum, p, n);
    sha256_add(sum, "\n", 1);
}

static void add_value(struct sha256 *sum, sqlite3_stmt *st, int i)
{
    char text[32];
    int len = 0;
    uint64_t bits;
    double d;
    switch (sqlite3_column_type(st, i)) {
    case SQLITE_INTEGER: len = snprintf(text, sizeof text, "i%lld\n", (long long)sqlite3_column_int64(st, i)); break;
    case SQLITE_FLOAT:
        d = sqlite3_column_double(st, i);
        memcpy(&bits, &d, sizeof bits);
        len = snprintf(text, sizeof text, "f%016llx\n", (unsigned long long)bits);
        break;
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
        char tag = sqlite3_column_type(st, i) == SQLITE_TEXT ? 't' : 'b';
        const void *p = sqlite3_column_blob(st, i);
        add_bytes(sum, tag, p, (size_t)sqlite3_column_bytes(st, i));
        return;
    }
    default: len = snprintf(text, sizeof text, "n\n");
    }
    sha256_add(sum, text, (size_t)len);
}

/* The body of one text, or its key where there is none. */
static int add_content(struct row_hash *h, sqlite3_stmt *request, int column, struct err *e)
{
    const char *key = (const char *)sqlite3_column_text(request, column);
    if (!key) {
        sha256_add(h->sum, "n\n", 2);
        return 0;
    }
    if (strcmp(h->key, key) != 0) {
        sqlite3_stmt *st = db_prepare(h->store, DB_SELECT_CONTENT, e);
        if (st)
            bind_z(st, 1, key);
        int rc = db_step(h->store, st, "read a text", e);
        if (rc < 0)
            return rc;
        snprintf(h->key, sizeof h->key, "%s", key);
        snprintf(h->body, sizeof h->body, "%s", key);
        if (rc > 0 && sqlite3_column_type(st, 0) != SQLITE_NULL) {
            const void *p = sqlite3_column_blob(st, 0);
            sha256_hex(p, (size_t)sqlite3_column_bytes(st, 0), h->body);
        }
        sqlite3_reset(st);
    }
    add_bytes(h->sum, 't', h->body, strlen(h->body));
    return 0;
}

/* Columns first … end-1 of every row that `which` gives for the run; *n (may be NULL) counts the rows. */
static int add_rows(struct row_hash *h, enum db_statement which, const char *table, int64_t run_id, int first, int end,
                    struct err *e)
{
    sqlite3_stmt *st = db_prepare(h->store, which, e);
    if (st)
        bind_int(st, 1, run_id);
    int rc;
    while ((rc = db_step(h->store, st, "read a run", e)) > 0) {
        sha256_add(h->sum, table, strlen(table));
        sha256_add(h->sum, "\n", 1);
        for (int i = first; i < end; i++)
            add_value(h->sum, st, i);
        for (int i = REQUEST_COL_prompt_sha256; which == DB_SELECT_REQUESTS && i <= REQUEST_COL_reasoning_sha256; i++)
            if ((rc = add_content(h, st, i, e)) < 0) {
                sqlite3_reset(st);
                return rc;
            }
    }
    sqlite3_reset(st);
    return rc;
}

int store_run_hash(struct store *s, int64_t run_id, char hex[65], struct err *e)
{
    struct row_hash h = {.store = s, .sum = sha256_new()};
    bool began;
    int health_end = 1;
#define X(name, type) health_end++;
    HEALTH_COLUMNS(X)
#undef X
    int rc = db_read_begin(s, &began, e);
    rc = rc ? rc : add_rows(&h, DB_SELECT_RUN, "run", run_id, RUN_COL_position, RUN_COL_start_state + 1, e);
    rc = rc ? rc : add_rows(&h, DB_SELECT_HEALTH, "health", run_id, 1, health_end, e);
    rc = rc ? rc
            : add_rows(&h, DB_SELECT_SESSIONS, "session", run_id, SESSION_COL_number, SESSION_COL_report_md + 1, e);
    rc = rc ? rc : add_rows(&h, DB_SELECT_REQUESTS, "request", run_id, REQUEST_COL_seq, REQUEST_COL_COUNT, e);
    rc = rc ? rc : add_rows(&h, DB_SELECT_SAMPLES, "sample", run_id, 1, 3, e);
    db_read_end(s, began);
    sha256_done(h.sum, hex);
    return rc;
}

int store_run_stored_hash(struct store *s, int64_t run_id, char hex[65], struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_RUN, e);
    hex[0] = 0;
    if (st)
        bind_int(st, 1, run_id);
    int rc = db_step(s, st, "read a run", e);
    const char *text = rc > 0 ? (const char *)sqlite3_column_text(st, RUN_COL_rows_sha256) : NULL;
    if (rc > 0)
        snprintf(hex, SHA256_HEX, "%s", text ? text : "");
    sqlite3_reset(st);
    return rc < 0 ? rc : rc > 0 ? 0 : err_set(e, ERR_NOTFOUND, "%s has no run %lld", s->path, (long long)run_id);
}

int store_check_keys(struct store *s, struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_KEYED, e);
    int rc;
    while ((rc = db_step(s, st, "read what is known by its hash", e)) > 0) {
        const char *what = (const char *)sqlite3_column_text(st, 0), *key = (const char *)sqlite3_column_text(st, 1);
        const void *body = sqlite3_column_blob(st, 2);
        size_t n = (size_t)sqlite3_column_bytes(st, 2);
        char hex[SHA256_HEX];
        bool plain, counted = sqlite3_column_type(st, 3) != SQLITE_NULL;
        sha256_hex(body ? body : "", n, hex);
        if (!key || strcmp(hex, key) != 0)
            rc = err_set(e, ERR_INPUT, "%s: %s does not have the SHA-256 that it is known by, %.12s", s->path, what,
                         key ? key : "none");
        else if (counted && (sqlite3_column_int64(st, 3) != (int64_t)n ||
                             sqlite3_column_int64(st, 4) != text_chars(body, n, &plain)))
            rc = err_set(e, ERR_INPUT, "%s: the counted bytes or characters of text %.12s are not those of its body",
                         s->path, key);
        if (rc < 0)
            break;
    }
    sqlite3_reset(st);
    return rc;
}
