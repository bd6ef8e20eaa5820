/** The path of a URL, decoded, without its query, doubled or trailing slashes. Linear in the length of the URL. */
export function pathOf(url: string): string {
  const scheme = url.indexOf('://');
  const start = scheme === -1 ? 0 : url.indexOf('/', scheme + 3);
  if (start === -1) return '';
  const mark = url.slice(start).search(/[?#]/);
  const raw = mark === -1 ? url.slice(start) : url.slice(start, start + mark);
  const path = decoded(raw);
  if (path.startsWith('/') && !/\/\.?(?:\/|$)/.test(path)) return path;
  return path
    .split('/')
    .filter((part, index) => (part !== '' && part !== '.') || index === 0)
    .join('/');
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
