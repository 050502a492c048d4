/* scan.h: which files a corpus folder holds. Private to agent/. */
#ifndef AGENT_SCAN_H
#define AGENT_SCAN_H

#include <stdbool.h>

#include "agent/corpus.h"

/* Lists the folder's files into c->files (path, type, bytes), sorted by path. Symbolic links and anything that is neither
 * a plain file nor a folder is ERR_REFUSED, a file that is not .csv, .json or .md ERR_INPUT. */
int scan_folder(struct corpus *c, struct err *e);
/* True and *type when the name ends with a known type. */
bool scan_type(const char *path, enum corpus_type *type);

#endif
