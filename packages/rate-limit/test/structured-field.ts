/** One member of a structured-field list of strings with integer or string parameters (RFC 9651, as far as RateLimit fields go). */
export interface Member {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string>>;
}

/** Parses strictly: anything but strings with parameters, or trailing text, throws. */
export function parseList(field: string | undefined): Member[] {
  const members: Member[] = [];
  let rest = field ?? '';
  const take = (pattern: RegExp): RegExpExecArray => {
    const match = pattern.exec(rest);
    if (!match) throw new SyntaxError(`not a structured field at ${JSON.stringify(rest)}`);
    rest = rest.slice(match[0].length);
    return match;
  };
  while (rest !== '') {
    const [, name = ''] = take(/^"([\x20\x21\x23-\x5b\x5d-\x7e]*)"/);
    const parameters: Record<string, number | string> = {};
    while (rest.startsWith(';')) {
      const [, key = '', integer, text] = take(
        /^; *([a-z*][a-z0-9_.*-]*)=(?:(-?\d{1,15})|"([\x20\x21\x23-\x5b\x5d-\x7e]*)")/,
      );
      parameters[key] = integer === undefined ? (text ?? '') : Number(integer);
    }
    members.push({ name, parameters });
    if (rest !== '') take(/^[ \t]*,[ \t]*(?=")/);
  }
  return members;
}
