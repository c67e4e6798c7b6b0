/**
 * order - in which order, and by which group of ranks, samples are solved
 *
 * Neighbours in a chain should be alike where something is carried from one system to the next (warm
 * starts, recycled spaces, frozen preconditioners). What is compared are the sampled inputs, by the
 * Euclidean distance over all their points; truncated spectra stand for them where fields are many or
 * large: the distance of two fields is at least that of their leading coefficients, and at most
 * sqrt(d^2 + (t_i + t_j)^2) with the norms t of what was cut off. The tour through all samples does not
 * depend on the number of ranks; it is cut into one chain a group. What is sampled never depends on it.
 */
#pragma once

#include <stdint.h>

#include "base/config.h"
#include "datagen/problem/problem.h"

typedef enum {
  FH_ORDER_AS_SAMPLED,
  FH_ORDER_GREEDY,          /* always to the nearest sample left, all points compared */
  FH_ORDER_GREEDY_SPECTRUM, /* the same on truncated spectra */
  FH_ORDER_CLUSTERS,        /* truncated spectra; clusters of a few hundred, greedy inside */
  FH_ORDER_HILBERT,         /* along a Hilbert curve through the six leading coefficients */
  FH_ORDER_BY_STRATEGY /* none of its own: greedy for strategies that live on it, else as sampled */
} fh_order_kind;

typedef struct {
  int kind;               /* fh_order_kind */
  ptrdiff_t coefficients; /* of a truncated spectrum, for every channel of an input */
  ptrdiff_t size; /* points per axis of the grid that inputs are compared on; 0: the set's */
  bool two_opt;   /* improve the tour by reversing pieces of it */
} fh_order_config;

extern const char *const fh_order_names[];

#define FH_ORDER_FIELDS(type, member)                                                              \
  {"sequence_order",                                                                               \
   FH_FIELD_ENUM,                                                                                  \
   offsetof(type, member.kind),                                                                    \
   "by_strategy",                                                                                  \
   0.0,                                                                                            \
   0.0,                                                                                            \
   fh_order_names,                                                                                 \
   "which sample after which; by_strategy: greedy for sequence_strategy skr, else as sampled"},    \
      {"sequence_order_coefficients",                                                              \
       FH_FIELD_INT,                                                                               \
       offsetof(type, member.coefficients),                                                        \
       "144",                                                                                      \
       1.0,                                                                                        \
       1e6,                                                                                        \
       NULL,                                                                                       \
       "length of the truncated spectra that are compared"},                                       \
      {"sequence_order_size",                                                                      \
       FH_FIELD_INT,                                                                               \
       offsetof(type, member.size),                                                                \
       "0",                                                                                        \
       0.0,                                                                                        \
       1e6,                                                                                        \
       NULL,                                                                                       \
       "points per axis of a coarser grid on which inputs are drawn to be compared; 0: the "       \
       "set's"},                                                                                   \
  {                                                                                                \
    "sequence_two_opt", FH_FIELD_BOOL, offsetof(type, member.two_opt), "false", 0.0, 0.0, NULL,    \
        "improve the order by reversing pieces of it"                                              \
  }

/** What an order costs and is worth; the same on all ranks. */
typedef struct {
  ptrdiff_t coefficients;   /* numbers compared for a sample */
  double sampling, sorting; /* seconds of wall time: to draw and transform the inputs; to sort */
  double before, after;     /* mean distance of successive samples as sampled, and in the tour */
  double after_bound;       /* the true mean distance in the tour is between after and this */
} fh_order_report;

/**
 * fh_order_tour - all samples in one order
 *
 * Collective on comm; every rank draws a share of the inputs, its rank 0 sorts. p: its values are lost.
 * wanted  [count] indices of samples, ascending, the same on every rank
 * tour    [count] receives them in order; those that cannot be drawn come last
 * Errors: FH_ERR_USAGE for GREEDY with more data than 2 GiB; FH_ERR_MEMORY.
 */
fh_status fh_order_tour(MPI_Comm comm, const fh_order_config *config, fh_problem *p, uint64_t seed,
                        ptrdiff_t count, const int64_t *wanted, int64_t *tour,
                        fh_order_report *report) FH_MUST;
/**
 * fh_order_chain - the samples of one group of ranks
 *
 * kind     as sampled: dealt out one by one; else pieces of the tour whose lengths differ by one at most
 * tour     [count] the same on every rank
 * chain    receives this group's, in the order in which it solves them; freed with fh_free
 */
fh_status fh_order_chain(int kind, ptrdiff_t count, const int64_t *tour, int groups, int group,
                         int64_t **chain, ptrdiff_t *length) FH_MUST;
