/* Every class of problems, in the order of `-problem list`: a new folder adds its line here. */
#include "datagen/problem/problem.h"

#include "datagen/problem/burgers/burgers.h"
#include "datagen/problem/convection/convection.h"
#include "datagen/problem/darcy/darcy.h"
#include "datagen/problem/helmholtz/helmholtz.h"
#include "datagen/problem/navier_stokes/navier_stokes.h"
#include "datagen/problem/poisson/poisson.h"
#include "datagen/problem/skr2024/skr2024.h"
#include "datagen/problem/thermal/thermal.h"

const fh_problem_class *const fh_problem_registry[] = {&fh_darcy_class,
                                                       &fh_poisson_class,
                                                       &fh_helmholtz_class,
                                                       &fh_convection_class,
                                                       &fh_thermal_class,
                                                       &fh_navier_stokes_class,
                                                       &fh_burgers_class,
                                                       &fh_skr2024_darcy_class,
                                                       &fh_skr2024_helmholtz_class,
                                                       NULL};
