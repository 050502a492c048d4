/* count.h: is a number of a line a count of files, and of which? Private to text/. */
#ifndef TEXT_COUNT_H
#define TEXT_COUNT_H

#include "text/ground.h"
#include "text/number.h"

struct count_match {
    const struct fact *fact; /* the count it speaks of; NULL: it is no count of files */
    bool partial;            /* it does not mean all files of that kind */
};

struct count_match count_match(struct span line, const struct number *n, const struct fact *facts, size_t n_facts);

#endif
