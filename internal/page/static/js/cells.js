// cells makes a look-up by column of stretches [value, columns].
export function cells(stretches, columns) {
  const values = new Array(columns).fill(-1);
  let at = 0;
  for (const [value, n] of stretches) {
    values.fill(value, at, at + n);
    at += n;
  }
  return values;
}
