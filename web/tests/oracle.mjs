/** A second definition, so short that it is obviously right: every input stamps the kernel; then the crop. */

/** One channel, two axes; `x` and `w` are lists of rows, `crop` is `[p, p - op]`. */
export function scatter(x, w, { s, d, p, op }) {
  const [h, v, k, l] = [x.length, x[0].length, w.length, w[0].length];
  const full = Array.from({ length: (h - 1) * s + d * (k - 1) + 1 + op }, () =>
    Array((v - 1) * s + d * (l - 1) + 1 + op).fill(0),
  );
  for (let i = 0; i < h; i++)
    for (let j = 0; j < v; j++)
      for (let a = 0; a < k; a++) for (let b = 0; b < l; b++) full[i * s + a * d][j * s + b * d] += x[i][j] * w[a][b];
  // output_padding lengthens the far end, padding crops both.
  return full.slice(p, full.length - p).map((row) => row.slice(p, row.length - p));
}

/** A small generator of whole numbers, so that a failing case can be had again. */
export function random(seed) {
  let state = seed >>> 0;
  return (least, most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return least + ((state >>> 8) % (most - least + 1));
  };
}
