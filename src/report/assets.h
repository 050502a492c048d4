/* assets.h: the files of assets/ and the chart library, as bytes; report_assets.c is made from them at build time
 * (tools/embed.cmake). */
#ifndef REPORT_ASSETS_H
#define REPORT_ASSETS_H

#include "base/str.h"

extern const struct span asset_figure_css; /* marks, lines and text of every figure; light colours */
extern const struct span asset_page_css;   /* the page, and the figures' colours in the dark */
extern const struct span asset_page_js;    /* theme, sorting, notes */
extern const struct span asset_series_js;  /* zoomable series, drawn by uPlot */
extern const struct span asset_uplot_css, asset_uplot_js, asset_uplot_license;

#endif
