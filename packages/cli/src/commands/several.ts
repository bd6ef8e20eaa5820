/** An option that may be repeated: collects its values. */
export function several(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
