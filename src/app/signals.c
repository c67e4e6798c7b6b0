#include "app/signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* A handler can reach nothing but static storage: these two flags and the deadline are all of it. */
static volatile sig_atomic_t wants_checkpoint, wants_end;
static double deadline;

static void on_checkpoint(int signal_number)
{
  (void)signal_number;
  wants_checkpoint = 1;
}

static void on_end(int signal_number)
{
  (void)signal_number;
  wants_end = 1;
}

static fh_status handle(int signal_number, void (*handler)(int), int flags)
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART | flags;
  FH_CHECK(sigaction(signal_number, &action, NULL) == 0, FH_ERR_LIBRARY,
           "the handler of signal %d cannot be installed", signal_number);
  return FH_OK;
}

fh_status fh_signals_install(double walltime)
{
  deadline = walltime > 0 ? fh_clock() + walltime : 0;
  FH_TRY(handle(SIGUSR1, on_checkpoint, 0));
  FH_TRY(handle(SIGUSR2, on_end, 0));
  FH_TRY(handle(SIGTERM, on_end, 0));
  FH_TRY(handle(SIGINT, on_end, (int)SA_RESETHAND));
  return FH_OK;
}

static int poll_flags(void *context)
{
  (void)context;
  int asked = 0;
  if (wants_checkpoint) asked |= FH_STOP_CHECKPOINT;
  wants_checkpoint = 0;
  if (wants_end || (deadline > 0 && fh_clock() >= deadline)) asked |= FH_STOP_END;
  return asked;
}

fh_stop fh_signals_stop(void)
{
  return (fh_stop){NULL, poll_flags};
}

fh_status fh_walltime_parse(const char *text, double *seconds)
{
  double total = 0;
  int parts = 0;
  for (const char *at = text; *at && parts < 4; parts++) {
    const size_t digits = strspn(at, "0123456789");
    if (digits == 0 || digits > 9) break;
    total = 60 * total + (double)strtol(at, NULL, 10);
    at += digits;
    if (*at == '\0' && parts < 3) return *seconds = total, FH_OK;
    if (*at++ != ':') break;
  }
  FH_RAISE(FH_ERR_USAGE, "option -max_walltime needs hh:mm:ss but '%.80s' was given", text);
}

double fh_walltime_of_job(void)
{
  enum { TO_END_IN = 60 };
  const char *end = getenv("SLURM_JOB_END_TIME");
  if (!end) return 0;
  const double left = strtod(end, NULL) - (double)time(NULL);
  return left > 2 * TO_END_IN ? left - TO_END_IN : left > 0 ? left / 2 : 0;
}
