/* padjust.h: p values of one family, adjusted so that each can be compared with alpha as if it were alone. */
#ifndef STATS_PADJUST_H
#define STATS_PADJUST_H

#include <stddef.h>

enum padjust_method {
    PADJUST_BONFERRONI,
    PADJUST_HOLM,     /* Holm 1979: any dependence */
    PADJUST_HOCHBERG, /* Hochberg 1988: independent or positively dependent tests */
    PADJUST_HOMMEL,   /* Hommel 1988, as Hochberg's and more powerful (computed as in Wright 1992) */
    PADJUST_BH,       /* false discovery rate, Benjamini and Hochberg 1995 */
    PADJUST_BY        /* the same under any dependence, Benjamini and Yekutieli 2001 */
};

/* adjusted[i] for p[i], in the same order. A NaN stays one and counts for nothing: a test that was not made. Without memory
 * everything is NaN. */
void padjust(enum padjust_method method, const double *p, size_t n, double *adjusted);

#endif
