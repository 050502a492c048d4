/* tree.c: see tree.h. Children are listed per thread in task/TID/children, because any thread of a Go program forks. */
#include "probe/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 512 };

static void add(struct tree *t, pid_t pid)
{
    char path[PATH_BYTES];
    for (int i = 0; i < t->n; i++)
        if (t->at[i].pid == pid)
            return;
    if (t->n == TREE_MAX)
        return;
    snprintf(path, sizeof path, "%s/proc/%ld/stat", t->root, (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        t->at[t->n++] = (struct tree_process){.pid = pid, .fd = fd};
}

void tree_init(struct tree *t, const char *root, pid_t pid)
{
    *t = (struct tree){.root = root, .pid = pid};
    if (pid)
        add(t, pid);
}

void tree_release(struct tree *t)
{
    for (int i = 0; i < t->n; i++)
        close(t->at[i].fd);
    t->n = 0;
}

static void add_children_of_thread(struct tree *t, pid_t pid, const char *tid)
{
    char path[PATH_BYTES], text[1024];
    snprintf(path, sizeof path, "%s/proc/%ld/task/%.20s/children", t->root, (long)pid, tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    for (char *p = text, *end; *p; p = end) {
        long child = strtol(p, &end, 10);
        if (end == p)
            break;
        if (child > 0)
            add(t, (pid_t)child);
    }
}

void tree_scan(struct tree *t)
{
    char path[PATH_BYTES];
    for (int i = 0; i < t->n; i++) { /* t->n grows as children are found: their children follow */
        snprintf(path, sizeof path, "%s/proc/%ld/task", t->root, (long)t->at[i].pid);
        DIR *dir = opendir(path);
        for (struct dirent *d; dir && (d = readdir(dir));)
            if (d->d_name[0] >= '0' && d->d_name[0] <= '9')
                add_children_of_thread(t, t->at[i].pid, d->d_name);
        if (dir)
            closedir(dir);
    }
}

/* Fields 14, 15 (utime, stime) and 24 (rss in pages) of stat; the name in field 2 may hold blanks and brackets. */
static bool parse(char *text, int64_t *ticks, int64_t *rss)
{
    char *p = strrchr(text, ')');
    int64_t v[25] = {0};
    if (!p || p[1] != ' ' || !p[2])
        return false;
    p += 3; /* behind the state, field 3 */
    for (int i = 4; i <= 24; i++) {
        char *end;
        v[i] = strtoll(p, &end, 10);
        if (end == p)
            return false;
        p = end;
    }
    *ticks = v[14] + v[15];
    *rss = v[24];
    return true;
}

void tree_read(struct tree *t)
{
    char text[1024];
    for (int i = 0; i < t->n;) {
        struct tree_process *p = &t->at[i];
        ssize_t n = pread(p->fd, text, sizeof text - 1, 0);
        text[n > 0 ? n : 0] = 0;
        if (parse(text, &p->ticks, &p->rss_pages)) {
            i++;
            continue;
        }
        t->gone_ticks += p->ticks - p->base_ticks;
        close(p->fd);
        *p = t->at[--t->n];
    }
}

void tree_zero(struct tree *t)
{
    t->gone_ticks = 0;
    for (int i = 0; i < t->n; i++)
        t->at[i].base_ticks = t->at[i].ticks;
}

int64_t tree_ticks(const struct tree *t)
{
    int64_t sum = t->gone_ticks;
    for (int i = 0; i < t->n; i++)
        sum += t->at[i].ticks - t->at[i].base_ticks;
    return sum;
}

int64_t tree_rss_pages(const struct tree *t)
{
    int64_t sum = 0;
    for (int i = 0; i < t->n; i++)
        sum += t->at[i].rss_pages;
    return sum;
}
