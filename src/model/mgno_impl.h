/* mgno_impl - what the files of the MgNO family share; nobody else includes it */
#pragma once

#include "model/mgno.h"

extern const fh_field fh_mgno_fields[];
/** Fills what the variant decides and spreads lists over levels and axes. */
fh_status fh_mgno_check(void *config, int dim) FH_MUST;
