/* order_impl - points in a space of spectra, and tours through them */
#pragma once

#include "datagen/skr/order.h"

/* What is compared. Rows are samples. */
typedef struct {
  ptrdiff_t count, dim;
  float *x;       /* [count][dim], less their mean, coordinates of largest variance first */
  float *tail;    /* [count] norm of what is not in x */
  float *gram;    /* [count][count] products of rows, or NULL */
  float *squares; /* [count] squared norms of rows */
} fh_cloud;

/* This rank's share [from, to) of the samples as rows of dim coefficients, tail, and whether it could be
   drawn (1 or 0): rows [to - from][dim + 2]. */
fh_status fh_order_rows(fh_problem *p, uint64_t seed, const fh_order_config *config,
                        const int64_t *wanted, ptrdiff_t from, ptrdiff_t to, ptrdiff_t dim,
                        float *rows) FH_MUST;
/* How many coefficients a sample has. */
ptrdiff_t fh_order_dim(const fh_problem *p, const fh_order_config *config);

double fh_cloud_distance(const fh_cloud *p, ptrdiff_t i, ptrdiff_t j);
/* subset [n] becomes its greedy tour from subset[0] */
fh_status fh_order_greedy(const fh_cloud *p, ptrdiff_t n, ptrdiff_t *subset) FH_MUST;
fh_status fh_order_clusters(const fh_cloud *p, ptrdiff_t n, ptrdiff_t *subset) FH_MUST;
fh_status fh_order_hilbert(const fh_cloud *p, ptrdiff_t n, ptrdiff_t *subset) FH_MUST;
fh_status fh_order_two_opt(const fh_cloud *p, ptrdiff_t n, ptrdiff_t *subset) FH_MUST;
