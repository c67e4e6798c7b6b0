/* common - making problems in tests */
#pragma once

#include <math.h>

#include "datagen/generate.h"
#include "datagen/labeller.h"
#include "datagen/petsc.h"
#include "io/scratch.h"

/* One setting by name, in whichever table has it. */
static inline void set(fh_generate_config *c, const char *name, const char *value)
{
  const fh_problem_class *class = NULL;
  EXPECT_OK(fh_problem_find(c->problem, &class));
  if (fh_config_find(fh_generate_fields, name)) {
    EXPECT_OK(fh_config_set(fh_generate_fields, c, name, value));
  } else if (fh_config_find(fh_generate_call_fields, name)) {
    EXPECT_OK(fh_config_set(fh_generate_call_fields, c, name, value));
  } else {
    EXPECT_OK(fh_config_set(class->fields, c->problem_config, name, value));
  }
}

static inline fh_generate_config defaults_of(const char *problem)
{
  fh_generate_config c;
  const fh_field *fields = NULL;
  EXPECT_OK(fh_generate_prepare(problem, NULL, &c, &fields));
  return c;
}

static inline fh_generate_config defaults(void)
{
  return defaults_of("darcy");
}
