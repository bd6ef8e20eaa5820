const addresses =
  /^(?:localhost|127(?:\.\d+){3}|\[::1\]|10(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|\[f[cd][0-9a-f:]+\])$/;
const names = /^[^.[\]]+$|\.(?:local|internal|lan|localhost|svc|test)$/;

/**
 * Whether a URL's host is this machine, an address of a private network (RFC 1918, RFC 4193), or a name that only such a network resolves: without a
 * dot, or in `.local`, `.internal`, `.lan`, `.svc` and `.test`.
 */
export const isPrivateHost = (host: string): boolean => addresses.test(host) || names.test(host);
