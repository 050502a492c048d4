/* What faults do; the table in fault.c names them. Each acts on the reply's exchange and says how it goes on. acts_answer.c
 * has what comes instead of an answer or is wrong with its head, acts_stream.c what is wrong within a stream. */
#ifndef STUB_ACTS_H
#define STUB_ACTS_H

#include "stub/reply.h"

/* ---- instead of an answer, and heads (acts_answer.c) ---- */
enum fault_next act_status(struct reply *r);      /* an error of the API with `status`; text: its type */
enum fault_next act_html(struct reply *r);        /* an HTML page with `status` */
enum fault_next act_no_body(struct reply *r);     /* `status`, nothing else */
enum fault_next act_redirect(struct reply *r);    /* `status` with a Location */
enum fault_next act_close(struct reply *r);       /* the connection is closed */
enum fault_next act_reset(struct reply *r);       /* … with RST */
enum fault_next act_hang(struct reply *r);        /* nothing more */
enum fault_next act_head_only(struct reply *r);   /* a head, then nothing more */
enum fault_next act_raw_close(struct reply *r);   /* `text`, then the connection is closed */
enum fault_next act_huge_head(struct reply *r);   /* one field of `status` bytes */
enum fault_next act_many_fields(struct reply *r); /* `status` fields */
enum fault_next act_interim(struct reply *r);     /* `status` 1xx answers before the real one */
enum fault_next act_short_body(struct reply *r);  /* Content-Length says `status` bytes more than come */
enum fault_next act_raw_head(struct reply *r);    /* `text` is the head */

/* ---- within a stream (acts_stream.c) ---- */
enum fault_next act_end(struct reply *r);         /* the stream ends as HTTP wants, here */
enum fault_next act_empty(struct reply *r);       /* a head and the end */
enum fault_next act_error_event(struct reply *r); /* an error object, then the end; text: its type */
enum fault_next act_raw(struct reply *r);         /* `text` as it is, unframed; status: its length when not 0 */
enum fault_next act_event(struct reply *r);       /* `text` as an event; status: its length when not 0 */
enum fault_next act_words(struct reply *r);       /* `text` as the words of a text event; status as above */
enum fault_next act_deep(struct reply *r);        /* an event nested `status` deep */
enum fault_next act_huge_event(struct reply *r);  /* a text event of `status` bytes */
enum fault_next act_split_utf8(struct reply *r);  /* a character in two writes */
enum fault_next act_done_early(struct reply *r);  /* the finishing events, before the text is out */
enum fault_next act_done_end(struct reply *r);    /* the finishing events twice, then the end */
enum fault_next act_behind_end(struct reply *r);  /* the finishing events, the end, then `text`, in one write */
enum fault_next act_trailers(struct reply *r);    /* trailer fields behind the last chunk */
enum fault_next act_close_idle(struct reply *r);  /* a whole answer that promises keep-alive, then the close */
enum fault_next act_no_blank(struct reply *r);    /* the finishing events without their last line end */
enum fault_next act_usage(struct reply *r);       /* counts no server can mean, instead of the finishing events */
enum fault_next act_empties(struct reply *r);     /* `status` events without text */

/* Framings of one event. */
void frame_crlf(struct reply *r, const char *p, size_t n);
void frame_cr(struct reply *r, const char *p, size_t n);
void frame_mixed(struct reply *r, const char *p, size_t n);
void frame_comments(struct reply *r, const char *p, size_t n);
void frame_fields(struct reply *r, const char *p, size_t n); /* event, id and retry fields around the data */
void frame_multi(struct reply *r, const char *p, size_t n);  /* the data on two lines */
void frame_bytes(struct reply *r, const char *p, size_t n);  /* each byte a chunk of its own */

#endif
