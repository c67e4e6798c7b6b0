#include "app/command.h"
static fh_status declare(fh_options *o, void *c)
{
  (void)o;
  (void)c;
  return FH_OK;
}
static fh_status run(fh_run *r, void *c)
{
  (void)r;
  (void)c;
  FH_RAISE(FH_ERR_UNSUPPORTED, "not yet");
}
const fh_command fh_command_generate = {.name = "generate",
                                        .arguments = "",
                                        .help = "",
                                        .config_bytes = 1,
                                        .declare = declare,
                                        .run = run};
