/** A value of a table: an absent one is shown as `-`. */
export type Cell = string | number | boolean | undefined | null | readonly string[];

/** Text that a terminal shows as it is: control characters, marks that turn the direction of writing, and halves of pairs by their code. */
export function shown(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`,
  );
}

/** Rows under their headings, each column as wide as its widest cell; long cells are cut. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return 'none\n';
  const cells = [headings.map((heading) => heading.toUpperCase()), ...rows.map((row) => row.map(textOf))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  const isNumber = headings.map(
    (_, column) =>
      rows.every((row) => isNumeric(row[column])) &&
      rows.some((row) => (row[column] ?? undefined) !== undefined),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
        return isNumber[column] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Names and values, one pair a line. */
export function facts(pairs: readonly (readonly [name: string, value: Cell])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}\n`).join('');
}

const longest = 60;

function textOf(cell: Cell): string {
  if (cell === undefined || cell === null || cell === '') return '-';
  const text = shown(typeof cell === 'object' ? cell.join(',') || '-' : String(cell));
  const points = [...text];
  return points.length > longest ? `${points.slice(0, longest - 1).join('')}…` : text;
}

function widthOf(text: string): number {
  return [...text].length;
}

function isNumeric(cell: Cell): boolean {
  return (
    cell === undefined ||
    typeof cell === 'number' ||
    (typeof cell === 'string' && /^-?\$?[\d,]+(\.\d+)?$/.test(cell))
  );
}
