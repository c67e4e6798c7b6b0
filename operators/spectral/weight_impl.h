/* weight_impl - what the files of the factorised weights share */
#pragma once

#include "kernels/cgemm.h"
#include "operators/spectral/weight.h"

enum { MODES_MAX = 6 };

typedef struct {
  int kind, way;
  int modes;                                   /* D */
  int channel, mode;                           /* the first mode of channels, and of frequencies */
  ptrdiff_t s[MODES_MAX], r[MODES_MAX + 1];    /* sizes in use, ranks */
  ptrdiff_t full[MODES_MAX], first[MODES_MAX]; /* of the parameters; the first index in use */
  bool cut;                                    /* some sizes are less than full */
  const fh_map_class *whole;                   /* the map for factors that have the sizes in use */
  size_t state, work; /* its needs; behind them stand the rows in use and their gradients */
  double dropout;
  ptrdiff_t layers, channels, points; /* products: 1 or layers; in * out or channels; m1 .. mN */
} fh_weight;

extern const fh_map_class fh_weight_dense_class, fh_weight_cp_class, fh_weight_tucker_class,
    fh_weight_tt_class;

/* Flops of the map forward; fills map->state, map->work in bytes. */
double fh_weight_cp_plan(const fh_weight *w, fh_map *map);
double fh_weight_tucker_plan(const fh_weight *w, fh_map *map);
double fh_weight_tt_plan(const fh_weight *w, fh_map *map);
/** The map for a weight that is cut; adds to map->state and map->work. */
const fh_map_class *fh_weight_rows_class(const fh_weight *w);
void fh_weight_rows_plan(fh_weight *w, fh_map *map);
/** fh_map_class.draw of all of them. */
bool fh_weight_draw(const fh_map *map, int k, const fh_rng *r, fh_real *mask);
