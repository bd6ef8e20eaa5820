/** The first part that identifies the owner of a counter, e.g. `tenant=acme`. */
const owner = /(^|\/)([^/={}]+=[^/{}]*)(?=\/|$)/;

/**
 * A limiter's key with a hash tag around its owner, e.g. `requests/plan/requests-min/requests/60000ms/{tenant=acme}/key=k1`: all windows of
 * one caller are in one slot of a cluster, and so on one connection. A key without an owner, or with braces in it, is unchanged.
 */
export function taggedKey(key: string): string {
  return /[{}]/.test(key) ? key : key.replace(owner, '$1{$2}');
}
