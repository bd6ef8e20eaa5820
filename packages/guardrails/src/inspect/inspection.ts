import { TollgateError } from '@tollgate/core';
import { type BodyContent, type BodyText, contentOf } from './body-walk.js';
import type { MediaKind } from './media-kinds.js';
import { cutsOf, redacted } from './redacted.js';
import { combinedWeight, type Finding, type Rule, type RuleAction } from './rule.js';
import { Pace, search } from './windows.js';

/** A rule's finding in a body or a response, without any of its text. */
export interface Report {
  readonly rule: string;
  /** The kinds found, each once. */
  readonly kinds: readonly string[];
  /** The action taken; `flag` also where the caller's scopes allow content that would otherwise be blocked or redacted. */
  readonly action: RuleAction;
  readonly where: 'input' | 'output';
  /** JSON path of the text. */
  readonly path: string;
  /** Combined weight, above 0 and at most 1. */
  readonly weight: number;
  /**
   * What matched, in the order of the text, ten at most: offsets in UTF-16 units. The whole text where it was decoded or undone. Absent of
   * outputs and of moderators.
   */
  readonly spans?: readonly { readonly start: number; readonly end: number }[] | undefined;
}

/** Spans of one report. */
const mostSpans = 10;

/** Bounds and rules that hold for a body. */
export interface BodyRules {
  readonly rules: readonly Rule[];
  /** Scope that a caller needs to send media of a kind, or findings of a kind, by kind. */
  readonly needs: Readonly<Record<string, string>>;
  readonly maxMessages: number;
  /** Characters of all texts together. */
  readonly maxTextLength: number;
}

/** The result of inspecting a body. */
export interface Inspection {
  readonly reports: readonly Report[];
  /** Why the request is refused, if it is. Nothing was redacted then. */
  readonly refusal: TollgateError | undefined;
}

/**
 * Inspects a body and redacts it in place by the rules; the first refusal wins. Long bodies are read in pieces, with other events processed
 * in between. `scopes` are the caller's. Nothing is written with `dryRun`, or where the body is refused.
 */
export async function inspectBody(
  body: unknown,
  { rules, needs, maxMessages, maxTextLength }: BodyRules,
  scopes: readonly string[],
  dryRun = false,
  pace = new Pace(),
): Promise<Inspection> {
  const content = contentOf(body);
  const refusal = boundsRefusal(content, maxMessages, maxTextLength) ?? mediaRefusal(content, needs, scopes);
  if (refusal) return { reports: [], refusal };
  const reports: Report[] = [];
  const changes: (() => void)[] = [];
  const known = new Map<BodyText, ReadonlySet<string>[]>();
  for (const text of content.texts) {
    const cut: Finding[] = [];
    const ofText: ReadonlySet<string>[] = [];
    known.set(text, ofText);
    for (const rule of rules) {
      const { findings, counted, weight, kinds } = await search(rule, text.text, text, pace);
      ofText.push(kinds);
      if (findings.length === 0) continue;
      const acted = new Set([...counted].filter((kind) => !permits(kind, needs, scopes)));
      const action = acted.size === 0 ? 'flag' : actionOn(text, rule);
      const { path } = text;
      const spans = spansOf(findings);
      reports.push({ rule: rule.name, kinds: [...counted], action, where: 'input', path, weight, spans });
      if (action === 'block') return { reports, refusal: rejectedError(rule.name, path) };
      if (action === 'redact') for (const one of findings) if (acted.has(one.kind)) cut.push(one);
    }
    if (cut.length === 0) continue;
    await pace.spend(cut.length * bytesPerCut);
    const cuts = cutsOf(cut);
    await pace.spend(cut.length * bytesPerCut);
    const instead = redacted(text.text, cuts);
    changes.push(() => text.replace?.(instead));
  }
  const split = await rejectedAcross(content, { rules, needs, scopes, reports, known, pace });
  if (split) return { reports, refusal: split };
  const turn = pace.end();
  if (turn) await turn;
  if (!dryRun) for (const change of changes) change();
  return { reports, refusal: undefined };
}

/** A name cannot be redacted: it is refused instead. */
function actionOn({ replace }: BodyText, { action }: Rule): RuleAction {
  return action === 'redact' && replace === undefined ? 'block' : action;
}

function spansOf(findings: readonly Finding[]): Report['spans'] {
  return findings
    .map(({ start, end }) => ({ start, end }))
    .sort((a, b) => a.start - b.start)
    .slice(0, mostSpans);
}

/** Cost of replacing one finding, in bytes of inspected text. */
const bytesPerCut = 16;

/** Input and running totals of {@link rejectedAcross}. */
interface Across {
  readonly rules: readonly Rule[];
  readonly needs: BodyRules['needs'];
  readonly scopes: readonly string[];
  readonly reports: Report[];
  /** The kinds that each rule has found in a text. */
  readonly known: ReadonlyMap<BodyText, readonly ReadonlySet<string>[]>;
  readonly pace: Pace;
}

/**
 * A model reads the parts of a message as one text: findings that appear only when the parts are joined are refused, since they cannot be
 * redacted. Findings within one part have been handled already.
 */
async function rejectedAcross(
  { texts }: BodyContent,
  { rules, needs, scopes, reports, known, pace }: Across,
): Promise<TollgateError | undefined> {
  for (const [path, parts] of messagesOf(texts)) {
    const [first] = parts;
    if (!first || parts.length < 2) continue;
    const place = { path, role: first.role };
    const before = rules.map(
      (_, index) => new Set(parts.flatMap((part) => [...(known.get(part)?.[index] ?? [])])),
    );
    for (const seam of seamsOf(parts.map(({ text }) => text))) {
      for (const [index, rule] of rules.entries()) {
        const found = await search(rule, seam, place, pace);
        const findings = found.findings.filter(
          ({ kind }) => !before[index]?.has(kind) && !permits(kind, needs, scopes),
        );
        const weight = combinedWeight(findings);
        if (findings.length === 0 || weight < (rule.threshold ?? 0)) continue;
        const action = rule.action === 'flag' ? 'flag' : 'block';
        const kinds = [...new Set(findings.map(({ kind }) => kind))];
        reports.push({ rule: rule.name, kinds, action, where: 'input', path: place.path, weight });
        if (action === 'block') return rejectedError(rule.name, place.path);
      }
    }
  }
  return undefined;
}

/** From each side of a long part so much is read together with its neighbours, in UTF-16 units. */
const seamReach = 4_096;

/** The parts of a message as one text, without the middle of long parts: that was read already. */
function seamsOf(parts: readonly string[]): string[] {
  const seams: string[] = [];
  let seam = '';
  for (const part of parts) {
    if (part.length <= 2 * seamReach) seam += part;
    else {
      seams.push(seam + part.slice(0, seamReach));
      seam = part.slice(-seamReach);
    }
  }
  return [...seams, seam];
}

/** The parts of each message's content, in order, by the path of the message. */
function messagesOf(texts: BodyContent['texts']): Map<string, BodyText[]> {
  const messages = new Map<string, BodyText[]>();
  for (const text of texts) {
    const [, message] =
      /^((?:messages|contents|input)\[\d+\]|system|instructions)(?:\.|\[)/.exec(text.path) ?? [];
    if (message === undefined || !/(?:text|content|parts)(?:\[\d+\])?$|\.text$/.test(text.path)) continue;
    const parts = messages.get(message);
    if (parts) parts.push(text);
    else messages.set(message, [text]);
  }
  return messages;
}

/** Whether the caller's scopes permit a finding: the scope for this kind, or for the family before its dot. */
function permits(kind: string, needs: BodyRules['needs'], scopes: readonly string[]): boolean {
  const needed = needs[kind] ?? needs[kind.slice(0, kind.indexOf('.'))];
  return needed !== undefined && scopes.includes(needed);
}

function boundsRefusal(
  { texts, messages }: BodyContent,
  maxMessages: number,
  maxTextLength: number,
): TollgateError | undefined {
  if (messages > maxMessages) {
    return tooLarge(`The request has ${messages} messages; at most ${maxMessages} are accepted.`);
  }
  const length = texts.reduce((sum, { text }) => sum + text.length, 0);
  if (length <= maxTextLength) return undefined;
  return tooLarge(`The request has ${length} characters of text; at most ${maxTextLength} are accepted.`);
}

function mediaRefusal(
  { media }: BodyContent,
  needs: BodyRules['needs'],
  scopes: readonly string[],
): TollgateError | undefined {
  for (const { kind, path } of media) {
    const needed = needs[kind satisfies MediaKind];
    if (needed === undefined || scopes.includes(needed)) continue;
    return new TollgateError({
      status: 403,
      code: 'insufficient_scope',
      message: `Sending ${kind === 'audio' || kind === 'video' ? kind : `${kind}s`} needs the scope ${needed}.`,
      param: path,
      retryAfterMs: false,
    });
  }
  return undefined;
}

function tooLarge(message: string): TollgateError {
  return new TollgateError({ status: 413, code: 'request_too_large', message, retryAfterMs: false });
}

/** The refusal of a text; it names the rule, not a text that would pass. */
export function rejectedError(rule: string, path: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'prompt_rejected',
    message: `The request was rejected by the rule "${rule}" of this service.`,
    ...(path !== '' && { param: path }),
    retryAfterMs: false,
  });
}
