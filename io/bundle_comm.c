#include "io/bundle_comm.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

/* One side writes into, the other reads from, the same walk over the bundle: what is packed and what
 * is unpacked cannot drift apart. */
typedef struct {
  MPI_Comm comm;
  bool sender;
} wire;

static fh_status pass_bytes(const wire *w, void *data, ptrdiff_t bytes)
{
  char *p = data;
  while (bytes > 0) {
    const int piece = bytes > 1 << 30 ? 1 << 30 : (int)bytes;
    FH_TRY_MPI(MPI_Bcast(p, piece, MPI_BYTE, 0, w->comm));
    p += piece;
    bytes -= piece;
  }
  return FH_OK;
}

static fh_status pass_text(const wire *w, char **text)
{
  int64_t length = w->sender ? (int64_t)strlen(*text) + 1 : 0;
  FH_TRY(pass_bytes(w, &length, sizeof length));
  char *received = NULL;
  if (!w->sender) FH_NEW(received, length);
  FH_TRY(pass_bytes(w, w->sender ? *text : received, length));
  if (!w->sender) *text = received;
  return FH_OK;
}

static size_t element_bytes(fh_dtype type)
{
  return type == FH_F32 ? 4 : 8;
}

static fh_status pass_tensor(const wire *w, const fh_bundle *from, int i, fh_bundle *to)
{
  fh_tensor t = {0};
  if (w->sender) t = from->tensors[i];
  char *name = t.name, *data = t.data;
  FH_TRY(pass_bytes(w, &t, sizeof t));
  FH_TRY(pass_text(w, &name));
  const ptrdiff_t bytes = t.size * (ptrdiff_t)element_bytes(t.dtype);
  if (!w->sender) FH_NEW(data, bytes);
  FH_TRY(pass_bytes(w, data, bytes));
  if (w->sender) return FH_OK;
  const fh_status st = fh_bundle_add(to, name, t.dtype, t.rank, t.n, data);
  fh_free(name);
  fh_free(data);
  return st;
}

static fh_status pass_named_text(const wire *w, const fh_bundle *from, int i, fh_bundle *to)
{
  char *name = w->sender ? from->texts[i].name : NULL,
       *text = w->sender ? from->texts[i].text : NULL;
  FH_TRY(pass_text(w, &name));
  FH_TRY(pass_text(w, &text));
  if (w->sender) return FH_OK;
  const fh_status st = fh_bundle_add_text(to, name, text);
  fh_free(name);
  fh_free(text);
  return st;
}

static fh_status pass_bundle(const wire *w, fh_bundle **bundle)
{
  fh_bundle head = {0};
  if (w->sender) head = **bundle;
  FH_TRY(pass_bytes(w, &head, sizeof head));
  if (!w->sender) FH_TRY(fh_bundle_create(head.kind, head.version, bundle));
  for (int i = 0; i < head.n_tensors; i++) FH_TRY(pass_tensor(w, *bundle, i, *bundle));
  for (int i = 0; i < head.n_texts; i++) FH_TRY(pass_named_text(w, *bundle, i, *bundle));
  return FH_OK;
}

fh_status fh_bundle_broadcast(MPI_Comm comm, fh_status read, fh_bundle **bundle)
{
  int rank = 0;
  FH_TRY_MPI(MPI_Comm_rank(comm, &rank));
  FH_TRY(fh_status_agree(comm, rank == 0 ? read : FH_OK));
  const wire w = {.comm = comm, .sender = rank == 0};
  return pass_bundle(&w, bundle);
}
