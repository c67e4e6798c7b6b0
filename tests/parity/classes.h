/**
 * classes - one comparison for each class of the reference implementations
 *
 * A class is one small file with one function and one row of the table in classes.c.
 */
#pragma once

#include "comm/team.h"
#include "file.h"
#include "report.h"

typedef struct {
  const char *pattern; /* of the attribute "class", as for fnmatch */
  /** Compares the file with the engine. FH_ERR_UNSUPPORTED: the engine cannot do what the file
   *  asks for, the message says what. Any other failure is a failed comparison. */
  fh_status (*compare)(const parity_file *file, const fh_team *team, parity_report *report);
} parity_class;

extern const parity_class parity_classes[];
/** The row for a class, or NULL. */
const parity_class *parity_class_find(const char *name);

fh_status parity_spectral(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_fno(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_mgno(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_loss(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_optimiser(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_schedule(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_ranks(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_patch(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_mg_step(const parity_file *file, const fh_team *team, parity_report *report);
fh_status parity_normaliser(const parity_file *file, const fh_team *team, parity_report *report);
