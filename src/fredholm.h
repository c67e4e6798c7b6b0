/**
 * fredholm - the public interface of the engine library
 *
 * To embed a trained operator: fh_trained_read, fh_operator_create, fh_operator_apply
 * (train/trained.h). To train from a program: fh_train_run (train/trainer.h). To build models of your
 * own: program/program.h and the operators' headers. The library calls no PETSc.
 *
 * Link with the CMake target Fredholm::fredholm (float) or Fredholm::fredholm_f64 (double), or with
 * what `pkg-config fredholm` says.
 */
#pragma once

#include "base/clock.h"
#include "base/config.h"
#include "base/memory.h"
#include "base/real.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/stop.h"
#include "comm/team.h"
#include "grid/grid.h"
#include "io/bundle.h"
#include "io/dataset.h"
#include "io/writer.h"
#include "model/model.h"
#include "program/program.h"
#include "train/compress.h"
#include "train/cycle.h"
#include "train/evaluate.h"
#include "train/rollout.h"
#include "train/trained.h"
#include "train/trainer.h"
