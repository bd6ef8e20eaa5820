import { type Fields, fieldsOf, type ReportedUsage } from './reported-usage.js';

/** Counts the tokens of an answer's text as it arrives. */
export interface TokenCount {
  readonly tokens: number;
  /** `piece`: bytes of a JSON string read as Latin-1, without quotes, with its escapes. */
  add(piece: string): void;
  /** Text that is not counted: each byte may be a token. */
  addBytes(bytes: number): void;
}

/** What a graceful end says beside the format's fixed fields. */
export interface StreamEnd {
  /** Why it ends, as an error code: `budget_exceeded`. */
  readonly code: string;
  /** Usage as it will be charged, for formats that end with it. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  /** OpenAI chat: the client asked for usage. */
  readonly withUsage: boolean;
  /** The last event that was sent, as text. */
  readonly lastEvent: string;
}

/** Gathers the facts of one response from its events, or from its one body. Each format has its own. */
export abstract class Answer {
  usage: ReportedUsage | undefined;
  /** The model that the provider names. */
  model: string | undefined;
  /** Service tier of the response. */
  tier: string | undefined;
  /** Bytes of output text seen: never fewer than its tokens. */
  seenBytes = 0;
  /** About how many tokens that is. */
  seenTokens = 0;
  /** Counts the response's tokens as they arrive, where a cut would be charged by them; set before the first byte is read. */
  counted: TokenCount | undefined;
  /** Chat streams: events that held text, each a token or more, and the bytes of their text; media are not counted. */
  textEvents = 0;
  textBytes = 0;
  /** The model reported that it has finished, so the response is complete even if the connection ends here. */
  finished = false;
  /** The provider reported an error within the answer. */
  failed = false;
  /** Some of the answer was too large to be read, or no JSON. */
  unreadable = false;
  #toolRequests: Readonly<Record<string, number>> = {};

  /** `answers`: how many choices the call asked for. */
  constructor(protected readonly answers: number) {}

  /** Name of the member that holds the usage object. */
  get usageMember(): string {
    return 'usage';
  }

  /** Decides by its text whether an event must be parsed, and measures the output text of one that need not. */
  abstract isOfInterest(text: string): boolean;

  /** One event of a stream. Returns `true` for one that holds nothing but usage which had to be asked for. */
  abstract event(event: Fields): boolean;

  /** The part of a whole answer that is the model's output. */
  protected abstract outputOf(body: Fields): unknown;

  /**
   * The events with which the provider would end a stream at its output cap, so that official SDKs finish without an error: `finish_reason:
   * "length"`, `stop_reason: "max_tokens"`, `response.incomplete`, `finishReason: "MAX_TOKENS"`. The last of them carries `"tollgate": {
   * "code": … }` as well.
   */
  abstract ending(end: StreamEnd): string;

  /** Reads the format's usage object. */
  protected abstract usageOf(usage: Fields): ReportedUsage;

  /** A whole answer that was not streamed. */
  body(body: Fields): void {
    this.failIf(body.error);
    this.name(body);
    this.says(body[this.usageMember]);
    if (body.status === 'failed') this.failed = true;
    this.finished = true;
  }

  /** Bytes of text in a whole answer's output, tool calls included: never fewer than its tokens. */
  outputBytes(body: Fields): number {
    return bytesIn(this.outputOf(body), 0);
  }

  /** In text that was not read piece by piece, each byte may be a token. */
  seenWhole(bytes: number): void {
    this.seenBytes += bytes;
    this.seenTokens += bytes;
    this.counted?.addBytes(bytes);
  }

  /** Takes a usage object of the provider; whether it is one. */
  says(usage: unknown): boolean {
    if (typeof usage !== 'object' || usage === null || Array.isArray(usage)) return false;
    this.usage = this.usageOf(fieldsOf(usage));
    return true;
  }

  /** Takes the names of model and tier. */
  protected name({ model: given, modelVersion, service_tier: tier }: Fields): void {
    const model = given ?? modelVersion;
    if (typeof model === 'string' && model !== '') this.model = model;
    if (typeof tier === 'string') this.tier = tier;
  }

  protected failIf(error: unknown): void {
    if (error !== undefined && error !== null) this.failed = true;
  }

  /** Adds uses of tools that the usage object lacks; they stay when a later event repeats the usage. */
  protected uses(requests: Readonly<Record<string, number>>): void {
    this.#toolRequests = mostRequests(this.#toolRequests, requests);
    const isAny = Object.keys(this.#toolRequests).length > 0;
    if (this.usage && isAny) this.usage = { ...this.usage, toolRequests: this.#toolRequests };
  }
}

/** An event of a stream as it is sent. */
export const eventText = (data: object, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;

/** The members of an array as objects; none for anything else. */
export const listIn = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.map(fieldsOf) : [];

/** Counts of uses by tool, the larger of both: later events of a stream repeat the metadata of earlier ones. */
function mostRequests(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const most = new Map(Object.entries(one));
  for (const [name, count] of Object.entries(other)) most.set(name, Math.max(most.get(name) ?? 0, count));
  return Object.fromEntries(most);
}

/** Members of an answer that are not the model's output. */
const notOutput = new Set([
  'role',
  'id',
  'call_id',
  'type',
  'status',
  'signature',
  'finish_reason',
  'finishReason',
]);

function bytesIn(value: unknown, depth: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value).length;
  if (typeof value !== 'object' || value === null || depth > 60) return 0;
  let sum = 0;
  for (const [name, member] of Object.entries(value)) {
    if (notOutput.has(name)) continue;
    sum += bytesIn(member, depth + 1);
  }
  return sum;
}
