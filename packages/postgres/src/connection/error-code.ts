/** The code that an error of Node or of PostgreSQL carries, also one of another realm; empty where it has none. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
