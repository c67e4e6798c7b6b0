/** clock - seconds of a clock that only goes forward, since an arbitrary start. */
#pragma once

double fh_clock(void);
