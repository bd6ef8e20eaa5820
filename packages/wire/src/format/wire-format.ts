import type { ErrorFormat, JsonObject, JsonValue, WireApi } from '@tollgate/core/internal';
import type { Answer } from '../answer/answer.js';
import type { Fields, ReportedUsage } from '../answer/reported-usage.js';
import type { OutgoingBody } from '../request/outgoing-body.js';
import type { ReadOptions } from '../request/read-options.js';
import type { RequestFacts } from '../request/request-facts.js';

/** How requests of a format are read, and how a call is changed in them. */
export interface RequestFormat {
  /** Fields at the top of the body that {@link writeCap} and {@link prepare} may set; `model` may always be. */
  readonly changeable: readonly string[];
  /** Reads everything that determines the cost. `text`: the serialised body. @throws TollgateError 400 for a body that is invalid or has no bound. */
  read(body: JsonObject, options: ReadOptions, text: string): RequestFacts;
  /** Writes an output cap, in the place of all that the client stated. */
  writeCap(body: OutgoingBody, cap: number, provider: string): void;
  /** Writes fields that the format requires and that a request translated from another format may lack. */
  complete?(body: OutgoingBody, facts: RequestFacts): void;
  /** Adds fields that metering needs: requests usage, bounds the uses of server-side tools. Not in shadow mode, which changes no body. */
  prepare?(body: OutgoingBody, facts: RequestFacts, options: ReadOptions, provider: string): void;
}

/** How a format's calls are recognised by the path of their URL, in lower case. */
interface PathRule {
  /** The last words of the path: `/messages`. */
  readonly end: string;
  /**
   * Where those are enough. `anywhere`: no other API has them. `provider`: in an absolute URL, which an SDK made of a provider's base URL.
   * `proxy`: on a route where the app has mounted a proxy.
   */
  readonly enough: 'anywhere' | 'provider' | 'proxy';
  /** Elsewhere one of these must be in front of them: `/v1`. */
  readonly below: readonly string[];
}

/** Everything that Tollgate knows about one wire format. */
export interface WireFormat {
  readonly api: WireApi;
  /** In whose shape its clients expect errors. */
  readonly errors: Exclude<ErrorFormat, 'problem'>;
  /** The provider that defines it, as the price catalogue names it. */
  readonly owner: 'openai' | 'anthropic' | 'google';
  /** The path holds the model, and whether the response is a stream; the body holds neither. */
  readonly modelInPath: boolean;
  /** Absent: its paths end with an action. */
  readonly pathRule?: PathRule;
  /** Gemini's: the actions after the model, in lower case, and whether the response is a stream. */
  readonly actions?: Readonly<Record<string, { readonly stream: boolean }>>;
  /** Its path below an Azure deployment, without a slash at its beginning. Absent: Azure has none. */
  readonly azurePath?: string;
  /** Its path below a provider's base URL, as the provider's own SDK has it; `{model}` and `{action}` are filled in. */
  readonly path: string;
  /** The query with which a list of models has the longest page, which contains all of them: `limit=1000`; empty: the list has no pages. */
  readonly wholeList: string;
  /** `false`: a call can be made from a prompt that is stored at the provider together with its model. */
  readonly needsModel: boolean;
  /** Requests without an output cap are refused by the provider. */
  readonly needsCap: boolean;
  /** The query that makes a stream one of server-sent events: `alt=sse`; empty: every stream is. */
  readonly streamQuery: string;
  /** The model writes something, token by token; `false`: embeddings. */
  readonly hasOutput: boolean;
  /** Fields at the top of its bodies, as of the official SDKs' types. */
  readonly fields: ReadonlySet<string>;
  readonly request: RequestFormat;
  /** Name of the field that states the output cap, for messages; `stated` is the cap that it states. */
  capField(body: JsonObject, stated: number): string;
  /** Whether a usage object has the names of this format. */
  hasUsage(usage: Fields): boolean;
  /** Reads a provider's usage object. */
  usage(usage: Fields): ReportedUsage;
  /** Reads one response. `answers`: how many choices the call asked for. */
  answer(answers: number): Answer;
  /** Whether one event, or a whole body, states why a choice ended: the reasons, `undefined` for choices that continue. */
  endsIn(event: Fields): readonly unknown[];
  /** Found in the last event of a complete stream. Absent: there are no streams. */
  readonly lastEvent?: RegExp;
  /** The object that holds temperature and seed. */
  settings(body: JsonObject): JsonValue | undefined;
  /** Whether a tool of the request is run by the provider, with results that change over time. */
  hasServerTools(body: JsonObject): boolean;
}
