/**
 * dispatch - which of the compiled instruction sets this processor runs
 *
 * Every file of src/kernels/isa/ is compiled once for each of them. A table of kernels is exported
 * as name_generic, name_avx2 and name_avx512; its user picks one in setup and keeps the pointer.
 */
#pragma once

#include <stdbool.h>

typedef enum { FH_ISA_GENERIC, FH_ISA_AVX2, FH_ISA_AVX512, FH_ISA_COUNT } fh_isa;

/** True if this processor (and its operating system) runs isa. */
bool fh_isa_runs(fh_isa isa);
/**
 * fh_isa_best - the widest instruction set that this processor runs
 *
 * The environment variable FREDHOLM_ISA = generic | avx2 | avx512 lowers it: runs on different
 * machines give the same bits only with the same instruction set. Read at every call: call it in
 * setup, not in a kernel.
 */
fh_isa fh_isa_best(void);
const char *fh_isa_name(fh_isa isa);
