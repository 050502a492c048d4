/* yaml.h: study files as a small tree, strict enough that a typing error is found before anything runs.
 *
 * YAML 1.2 core typing over libyaml's event API: plain `null ~`, `true false`, integers (also 0x and 0o), floats (also
 * .inf and .nan); everything else is text, `yes`, `no` and `on` included; quoted is always text. Refused with a position:
 * duplicate keys, anchors, aliases, tags other than !!str, keys that are not plain words, a second document, depth over 32,
 * more than 1 MiB.
 *
 * Every node knows its file, line and column, and the text of every error below begins with "FILE:LINE:COL: " (line
 * and column also stand in struct err). Nodes live in the arena of yaml_parse and borrow nothing else. */
#ifndef FORMAT_YAML_H
#define FORMAT_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum yaml_type { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_type type;
    const char *file;  /* the name given to yaml_parse */
    long line, column; /* 1-based */
    const char *text;  /* scalars: as written, without quotes; never holds a NUL */
    size_t len;
    int64_t i;               /* INT */
    double f;                /* INT and FLOAT */
    bool b;                  /* BOOL */
    bool quoted;             /* a scalar in quotes or a block scalar */
    struct yaml_node **item; /* LIST: items; MAP: values, in file order */
    struct yaml_node **key;  /* MAP: the keys, TEXT whatever they look like */
    size_t n;                /* items or pairs */
};

enum { YAML_MAX_BYTES = 1 << 20, YAML_MAX_DEPTH = 32, YAML_MAX_PAIRS = 1024, YAML_MAX_NODES = 65536 };

/* Parses one document; an empty one is ERR_INPUT. `name` stands in the messages and is copied. */
int yaml_parse(const char *name, const char *p, size_t n, struct arena *a, struct yaml_node **out, struct err *e);
/* Reads the file at path and parses it. */
int yaml_read(const char *path, struct arena *a, struct yaml_node **out, struct err *e);

const char *yaml_type_word(enum yaml_type t); /* with its article: "a list", "true or false" */
/* ERR_INPUT with the node's position in front; returns the code. */
int yaml_error(const struct yaml_node *at, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The value of a key, NULL when there is none. map may be NULL. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* ERR_INPUT unless node is a map whose keys are all among `keys`; an unknown one is named with its place ("agents") and
 * a suggestion. */
int yaml_allow(const struct yaml_node *map, const char *const *keys, size_t n, const char *where, struct err *e);

/* Readers of one node; `what` names it in the message ("blocks"). */
int yaml_as_text(const struct yaml_node *node, const char *what, const char **out, struct err *e);
int yaml_as_scalar(const struct yaml_node *node, const char *what, const char **out, struct err *e); /* its text */
int yaml_as_int(const struct yaml_node *node, const char *what, int64_t min, int64_t max, int64_t *out, struct err *e);
int yaml_as_double(const struct yaml_node *node, const char *what, double min, double max, double *out, struct err *e);
int yaml_as_bool(const struct yaml_node *node, const char *what, bool *out, struct err *e);
/* The index of its text in words; an unknown word gets a suggestion and the list. */
int yaml_as_choice(const struct yaml_node *node, const char *what, const char *const *words, size_t n, int *out,
                   struct err *e);
int yaml_as_list(const struct yaml_node *node, const char *what, struct err *e); /* checks only */
int yaml_as_map(const struct yaml_node *node, const char *what, struct err *e);

/* The same for map.key: an absent key leaves *out as it is and is no error. A key with nothing behind it is one. */
int yaml_get_text(const struct yaml_node *map, const char *key, const char **out, struct err *e);
int yaml_get_scalar(const struct yaml_node *map, const char *key, const char **out, struct err *e);
int yaml_get_int(const struct yaml_node *map, const char *key, int64_t min, int64_t max, int64_t *out, struct err *e);
int yaml_get_double(const struct yaml_node *map, const char *key, double min, double max, double *out, struct err *e);
int yaml_get_bool(const struct yaml_node *map, const char *key, bool *out, struct err *e);
int yaml_get_choice(const struct yaml_node *map, const char *key, const char *const *words, size_t n, int *out,
                    struct err *e);
int yaml_get_list(const struct yaml_node *map, const char *key, struct yaml_node **out, struct err *e);
int yaml_get_map(const struct yaml_node *map, const char *key, struct yaml_node **out, struct err *e);
/* The value of a key that must be there. */
int yaml_need(const struct yaml_node *map, const char *key, const char *where, struct yaml_node **out, struct err *e);

/* Appends the text as a single-quoted scalar, for files that we write. */
void yaml_add_quoted(struct str *out, const char *z);

#endif
