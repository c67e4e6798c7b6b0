/**
 * model_case - a program of the engine against a file with params, input, output, loss, gradients
 */
#pragma once

#include "classes.h"
#include "program/program.h"
#include "rows.h"

/** A program with one input of the file's "input", not built yet, and what belongs to it. */
typedef struct {
  fh_program *program;
  parity_shift shift; /* of the rows of every dense spectral weight */
} parity_model;

/** Shape of the file's input: samples, channels, space. Errors: FH_ERR_FORMAT. */
fh_status parity_input_shape(const parity_file *file, fh_shape *shape) FH_MUST;
/** Builds the program, runs it forward and backward, compares all that the file holds. */
fh_status parity_model_compare(const parity_file *file, const parity_model *model,
                               parity_report *report) FH_MUST;
