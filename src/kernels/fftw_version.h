/** fftw_version - which FFTW this is */
#pragma once

/** "fftw-3.3.10-sse2-avx": of the library that is linked. */
const char *fh_fftw_version(void);
