/** `node scripts/prose.mjs`: counts phrases of scripts/prose-phrases.mjs in comments, READMEs and messages, and fails where there are too many; `--list` prints each. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { phrases } from './prose-phrases.mjs';
import { root } from './workspace.mjs';

const skipped = new Set(['node_modules', 'dist', '.work', '.git', 'reports', '.tollgate', 'reference']);

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** Lines of prose, as `[line, text]`, of a Markdown file: without blocks and spans of code. */
function markdownLines(text) {
  let isCode = false;
  return text.split('\n').flatMap((line, index) => {
    if (line.startsWith('```')) isCode = !isCode;
    const prose = line.replaceAll(/`[^`]*`/g, '`x`').replaceAll(/\]\([^)]*\)/g, ']');
    return isCode || prose.trim() === '' ? [] : [[index + 1, prose]];
  });
}

/** Comments of a source, line by line. */
function commentLines(text) {
  let isBlock = false;
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*\/\*/.test(line)) isBlock = true;
    const comment = isBlock ? line.replace(/^\s*\/?\*+\/?/, '') : /(?:^|\s)\/\/ (.*)$/.exec(line)?.[1];
    if (line.includes('*/')) isBlock = false;
    const prose = comment
      ?.replaceAll(/`[^`]*`|\{@\w+ [^}]*\}/g, 'x')
      .replace('*/', '')
      .trim();
    return prose ? [[index + 1, prose]] : [];
  });
}

/** Texts in quotes of four words or more: messages, warnings and help. */
function messageLines(text) {
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*(?:\*|\/[/*]|import |export )/.test(line)) return [];
    const texts = [...line.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)];
    return texts
      .map((match) => match.slice(1).find(Boolean) ?? '')
      .filter((one) => one.split(' ').length >= 4)
      .map((one) => [index + 1, one]);
  });
}

/** The largest allowed share of lines with such a phrase. */
const limits = { comments: 0.01, READMEs: 0, messages: 0 };
const found = { comments: [0, 0], READMEs: [0, 0], messages: [0, 0] };
const lists = process.argv.includes('--list');

function count(kind, path, lines) {
  for (const [line, text] of lines) {
    found[kind][1] += 1;
    const [, instead] = phrases.find(([pattern]) => pattern.test(text)) ?? [];
    if (instead === undefined) continue;
    found[kind][0] += 1;
    if (lists) console.log(`${path.slice(root.length + 1)}:${line} ${kind}: ${text.trim()} → ${instead}`);
  }
}

for (const path of filesBelow(root)) {
  const isSource = /\/(?:src|scripts)\/.*\.(?:ts|mjs)$/.test(path) && !path.endsWith('prose-phrases.mjs');
  if (isSource) {
    const text = readFileSync(path, 'utf8');
    count('comments', path, commentLines(text));
    if (path.includes('/src/') && !/\/(?:testkit|simulator)\//.test(path))
      count('messages', path, messageLines(text));
  } else if (/(?:README|CONTRIBUTING|where|migration|docs\/decisions\/[^/]+)\.md$/.test(path))
    count('READMEs', path, markdownLines(readFileSync(path, 'utf8')));
}
for (const [kind, [hits, lines]] of Object.entries(found)) {
  const isOver = hits / lines > limits[kind];
  console.log(
    `${kind}: ${hits} of ${lines} lines (${((100 * hits) / lines).toFixed(1)} %)${isOver ? `; at most ${100 * limits[kind]} %` : ''}`,
  );
  if (isOver) process.exitCode = 1;
}
