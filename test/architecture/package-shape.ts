import ts from 'typescript';

/** Sentences about an `index.ts` that holds anything but explicit named exports. */
export function indexViolations(text: string): string[] {
  const source = ts.createSourceFile('index.ts', text, ts.ScriptTarget.Latest, false);
  return source.statements
    .filter(
      (statement) =>
        !(
          ts.isExportDeclaration(statement) &&
          statement.exportClause &&
          ts.isNamedExports(statement.exportClause)
        ),
    )
    .map(
      (statement) =>
        `index.ts holds more than named exports: ${text.slice(statement.pos, statement.end).trim()}`,
    );
}

/** Whether an `index.ts` exports something yet. */
export const exportsSomething = (text: string): boolean => /export\s+(?:type\s+)?\{\s*\w/.test(text);

const headings = ['Use', 'What it does to a request', 'Options', 'Refusals', 'Good to know'];

function sections(readme: string): [heading: string, body: string][] {
  const withoutCode = readme.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/^#/gm, ' #'));
  const [, ...parts] = withoutCode.split(/^(?=##? )/m).map((part) => part.trim());
  const first = withoutCode.startsWith('# ') ? withoutCode.split(/^(?=## )/m)[0] : '';
  return [first ?? '', ...parts.filter((part) => part.startsWith('## '))].map((part) => {
    const [heading = '', ...body] = part.split('\n');
    return [heading.replace(/^#+ /, ''), body.join('\n').trim()];
  });
}

/** Sentences about a README that lacks the title, its one sentence, or one of the sections in their order. */
export function readmeViolations(readme: string, finished: boolean): string[] {
  const [title, ...rest] = sections(readme);
  const found: string[] = [];
  if (!title?.[0]) found.push('has no title');
  if (!title?.[1]) found.push('says nothing under its title');
  const actual = rest.map(([heading]) => heading);
  if (actual.join() !== headings.join())
    found.push(`has the sections ${actual.join(', ')} instead of ${headings.join(', ')}`);
  if (finished) for (const [heading, body] of rest) if (!body) found.push(`says nothing under ${heading}`);
  return found;
}
