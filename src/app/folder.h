/**
 * folder - the folder of a training run
 *
 * model.h5 (the last parameters), best.h5, checkpoint-0.h5, checkpoint-1.h5, config.yaml, log.jsonl,
 * metrics.json. A folder with anything in it is refused unless the run goes on in it or is told to
 * overwrite; overwriting removes those files, and what evaluate has made of the model (metrics_F.json), and no
 * others. Only one run at a time writes into a folder.
 */
#pragma once

#include <stdbool.h>

#include "base/status.h"

typedef struct {
  const char *path; /* not owned */
  bool is_new;      /* it was made here */
  bool resume;      /* what is there belongs to the run that goes on */
  bool begun;       /* fh_folder_begin */
  int lock;         /* rank 0: its descriptor, locked against other runs; -1: none */
} fh_folder;

/** Makes or enters the folder. Collective on comm; rank 0 acts.
 *  Errors: FH_ERR_USAGE for content that is in the way or another run in it, FH_ERR_IO. */
fh_status fh_folder_enter(MPI_Comm comm, const char *path, bool resume, bool overwrite,
                          fh_folder *folder) FH_MUST;
/** Removes the earlier run, unless this one resumes it: when nothing is left that could be refused. Rank 0 alone. */
void fh_folder_begin(fh_folder *folder);
/** Lets other runs in; a process that ends does so by itself. */
void fh_folder_leave(fh_folder *folder);
/** After a failed run: if it left no model and no checkpoint, takes back everything that was made.
 *  Before fh_folder_begin nothing was made but the folder. Called by rank 0 alone. */
void fh_folder_take_back(const fh_folder *folder);
/** "folder/name" into path. Errors: FH_ERR_USAGE if it is too long. */
fh_status fh_folder_file(const char *folder, const char *name, char path[4096]) FH_MUST;
/** Whether file is one of the models and checkpoints that fh_folder_begin removes. */
bool fh_folder_holds(const char *folder, const char *file);
/** FH_ERR_USAGE if path, which the option names, exists and overwrite is false. Collective on comm; rank 0 looks. */
fh_status fh_refuse_existing(MPI_Comm comm, const char *option, const char *path,
                             bool overwrite) FH_MUST;
/** FH_ERR_USAGE if path, which is read or written, and out, which is written, are one file (links and names; "":
 *  none). The names are those of their options. Collective on comm; rank 0 looks. */
fh_status fh_refuse_same_file(MPI_Comm comm, const char *option, const char *path,
                              const char *output, const char *out) FH_MUST;
