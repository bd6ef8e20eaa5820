import type { Route } from './route-of.js';

/** A URL with its model replaced, where the model is part of the path (Azure, Gemini). */
export function urlWithModel(url: string, match: Route, model: string): string {
  if (match.model === undefined) return url;
  const lower = url.toLowerCase();
  const marker = match.azure ? '/deployments/' : 'models/';
  const start = lower.indexOf(marker) + marker.length;
  const end = lower.indexOf(match.azure ? '/' : ':', start);
  if (start < marker.length || end === -1) return url;
  return url.slice(0, start) + encodeURIComponent(model) + url.slice(end);
}
