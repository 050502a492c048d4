/* log.c: see log.h. */
#include "stub/log.h"

#include <errno.h>
#include <stdlib.h>

#include "format/json.h"

int log_open(struct log *l, const char *path, struct err *e)
{
    *l = (struct log){0};
    if (path && !(l->file = fopen(path, "we")))
        return err_sys(e, ERR_IO, errno, "cannot write %s", path);
    return 0;
}

int log_close(struct log *l, struct err *e)
{
    int bad = l->file ? ferror(l->file) | fclose(l->file) : 0;
    str_release(&l->line);
    l->file = NULL;
    return bad ? err_sys(e, ERR_IO, errno, "the log could not be written whole") : 0;
}

void log_reserve(struct log_entry *e, size_t sends)
{
    e->cap_sends = sends;
    e->sends = xrealloc(e->sends, sends * sizeof *e->sends);
}

void log_send(struct log_entry *e, mono_ns due, mono_ns at, uint64_t bytes_after)
{
    if (e->n_sends == e->cap_sends)
        log_reserve(e, e->cap_sends ? 2 * e->cap_sends : 16);
    e->sends[e->n_sends++] = (struct log_send){due, at, bytes_after};
}

static void add_time(struct json_writer *w, const char *key, mono_ns t)
{
    if (t == MONO_NONE)
        json_knull(w, key);
    else
        json_kint(w, key, t);
}

static void add_sends(struct json_writer *w, const struct log_entry *e)
{
    json_key(w, "due_ns");
    json_array(w);
    for (size_t i = 0; i < e->n_sends; i++)
        json_int(w, e->sends[i].due);
    json_array_end(w);
    json_key(w, "sent_ns");
    json_array(w);
    for (size_t i = 0; i < e->n_sends; i++)
        json_int(w, e->sends[i].at);
    json_array_end(w);
    json_key(w, "sent_bytes");
    json_array(w);
    for (size_t i = 0; i < e->n_sends; i++)
        json_int(w, (int64_t)(e->sends[i].bytes_after - (i ? e->sends[i - 1].bytes_after : 0)));
    json_array_end(w);
}

void log_write(struct log *l, const struct log_entry *e, const char *end)
{
    struct json_writer w;
    if (!l->file)
        return;
    str_clear(&l->line);
    json_init(&w, &l->line);
    json_object(&w);
    json_kint(&w, "n", (int64_t)e->number);
    json_kint(&w, "conn", (int64_t)e->connection);
    json_kint(&w, "on_conn", (int64_t)e->on_connection);
    json_kz(&w, "route", e->route);
    json_kbool(&w, "stream", e->stream);
    json_kz(&w, "fault", e->fault);
    json_kz(&w, "end", end);
    json_kint(&w, "prompt_tok", e->prompt_tok);
    json_kint(&w, "kept_tok", e->kept_tok);
    json_kint(&w, "tokens", e->tokens);
    json_kint(&w, "chunks", e->chunks);
    json_kint(&w, "t_read", e->t_read);
    add_time(&w, "t_start", e->t_start);
    json_kint(&w, "load_ns", e->load_ns);
    json_kint(&w, "prompt_ns", e->prompt_ns);
    json_kint(&w, "first_ns", e->first_ns);
    add_sends(&w, e);
    json_kint(&w, "blocked", (int64_t)e->blocked);
    json_kint(&w, "bytes", (int64_t)e->bytes);
    add_time(&w, "t_end", e->t_end);
    json_object_end(&w);
    str_addc(&l->line, '\n');
    fwrite(l->line.at, 1, l->line.len, l->file);
    fflush(l->file); /* a reader of the log need not wait for the stub's end */
}
