/** Random input from a seed, which a failing test prints. */

/** A generator of numbers below 1 (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs a property on many seeds and names the one that breaks it. */
export function property(runs, check) {
  const first = Number(process.env.SEED ?? 0);
  for (let seed = first; seed < first + (process.env.SEED ? 1 : runs); seed++) {
    try {
      check(randomFrom(seed), seed);
    } catch (error) {
      error.message = `SEED=${seed}: ${error.message}`;
      throw error;
    }
  }
}
