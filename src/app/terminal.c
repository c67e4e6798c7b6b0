#include "app/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool launcher_is_watched(int descriptor)
{
  char link[64], target[128];
  snprintf(link, sizeof link, "/proc/%ld/fd/%d", (long)getppid(), descriptor);
  const ssize_t n = readlink(link, target, sizeof target - 1);
  if (n <= 0) return false; /* not Linux, or a daemon of the launcher: nobody watches that */
  target[n] = '\0';
  return !strncmp(target, "/dev/pts/", 9) || !strncmp(target, "/dev/tty", 8);
}

bool fh_terminal_is_watched(FILE *stream)
{
  const int descriptor = fileno(stream);
  if (descriptor < 0 || !isatty(descriptor)) return false;
  const char *kind = getenv("TERM");
  if (kind && !strcmp(kind, "dumb")) return false;
  return getenv("OMPI_COMM_WORLD_SIZE") ? launcher_is_watched(descriptor) : true;
}
