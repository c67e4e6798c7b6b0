/* Published laws by name. A preset is never changed: a correction gets a new name. */
#include "datagen/generate.h"

const fh_preset fh_presets[] = {
    {"fno-darcy-2020",
     "darcy",
     "fno-darcy-2020: Li et al. 2020 as coded: g ~ N(0, tau^2 (-Laplace + tau^2)^-2), tau = 3, "
     "Neumann, no mean mode, at n^2 cell centres; a = 12 where g >= 0, else 3; a splined to n^2 "
     "vertices; 5-point, arithmetic mean; f = 1; u splined back (published: n = 421)",
     {{"scheme", "fno_compat"},
      {"coefficient", "two_phase"},
      {"values", "12,3"},
      {"source", "1"},
      {"field_boundary", "neumann"},
      {"field_tau", "3"},
      {"field_alpha", "2"},
      {"field_sigma", "3"},
      {NULL, NULL}}},
    {"fno-darcy-clean-1",
     "darcy",
     "fno-darcy-clean-1: the law of Li et al. 2020 (12/3, tau = 3, alpha = 2, Neumann) with a "
     "coefficient that stays in {12, 3}: thresholded on the cells of the solver, harmonic means",
     {{"scheme", "harmonic_fv"},
      {"coefficient", "two_phase"},
      {"values", "12,3"},
      {"source", "1"},
      {"field_boundary", "neumann"},
      {"field_tau", "3"},
      {"field_alpha", "2"},
      {"field_sigma", "3"},
      {NULL, NULL}}},
    {"fno-darcy-lognormal-2020",
     "darcy",
     "fno-darcy-lognormal-2020: Li et al. 2020 as coded: a = exp(g) with g, grids, splines and f "
     "of "
     "fno-darcy-2020",
     {{"scheme", "fno_compat"},
      {"coefficient", "lognormal"},
      {"scale", "1"},
      {"source", "1"},
      {"field_boundary", "neumann"},
      {"field_tau", "3"},
      {"field_alpha", "2"},
      {"field_sigma", "3"},
      {NULL, NULL}}},
    {"mgno-darcy-rough-1",
     "darcy",
     "mgno-darcy-rough-1: the rough set used by He et al. 2024 (MgNO), as far as its file name "
     "tells: fno-darcy-2020 with tau = 5 and values 12/2 (published: n = 512, subsampled to 256)",
     {{"scheme", "fno_compat"},
      {"coefficient", "two_phase"},
      {"values", "12,2"},
      {"source", "1"},
      {"field_boundary", "neumann"},
      {"field_tau", "5"},
      {"field_alpha", "2"},
      {"field_sigma", "5"},
      {NULL, NULL}}},
    {"lognormal-darcy-1",
     "darcy",
     "lognormal-darcy-1: a = exp(g), g ~ N(0, 7^3 (-Laplace + 49)^-2.5), periodic, no mean mode "
     "(the field of Wang et al. 2024, SKR), in a correct discretisation: harmonic finite volumes",
     {{"scheme", "harmonic_fv"},
      {"coefficient", "lognormal"},
      {"scale", "1"},
      {"source", "1"},
      {"field_boundary", "periodic"},
      {"field_tau", "7"},
      {"field_alpha", "2.5"},
      {"field_sigma", "18.520259177452136"},
      {NULL, NULL}}},
    {"mgno-helmholtz-1",
     "helmholtz",
     "mgno-helmholtz-1: the Helmholtz set of de Hoop et al. 2022 that He et al. 2024 (MgNO) train "
     "on: "
     "omega = 1000, c = 20 + tanh(g), g ~ N(0, (-Laplace + 9)^-2), Neumann, no mean mode, wave "
     "numbers below 12 per axis (the published code: the 100 lowest pairs); bilinear elements, c "
     "interpolated to 3x3 Gauss points (published: evaluated there); du/dn = 1 on y = 1 where "
     "|x - 1/2| <= 0.15, else 0 (published: n = 101)",
     {{"scheme", "q1_fem"},
      {"boundary", "neumann"},
      {"medium", "tanh"},
      {"drive", "top_flux"},
      {"omega", "1000"},
      {"speed", "20"},
      {"amplitude", "1"},
      {"source", "1"},
      {"width", "0.15"},
      {"field_boundary", "neumann"},
      {"field_tau", "3"},
      {"field_alpha", "2"},
      {"field_sigma", "1"},
      {"field_modes", "12"},
      {NULL, NULL}}},
    {"skr-poisson-law-1",
     "poisson",
     "skr-poisson-law-1: the law of the Poisson set of Wang et al. 2024 (SKR): f and the four "
     "boundary functions Chebyshev polynomials of degree 5 in x with coefficients uniform on (-1, "
     "1), "
     "argument 2 x - 1; 5-point on vertices (published: quadratic triangles)",
     {{"law", "chebyshev_x"}, {"degree", "5"}, {"amplitude", "1"}, {NULL, NULL}}},
    {NULL, NULL, NULL, {{NULL, NULL}}}};
