import type { OutgoingRequest } from '@tollgate/core';
import type { ApiMatch } from './api-path.js';

/** Providers by the ends of their hosts, as the price catalogue names them. */
const hosts: readonly (readonly [host: string, provider: string])[] = [
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['googleapis.com', 'google'],
  ['openai.azure.com', 'azure'],
  ['cognitiveservices.azure.com', 'azure'],
  ['services.ai.azure.com', 'azure'],
  ['api.mistral.ai', 'mistral'],
  ['api.deepseek.com', 'deepseek'],
  ['api.groq.com', 'groq'],
  ['api.x.ai', 'x-ai'],
  ['openrouter.ai', 'openrouter'],
  ['api.together.xyz', 'together'],
  ['api.fireworks.ai', 'fireworks'],
  ['api.cerebras.ai', 'cerebras'],
  ['api.perplexity.ai', 'perplexity'],
  ['api.cohere.com', 'cohere'],
  ['api.moonshot.ai', 'moonshotai'],
];

/** Whose call it is: as the transport says, else by host, else by path, else by the wire format's owner. */
export function providerOf(outgoing: OutgoingRequest, match: ApiMatch, fallback: string | undefined): string {
  if (outgoing.provider !== undefined) return outgoing.provider;
  const host = hostOf(outgoing.url);
  const known = host === '' ? undefined : hosts.find(([end]) => host === end || host.endsWith(`.${end}`));
  if (known) return known[1];
  if (match.azure) return 'azure';
  if (match.api === 'anthropic-messages') return 'anthropic';
  if (match.api === 'gemini-generate') return 'google';
  return fallback ?? 'openai';
}

function hostOf(url: string): string {
  const scheme = url.indexOf('://');
  if (scheme === -1) return '';
  const rest = url.slice(scheme + 3, scheme + 300);
  const end = rest.search(/[/?#]/);
  const authority = (end === -1 ? rest : rest.slice(0, end)).toLowerCase();
  return authority.slice(authority.lastIndexOf('@') + 1).split(':')[0] ?? '';
}
