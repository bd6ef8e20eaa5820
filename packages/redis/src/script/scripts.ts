import { createHash } from 'node:crypto';
import {
  inEachPartition,
  type ScriptName,
  type ScriptSettings,
  scriptSource,
  scriptSourceWithClock,
} from '../lua/source.js';

/** A script and the name under which a server remembers it. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

export type Scripts = Readonly<Record<ScriptName, Script>>;

/** Dragonfly runs scripts that build the names of keys only where they say so (dragonflydb.io/docs, "Lua scripts"); to Redis it is a comment. */
const dragonflyFlags = '--!df flags=allow-undeclared-keys\n';

const made = new Map<string, Script>();

/** The same text has the same name, which takes a while to find. */
export function scriptOf(text: string): Script {
  const source = dragonflyFlags + text;
  const known = made.get(source);
  if (known) return known;
  const script = { source, sha1: createHash('sha1').update(source).digest('hex') };
  made.set(source, script);
  return script;
}

/** Every script of a store. For tests: `ownClock`, they take the time from their last argument; `patch` changes their text. */
export function scriptsFor(
  settings: ScriptSettings,
  ownClock: boolean,
  patch = (source: string): string => source,
): Scripts {
  const textOf = (name: ScriptName): string =>
    patch((ownClock ? scriptSourceWithClock : scriptSource)(name, settings));
  const script = (name: ScriptName): Script => scriptOf(textOf(name));
  return {
    reserve: script('reserve'),
    extend: script('extend'),
    cover: script('cover'),
    charge: script('charge'),
    renew: script('renew'),
    close: script('close'),
    adjust: script('adjust'),
    raise: script('raise'),
    stray: script('stray'),
    read: script('read'),
    sweep: scriptOf(inEachPartition(textOf('sweep'))),
    append: script('append'),
    draw: script('draw'),
    hold: script('hold'),
    rebuild: script('rebuild'),
  };
}
