#include "io/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/bundle_file.h"

static const size_t dtype_bytes[] = {[FH_F32] = 4, [FH_F64] = 8, [FH_I64] = 8};

size_t fh_dtype_bytes(fh_dtype dtype)
{
  return dtype_bytes[dtype];
}

static bool is_name(const char *name)
{
  const size_t length = strlen(name);
  return length > 0 && length <= FH_BUNDLE_MAX_NAME && !strchr(name, '/') && strcmp(name, ".") != 0;
}

fh_status fh_bundle_create(const char *kind, int64_t version, fh_bundle **bundle)
{
  fh_bundle *b = NULL;
  *bundle = NULL;
  FH_CHECK(strlen(kind) < sizeof b->kind, FH_ERR_ARG, "the kind %s has more than %zu letters", kind,
           sizeof b->kind - 1);
  FH_NEW(b, 1);
  snprintf(b->kind, sizeof b->kind, "%s", kind);
  b->version = version;
  *bundle = b;
  return FH_OK;
}

/* room for one more in an array of n elements that grows by doubling */
static fh_status grow(void **items, int n, size_t bytes)
{
  if (n > 0 && (n & (n - 1)) != 0) return FH_OK;
  char *larger = NULL;
  FH_NEW(larger, (n ? 2 * (ptrdiff_t)n : 1) * (ptrdiff_t)bytes);
  if (n) memcpy(larger, *items, (size_t)n * bytes);
  fh_free(*items);
  *items = larger;
  return FH_OK;
}

static void clear_tensor(fh_tensor *t)
{
  fh_free(t->name);
  fh_free(t->data);
  *t = (fh_tensor){0};
}

static fh_status fill_tensor(fh_tensor *t, const char *name, fh_dtype dtype, int rank,
                             const ptrdiff_t *n, const void *data)
{
  ptrdiff_t bytes = 0;
  t->dtype = dtype;
  t->rank = rank;
  for (int i = 0; i < rank; i++) t->n[i] = n[i];
  FH_TRY(fh_size_product(rank, n, &t->size));
  FH_TRY(fh_size_mul(t->size, (ptrdiff_t)dtype_bytes[dtype], &bytes));
  t->name = fh_strdup(name);
  FH_CHECK(t->name, FH_ERR_MEMORY, "out of memory for the name %s", name);
  t->data = fh_calloc(bytes, 1);
  FH_CHECK(t->data, FH_ERR_MEMORY, "out of memory: the tensor %s needs %td bytes", name, bytes);
  if (data && bytes) memcpy(t->data, data, (size_t)bytes);
  return FH_OK;
}

fh_status fh_bundle_add(fh_bundle *b, const char *name, fh_dtype dtype, int rank,
                        const ptrdiff_t *n, const void *data)
{
  FH_CHECK(is_name(name), FH_ERR_ARG, "'%s' cannot be the name of a tensor", name);
  FH_CHECK(!fh_bundle_find(b, name), FH_ERR_ARG, "there is already a tensor %s", name);
  FH_CHECK(rank >= 0 && rank <= 8, FH_ERR_ARG, "the tensor %s has %d axes, at most 8 are possible",
           name, rank);
  void *items = b->tensors;
  FH_TRY(grow(&items, b->n_tensors, sizeof *b->tensors));
  b->tensors = items;
  fh_tensor *t = &b->tensors[b->n_tensors];
  const fh_status st = fill_tensor(t, name, dtype, rank, n, data);
  if (st == FH_OK)
    b->n_tensors++;
  else
    clear_tensor(t);
  return st;
}

fh_status fh_bundle_add_text(fh_bundle *b, const char *name, const char *text)
{
  FH_CHECK(is_name(name), FH_ERR_ARG, "'%s' cannot be the name of a text", name);
  FH_CHECK(!fh_bundle_find_text(b, name), FH_ERR_ARG, "there is already a text %s", name);
  FH_CHECK(strlen(text) <= FH_BUNDLE_MAX_TEXT, FH_ERR_ARG,
           "the text %s has %zu bytes, at most %d are possible", name, strlen(text),
           FH_BUNDLE_MAX_TEXT);
  void *items = b->texts;
  FH_TRY(grow(&items, b->n_texts, sizeof *b->texts));
  b->texts = items;
  fh_bundle_text *t = &b->texts[b->n_texts++];
  t->name = fh_strdup(name);
  t->text = fh_strdup(text);
  FH_CHECK(t->name && t->text, FH_ERR_MEMORY, "out of memory for the text %s", name);
  return FH_OK;
}

void fh_bundle_destroy(fh_bundle **bundle)
{
  fh_bundle *b = *bundle;
  if (!b) return;
  for (int i = 0; i < b->n_tensors; i++) clear_tensor(&b->tensors[i]);
  for (int i = 0; i < b->n_texts; i++) {
    fh_free(b->texts[i].name);
    fh_free(b->texts[i].text);
  }
  fh_free(b->tensors);
  fh_free(b->texts);
  fh_free(b);
  *bundle = NULL;
}

const fh_tensor *fh_bundle_find(const fh_bundle *b, const char *name)
{
  for (int i = 0; i < b->n_tensors; i++)
    if (strcmp(b->tensors[i].name, name) == 0) return &b->tensors[i];
  return NULL;
}

const char *fh_bundle_find_text(const fh_bundle *b, const char *name)
{
  for (int i = 0; i < b->n_texts; i++)
    if (strcmp(b->texts[i].name, name) == 0) return b->texts[i].text;
  return NULL;
}

fh_status fh_bundle_get_f64(const fh_bundle *b, const char *name, ptrdiff_t size, double *values)
{
  const fh_tensor *t = fh_bundle_find(b, name);
  FH_CHECK(t, FH_ERR_FORMAT, "the %s file has no tensor %s", b->kind, name);
  FH_CHECK(t->dtype != FH_I64, FH_ERR_FORMAT, "the tensor %s holds integers, not reals", name);
  FH_CHECK(t->size == size, FH_ERR_SHAPE, "the tensor %s has %td values, %td are needed", name,
           t->size, size);
  for (ptrdiff_t i = 0; i < size; i++)
    values[i] =
        t->dtype == FH_F64 ? ((const double *)t->data)[i] : (double)((const float *)t->data)[i];
  return FH_OK;
}
