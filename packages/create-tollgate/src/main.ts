import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { create, type Language, languages, type Template, templates } from './create.js';

const usage = `npm create tollgate [folder] [-- options]

  folder                 where the app is written       my-tollgate
  --template proxy|app   a proxy for OpenAI and Anthropic, or your own routes   proxy
  --js                   JavaScript instead of TypeScript
  --help                 this text`;

/** The outputs of {@link main}. */
export interface Terminal {
  say(line: string): void;
  complain(line: string): void;
}

/** The command. Returns its exit code: 0, 1 where the app could not be written, 2 for wrong arguments. */
export async function main(args: readonly string[], { say, complain }: Terminal): Promise<number> {
  let asked: ReturnType<typeof read>;
  try {
    asked = read(args);
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    complain(usage);
    return 2;
  }
  if (asked.help) {
    say(usage);
    return 0;
  }
  try {
    const folder = create({ ...asked, version: ownVersion() });
    const where = relative(process.cwd(), folder) || '.';
    say(`${where}: a ${asked.template === 'proxy' ? 'proxy' : 'server with your own routes'}. Next:`);
    say('');
    if (where !== '.') say(`  cd ${where}`);
    say('  npm install');
    say('  npm start        # prints a key and a curl line; needs no key of a provider');
    return 0;
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function read(args: readonly string[]): {
  help: boolean;
  directory: string;
  template: Template;
  language: Language;
} {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      template: { type: 'string', default: 'proxy' },
      js: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [directory = 'my-tollgate', ...more] = positionals;
  if (more.length > 0) throw new Error(`One folder is expected, received ${positionals.join(' ')}`);
  const template = templates.find((one) => one === values.template);
  if (!template)
    throw new Error(`--template must be one of ${templates.join(', ')}, received ${values.template}`);
  return { help: values.help, directory, template, language: values.js ? (languages[1] as Language) : 'ts' };
}

/** All packages of Tollgate have one version. */
function ownVersion(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}
