/**
 * compress - a trained model with its spectral weights factorised
 *
 * The weight tensor of every Fourier layer (or the one of all layers stacked) is decomposed
 * (tensor/decompose.h): Tucker by HOSVD and HOOI, CP by alternating least squares, a tensor train by
 * TT-SVD. The result is a model like any other of the FNO family, with the options factorization, rank
 * and joint_factorization set: to evaluate, to embed, to train further.
 */
#pragma once

#include "tensor/rank.h"
#include "train/trained.h"

typedef struct {
  int factorization; /* 0: cp, 1: tucker, 2: tt */
  bool joint;        /* one tensor for all layers */
  fh_real_list rank; /* as a model's rank; empty: by error */
  double error;      /* relative error of each tensor in the Frobenius norm; counts without rank */
  fh_int_list n_modes; /* frequencies to keep, as a model's n_modes; empty: those of the model */
  ptrdiff_t sweeps;    /* of HOOI and ALS, at most */
  double tolerance;    /* share of the error that a sweep must take off for the next to be done */
  ptrdiff_t seed;      /* of the random columns that CP starts from */
} fh_compress_config;

extern const fh_field fh_compress_fields[];

/** One decomposed tensor: a layer's, or that of all layers. */
typedef struct {
  int modes, ranks;
  ptrdiff_t shape[FH_FACTOR_MODES], rank[FH_FACTOR_MODES + 1];
  ptrdiff_t before, after; /* complex numbers */
  double error;            /* |W - factors| / |W| */
} fh_compressed_weight;

typedef struct {
  int n_weights;
  fh_compressed_weight *weights; /* owned */
  ptrdiff_t before, after;       /* reals in the parameters of the models */
} fh_compress_report;

/**
 * fh_compress - factorise the spectral weights of a model
 *
 * Collective on comm: the layers are shared among the ranks, and every rank receives the same model
 * and report, with the same bits for any number of ranks. model: of fno, tfno or mg-tfno; factorised
 * weights are expanded first. Frequencies that model stores but never uses (max_n_modes) are left
 * out. Errors: FH_ERR_UNSUPPORTED for another family; FH_ERR_USAGE for ranks, errors and modes that
 * make no sense; FH_ERR_NUMERIC for weights that are not finite.
 */
fh_status fh_compress(MPI_Comm comm, const fh_trained *model, const fh_compress_config *config,
                      fh_trained **compressed, fh_compress_report *report) FH_MUST;
void fh_compress_report_clear(fh_compress_report *report);
