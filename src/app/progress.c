#include "app/progress.h"

#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "app/terminal.h"
#include "base/clock.h"
#include "base/memory.h"
#include "io/json_lines.h"

const char *const fh_progress_names[] = {"auto", "line", "plain", "json", "none", NULL};

struct fh_progress {
  fh_progress_mode mode;
  bool quiet;
  FILE *stream;
  fh_json_lines *file;
  fh_log log;
  bool is_open;   /* a line without its newline is on the terminal */
  char unit[32];  /* of the loop that is running */
  ptrdiff_t done; /* at the last call */
  ptrdiff_t first_done;
  double first_time, shown_time;
};

/* ---- JSON ------------------------------------------------------------------------------------ */

/* one object a line; an object that could not be made (no memory) is left out */
static void print_json(FILE *stream, cJSON *object)
{
  char *text = object ? cJSON_PrintUnformatted(object) : NULL;
  if (text) fprintf(stream, "%s\n", text);
  fflush(stream);
  cJSON_free(text);
}

static void add_number(cJSON *object, const char *name, double value)
{
  if (isfinite(value))
    cJSON_AddNumberToObject(object, name, value);
  else
    cJSON_AddNullToObject(object, name);
}

static cJSON *event(const char *name, int n, const fh_log_value *values)
{
  cJSON *object = cJSON_CreateObject();
  if (!object) return NULL;
  cJSON_AddStringToObject(object, "event", name);
  for (int i = 0; i < n; i++) add_number(object, values[i].name, values[i].value);
  return object;
}

/* ---- how far, how fast, how long ---------------------------------------------------------------- */

/* a new loop has begun: its first call starts the clock */
static void begin_loop(fh_progress *p, const char *unit, ptrdiff_t done, double now)
{
  snprintf(p->unit, sizeof p->unit, "%s", unit);
  p->first_done = done;
  p->first_time = now;
  p->shown_time = p->mode == FH_PROGRESS_LINE ? 0 : now; /* a terminal shows at once that we live */
}

/* units a second since the first call; 0: not known yet */
static double rate_of(const fh_progress *p, ptrdiff_t done, double now)
{
  const double seconds = now - p->first_time;
  return done > p->first_done && seconds > 0 ? (double)(done - p->first_done) / seconds : 0;
}

void fh_progress_duration(char *text, size_t bytes, double seconds)
{
  if (!(seconds < 1e8)) {
    snprintf(text, bytes, "--:--:--");
    return;
  }
  const long s = lround(seconds);
  snprintf(text, bytes, "%02ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

static void print_line(const fh_progress *p, ptrdiff_t done, ptrdiff_t total, double rate, int n,
                       const fh_log_value *values)
{
  char eta[32];
  fh_progress_duration(eta, sizeof eta,
                       rate > 0 ? (double)(total - done) / rate : (double)INFINITY);
  fprintf(p->stream, "%td/%td %s %5.1f%%  %.3g/s  ETA %s", done, total, p->unit,
          total > 0 ? 100.0 * (double)done / (double)total : 100.0, rate, eta);
  for (int i = 0; i < n; i++) fprintf(p->stream, "  %s %.4g", values[i].name, values[i].value);
}

static void end_line(fh_progress *p)
{
  if (p->is_open) fputc('\n', p->stream);
  p->is_open = false;
}

static double interval(fh_progress_mode mode)
{
  return mode == FH_PROGRESS_LINE ? 0.2 : mode == FH_PROGRESS_JSON ? 1 : 10;
}

static void show(fh_progress *p, ptrdiff_t done, ptrdiff_t total, double rate, int n,
                 const fh_log_value *values)
{
  if (p->mode == FH_PROGRESS_JSON) {
    cJSON *object = event("progress", n, values);
    if (object) cJSON_AddStringToObject(object, "unit", p->unit);
    add_number(object, "done", (double)done);
    add_number(object, "total", (double)total);
    add_number(object, "per_second", rate);
    add_number(object, "eta", rate > 0 ? (double)(total - done) / rate : (double)NAN);
    print_json(p->stream, object);
    cJSON_Delete(object);
    return;
  }
  if (p->mode == FH_PROGRESS_LINE) fputs("\r\033[K", p->stream);
  print_line(p, done, total, rate, n, values);
  p->is_open = p->mode == FH_PROGRESS_LINE && done < total;
  if (!p->is_open) fputc('\n', p->stream);
  fflush(p->stream);
}

/* ---- the listener -------------------------------------------------------------------------------- */

static void on_progress(void *context, const char *unit, ptrdiff_t done, ptrdiff_t total, int n,
                        const fh_log_value *values)
{
  fh_progress *p = context;
  const double now = fh_clock();
  if (p->mode == FH_PROGRESS_NONE || p->quiet) return;
  if (strcmp(unit, p->unit) || done < p->done) begin_loop(p, unit, done, now);
  p->done = done;
  if (done < total && now - p->shown_time < interval(p->mode)) return;
  p->shown_time = now;
  show(p, done, total, rate_of(p, done, now), n, values);
}

static void on_message(void *context, fh_log_level level, const char *text)
{
  static const char *const levels[] = {"debug", "info", "warning"};
  fh_progress *p = context;
  if (level == FH_LOG_DEBUG || (p->quiet && level != FH_LOG_WARNING)) return;
  if (p->mode == FH_PROGRESS_JSON) {
    cJSON *object = event("message", 0, NULL);
    if (object) {
      cJSON_AddStringToObject(object, "level", levels[level]);
      cJSON_AddStringToObject(object, "text", text);
    }
    print_json(p->stream, object);
    cJSON_Delete(object);
    return;
  }
  if (p->is_open) fputs("\r\033[K", p->stream);
  p->is_open = false;
  fprintf(level == FH_LOG_WARNING ? stderr : p->stream, "%s%s\n",
          level == FH_LOG_WARNING ? "fredholm: warning: " : "", text);
  fflush(p->stream);
}

static void on_record(void *context, const char *name, int n, const fh_log_value *values)
{
  fh_progress *p = context;
  const bool shown = p->mode == FH_PROGRESS_JSON && !p->quiet;
  if (!p->file && !shown) return;
  cJSON *object = event(name, n, values);
  if (p->file && object && fh_json_lines_append(p->file, object) != FH_OK) {
    on_message(p, FH_LOG_WARNING, fh_status_message()); /* the run is worth more than its log */
    fh_json_lines_close(&p->file);
  }
  if (shown) print_json(p->stream, object);
  cJSON_Delete(object);
}

fh_status fh_progress_create(fh_progress_mode mode, bool quiet, FILE *stream,
                             fh_progress **progress)
{
  fh_progress *p = NULL;
  FH_NEW(p, 1);
  if (mode == FH_PROGRESS_AUTO)
    mode = fh_terminal_is_watched(stream) ? FH_PROGRESS_LINE : FH_PROGRESS_PLAIN;
  p->mode = mode;
  p->quiet = quiet;
  p->stream = stream;
  p->log = (fh_log){p, on_message, on_progress, on_record};
  *progress = p;
  return FH_OK;
}

void fh_progress_destroy(fh_progress **progress)
{
  fh_progress *p = *progress;
  if (!p) return;
  end_line(p);
  fflush(p->stream);
  fh_json_lines_close(&p->file);
  fh_free(p);
  *progress = NULL;
}

const fh_log *fh_progress_log(const fh_progress *p)
{
  return &p->log;
}

fh_progress_mode fh_progress_mode_of(const fh_progress *p)
{
  return p->mode;
}

fh_status fh_progress_open_log(fh_progress *p, const char *path, bool append)
{
  fh_json_lines_close(&p->file);
  FH_TRY(fh_json_lines_open(path, append, &p->file));
  return FH_OK;
}

void fh_progress_config(fh_progress *p, const char *yaml)
{
  if (p->quiet) return;
  if (p->mode != FH_PROGRESS_JSON) {
    fprintf(p->stream, "%s", yaml);
    fflush(p->stream);
    return;
  }
  cJSON *object = event("config", 0, NULL);
  if (object) cJSON_AddStringToObject(object, "yaml", yaml);
  print_json(p->stream, object);
  cJSON_Delete(object);
}
