/* Inside probe/: CPU time and memory of one process and its descendants, through kept-open /proc/PID/stat files. */
#ifndef PROBE_TREE_H
#define PROBE_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { TREE_MAX = 32 };

struct tree_process {
    pid_t pid;
    int fd;
    int64_t base_ticks, ticks, rss_pages; /* base: CPU time before the zero */
};

struct tree {
    const char *root;
    pid_t pid; /* 0: nothing to watch */
    struct tree_process at[TREE_MAX];
    int n;
    int64_t gone_ticks; /* of processes that ended since the zero */
};

void tree_init(struct tree *t, const char *root, pid_t pid); /* root borrowed */
void tree_release(struct tree *t);
/* Finds descendants that are not watched yet. Costs one folder listing per watched process. */
void tree_scan(struct tree *t);
/* Reads all; drops those that are gone and keeps their time. */
void tree_read(struct tree *t);
/* From now on tree_ticks counts from 0. A process found later counts whole: it was born after the zero. */
void tree_zero(struct tree *t);
int64_t tree_ticks(const struct tree *t);
int64_t tree_rss_pages(const struct tree *t);

#endif
