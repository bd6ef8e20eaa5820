/** A page for each error code and warning, from the tables of docs/errors.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
/** The Markdown of a cell: code, links as text, bold. */
const html = (cell) =>
  escaped(cell)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');

/** Packages whose README names the code. */
function guardsOf(code) {
  return readdirSync(fileURLToPath(new URL('packages', root))).filter((name) => {
    const path = `packages/${name}/README.md`;
    return existsSync(new URL(path, root)) && read(path).includes(`\`${code}\``);
  });
}

/** The codes in the first columns of a page's tables, each with the rest of its row. */
export function codesIn(page) {
  return page.split('\n').flatMap((line) => {
    if (!line.startsWith('| `')) return [];
    const cells = line.slice(2, -2).split(' | ');
    const [status, means, act] = cells.length === 4 ? cells.slice(1) : ['', ...cells.slice(1)];
    return [...cells[0].matchAll(/`(\w+)`/g)].map(([, code]) => ({
      params: { code, status, means: html(means), act: html(act), guards: guardsOf(code) },
    }));
  });
}

export default { paths: () => codesIn(read('docs/errors.md')) };
