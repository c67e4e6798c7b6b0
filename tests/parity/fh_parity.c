/*
 * fh_parity FOLDER... - compares the engine, in both precisions, with files of reference numbers
 *
 * Two runners, one linked with each precision of the engine, stand beside this program and do the
 * comparing; a runner that crashes on a file costs that file, not the run.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- runners -------------------------------------------------------------------------------------- */

typedef struct {
  const char *precision;
  char program[PATH_MAX];
  pid_t pid; /* 0: not running */
  FILE *to, *from;
} runner;

typedef struct {
  char *line; /* the texts below point into it */
  const char *verdict, *compared, *why;
  double worst;
} answer;

static bool locate(runner *r, const char *precision)
{
  char self[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  r->precision = precision;
  if (n < 0) return false;
  self[n] = '\0';
  const int written =
      snprintf(r->program, sizeof r->program, "%s/fh_parity_%s", dirname(self), precision);
  return written < (int)sizeof r->program && access(r->program, X_OK) == 0;
}

/* Under mpirun a runner would take itself for a rank of that job: it must start on its own. */
static void leave_job(void)
{
  static const char *const marks[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"};
  static const char *const prefixes[] = {
      "OMPI_COMM_", "OMPI_MCA_ess", "OMPI_MCA_orte", "OMPI_MCA_pmix", "PMIX_", "PMI_", "ORTE_"};
  extern char **environ;
  bool inside = false;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) inside = inside || getenv(marks[i]);
  for (size_t i = 0; inside && i < sizeof prefixes / sizeof *prefixes; i++)
    for (char **e = environ; *e;) {
      char name[256];
      snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
      if (!strncmp(name, prefixes[i], strlen(prefixes[i])) && unsetenv(name) == 0)
        e = environ;
      else
        e++;
    }
}

static void run_program(const runner *r, const int in[2], const int out[2])
{
  if (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0) _exit(127);
  leave_job();
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
  execl(r->program, r->program, (char *)NULL);
  _exit(127);
}

static bool start(runner *r)
{
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) return false;
  r->pid = fork();
  if (r->pid < 0) return false;
  if (r->pid == 0) run_program(r, in, out);
  close(in[0]);
  close(out[1]);
  r->to = fdopen(in[1], "w");
  r->from = fdopen(out[0], "r");
  return r->to && r->from;
}

/* closes the pipes and returns what became of the runner */
static int stop(runner *r)
{
  int status = 0;
  if (r->pid <= 0) return 0;
  if (r->to) fclose(r->to);
  if (r->from) fclose(r->from);
  waitpid(r->pid, &status, 0);
  r->pid = 0;
  r->to = r->from = NULL;
  return status;
}

static bool split(answer *a)
{
  char *field[4], *rest = a->line;
  for (int i = 0; i < 4; i++) {
    field[i] = strsep(&rest, "\t\n");
    if (!field[i]) return false;
  }
  a->verdict = field[0];
  a->worst = strtod(field[1], NULL);
  a->compared = field[2];
  a->why = field[3];
  return true;
}

static answer lost(runner *r)
{
  static char why[2][128];
  char *text = why[r->precision[1] == '6'];
  const int status = stop(r);
  if (WIFSIGNALED(status))
    snprintf(text, sizeof why[0], "the %s runner died of %s", r->precision,
             strsignal(WTERMSIG(status)));
  else
    snprintf(text, sizeof why[0], "the %s runner ended with status %d", r->precision,
             WEXITSTATUS(status));
  return (answer){.verdict = "FAIL", .compared = "", .why = text, .worst = (double)INFINITY};
}

static void ask(runner *r, const char *path)
{
  if (r->pid == 0 && !start(r)) return;
  fprintf(r->to, "%s\n", path);
  fflush(r->to);
}

static answer hear(runner *r)
{
  answer a = {0};
  size_t capacity = 0;
  if (!r->from || getline(&a.line, &capacity, r->from) <= 0 || !split(&a)) {
    free(a.line);
    return lost(r);
  }
  return a;
}

/* ---- one file, one line ----------------------------------------------------------------------------- */

typedef struct {
  int passed, failed, skipped;
  double worst[2]; /* of the files that passed */
} tally;

static void print_line(const char *name, const answer *f64, const answer *f32, tally *t)
{
  const bool fail = !strcmp(f64->verdict, "FAIL") || !strcmp(f32->verdict, "FAIL");
  const bool skip = !fail && (strcmp(f64->verdict, "pass") || strcmp(f32->verdict, "pass"));
  printf("%-36s ", name);
  if (f64->compared[0]) printf("%s: f64 %.1e f32 %.1e ", f64->compared, f64->worst, f32->worst);
  if (fail) {
    const bool both = !strcmp(f64->verdict, f32->verdict) && strcmp(f64->why, f32->why);
    printf("FAIL: %s", strcmp(f64->verdict, "FAIL") ? f32->why : f64->why);
    if (both) printf("; %s", f32->why);
    t->failed++;
  } else if (skip) {
    printf("unsupported %s", strcmp(f64->verdict, "pass") ? f64->why : f32->why);
    t->skipped++;
  } else {
    const char *note = f32->why[0] ? f32->why : f64->why;
    printf("pass");
    if (note[0]) printf(" (%s)", note);
    t->passed++;
    t->worst[0] = fmax(t->worst[0], f64->worst);
    t->worst[1] = fmax(t->worst[1], f32->worst);
  }
  printf("\n");
  fflush(stdout);
}

static void compare(runner r[2], const char *path, tally *t)
{
  const char *slash = strrchr(path, '/');
  ask(&r[0], path);
  ask(&r[1], path);
  answer f64 = hear(&r[0]), f32 = hear(&r[1]);
  print_line(slash ? slash + 1 : path, &f64, &f32, t);
  free(f64.line);
  free(f32.line);
}

/* ---- folders ------------------------------------------------------------------------------------------ */

static int is_parity_file(const struct dirent *entry)
{
  const char *dot = strrchr(entry->d_name, '.');
  return entry->d_name[0] != '.' && dot && !strcmp(dot, ".h5");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void compare_folder(runner r[2], const char *folder, tally *t)
{
  struct dirent **entries = NULL;
  const int count = scandir(folder, &entries, is_parity_file, by_name);
  if (count < 0) {
    printf("%-36s FAIL: %s\n", folder, strerror(errno));
    t->failed++;
    return;
  }
  for (int i = 0; i < count; i++) {
    char path[PATH_MAX];
    struct stat what;
    const int n = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    const bool folder_inside = stat(path, &what) == 0 && S_ISDIR(what.st_mode);
    if (n < (int)sizeof path && !folder_inside) compare(r, path, t);
    free(entries[i]);
  }
  free(entries);
}

static void compare_argument(runner r[2], const char *argument, tally *t)
{
  struct stat what;
  if (stat(argument, &what) == 0 && S_ISREG(what.st_mode))
    compare(r, argument, t);
  else
    compare_folder(r, argument, t);
}

static int usage(FILE *stream, int status)
{
  fprintf(stream, "usage: fh_parity FOLDER...\n"
                  "Compares the engine with reference numbers: every *.h5 file of the folders, in\n"
                  "double and in single precision. Ends with 0 if nothing failed.\n");
  return status;
}

int main(int argc, char **argv)
{
  runner r[2] = {{0}, {0}};
  tally t = {0};
  if (argc < 2) return usage(stderr, 64);
  if (!strcmp(argv[1], "-help") || !strcmp(argv[1], "--help")) return usage(stdout, 0);
  if (!locate(&r[0], "f64") || !locate(&r[1], "f32")) {
    fprintf(stderr, "fh_parity: %s is missing or cannot be run; it belongs beside fh_parity\n",
            r[0].program[0] && access(r[0].program, X_OK) ? r[0].program : r[1].program);
    return 72;
  }
  signal(SIGPIPE, SIG_IGN);
  for (int i = 1; i < argc; i++) compare_argument(r, argv[i], &t);
  stop(&r[0]);
  stop(&r[1]);
  if (t.passed + t.failed + t.skipped == 0) printf("there is no *.h5 file\n");
  if (t.passed) printf("worst of what passed: f64 %.1e f32 %.1e\n", t.worst[0], t.worst[1]);
  printf("%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped);
  return t.failed == 0 && t.passed + t.skipped > 0 ? 0 : 1;
}
