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
    {"mgno-darcy-smooth-1",
     "darcy",
     "mgno-darcy-smooth-1: the smooth set used by He et al. 2024 (MgNO): that of Li et al. 2020, "
     "the "
     "law of fno-darcy-2020 (published: n = 421, every second point)",
     {{"scheme", "fno_compat"},
      {"coefficient", "two_phase"},
      {"values", "12,3"},
      {"source", "1"},
      {"field_boundary", "neumann"},
      {"field_tau", "3"},
      {"field_alpha", "2"},
      {"field_sigma", "3"},
      {NULL, NULL}}},
    {"mgno-darcy-multiscale-1",
     "darcy",
     "mgno-darcy-multiscale-1: the multiscale set used by He et al. 2024 (MgNO): a = product over "
     "k = "
     "1..6 of (1 + cos(a_k pi (x + y))/2) (1 + sin(a_k pi (y - 3 x))/2), a_k uniform on (2^(k-1), "
     "1.5 "
     "2^(k-1)); f = 1; vertices, 5-point, arithmetic mean (published: linear triangles, 1023^2 "
     "inner "
     "vertices, which is n = 1025, subsampled)",
     {{"scheme", "arithmetic_fd"},
      {"coefficient", "multiscale"},
      {"scales", "6"},
      {"source", "1"},
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
    {"mgno-navier-stokes-1",
     "navier-stokes",
     "mgno-navier-stokes-1: the law of the Navier-Stokes set of Li et al. 2020 that He et al. 2024 "
     "(MgNO) train on: unit torus, viscosity 1e-5, f = 0.1 (sin 2 pi (x + y) + cos 2 pi (x + y)), "
     "w0 ~ "
     "N(0, 2 7^3 (-Laplace + 49)^-2.5), no mean mode, recorded at t = 0, 1, ..., 20; ETDRK4 with "
     "chosen "
     "steps, 2/3 rule (published: n = 256, every fourth point, and the scheme of "
     "fno-navier-stokes-2020)",
     {{"viscosity", "1e-5"},
      {"length", "1"},
      {"forcing", "diagonal"},
      {"forcing_amplitude", "0.1"},
      {"forcing_wave", "1"},
      {"initial", "field"},
      {"end_time", "20"},
      {"record_every", "1"},
      {"scheme", "etdrk4"},
      {"tolerance", "1e-6"},
      {"field_tau", "7"},
      {"field_alpha", "2.5"},
      {"field_sigma", "26.191601707417590"},
      {NULL, NULL}}},
    {"fno-navier-stokes-2020",
     "navier-stokes",
     "fno-navier-stokes-2020: Li et al. 2020 as coded: the law of mgno-navier-stokes-1 by "
     "Crank-Nicolson for the viscosity and explicit Euler for the rest, dt = 1e-4; w0 without "
     "waves "
     "above n/3 (published: with them); other sets of theirs: viscosity 1e-3, t = 50; 1e-4, t = 30",
     {{"viscosity", "1e-5"},
      {"length", "1"},
      {"forcing", "diagonal"},
      {"forcing_amplitude", "0.1"},
      {"forcing_wave", "1"},
      {"initial", "field"},
      {"end_time", "20"},
      {"record_every", "1"},
      {"scheme", "cn_euler"},
      {"dt", "1e-4"},
      {"field_tau", "7"},
      {"field_alpha", "2.5"},
      {"field_sigma", "26.191601707417590"},
      {NULL, NULL}}},
    {"mgtfno-ns-forced-1",
     "navier-stokes",
     "mgtfno-ns-forced-1: the forced set of Kossaifi et al. 2023 (MG-TFNO) as reconstructed from "
     "its "
     "statistics: torus of length 2 pi, Re = 500, w0 = 0, forcing f ~ N(0, 27^2 (-Laplace + "
     "9)^-4), no "
     "mean mode, f -> w(5) (published: n = 1024 and 128); deviation of f 0.15399, of w 4.60 times "
     "that, "
     "|w - f| / |w| 0.836",
     {{"viscosity", "0.002"},
      {"length", "6.283185307179586"},
      {"forcing", "field"},
      {"initial", "zero"},
      {"end_time", "5"},
      {"record_every", "0"},
      {"scheme", "etdrk4"},
      {"tolerance", "1e-6"},
      {"field_tau", "3"},
      {"field_alpha", "4"},
      {"field_sigma", "27"},
      {NULL, NULL}}},
    {"fno-burgers-1",
     "burgers",
     "fno-burgers-1: the Burgers set of Li et al. 2020 as printed: unit torus, viscosity 0.1, u0 ~ "
     "N(0, "
     "625 (-Laplace + 25)^-2), no mean mode, u0 -> u(1) (published: n = 8192, subsampled)",
     {{"viscosity", "0.1"},
      {"length", "1"},
      {"initial", "field"},
      {"end_time", "1"},
      {"record_every", "0"},
      {"scheme", "etdrk4"},
      {"tolerance", "1e-7"},
      {"field_tau", "5"},
      {"field_alpha", "2"},
      {"field_sigma", "25"},
      {NULL, NULL}}},
    {"fno-burgers-script-1",
     "burgers",
     "fno-burgers-script-1: the Burgers set as in the published script, which differs from the "
     "paper: "
     "viscosity 1e-3, u0 ~ N(0, 49^2 (-Laplace + 49)^-2.5), no mean mode, u0 -> u(1) (published: n "
     "= "
     "8192, chebfun's spin with dt = 1e-4)",
     {{"viscosity", "1e-3"},
      {"length", "1"},
      {"initial", "field"},
      {"end_time", "1"},
      {"record_every", "0"},
      {"scheme", "etdrk4"},
      {"tolerance", "1e-7"},
      {"field_tau", "7"},
      {"field_alpha", "2.5"},
      {"field_sigma", "49"},
      {NULL, NULL}}},
    {"skr-poisson-law-1",
     "poisson",
     "skr-poisson-law-1: the law of the Poisson set of Wang et al. 2024 (SKR): f and the four "
     "boundary functions Chebyshev polynomials of degree 5 in x with coefficients uniform on (-1, "
     "1), "
     "argument 2 x - 1; 5-point on vertices (published: quadratic triangles)",
     {{"law", "chebyshev_x"}, {"degree", "5"}, {"amplitude", "1"}, {NULL, NULL}}},
    {NULL, NULL, NULL, {{NULL, NULL}}}};
