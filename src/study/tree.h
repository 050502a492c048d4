/* tree.h: the study file as a tree of nodes that values are put into before it is read. `--set`, scales, presets and the
 * levels of factors are this one mechanism. Private to study/.
 *
 * A path is KEY.KEY…; an element of a list of named things (maps with a `name`) is named by its name, `*` is every one:
 * agents.collector.options.num_ctx, agents.*.options.num_ctx. Nodes that are reached are copied into the arena, all others
 * shared, so that a tree stays as it was while another is made of it. */
#ifndef STUDY_TREE_H
#define STUDY_TREE_H

#include "format/yaml.h"

enum { TREE_MAX_PATH = 512 }; /* bytes */

/* *root becomes a tree with the value at the path; a value of nothing (null) takes the key or the element away. `path` is a
 * text node: its place stands in messages and in keys that are made. ERR_INPUT: the path names no element, goes through a
 * value that is neither map nor list of named things, or is no path. */
int tree_set(struct yaml_node **root, const struct yaml_node *path, const struct yaml_node *value, struct arena *a,
             struct err *e);

/* Every pair of `sets` (a map of paths to values) in its order. */
int tree_set_all(struct yaml_node **root, const struct yaml_node *sets, struct arena *a, struct err *e);

/* `over` with what only `under` has: maps key by key, the lists of named things (servers, agents, loads, arms, factors) by
 * name, those of `under` first; any other value is that of `over`. Both are maps. */
struct yaml_node *tree_merge(const struct yaml_node *under, const struct yaml_node *over, struct arena *a);

const char *tree_name(const struct yaml_node *element); /* borrowed; NULL: it has none */

#endif
