const eulerGamma = 0.577_215_664_901_532_9;

/**
 * c(n): the average path length of an unsuccessful search in a binary search tree of n points, by which path lengths are made comparable.
 * 0 for one point, 1 for two, otherwise 2 H(n−1) − 2 (n−1)/n with H(i) = ln i + γ.
 * F. T. Liu, K. M. Ting, Z.-H. Zhou: Isolation Forest, ICDM 2008, equation 1; the case of two points: Isolation-Based Anomaly Detection, 2012.
 */
export function averagePathLength(points: number): number {
  if (points <= 1) return 0;
  if (points === 2) return 1;
  return 2 * (Math.log(points - 1) + eulerGamma) - (2 * (points - 1)) / points;
}
