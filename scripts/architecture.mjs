/** Draws docs/architecture.svg from the imports of the published packages: `node scripts/architecture.mjs`. A test compares the two. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publicPackages, root } from './workspace.mjs';

const short = (name) => name.replace('@tollgate/', '');
const box = { width: 96, height: 34, gapX: 12, gapY: 46 };
/** Used by nearly all: one bar below the others, without lines. */
const base = '@tollgate/core';

/** What each package's sources import of the others. */
function imports() {
  const packages = publicPackages().filter(({ name }) => name !== 'create-tollgate');
  const names = new Set(packages.map(({ name }) => name));
  const found = new Map();
  for (const { name, directory } of packages) {
    const source = join(directory, 'src');
    const used = new Set();
    for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      for (const [, other] of readFileSync(join(source, file), 'utf8').matchAll(
        /from '(tollgate|@tollgate\/[\w-]+)/g,
      ))
        if (names.has(other) && other !== name && other !== base) used.add(other);
    }
    if (name !== base) found.set(name, used);
  }
  return found;
}

/** The longest way down from a package. */
function heightOf(name, uses) {
  return 1 + Math.max(-1, ...[...uses.get(name)].map((other) => heightOf(other, uses)));
}

const reaches = (from, to, uses) =>
  [...uses.get(from)].some((other) => other === to || reaches(other, to, uses));

/** Imports that no other import implies. */
const needed = (name, uses) =>
  [...uses.get(name)].filter(
    (other) => ![...uses.get(name)].some((third) => third !== other && reaches(third, other, uses)),
  );

export function drawing() {
  const uses = imports();
  const rows = [];
  for (const name of [...uses.keys()].sort()) {
    const height = heightOf(name, uses);
    rows[height] = [...(rows[height] ?? []), name];
  }
  rows.reverse();
  const width = Math.max(...rows.map(({ length }) => length)) * (box.width + box.gapX) + box.gapX;
  const tall = (rows.length + 1) * (box.height + box.gapY) - 14;
  const places = new Map();
  for (const [index, line] of rows.entries()) {
    const left = (width - line.length * (box.width + box.gapX) + box.gapX) / 2;
    for (const [column, name] of line.entries())
      places.set(name, {
        x: left + column * (box.width + box.gapX),
        y: 16 + index * (box.height + box.gapY),
      });
  }
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall}" role="img" aria-labelledby="t">`,
    '<title id="t">The packages of Tollgate; a line leads from a package down to one that it imports.</title>',
    `<rect width="${width}" height="${tall}" rx="8" fill="#f8fafc"/>`,
  ];
  for (const [name, from] of places) {
    for (const other of needed(name, uses)) {
      const to = places.get(other);
      const [x1, y1] = [from.x + box.width / 2, from.y + box.height];
      const [x2, y2] = [to.x + box.width / 2, to.y];
      svg.push(
        `<path d="M${x1} ${y1}C${x1} ${y1 + 30} ${x2} ${y2 - 30} ${x2} ${y2}" fill="none" stroke="#94a3b8"/>`,
      );
    }
  }
  const bar = { x: box.gapX, y: 16 + rows.length * (box.height + box.gapY), width: width - 2 * box.gapX };
  for (const [name, { x, y, width: wide = box.width }] of [...places, [base, bar]]) {
    svg.push(
      `<rect x="${x}" y="${y}" width="${wide}" height="${box.height}" rx="6" fill="#dbeafe" stroke="#2563eb"/>`,
      `<text x="${x + wide / 2}" y="${y + 22}" text-anchor="middle" font-size="14" font-family="system-ui, sans-serif" fill="#0f172a">${short(name)}</text>`,
    );
  }
  return `${[...svg, '</svg>'].join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(join(root, 'docs/architecture.svg'), drawing());
