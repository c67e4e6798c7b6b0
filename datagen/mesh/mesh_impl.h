/* mesh_impl - what the files of this folder share */
#pragma once

#include <petscdmplex.h>
#include <stdbool.h>

#include "datagen/mesh/mesh.h"

/* The mesh of a DMPlex of plane triangles, interpolated; what is wrong with it is told of `name`. Side i
   is what the label called sides[i] marks, or the value sides[i] of the label "Face Sets". */
fh_status fh_mesh_from_plex(DM plex, const char *name, int n_sides, const char *const *sides,
                            fh_mesh **mesh) FH_MUST;
/* Refuses degenerate and overlapping triangles, and parts without an edge of side 0. */
fh_status fh_mesh_check(const fh_mesh *mesh, const char *name, const char *side0) FH_MUST;
/* Twice the area of a triangle of corners, positive anticlockwise. */
double fh_mesh_turn(const double a[2], const double b[2], const double c[2]);
