/** clock - seconds of a clock that only goes forward, since an arbitrary start. */
#pragma once

double fh_clock(void);
/** Seconds of processor time that this process has used: what others do on the machine is not in it. */
double fh_clock_cpu(void);
