/* One writer per result file: a lock file beside it ("FILE-lock", with the writer's process id), held with flock(2) and gone
 * when the writer closes; private to this room. Not a lock on the result itself: closing a second descriptor of that file
 * would drop SQLite's own POSIX locks. A killed writer leaves the lock file, but no lock. */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>

#include "base/err.h"

struct writer_lock;

/* ERR_REFUSED, naming the process, when another writer holds it. `path` need not exist, its folder must. */
int writer_lock_take(struct writer_lock **out, const char *path, struct err *e);
bool writer_lock_held(const char *path);      /* by anyone, now */
void writer_lock_drop(struct writer_lock *l); /* NULL is fine */

#endif
