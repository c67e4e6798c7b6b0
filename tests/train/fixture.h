/* fixture - reading the HDF5 files of reference numbers, for tests alone */
#pragma once

#include <cjson/cJSON.h>
#include <hdf5.h>
#include <stddef.h>

enum { FIXTURE_RANK = 6 };

typedef struct {
  int rank;
  ptrdiff_t n[FIXTURE_RANK], size;
  double *value;
} tensor;

/* Ends the program with a message if what is asked for is not there. */
tensor fixture_read(hid_t at, const char *path);
void fixture_free(tensor *t);
/* A string attribute, to be freed. */
char *fixture_text(hid_t object, const char *name);
double fixture_number(hid_t object, const char *name);
/* The attribute config as JSON, to be deleted. */
cJSON *fixture_config(hid_t object);
double config_number(const cJSON *config, const char *name, double otherwise);
int config_bool(const cJSON *config, const char *name, int otherwise);
