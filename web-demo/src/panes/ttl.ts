/** Times to live, for people. */

/** When a key ends: milliseconds since the epoch; never for one without an end. */
export function endOf(pttl: number, now: number): number | undefined {
  return pttl < 0 ? undefined : now + pttl;
}

/** The time that is left, in the two largest units that matter. */
export function leftOf(end: number | undefined, now: number): string {
  if (end === undefined) return "";
  const seconds = Math.ceil((end - now) / 1000);
  if (seconds <= 0) return "expired";
  const units: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = units.findIndex(([count]) => count > 0);
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}
