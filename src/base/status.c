#include "base/status.h"

#include <stdarg.h>
#include <string.h>

enum { TRACE_DEPTH = 24, MESSAGE_BYTES = 1024 };

typedef struct {
  const char *file, *function;
  int line;
} frame;

static _Thread_local struct {
  char message[MESSAGE_BYTES];
  frame frames[TRACE_DEPTH];
  int depth;
} trace;

static void push(const char *file, int line, const char *function)
{
  if (trace.depth == TRACE_DEPTH) return;
  trace.frames[trace.depth++] = (frame){file, function, line};
}

fh_status fh_status_raise(fh_status code, const char *file, int line, const char *function,
                          const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(trace.message, sizeof trace.message, format, args);
  va_end(args);
  trace.depth = 0;
  push(file, line, function);
  return code;
}

fh_status fh_status_trace(fh_status code, const char *file, int line, const char *function)
{
  push(file, line, function);
  return code;
}

fh_status fh_status_mpi(int error, const char *file, int line, const char *function)
{
  char text[MPI_MAX_ERROR_STRING] = "unknown error";
  int length = 0;
  MPI_Error_string(error, text, &length);
  return fh_status_raise(FH_ERR_LIBRARY, file, line, function, "MPI: %s", text);
}

const char *fh_status_message(void)
{
  return trace.message;
}

const char *fh_status_text(fh_status code)
{
  static const char *const texts[] = {
#define FH_STATUS_WORDS(code, exit, text) text,
      FH_STATUS_LIST(FH_STATUS_WORDS)
#undef FH_STATUS_WORDS
  };
  return texts[code];
}

int fh_status_exit(fh_status code)
{
  static const int exits[] = {
#define FH_STATUS_EXITS(code, exit, text) exit,
      FH_STATUS_LIST(FH_STATUS_EXITS)
#undef FH_STATUS_EXITS
  };
  return exits[code];
}

void fh_status_print(FILE *stream)
{
  fprintf(stream, "fredholm: error: %s\n", trace.message);
  for (int i = 0; i < trace.depth; i++) {
    const frame *f = &trace.frames[i];
    fprintf(stream, "  %s:%d in %s()%s\n", f->file, f->line, f->function,
            i ? ": called from here" : "");
  }
}

void fh_status_clear(void)
{
  trace.message[0] = '\0';
  trace.depth = 0;
}

fh_status fh_status_agree(MPI_Comm comm, fh_status mine)
{
  int rank = 0, size = 1;
  FH_TRY_MPI(MPI_Comm_rank(comm, &rank));
  FH_TRY_MPI(MPI_Comm_size(comm, &size));
  int first = mine == FH_OK ? size : rank, failed = size;
  FH_TRY_MPI(MPI_Allreduce(&first, &failed, 1, MPI_INT, MPI_MIN, comm));
  if (failed == size) return FH_OK;
  int code = (int)mine;
  char message[MESSAGE_BYTES] = "";
  if (rank == failed) memcpy(message, trace.message, sizeof message);
  FH_TRY_MPI(MPI_Bcast(&code, 1, MPI_INT, failed, comm));
  FH_TRY_MPI(MPI_Bcast(message, MESSAGE_BYTES, MPI_CHAR, failed, comm));
  if (mine != FH_OK && rank == failed)
    return fh_status_trace((fh_status)code, __FILE__, __LINE__, __func__);
  FH_RAISE((fh_status)code, "%s", message);
}
