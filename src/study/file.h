/* file.h: what the file_*.c share of reading a study file; private to study/. The way: text → tree (format/yaml) → presets,
 * scale and --set put into it (file_changes.c) → read, once (file.c, file_load.c), or with factors once for each combination
 * of levels (file_factors.c, file_expand.c), with what is of the whole study beside it (file_study.c, file_declare.c). Each map
 * is held against the table of keys first (file_keys.c). Errors are ERR_INPUT with the place in the file; of
 * --scale and --set ERR_USAGE. */
#ifndef STUDY_FILE_H
#define STUDY_FILE_H

#include "format/yaml.h"
#include "study/study.h"

/* file_keys.c */
struct file_key {
    const char *map, *key, *type, *what; /* type: see file_schema.c */
};
const struct file_key *file_key_at(size_t i); /* NULL behind the last */

enum { FILE_MAX_BLOCKS = 10000 };

/* Refuses keys that the table does not have for this map. */
int file_allow(const struct yaml_node *node, const char *map, struct err *e);

/* file.c */
/* Names become parts of file names and table cells. */
int file_read_name(const struct yaml_node *map, const char *what, struct arena *a, const char **out, struct err *e);
int file_check_name(const struct yaml_node *node, const char *name, struct err *e);
/* server, route, stream, options, extra_body: what agents and loads have in common. */
int file_read_ask(const struct study *s, const struct yaml_node *map, struct study_ask *ask, struct arena *a,
                  struct err *e);
/* Servers, loads, agents and arms of a tree without factors, into an s that has none yet. */
int file_read_parts(struct study *s, const struct yaml_node *root, struct err *e);

/* file_load.c */
int file_read_loads(struct study *s, const struct yaml_node *root, struct err *e);
int file_arm_load(const struct study *s, const struct yaml_node *map, struct study_arm *arm, struct err *e);

/* file_changes.c: puts presets, scale and --set (c may be NULL) into the tree; what was put in is added to notes, as
 * comments. */
int file_apply_changes(struct yaml_node **root, const struct study *s, const struct study_changes *c, struct arena *a,
                       struct str *notes, struct err *e);

/* file_declare.c: compare, stop, budget, isolate, guard; needs the arms. */
int file_read_declared(struct study *s, const struct yaml_node *root, struct err *e);

/* file_expand.c: file_read_parts for every combination of levels; equal things are one. */
struct factors;
int file_expand(struct study *s, const struct yaml_node *root, const struct factors *f, struct err *e);

#endif
