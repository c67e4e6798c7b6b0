/* Samples whose systems are solved together: each has a room for its values, and a slot for its system. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "datagen/labeller_impl.h"
#include "datagen/petsc.h"

static ptrdiff_t field_size(const fh_problem *p, int f)
{
  return p->fields[f].info.channels * fh_grid_size(&p->grid);
}

/* values of `count` samples: room 0 is the problem's own, which the store may share: it is finished first */
static fh_status make_room(fh_labeller *l, ptrdiff_t count)
{
  fh_problem *p = l->problem;
  const ptrdiff_t fields = FH_WRITER_MAX_FIELDS;
  double **room = NULL;
  if (l->rooms >= count) return FH_OK;
  FH_NEW(room, count * fields);
  if (l->room) memcpy(room, l->room, (size_t)(l->rooms * fields) * sizeof *room);
  fh_free(l->room);
  l->room = room;
  for (int f = 0; f < p->n_fields && l->rooms == 0; f++) room[f] = p->value[f];
  for (ptrdiff_t i = l->rooms ? l->rooms : 1; i < count; i++)
    for (int f = 0; f < p->n_fields; f++) FH_NEW(room[i * fields + f], field_size(p, f));
  l->rooms = count;
  return FH_OK;
}

void fh_labeller_free_rooms(fh_labeller *l)
{
  for (ptrdiff_t i = 1; i < l->rooms; i++)
    for (int f = 0; f < l->problem->n_fields; f++) fh_free(l->room[i * FH_WRITER_MAX_FIELDS + f]);
  fh_free(l->room);
}

static void enter_room(fh_labeller *l, ptrdiff_t i)
{
  for (int f = 0; f < l->problem->n_fields; f++)
    l->problem->value[f] = l->room[i * FH_WRITER_MAX_FIELDS + f];
}

typedef struct {
  fh_label label;
  fh_solve_report report;
  ptrdiff_t slot;
} member;

/* of a constant matrix, which is assembled for the first sample */
static PetscErrorCode fill_rhs(fh_labeller *l, Vec rhs)
{
  fh_problem *p = l->problem;
  PetscFunctionBeginUser;
  if (!l->assembled) PetscCall(p->class->matrix(p, l->matrix));
  l->assembled = true;
  PetscCall(p->class->rhs(p, rhs));
  PetscFunctionReturn(0);
}

/* draws the sample into its room, and its system into the next slot */
static fh_status draw(fh_labeller *l, fh_sequence *s, int64_t index, ptrdiff_t *slots, member *m)
{
  const fh_problem_class *class = l->problem->class;
  *m = (member){.report = {.residual = (double)NAN, .why = ""}};
  m->label.record = (fh_sample_record){.index = index, .seed = l->seed, .residual = (double)NAN};
  FH_TRY(fh_excuse(class->sample(l->problem, l->seed, index), &m->label.posed, m->label.why));
  if (!m->label.posed) return FH_OK;
  m->slot = (*slots)++;
  Vec rhs = fh_sequence_slot_rhs(s, m->slot);
  if (rhs) {
    FH_TRY_PETSC(fill_rhs(l, rhs));
    return FH_OK;
  }
  FH_CHECK(class->stencil(l->problem, fh_sequence_slot(s, m->slot)), FH_ERR_STATE,
           "the problem %s says that it has stencils, and gives none", class->name);
  return FH_OK;
}

/* what the batch could not solve is made anew, by the rest of the ladder */
static fh_status finish(fh_labeller *l, fh_sequence *s, double seconds, member *m, double share)
{
  fh_label *label = &m->label;
  if (label->posed && !m->report.accepted && seconds == 0.0) {
    const fh_manner how = {s, 0.0, &m->report};
    FH_TRY(fh_label_one(l, &how, label->record.index, label));
    label->record.seconds += share;
    return FH_OK;
  }
  if (label->posed) {
    fh_record_solve(&m->report, s, label);
    FH_TRY(fh_store_inputs(l->store));
  }
  if (label->solved) {
    const fh_problem_class *class = l->problem->class;
    if (class->store_recalls) FH_TRY(class->sample(l->problem, l->seed, label->record.index));
    class->store(l->problem, fh_sequence_slot_solution(s, m->slot));
    FH_TRY(fh_store_outputs(l->store, 0));
  } else {
    if (label->posed) snprintf(label->why, sizeof label->why, "%s", m->report.why);
    fh_store_invalidate(l->store, !label->posed);
  }
  label->record.seconds = share;
  return FH_OK;
}

static fh_status make_together(fh_labeller *l, fh_sequence *s, double seconds, ptrdiff_t count,
                               const int64_t *index, const fh_receiver *to, member *members,
                               fh_solve_report *reports)
{
  const double start = fh_clock();
  ptrdiff_t slots = 0;
  for (ptrdiff_t i = 0; i < count; i++) {
    enter_room(l, i);
    FH_TRY(draw(l, s, index[i], &slots, &members[i]));
  }
  fh_sequence_solve_slots(s, slots, seconds, reports);
  const double share = (fh_clock() - start) / (double)count;
  for (ptrdiff_t i = 0; i < count; i++) {
    member *m = &members[i];
    if (m->label.posed) m->report = reports[m->slot];
    enter_room(l, i);
    FH_TRY(finish(l, s, seconds, m, share));
    FH_TRY(to->take(to->context, l->store->value, &m->label));
  }
  return FH_OK;
}

fh_status fh_label_together(fh_labeller *l, fh_sequence *s, double seconds, ptrdiff_t count,
                            const int64_t *index, const fh_receiver *to)
{
  member *members = NULL;
  fh_solve_report *reports = NULL;
  FH_TRY(make_room(l, count));
  FH_NEW(members, count);
  reports = fh_calloc(count, sizeof *reports);
  const fh_status st =
      reports ? make_together(l, s, seconds, count, index, to, members, reports) : FH_ERR_MEMORY;
  enter_room(l, 0);
  fh_free(members);
  fh_free(reports);
  return st;
}
