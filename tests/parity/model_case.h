/**
 * model_case - a program of the engine against a file with params, input, output, loss, gradients
 */
#pragma once

#include "classes.h"
#include "program/program.h"
#include "rows.h"
#include "train/normaliser.h"

/** A program with one input of the file's "input", not built yet, and what belongs to it. */
typedef struct {
  fh_program *program;
  parity_shift shift;          /* of the rows of every dense spectral weight */
  const fh_normaliser *decode; /* what the reference applies to the output itself; NULL: nothing */
} parity_model;

/** Shape of the file's input: samples, channels, space. Errors: FH_ERR_FORMAT. */
fh_status parity_input_shape(const parity_file *file, fh_shape *shape) FH_MUST;
/** The file's "params" into the program. */
fh_status parity_model_load(const parity_file *file, const parity_model *model) FH_MUST;
/** One forward of the file's batch x: the decoded output y, the file's scalar, and its gradient dy in
 *  front of the decoder. */
fh_status parity_model_forward(const parity_file *file, const parity_model *model, const fh_real *x,
                               fh_real *y, double *value, fh_real *dy) FH_MUST;
/** Builds the program, runs it forward and backward, compares all that the file holds. */
fh_status parity_model_compare(const parity_file *file, const parity_model *model,
                               parity_report *report) FH_MUST;
