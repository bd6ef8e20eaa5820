/** Errors before a connection was established: the request cannot have reached a server. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

/** Whether a request that `fetch` rejected may have reached a server, by the codes of the error and its causes. */
export function wasSent(error: unknown): boolean {
  for (let cause = error; typeof cause === 'object' && cause !== null; ) {
    if ('code' in cause && neverSent.has(String(cause.code))) return false;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  return true;
}
