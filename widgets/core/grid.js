// A function known on a square grid, between its points: bicubic (Catmull-Rom), so that the gradient is continuous.

/** The four weights, and their derivatives, at t in [0, 1] between the second and the third point. */
function weights(t) {
  const [t2, t3] = [t * t, t * t * t];
  return {
    w: [(-t3 + 2 * t2 - t) / 2, (3 * t3 - 5 * t2 + 2) / 2, (-3 * t3 + 4 * t2 + t) / 2, (t3 - t2) / 2],
    d: [(-3 * t2 + 4 * t - 1) / 2, (9 * t2 - 10 * t) / 2, (-9 * t2 + 8 * t + 1) / 2, (3 * t2 - 2 * t) / 2],
  };
}

/**
 * @param {ArrayLike<number>} values `points`², rows upwards, columns to the right
 * @param {number} points along one side @param {number} reach the grid spans [−reach, reach]²
 */
export function interpolator(values, points, reach) {
  const step = (2 * reach) / (points - 1);
  /** Outside, the cubic of the border goes on; the explorable stops a run that leaves. */
  const locate = (u) => {
    const cell = Math.min(points - 3, Math.max(1, Math.floor((u + reach) / step)));
    return { cell, ...weights((u + reach) / step - cell) };
  };
  function mix(x, y, wx, wy) {
    let sum = 0;
    for (let j = 0; j < 4; j += 1) {
      const row = (y.cell - 1 + j) * points + x.cell - 1;
      for (let i = 0; i < 4; i += 1) sum += wy[j] * wx[i] * values[row + i];
    }
    return sum;
  }
  return {
    value(u, v) {
      const [x, y] = [locate(u), locate(v)];
      return mix(x, y, x.w, y.w);
    },
    gradient(u, v) {
      const [x, y] = [locate(u), locate(v)];
      return [mix(x, y, x.d, y.w) / step, mix(x, y, x.w, y.d) / step];
    },
    inside: (u, v) => Math.max(Math.abs(u), Math.abs(v)) <= reach - step,
  };
}
