/**
 * map - parameters computed from other parameters
 *
 * A step may use a tensor that is not itself a parameter but a function of some: the dense weight of
 * a layer whose parameters are its factors. The program evaluates a map once after the parameters
 * have changed, and runs its adjoint once when somebody asks for the gradients, however many calls
 * of forward and backward lie between; in training a map that waits does so once for all units of a
 * batch, on the sum of their gradients (fh_program_unit_gradients). A map cannot fail once it is made, and
 * allocates nothing.
 */
#pragma once

#include "base/rng.h"
#include "program/op.h"

enum { FH_MAP_MAX_PARAM = 8 };

typedef struct fh_map fh_map;

typedef struct fh_map_class {
  const char *name;
  /** Overwrites out, [n_out][fh_param_size(&map->out)]; state keeps what the adjoint needs. */
  void (*forward)(const fh_map *map, const fh_real *const *param, fh_real *out, void *state);
  /** Adds to dparam; may destroy dout. state is what the last forward left. */
  void (*backward)(const fh_map *map, const fh_real *const *param, fh_real *dout,
                   fh_real *const *dparam, void *state, void *work);
  void (*destroy)(fh_map *map);
  /** Dropout: fills the factors, one a number (complex: one a pair), that parameter k is multiplied
   *  by in this draw, or returns false: parameter k is left alone. mask NULL: only tells. May be NULL. */
  bool (*draw)(const fh_map *map, int k, const fh_rng *r, fh_real *mask);
} fh_map_class;

struct fh_map {
  const fh_map_class *class;
  int n_param, n_out; /* out: n_out tensors of one shape, one after the other */
  fh_param_decl param[FH_MAP_MAX_PARAM], out;
  size_t state, work; /* bytes: kept from forward to backward; scratch of backward */
  double flops;       /* of one forward; backward: twice */
  bool waits;         /* the adjoint costs more than adding up the gradients of all outputs */
  bool drops;         /* parameters are multiplied by masks in training (class->draw) */
  void *data;         /* the map's own, freed by the program after destroy */
};

/** A map without parameters yet, with data_bytes zeroed bytes of map->data. */
fh_status fh_map_new(const fh_map_class *class, size_t data_bytes, fh_map **map) FH_MUST;
/** Declares the next parameter, as fh_op_param. */
fh_status fh_map_param(fh_map *map, const char *role, int rank, const ptrdiff_t *n, bool is_complex,
                       fh_init init, double scale) FH_MUST;
/** NULL is allowed. */
void fh_map_destroy(fh_map **map);
