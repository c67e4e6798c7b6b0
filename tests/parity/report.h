/**
 * report - what was compared in one file, and the worst difference
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/real.h"

typedef struct {
  double allowed;        /* relative difference that may be; a class may raise it for gradients */
  double worst;          /* largest relative difference so far */
  char failure[256];     /* what was out of bounds by the largest factor; empty: nothing */
  double excess;         /* that factor */
  char compared[512];    /* "output loss grad_input 4 grad_params" */
  char note[256];        /* what the reader of the line should know */
  char unsupported[256]; /* non-empty: parts of the file that the engine cannot do */
} parity_report;

/** Adds a word to what was compared. */
void parity_compared(parity_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** Adds a note. */
void parity_note(parity_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/**
 * parity_compare - n numbers against the reference
 *
 * Differences are relative to scale, and to the largest entry of want if that is larger. A number
 * that is not finite counts as infinitely wrong.
 */
void parity_compare(parity_report *report, const char *what, ptrdiff_t n, const fh_real *got,
                    const double *want, double scale);
/** The same for doubles. */
void parity_compare_f64(parity_report *report, const char *what, ptrdiff_t n, const double *got,
                        const double *want, double scale);
