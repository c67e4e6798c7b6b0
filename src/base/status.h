/**
 * status - how everything in Fredholm reports failure
 *
 * Every function that can fail returns fh_status. The message is made once, where the failure is
 * found (FH_RAISE, FH_CHECK): what is wrong, the two numbers, the remedy. Callers pass it up with
 * FH_TRY, which adds a line to the trace. Nothing in the library prints or exits; main() prints the
 * trace with fh_status_print() and ends the program. The trace is thread-local and allocates nothing.
 */
#pragma once

#include <mpi.h>
#include <stdio.h>

#define FH_MUST __attribute__((warn_unused_result))
#define FH_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* code, exit status of the command, sentence */
#define FH_STATUS_LIST(X)                                                                          \
  X(FH_OK, 0, "success")                                                                           \
  X(FH_ERR_USAGE, 64, "wrong option or argument")                                                  \
  X(FH_ERR_ARG, 65, "argument out of range")                                                       \
  X(FH_ERR_SHAPE, 66, "shapes do not fit together")                                                \
  X(FH_ERR_FORMAT, 67, "file content is not what it should be")                                    \
  X(FH_ERR_IO, 68, "file cannot be read or written")                                               \
  X(FH_ERR_MEMORY, 69, "out of memory")                                                            \
  X(FH_ERR_NUMERIC, 70, "numbers went wrong")                                                      \
  X(FH_ERR_STATE, 71, "call in the wrong order")                                                   \
  X(FH_ERR_LIBRARY, 72, "a library call failed")                                                   \
  X(FH_ERR_UNSUPPORTED, 73, "not supported")                                                       \
  X(FH_STOPPED, 75, "stopped early, can be resumed")

typedef enum {
#define FH_STATUS_ENUM(code, exit, text) code,
  FH_STATUS_LIST(FH_STATUS_ENUM)
#undef FH_STATUS_ENUM
} fh_status;

/** Begins a new trace with the message. Returns code, so that FH_RAISE can return it. */
fh_status fh_status_raise(fh_status code, const char *file, int line, const char *function,
                          const char *format, ...) FH_PRINTF(5, 6);
/** Adds "called from here" to the trace. Returns code. */
fh_status fh_status_trace(fh_status code, const char *file, int line, const char *function);
/** The same for a failed MPI call: asks MPI for its sentence. */
fh_status fh_status_mpi(int error, const char *file, int line, const char *function);

/** The message of the last raise on this thread ("" if none); valid until the next raise. */
const char *fh_status_message(void);
/** What the code means, and the exit status of a command that ends with it. */
const char *fh_status_text(fh_status code);
int fh_status_exit(fh_status code);
/** Prints message and trace; main() is the only caller in the product. */
void fh_status_print(FILE *stream);
/** Forgets the message and the trace: for a caller that has dealt with the failure. */
void fh_status_clear(void);

/**
 * fh_status_agree - make a rank-local outcome the same on all ranks
 *
 * Collective on comm. Every rank passes its own status; all return the status of the lowest failing
 * rank, whose message is copied to all. FH_OK only if every rank passed FH_OK. Call it before the
 * next collective whenever something may have failed on some ranks only (files, memory, parsing).
 */
fh_status fh_status_agree(MPI_Comm comm, fh_status mine) FH_MUST;

#define FH_RAISE(code, ...)                                                                        \
  return fh_status_raise((code), __FILE__, __LINE__, __func__, __VA_ARGS__)

#define FH_CHECK(condition, code, ...)                                                             \
  do {                                                                                             \
    if (!(condition)) FH_RAISE((code), __VA_ARGS__);                                               \
  } while (0)

#define FH_TRY(call)                                                                               \
  do {                                                                                             \
    const fh_status fh_st_ = (call);                                                               \
    if (fh_st_ != FH_OK) return fh_status_trace(fh_st_, __FILE__, __LINE__, __func__);             \
  } while (0)

#define FH_TRY_MPI(call)                                                                           \
  do {                                                                                             \
    const int fh_mpi_ = (call);                                                                    \
    if (fh_mpi_ != MPI_SUCCESS) return fh_status_mpi(fh_mpi_, __FILE__, __LINE__, __func__);       \
  } while (0)
