#include <stdio.h>
#include <string.h>

#include "io/atomic.h"
#include "io/text.h"
#include "io/writer_state.h"

/* steps of samples: more are of no use on a screen, and the text would outgrow the data of small samples */
enum { MAX_LISTED = 1000 };

/* the nodes of quadratic triangles, from the file itself */
static fh_status add_triangles(fh_text *t, const char *file, const fh_writer_mesh *m)
{
  FH_TRY(fh_text_add(t, "   <Topology TopologyType=\"Tri_6\" NumberOfElements=\"%td\">\n",
                     m->n_cells));
  FH_TRY(fh_text_add(t,
                     "    <DataItem Dimensions=\"%td 6\" NumberType=\"Int\" Precision=\"4\" "
                     "Format=\"HDF\">%s:/mesh/cells</DataItem>\n   </Topology>\n",
                     m->n_cells, file));
  FH_TRY(fh_text_add(t,
                     "   <Geometry GeometryType=\"XY\">\n    <DataItem Dimensions=\"%td 2\" "
                     "NumberType=\"Float\" Precision=\"8\" Format=\"HDF\">%s:/mesh/points"
                     "</DataItem>\n   </Geometry>\n",
                     m->n_nodes, file));
  return FH_OK;
}

/* XDMF has meshes of 2 and 3 axes, slowest first: a line is a mesh of one row */
static fh_status add_mesh(fh_text *t, const fh_writer_info *info)
{
  const fh_grid *g = &info->grid;
  double origin[FH_MAX_DIM] = {0}, step[FH_MAX_DIM] = {1, 1, 1};
  ptrdiff_t n[FH_MAX_DIM] = {1, 1, 1};
  const int rank = g->dim == 1 ? 2 : g->dim, skip = rank - g->dim;
  for (int a = 0; a < g->dim; a++) {
    origin[skip + a] = fh_grid_point(g, a, 0) + info->shift[a];
    step[skip + a] = fh_grid_spacing(g, a);
    n[skip + a] = g->n[a];
  }
  FH_TRY(fh_text_add(t, "   <Topology TopologyType=\"%dDCoRectMesh\" Dimensions=\"", rank));
  for (int a = 0; a < rank; a++) FH_TRY(fh_text_add(t, a ? " %td" : "%td", n[a]));
  FH_TRY(fh_text_add(t, "\"/>\n   <Geometry GeometryType=\"%s\">\n",
                     rank == 2 ? "ORIGIN_DXDY" : "ORIGIN_DXDYDZ"));
  for (int k = 0; k < 2; k++) {
    FH_TRY(fh_text_add(t, "    <DataItem Dimensions=\"%d\" Format=\"XML\">", rank));
    for (int a = 0; a < rank; a++) FH_TRY(fh_text_add(t, " %.9g", k ? step[a] : origin[a]));
    FH_TRY(fh_text_add(t, " </DataItem>\n"));
  }
  FH_TRY(fh_text_add(t, "   </Geometry>\n"));
  return FH_OK;
}

static fh_status add_numbers(fh_text *t, int n, const ptrdiff_t *values)
{
  for (int i = 0; i < n; i++) FH_TRY(fh_text_add(t, i ? " %td" : "%td", values[i]));
  return FH_OK;
}

static fh_status add_field(fh_text *t, const char *file, const fh_writer_info *info,
                           const fh_piece *p, ptrdiff_t sample, ptrdiff_t step)
{
  const fh_grid *g = &info->grid;
  const int lead = p->is_output ? 2 : 1, rank = lead + g->dim;
  ptrdiff_t start[5] = {sample}, stride[5] = {1, 1, 1, 1, 1}, count[5] = {1, 1},
            all[5] = {info->samples, p->steps};
  if (p->steps > 1) start[1] = step;
  for (int a = 0; a < g->dim; a++) all[lead + a] = count[lead + a] = g->n[a];
  FH_TRY(fh_text_add(t, "   <Attribute Name=\"%s\" Center=\"Node\" AttributeType=\"Scalar\">\n",
                     p->name));
  FH_TRY(fh_text_add(t, "    <DataItem ItemType=\"HyperSlab\" Dimensions=\"%s",
                     g->dim == 1 && info->mesh.n_nodes == 0 ? "1 " : ""));
  FH_TRY(add_numbers(t, g->dim, g->n));
  FH_TRY(fh_text_add(t, "\">\n     <DataItem Dimensions=\"3 %d\" Format=\"XML\">", rank));
  FH_TRY(add_numbers(t, rank, start));
  FH_TRY(fh_text_add(t, "  "));
  FH_TRY(add_numbers(t, rank, stride));
  FH_TRY(fh_text_add(t, "  "));
  FH_TRY(add_numbers(t, rank, count));
  FH_TRY(fh_text_add(t, "</DataItem>\n     <DataItem Dimensions=\""));
  FH_TRY(add_numbers(t, rank, all));
  FH_TRY(fh_text_add(t,
                     "\" NumberType=\"Float\" Precision=\"4\" Format=\"HDF\">"
                     "%s:/t0_fields/%s</DataItem>\n    </DataItem>\n   </Attribute>\n",
                     file, p->name));
  return FH_OK;
}

static fh_status add_grid(fh_text *t, const char *file, const fh_writer_info *info,
                          ptrdiff_t sample, ptrdiff_t step, double time)
{
  fh_piece pieces[FH_MAX_PIECES];
  int n = 0;
  FH_TRY(fh_manifest_pieces(info, pieces, &n));
  FH_TRY(fh_text_add(t, "  <Grid Name=\"sample %td\" GridType=\"Uniform\"><Time Value=\"%.9g\"/>\n",
                     sample, time));
  if (info->mesh.n_nodes > 0)
    FH_TRY(add_triangles(t, file, &info->mesh));
  else
    FH_TRY(add_mesh(t, info));
  for (int p = 0; p < n; p++) FH_TRY(add_field(t, file, info, &pieces[p], sample, step));
  FH_TRY(fh_text_add(t, "  </Grid>\n"));
  return FH_OK;
}

static fh_status begin_collection(fh_text *t, const char *name, ptrdiff_t sample)
{
  FH_TRY(fh_text_add(t, " <Grid Name=\"%s", name));
  if (sample >= 0) FH_TRY(fh_text_add(t, " %td", sample));
  return fh_text_add(t, "\" GridType=\"Collection\" CollectionType=\"Temporal\">\n");
}

/* what a viewer shows as time: the samples of a steady set, else the time of each sample */
static fh_status add_collections(fh_text *t, const char *file, const fh_writer_info *info)
{
  const ptrdiff_t steps = fh_manifest_steps(info);
  if (steps == 1) FH_TRY(begin_collection(t, info->problem, -1));
  for (ptrdiff_t s = 0; s < info->samples && s < MAX_LISTED / steps + (s == 0); s++) {
    if (steps > 1) FH_TRY(begin_collection(t, info->problem, s));
    for (ptrdiff_t k = 0; k < steps; k++) {
      const double time = info->time.first + (double)k * info->time.interval;
      FH_TRY(add_grid(t, file, info, s, k, steps > 1 ? time : (double)s));
    }
    if (steps > 1) FH_TRY(fh_text_add(t, " </Grid>\n"));
  }
  if (steps == 1) FH_TRY(fh_text_add(t, " </Grid>\n"));
  return FH_OK;
}

static fh_status add_all(fh_text *t, const char *file, const fh_writer_info *info)
{
  FH_TRY(fh_text_add(t, "<?xml version=\"1.0\"?>\n<Xdmf Version=\"2.0\"><Domain>\n"));
  FH_TRY(add_collections(t, file, info));
  FH_TRY(fh_text_add(t, "</Domain></Xdmf>\n"));
  return FH_OK;
}

/* a file name may hold what XML reserves */
static fh_status escape(const char *name, fh_text *t)
{
  for (; *name; name++) {
    const char *word = *name == '&'   ? "&amp;"
                       : *name == '<' ? "&lt;"
                       : *name == '>' ? "&gt;"
                                      : NULL;
    FH_TRY(fh_text_add(t, word ? "%s" : "%.1s", word ? word : name));
  }
  return FH_OK;
}

fh_status fh_xdmf_write(const char *path, const fh_writer_info *info)
{
  char beside[FH_PATH_BYTES];
  fh_text text = {0}, name = {0};
  const char *slash = strrchr(path, '/');
  FH_TRY(fh_path_beside(path, ".xdmf", beside, sizeof beside));
  fh_status st = escape(slash ? slash + 1 : path, &name);
  if (st == FH_OK) st = add_all(&text, name.data, info);
  if (st == FH_OK) st = fh_atomic_write(beside, text.data, text.length);
  fh_text_clear(&name);
  fh_text_clear(&text);
  if (st != FH_OK) return fh_status_trace(st, __FILE__, __LINE__, __func__);
  return FH_OK;
}
