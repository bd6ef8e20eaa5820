import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue, WireApi } from '@tollgate/core/internal';
import type { TranslatedCall } from '../../src/call/translated-for.js';
import { translatedFor } from '../../src/index.js';
import type { ClientApi } from './answer-of.js';

/** What becomes of a field with this value. */
type Fate =
  /** At some provider it shows in what is sent; at the others it does, or is refused by its name, or goes nowhere for a reason. */
  | { readonly translated: unknown; readonly notAt?: Partial<Record<WireApi, string>> }
  /** At every provider it is refused by its name. */
  | { readonly refused: unknown }
  /** It changes nothing of what is sent, for this reason. */
  | { readonly harmless: unknown; readonly why: string };

type KeysOf<Type> = Type extends unknown ? keyof Type : never;

/** A fate for every field of a type of an official SDK: a field that a later version adds does not compile until it has one. */
type Fates<Type> = { readonly [Key in KeysOf<Type>]-?: Fate };

const formats: readonly WireApi[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini-generate',
];

type Sent = Pick<TranslatedCall, 'body' | 'model' | 'stream'>;

/** What each other format makes of a body, or the name that it refuses. */
function everywhere(client: ClientApi, body: JsonObject): { api: WireApi; sent?: Sent; param?: string }[] {
  return formats
    .filter((api) => api !== client)
    .map((api) => {
      try {
        const { model, stream } = { model: 'm', stream: false };
        const call = translatedFor({ apis: [api] }, client, body, { model, stream });
        return call ? { api, sent: { body: call.body, model: call.model, stream: call.stream } } : { api };
      } catch (error) {
        return { api, param: String(Reflect.get(Object(error), 'param')) };
      }
    });
}

/** An object of a request, and the request around it. */
interface Place {
  readonly client: ClientApi;
  /** Where it stands, as refusals state it: `messages[0]`, or nothing at the top. */
  readonly path: string;
  readonly object: JsonObject;
  request(object: JsonObject): JsonObject;
}

export const translated = (value: unknown, notAt: Partial<Record<WireApi, string>> = {}): Fate => ({
  translated: value,
  notAt,
});
export const refused = (value: unknown): Fate => ({ refused: value });
export const harmless = (value: unknown, why: string): Fate => ({ harmless: value, why });

/** Places in a request of a client that holds `body` as well. */
export const placesIn =
  (client: ClientApi, body: JsonObject) =>
  (path: string, object: JsonObject, around: (object: JsonObject) => JsonObject): Place => ({
    client,
    path,
    object,
    request: (made) => ({ ...body, ...around(made) }),
  });

/** Tests every field of a type of an SDK, which stands at a place of a request. */
export function fields<Type>(what: string, place: Place, fates: Fates<Type>): void {
  describe(`of ${what}, every field of the official SDK`, () => {
    it.each(Object.entries<Fate>(fates))('%s: %j', (name, fate) => {
      holdTo(place, name, fate);
    });
  });
}

/** Holds a field to its fate, at every provider that takes the request without it. */
function holdTo({ client, object, path, request }: Place, name: string, fate: Fate): void {
  const value = 'translated' in fate ? fate.translated : 'refused' in fate ? fate.refused : fate.harmless;
  const given: JsonValue = JSON.parse(JSON.stringify(value));
  const withIt = everywhere(client, request({ ...object, [name]: given }));
  const pairs = everywhere(client, request(object)).flatMap((without, at) =>
    without.sent ? [{ without, made: withIt[at] }] : [],
  );
  expect(pairs.length).toBeGreaterThan(0);
  const param = path === '' ? name : `${path}.${name}`;
  const seen = pairs.map(({ without, made }) => {
    if (made?.param !== undefined)
      return isWithin(made.param, param) ? 'refused' : `refused as ${made.param}`;
    return JSON.stringify(made) === JSON.stringify(without) ? 'dropped' : 'translated';
  });
  if ('refused' in fate) expect(seen).toEqual(pairs.map(() => 'refused'));
  else if ('harmless' in fate) expect(seen).toEqual(pairs.map(() => 'dropped'));
  else {
    expect(seen).toContain('translated');
    const known = pairs.map(({ without: { api } }, at) => {
      if (fate.notAt?.[api] !== undefined) return 'dropped';
      return seen[at] === 'refused' ? 'refused' : 'translated';
    });
    expect(seen).toEqual(known);
  }
}

const isWithin = (param: string, field: string): boolean =>
  param === field || param.startsWith(`${field}.`) || param.startsWith(`${field}[`);
