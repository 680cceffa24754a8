/** The few functions of probability that intervals and verdicts need. Floating point: statistics are estimates, budgets are not. */

const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
  9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Natural logarithm of the gamma function, by Lanczos's approximation (g = 7, n = 9). `x` is at least 0.5. */
export function logGamma(x: number): number {
  const t = x + 6.5;
  const sum = lanczos.reduce((total, coefficient, index) => total + coefficient / (x + index), 0.99999999999980993);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Natural logarithm of the beta function. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** The regularised incomplete beta function I_x(a, b): the probability that a beta variable is at most x. */
export function betaBelow(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges quickly on the side of the mean that x is on.
  return x < (a + 1) / (a + b + 2) ? betaTail(x, a, b) : 1 - betaTail(1 - x, b, a);
}

/** 1 - I_x(a, b), without the loss of digits where I is nearly 1. */
export function betaAbove(x: number, a: number, b: number): number {
  return betaBelow(1 - x, b, a);
}

/** I_x(a, b) by its continued fraction, evaluated after Lentz. Source: Numerical Recipes, section 6.4. */
function betaTail(x: number, a: number, b: number): number {
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / (Math.abs(1 - ((a + b) * x) / (a + 1)) < tiny ? tiny : 1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= 10_000; m += 1) {
    let ratio = 1;
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / (1 + term * d || tiny);
      c = 1 + term / c || tiny;
      ratio = c * d;
      value *= ratio;
    }
    if (Math.abs(ratio - 1) < 1e-15) break;
  }
  return front * value;
}

/** The x with I_x(a, b) = probability, by halving: it always arrives. */
export function betaQuantile(probability: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (betaBelow(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The probability of at most `bad` bad events among `total`, each bad with probability `p`. */
export function binomialAtMost(bad: number, total: number, p: number): number {
  return bad >= total ? 1 : betaAbove(p, bad + 1, total - bad);
}

/** The probability of at least `bad` bad events among `total`. */
export function binomialAtLeast(bad: number, total: number, p: number): number {
  return bad <= 0 ? 1 : betaBelow(p, bad, total - bad + 1);
}

/** The z that a standard normal variable stays below with this probability, from 0.5 to less than 1. */
export function normalQuantile(probability: number): number {
  let z = 0;
  for (let step = 0; step < 100; step += 1) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const move = (probability - 0.5 - density * normalSeries(z)) / density;
    // Newton's method climbs to the root from below, because the function is concave there; it ends when it no longer climbs.
    if (!(move > 1e-15 * (1 + z))) break;
    z += move;
  }
  return z;
}

/** z + z³/3 + z⁵/15 + …; times the density it is the probability between 0 and z. */
function normalSeries(z: number): number {
  let [term, sum] = [z, z];
  for (let n = 3; term > sum * 1e-17 && n < 1_000; n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return sum;
}
