/* file.h: what file.c and file_load.c share of reading a study file; private to study/. */
#ifndef STUDY_FILE_H
#define STUDY_FILE_H

#include "format/yaml.h"
#include "study/study.h"

/* Refuses keys that the table does not have for this map. */
int file_allow(const struct yaml_node *node, const char *map, struct err *e);
int file_read_name(const struct yaml_node *map, const char *what, struct arena *a, const char **out, struct err *e);
/* server, route, stream, options, extra_body: what agents and loads have in common. */
int file_read_ask(const struct study *s, const struct yaml_node *map, struct study_ask *ask, struct arena *a,
                  struct err *e);

/* file_load.c */
int file_read_loads(struct study *s, const struct yaml_node *root, struct err *e);
int file_arm_load(const struct study *s, const struct yaml_node *map, struct study_arm *arm, struct err *e);

#endif
