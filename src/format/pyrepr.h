/* pyrepr.h: what Python prints of a dict, {'samples': 3, 'mean': 1.5, 'error': None}, as JSON: some tools put such texts into
 * their JSON. Dicts with string keys, lists, tuples, strings, numbers, True, False, None; nothing is evaluated. Source: The
 * Python Language Reference, sections 2.4 and 6.2. */
#ifndef FORMAT_PYREPR_H
#define FORMAT_PYREPR_H

#include "base/err.h"
#include "base/str.h"

enum { PYREPR_MAX_DEPTH = 16 };

/* Appends the value as JSON, numbers as they are written; on failure `out` is as before. ERR_INPUT names the byte. */
int pyrepr_to_json(struct span text, struct str *out, struct err *e);

#endif
