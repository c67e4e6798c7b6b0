/* optimiser: check values by hand, every variant against the plain formulas, clipping, errors */
#include "train/optimiser.h"

#include "base/memory.h"
#include "check.h"

static const double tolerance = sizeof(fh_real) == 4 ? 2e-6 : 1e-13;

/* Published values of two steps of neuraloperator's AdamW. */
static void test_check_values(void)
{
  const fh_param z = {.offset = 0, .size = 4, .decl.is_complex = true},
                 r = {.offset = 4, .size = 2};
  const fh_param *list[] = {&z, &r};
  const fh_real g[] = {(fh_real)0.3, (fh_real)-0.4, 1, 1, (fh_real)0.5, -2};
  fh_real p[] = {1, 2, (fh_real)0.5, -1, 1, 2};
  const double one[] = {.9390638, 2.0779150, .4288616, -1.0696384, .8991063, 2.0978985};
  const double two[] = {.8781874, 2.1557534, .3577939, -1.1392076, .7983117, 2.1956995};
  fh_optimiser_config c;
  fh_optimiser *o;
  MUST(fh_optimiser_preset(1, &c));
  c.decay = 0.01;
  MUST(fh_optimiser_create_for(&c, 2, list, &o));
  fh_optimiser_step(o, 0.1, -1, g, p);
  for (int i = 0; i < 6; i++) near((double)p[i], one[i], 1e-6, "AdamW, step 1");
  fh_optimiser_step(o, 0.1, -1, g, p);
  for (int i = 0; i < 6; i++) near((double)p[i], two[i], 1e-6, "AdamW, step 2");
  expect(o->steps == 2, "two steps were counted");
  fh_optimiser_destroy(&o);
}

enum { N = 38, REAL = 17 };

typedef struct {
  double p[N], m[N], v[N];
} plain;

/* The formulas number by number; slot k of v belongs to pair[k]. */
static void plain_step(const fh_optimiser_config *c, int t, double rate, double beta1,
                       const double *gradient, plain *s)
{
  double g[N], square[N];
  for (int i = 0; i < N; i++)
    g[i] = gradient[i] + (c->decay_kind == FH_DECAY_COUPLED ? c->decay * s->p[i] : 0);
  for (int i = 0; i < N; i++) {
    const int other = i < REAL ? i : REAL + ((i - REAL) ^ 1);
    square[i] = g[i] * g[i];
    if (c->complex_modulus && other < N && i >= REAL && i < N - 1) square[i] += g[other] * g[other];
  }
  for (int i = 0; i < N; i++) {
    if (c->decay_kind == FH_DECAY_DECOUPLED) s->p[i] *= 1 - rate * c->decay;
    s->m[i] = beta1 * s->m[i] + (1 - beta1) * g[i];
    s->v[i] = c->beta2 * s->v[i] + (1 - c->beta2) * square[i];
    const double left1 = 1 - pow(beta1, t), left2 = 1 - pow(c->beta2, t);
    const double root =
        c->epsilon_inside ? sqrt(s->v[i]) + c->epsilon : sqrt(s->v[i] / left2) + c->epsilon;
    s->p[i] -= (c->epsilon_inside ? rate * sqrt(left2) : rate) / left1 * s->m[i] / root;
    if (c->decay_kind == FH_DECAY_AFTER) s->p[i] -= rate * c->decay * s->p[i];
  }
}

/* Parameters: 17 reals, then 10 complex numbers, then one real. */
static void test_variant(fh_optimiser_config c, double beta1)
{
  const fh_param a = {.offset = 0, .size = REAL},
                 z = {.offset = REAL, .size = N - 1 - REAL, .decl.is_complex = true},
                 b = {.offset = N - 1, .size = 1};
  const fh_param *list[] = {&a, &z, &b};
  fh_optimiser *o;
  plain s = {{0}, {0}, {0}};
  fh_real p[N], g[N];
  double exact[N];
  MUST(fh_optimiser_create_for(&c, 3, list, &o));
  fill_noise(1, N, p);
  for (int i = 0; i < N; i++) s.p[i] = (double)p[i];
  for (int t = 1; t <= 7; t++) {
    fill_noise((uint64_t)t + 1, N, g);
    for (int i = 0; i < N; i++) exact[i] = (double)g[i];
    fh_optimiser_step(o, 0.05, beta1, g, p);
    plain_step(&c, t, 0.05, beta1 < 0 ? c.beta1 : beta1, exact, &s);
  }
  for (int i = 0; i < N; i++) near((double)p[i], s.p[i], 20 * tolerance, "a variant of Adam");
  fh_optimiser_destroy(&o);
}

static void test_variants(void)
{
  for (int preset = 0; preset < 4; preset++)
    for (int kind = FH_DECAY_DECOUPLED; kind <= FH_DECAY_COUPLED; kind++)
      for (int bits = 0; bits < 4; bits++) {
        fh_optimiser_config c;
        MUST(fh_optimiser_preset(preset, &c));
        c.decay = 0.03;
        c.decay_kind = kind;
        c.complex_modulus = bits & 1;
        c.epsilon_inside = bits & 2;
        test_variant(c, preset == 2 ? 0.7 : -1);
      }
}

static void test_norm_and_clipping(void)
{
  enum { M = 10007 };
  const fh_param a = {.offset = 0, .size = M};
  const fh_param *list[] = {&a};
  static fh_real g[M], p[M], q[M];
  fh_optimiser_config c;
  fh_optimiser *o, *clipped;
  double sum = 0;
  fill_noise(3, M, g);
  for (int i = 0; i < M; i++) sum += (double)g[i] * (double)g[i];
  MUST(fh_optimiser_preset(2, &c));
  c.epsilon = 0.1; /* or Adam would not notice the size of the gradient */
  MUST(fh_optimiser_create_for(&c, 1, list, &o));
  near(fh_optimiser_norm(o, g), sqrt(sum), 1e-14, "norm of the gradient");
  c.clip_norm = 2;
  MUST(fh_optimiser_create_for(&c, 1, list, &clipped));
  fh_optimiser_step(clipped, 1, -1, g, p);
  for (int i = 0; i < M; i++) g[i] = (fh_real)((double)g[i] * 2 / (sqrt(sum) + 1e-6));
  fh_optimiser_step(o, 1, -1, g, q);
  for (int i = 0; i < M; i++) near((double)p[i], (double)q[i], 10 * tolerance, "a clipped step");
  for (int i = 0; i < M; i++) g[i] /= 2; /* a norm of 1 is not clipped */
  fh_optimiser_step(clipped, 1, -1, g, p);
  fh_optimiser_step(o, 1, -1, g, q);
  for (int i = 0; i < M; i++) near((double)p[i], (double)q[i], 20 * tolerance, "an unclipped step");
  fh_optimiser_destroy(&o);
  fh_optimiser_destroy(&clipped);
}

static void test_errors(void)
{
  const fh_param a = {.name = "a", .offset = 0, .size = 3},
                 late = {.name = "b", .offset = 2, .size = 1},
                 odd = {.name = "z", .offset = 3, .size = 3, .decl.is_complex = true};
  const fh_param *overlapping[] = {&a, &late}, *with_odd[] = {&a, &odd};
  fh_optimiser *o;
  fh_optimiser_config c;
  refused(fh_optimiser_preset(4, &c), FH_ERR_USAGE, "optimiser 4");
  refused(fh_optimiser_preset(-1, &c), FH_ERR_USAGE, "optimiser -1");
  MUST(fh_config_defaults(fh_optimiser_fields, &c));
  refused(fh_optimiser_create_for(&c, 2, overlapping, &o), FH_ERR_ARG, "parameter b starts at 2");
  refused(fh_optimiser_create_for(&c, 2, with_odd, &o), FH_ERR_ARG, "z has 3 reals");
  c.beta2 = 1;
  refused(fh_optimiser_create_for(&c, 1, overlapping, &o), FH_ERR_USAGE, "-beta2 1");
  c.beta2 = 0.9;
  c.epsilon = -1;
  refused(fh_optimiser_create_for(&c, 1, overlapping, &o), FH_ERR_USAGE, "-epsilon -1");
  c.epsilon = 1;
  c.decay_kind = 3;
  refused(fh_optimiser_create_for(&c, 1, overlapping, &o), FH_ERR_USAGE, "weight decay 3");
  expect(o == NULL, "no optimiser after an error");
}

/* Gaps between parameters, as the program aligns them, change nothing and are not touched. */
static void test_gaps(void)
{
  const fh_param a = {.offset = 0, .size = 3},
                 b = {.offset = 8, .size = 2, .decl.is_complex = true};
  const fh_param *list[] = {&a, &b};
  fh_real g[16], p[16];
  fh_optimiser_config c;
  fh_optimiser *o;
  MUST(fh_optimiser_preset(1, &c));
  c.decay = 0.5;
  MUST(fh_optimiser_create_for(&c, 2, list, &o));
  for (int i = 0; i < 16; i++) g[i] = p[i] = 2;
  near(fh_optimiser_norm(o, g), sqrt(20), 1e-14, "the norm of parameters alone");
  fh_optimiser_step(o, 0.1, -1, g, p);
  for (int i = 0; i < 16; i++) {
    const bool inside = i < 3 || i == 8 || i == 9;
    expect(inside == ((double)p[i] < 1.99), "parameters move, gaps stay");
  }
  fh_optimiser_destroy(&o);
}

/* The defaults of the table are the preset of the first name. */
static void test_table(void)
{
  fh_optimiser_config table, preset;
  MUST(fh_config_defaults(fh_optimiser_fields, &table));
  MUST(fh_optimiser_preset(0, &preset));
  expect(fh_config_equal(fh_optimiser_fields, &table, &preset), "defaults are the preset adamw");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  test_check_values();
  test_variants();
  test_norm_and_clipping();
  test_gaps();
  test_errors();
  test_table();
  return finish("train optimiser");
}
