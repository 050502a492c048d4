/* import_walk.h: which files there are to import; private to this room. */
#ifndef EXCHANGE_IMPORT_WALK_H
#define EXCHANGE_IMPORT_WALK_H

#include "exchange/import.h"

/* Adds a file, or all files under a folder in the order of their names. What is not gone into (symbolic links, hidden
 * folders, what is neither file nor folder) is added with its problem. A given path that is not there is ERR_NOTFOUND. */
int import_walk(struct import_result *out, const char *path, struct err *e);

#endif
