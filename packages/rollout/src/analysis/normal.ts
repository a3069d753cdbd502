/** The chance that a standard normal variable is above `z`. */
export function normalTail(z: number): number {
  const tail = 0.5 * erfc(Math.abs(z) / Math.SQRT2)
  return z >= 0 ? tail : 1 - tail
}

/** The complementary error function for x ≥ 0, by formula 7.1.26 of Abramowitz and Stegun: its error is below 1.5e-7. */
function erfc(x: number): number {
  const t = 1 / (1 + 0.3275911 * x)
  const series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429]
  const polynomial = series.reduceRight((sum, coefficient) => (sum + coefficient) * t, 0)
  return polynomial * Math.exp(-x * x)
}
