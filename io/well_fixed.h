/* well_fixed - what a set holds once for all samples: constant fields and a mesh; internal to io/ */
#pragma once

#include "io/h5.h"
#include "io/writer.h"

/** Bytes in the file. */
ptrdiff_t fh_well_fixed_bytes(const fh_writer_info *info);
/** The constants as data sets of the group t0_fields: no axis of samples, no axis of time. */
fh_status fh_well_put_constants(hid_t group, const fh_writer_info *info) FH_MUST;
/** /mesh/points and /mesh/cells, if there is a mesh. */
fh_status fh_well_put_mesh(hid_t file, const fh_writer_info *info) FH_MUST;
