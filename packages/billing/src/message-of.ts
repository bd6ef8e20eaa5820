/** The error's message, cut to a length that a list can show. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message || error.name : String(error)).slice(0, 300);
}
