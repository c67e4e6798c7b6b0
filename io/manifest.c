#include "io/manifest.h"

#include <cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MAX_STEPS = 1 << 20 };

/* ---- checks --------------------------------------------------------------------------------------- */

/* names become HDF5 links, YAML keys and XML attributes */
static bool is_name(const char *name)
{
  if (!isalpha((unsigned char)name[0])) return false;
  for (const char *p = name; *p; p++)
    if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-') return false;
  return true;
}

static fh_status check_names(const fh_writer_info *info)
{
  FH_CHECK(is_name(info->problem), FH_ERR_ARG, "'%s' cannot be the name of a problem",
           info->problem);
  for (int i = 0; i < info->n_fields; i++)
    FH_CHECK(is_name(info->fields[i].info.name), FH_ERR_ARG,
             "'%s' cannot be the name of a field: letters, digits, _ and - are possible",
             info->fields[i].info.name);
  for (int i = 0; i < info->n_scalars; i++) {
    FH_CHECK(is_name(info->scalars[i].name), FH_ERR_ARG, "'%s' cannot be the name of a parameter",
             info->scalars[i].name);
    FH_CHECK(isfinite(info->scalars[i].value), FH_ERR_ARG, "the parameter %s is not finite",
             info->scalars[i].name);
  }
  for (int i = 0; i < info->n_constants; i++)
    FH_CHECK(is_name(info->constants[i].info.name), FH_ERR_ARG,
             "'%s' cannot be the name of a constant field", info->constants[i].info.name);
  return FH_OK;
}

static fh_status check_time(const fh_writer_time *t)
{
  FH_CHECK(t->steps >= 0 && t->steps <= MAX_STEPS, FH_ERR_ARG,
           "a set has 1 to %d time steps, not %td", MAX_STEPS, t->steps);
  FH_CHECK(isfinite(t->first) && isfinite(t->interval) && (t->steps <= 1 || t->interval > 0),
           FH_ERR_ARG, "time step %g from %g on: it must be positive", t->interval, t->first);
  return FH_OK;
}

static fh_status check_grid(const fh_grid *g)
{
  FH_CHECK(g->dim >= 1 && g->dim <= FH_MAX_DIM, FH_ERR_ARG, "a grid has 1 to %d axes, not %d",
           FH_MAX_DIM, g->dim);
  for (int a = 0; a < FH_MAX_DIM; a++) {
    FH_CHECK(g->n[a] >= 1 && (a < g->dim || g->n[a] == 1), FH_ERR_ARG,
             "axis %d of the grid has %td points", a, g->n[a]);
    FH_CHECK(g->length[a] > 0 && isfinite(g->length[a]), FH_ERR_ARG,
             "axis %d of the grid has the length %g, which must be positive", a, g->length[a]);
  }
  return FH_OK;
}

fh_status fh_manifest_check(const fh_writer_info *info)
{
  fh_piece pieces[FH_MAX_PIECES];
  int n = 0;
  FH_CHECK(info->samples >= 1, FH_ERR_ARG,
           "a set of %td samples cannot be written, ask for 1 or more", info->samples);
  FH_CHECK(info->n_fields >= 1 && info->n_fields <= FH_WRITER_MAX_FIELDS, FH_ERR_ARG,
           "a set has 1 to %d fields, not %d", FH_WRITER_MAX_FIELDS, info->n_fields);
  FH_CHECK(info->n_scalars >= 0 && info->n_scalars <= FH_WRITER_MAX_SCALARS, FH_ERR_ARG,
           "a set has 0 to %d parameters, not %d", FH_WRITER_MAX_SCALARS, info->n_scalars);
  FH_TRY(check_grid(&info->grid));
  FH_TRY(check_time(&info->time));
  FH_TRY(check_names(info));
  FH_TRY(fh_manifest_pieces(info, pieces, &n));
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      FH_CHECK(strcmp(pieces[i].name, pieces[j].name) != 0, FH_ERR_ARG,
               "two fields of the set would be called %s", pieces[i].name);
  FH_CHECK(info->mesh.n_nodes == 0 ||
               (info->grid.dim == 1 && info->grid.n[0] == info->mesh.n_nodes),
           FH_ERR_ARG, "a mesh of %td nodes does not carry fields of %td points",
           info->mesh.n_nodes, fh_grid_size(&info->grid));
  return FH_OK;
}

fh_status fh_manifest_pieces(const fh_writer_info *info, fh_piece pieces[FH_MAX_PIECES], int *count)
{
  *count = 0;
  for (int f = 0; f < info->n_fields; f++) {
    const fh_field_info *field = &info->fields[f].info;
    FH_CHECK(field->channels >= 1 && *count + field->channels <= FH_MAX_PIECES, FH_ERR_ARG,
             "the field %s has %d channels; a set has 1 to %d in total", field->name,
             field->channels, FH_MAX_PIECES);
    for (int c = 0; c < field->channels; c++) {
      fh_piece *p = &pieces[(*count)++];
      *p = (fh_piece){.field = f, .channel = c, .is_output = info->fields[f].is_output};
      p->steps = p->is_output ? fh_manifest_steps(info) : 1;
      if (field->channels == 1)
        snprintf(p->name, sizeof p->name, "%s", field->name);
      else
        snprintf(p->name, sizeof p->name, "%s_%d", field->name, c);
    }
  }
  return FH_OK;
}

/* ---- to JSON -------------------------------------------------------------------------------------- */

/* cJSON writes 17 digits when 15 are not enough, so that numbers come back exactly */
static cJSON *grid_json(const fh_grid *g)
{
  cJSON *grid = cJSON_CreateObject(), *n = cJSON_AddArrayToObject(grid, "points"),
        *length = cJSON_AddArrayToObject(grid, "length"),
        *side = cJSON_AddArrayToObject(grid, "boundary");
  cJSON_AddStringToObject(grid, "registration", g->points == FH_CELL ? "cell" : "node");
  for (int a = 0; a < g->dim; a++) {
    cJSON_AddItemToArray(n, cJSON_CreateNumber((double)g->n[a]));
    cJSON_AddItemToArray(length, cJSON_CreateNumber(g->length[a]));
    for (int s = 0; s < 2; s++)
      cJSON_AddItemToArray(side, cJSON_CreateString(fh_boundary_name(g->side[a][s])));
  }
  return grid;
}

static cJSON *time_json(const fh_writer_info *info)
{
  cJSON *time = cJSON_CreateObject();
  cJSON_AddNumberToObject(time, "steps", (double)fh_manifest_steps(info));
  cJSON_AddNumberToObject(time, "first", info->time.first);
  cJSON_AddNumberToObject(time, "interval", info->time.interval);
  return time;
}

static cJSON *field_json(const fh_writer_field *f)
{
  cJSON *field = cJSON_CreateObject();
  cJSON_AddStringToObject(field, "name", f->info.name);
  cJSON_AddStringToObject(field, "units", f->info.unit);
  cJSON_AddStringToObject(field, "long_name", f->info.long_name);
  cJSON_AddNumberToObject(field, "channels", f->info.channels);
  cJSON_AddStringToObject(field, "role", f->is_output ? "output" : "input");
  return field;
}

static cJSON *manifest_json(const fh_writer_info *info)
{
  char seed[32];
  cJSON *root = cJSON_CreateObject();
  cJSON_AddNumberToObject(root, "fredholm_set", FH_MANIFEST_VERSION);
  cJSON_AddStringToObject(root, "problem", info->problem);
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)info->seed); /* 64 bits exceed a double */
  cJSON_AddStringToObject(root, "seed", seed);
  cJSON_AddNumberToObject(root, "samples", (double)info->samples);
  cJSON_AddItemToObject(root, "grid", grid_json(&info->grid));
  if (fh_manifest_steps(info) > 1 || info->time.first != 0)
    cJSON_AddItemToObject(root, "time", time_json(info));
  cJSON *fields = cJSON_AddArrayToObject(root, "fields");
  for (int i = 0; i < info->n_fields; i++)
    cJSON_AddItemToArray(fields, field_json(&info->fields[i]));
  cJSON *scalars = cJSON_AddObjectToObject(root, "parameters");
  for (int i = 0; i < info->n_scalars; i++)
    cJSON_AddNumberToObject(scalars, info->scalars[i].name, info->scalars[i].value);
  return root;
}

fh_status fh_manifest_print(const fh_writer_info *info, char **text)
{
  *text = NULL;
  cJSON *root = manifest_json(info);
  char *printed = cJSON_Print(root);
  cJSON_Delete(root);
  FH_CHECK(printed, FH_ERR_MEMORY, "out of memory for the description of a set");
  *text = fh_strdup(printed);
  cJSON_free(printed);
  FH_CHECK(*text, FH_ERR_MEMORY, "out of memory for the description of a set");
  return FH_OK;
}

/* ---- from JSON ------------------------------------------------------------------------------------ */

static fh_status get_text(const cJSON *object, const char *key, char *text, size_t bytes)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  FH_CHECK(cJSON_IsString(item) && strlen(item->valuestring) < bytes, FH_ERR_FORMAT,
           "the description of the set has no text \"%s\" of fewer than %zu bytes", key, bytes);
  snprintf(text, bytes, "%s", item->valuestring);
  return FH_OK;
}

static fh_status as_count(const cJSON *item, const char *what, double most, ptrdiff_t *n)
{
  FH_CHECK(cJSON_IsNumber(item) && item->valuedouble >= 1 && item->valuedouble <= most &&
               floor(item->valuedouble) == item->valuedouble,
           FH_ERR_FORMAT, "the description of the set has no whole number \"%s\" from 1 to %g",
           what, most);
  *n = (ptrdiff_t)item->valuedouble;
  return FH_OK;
}

static fh_status get_side(const cJSON *item, fh_boundary *side)
{
  for (int b = FH_PERIODIC; b <= FH_OPEN; b++)
    if (cJSON_IsString(item) && strcmp(item->valuestring, fh_boundary_name((fh_boundary)b)) == 0) {
      *side = (fh_boundary)b;
      return FH_OK;
    }
  FH_RAISE(FH_ERR_FORMAT, "the description of the set has an unknown boundary condition");
}

static fh_status get_grid(const cJSON *object, fh_grid *g)
{
  const cJSON *n = cJSON_GetObjectItemCaseSensitive(object, "points"),
              *length = cJSON_GetObjectItemCaseSensitive(object, "length"),
              *side = cJSON_GetObjectItemCaseSensitive(object, "boundary");
  const int dim = cJSON_GetArraySize(n);
  ptrdiff_t one[FH_MAX_DIM] = {1, 1, 1};
  char word[16];
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM && cJSON_GetArraySize(length) == dim &&
               cJSON_GetArraySize(side) == 2 * dim,
           FH_ERR_FORMAT, "the description of the set has no grid of 1 to %d axes", FH_MAX_DIM);
  FH_TRY(get_text(object, "registration", word, sizeof word));
  FH_TRY(fh_grid_box(dim, one, FH_OPEN, strcmp(word, "cell") == 0 ? FH_CELL : FH_NODE, g));
  for (int a = 0; a < dim; a++) {
    FH_TRY(as_count(cJSON_GetArrayItem(n, a), "points", 0x1p40, &g->n[a]));
    const cJSON *l = cJSON_GetArrayItem(length, a);
    g->length[a] = cJSON_IsNumber(l) ? l->valuedouble : 0;
    for (int s = 0; s < 2; s++)
      FH_TRY(get_side(cJSON_GetArrayItem(side, 2 * a + s), &g->side[a][s]));
  }
  return FH_OK;
}

/* left out by steady sets */
static fh_status get_time(const cJSON *object, fh_writer_time *t)
{
  const cJSON *first = cJSON_GetObjectItemCaseSensitive(object, "first"),
              *interval = cJSON_GetObjectItemCaseSensitive(object, "interval");
  *t = (fh_writer_time){.steps = 1};
  if (!object) return FH_OK;
  FH_TRY(
      as_count(cJSON_GetObjectItemCaseSensitive(object, "steps"), "steps", MAX_STEPS, &t->steps));
  FH_CHECK(cJSON_IsNumber(first) && cJSON_IsNumber(interval), FH_ERR_FORMAT,
           "the description of the set has a time axis without first and interval");
  t->first = first->valuedouble;
  t->interval = interval->valuedouble;
  return FH_OK;
}

static fh_status get_field(const cJSON *object, fh_writer_field *f)
{
  char role[16];
  ptrdiff_t channels = 0;
  FH_TRY(get_text(object, "name", f->info.name, sizeof f->info.name));
  FH_TRY(get_text(object, "units", f->info.unit, sizeof f->info.unit));
  FH_TRY(get_text(object, "long_name", f->info.long_name, sizeof f->info.long_name));
  FH_TRY(get_text(object, "role", role, sizeof role));
  FH_TRY(as_count(cJSON_GetObjectItemCaseSensitive(object, "channels"), "channels", FH_MAX_PIECES,
                  &channels));
  f->info.channels = (int)channels;
  f->is_output = strcmp(role, "output") == 0;
  return FH_OK;
}

static fh_status get_lists(const cJSON *root, fh_writer_info *info)
{
  const cJSON *fields = cJSON_GetObjectItemCaseSensitive(root, "fields"),
              *scalars = cJSON_GetObjectItemCaseSensitive(root, "parameters");
  FH_CHECK(cJSON_GetArraySize(fields) <= FH_WRITER_MAX_FIELDS &&
               cJSON_GetArraySize(scalars) <= FH_WRITER_MAX_SCALARS,
           FH_ERR_FORMAT,
           "the description of the set has %d fields and %d parameters, at most %d each",
           cJSON_GetArraySize(fields), cJSON_GetArraySize(scalars), FH_WRITER_MAX_FIELDS);
  info->n_fields = cJSON_GetArraySize(fields);
  for (int i = 0; i < info->n_fields; i++)
    FH_TRY(get_field(cJSON_GetArrayItem(fields, i), &info->fields[i]));
  for (const cJSON *s = scalars ? scalars->child : NULL; s; s = s->next) {
    fh_writer_scalar *scalar = &info->scalars[info->n_scalars++];
    FH_CHECK(s->string && strlen(s->string) < sizeof scalar->name && cJSON_IsNumber(s),
             FH_ERR_FORMAT, "the description of the set has a parameter that is no number");
    snprintf(scalar->name, sizeof scalar->name, "%s", s->string);
    scalar->value = s->valuedouble;
  }
  return FH_OK;
}

static fh_status parse(const cJSON *root, fh_writer_info *info)
{
  char seed[32], *end = NULL;
  ptrdiff_t version = 0;
  FH_TRY(as_count(cJSON_GetObjectItemCaseSensitive(root, "fredholm_set"), "fredholm_set",
                  FH_MANIFEST_VERSION, &version));
  FH_TRY(get_text(root, "problem", info->problem, sizeof info->problem));
  FH_TRY(get_text(root, "seed", seed, sizeof seed));
  errno = 0;
  info->seed = strtoull(seed, &end, 10);
  FH_CHECK(errno == 0 && end != seed && *end == '\0', FH_ERR_FORMAT,
           "the seed '%s' in the description of the set is no number", seed);
  FH_TRY(as_count(cJSON_GetObjectItemCaseSensitive(root, "samples"), "samples", 0x1p40,
                  &info->samples));
  FH_TRY(get_grid(cJSON_GetObjectItemCaseSensitive(root, "grid"), &info->grid));
  FH_TRY(get_time(cJSON_GetObjectItemCaseSensitive(root, "time"), &info->time));
  FH_TRY(get_lists(root, info));
  FH_TRY(fh_manifest_check(info));
  return FH_OK;
}

fh_status fh_manifest_parse(const char *text, fh_writer_info *info)
{
  *info = (fh_writer_info){0};
  cJSON *root = cJSON_Parse(text);
  FH_CHECK(root, FH_ERR_FORMAT, "the description of the set is no JSON");
  const fh_status st = parse(root, info);
  cJSON_Delete(root);
  if (st == FH_OK) return FH_OK;
  char message[512];
  snprintf(message, sizeof message, "%s", fh_status_message());
  FH_RAISE(FH_ERR_FORMAT, "%s", message);
}

/* ---- comparison ----------------------------------------------------------------------------------- */

fh_status fh_manifest_compare(const char *path, const char *was, const char *is)
{
  while (*was || *is) {
    const int n = (int)strcspn(was, "\n"), m = (int)strcspn(is, "\n");
    const char *a = was + strspn(was, " \t"), *b = is + strspn(is, " \t");
    FH_CHECK(n == m && strncmp(was, is, (size_t)n) == 0, FH_ERR_USAGE,
             "%s was begun with another configuration: there it says '%.*s', now '%.*s'; "
             "use the old one to resume, or write to another file",
             path, (int)(was + n - a), a, (int)(is + m - b), b);
    was += n + (was[n] == '\n');
    is += m + (is[m] == '\n');
  }
  return FH_OK;
}
