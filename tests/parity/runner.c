/*
 * runner - compares the files named on standard input, one a line, in the precision of its engine
 *
 * fh_parity starts one runner for each precision. For every line it writes one line to the
 * descriptor that it was started with as standard output:
 * verdict, worst difference, what was compared, note or reason; separated by tabs.
 */
#define _GNU_SOURCE
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "classes.h"

/* Relative to the largest entry of a tensor (gradients: docs/parity.md). */
#ifdef FH_DOUBLE
static const double tolerance = 1e-10;
#else
static const double tolerance = 2e-5;
#endif

static fh_status compare(const char *path, const fh_team *team, parity_report *report, char *class,
                         size_t bytes)
{
  parity_file *file = NULL;
  FH_TRY(parity_open(path, &file));
  snprintf(class, bytes, "%s", file->class);
  const parity_class *c = parity_class_find(file->class);
  const fh_status st = c ? c->compare(file, team, report)
                         : fh_status_raise(FH_ERR_UNSUPPORTED, __FILE__, __LINE__, __func__,
                                           "no comparison for this class");
  parity_close(&file);
  FH_TRY(st);
  return FH_OK;
}

/* tabs and newlines separate fields and records */
static const char *plain(char *text)
{
  for (char *c = text; *c; c++)
    if (*c == '\t' || *c == '\n' || *c == '\r') *c = ' ';
  return text;
}

static void answer(FILE *out, const char *path, const fh_team *team)
{
  parity_report r = {.allowed = tolerance};
  char class[160] = "", why[1024] = "";
  const char *verdict = "pass";
  const fh_status st = compare(path, team, &r, class, sizeof class);
  if (st == FH_ERR_UNSUPPORTED)
    snprintf(r.unsupported, sizeof r.unsupported, "%s", fh_status_message());
  snprintf(why, sizeof why, "%s", r.note);
  if ((st != FH_OK && st != FH_ERR_UNSUPPORTED) || r.failure[0]) {
    verdict = "FAIL";
    snprintf(why, sizeof why, "%s", r.failure[0] ? r.failure : fh_status_message());
  } else if (r.unsupported[0]) {
    verdict = "unsupported";
    snprintf(why, sizeof why, "%s: %s", class, r.unsupported);
  }
  fprintf(out, "%s\t%.17g\t%s\t%s\n", verdict, r.worst, plain(r.compared), plain(why));
  fflush(out);
  fh_status_clear();
}

static int serve(FILE *out)
{
  fh_team *team = NULL;
  char *path = NULL;
  size_t capacity = 0;
  ssize_t length;
  if (fh_team_create(MPI_COMM_WORLD, 1, 1, &team) != FH_OK) return 1;
  while ((length = getline(&path, &capacity, stdin)) > 0) {
    if (path[length - 1] == '\n') path[length - 1] = '\0';
    answer(out, path, team);
  }
  free(path);
  fh_team_destroy(&team);
  return 0;
}

int main(int argc, char **argv)
{
  /* whatever a library prints must not end up among the answers */
  FILE *out = fdopen(dup(STDOUT_FILENO), "w");
  if (!out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  if (MPI_Init(&argc, &argv) != MPI_SUCCESS) return 1;
  const int status = serve(out);
  MPI_Finalize();
  fclose(out);
  return status;
}
