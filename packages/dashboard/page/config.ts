/** What the server says of this page, in a `<meta>`: a script in the page would need a looser policy. */
interface Config {
  readonly title: string;
  /** Whether there is a form to log in with a key. */
  readonly login: boolean;
  /** Where callers read their own limits, relative to this page; absent: nowhere. */
  readonly own?: string;
  /** Where they read their past usage. */
  readonly history?: string;
}

const text = document.querySelector('meta[name="tollgate"]')?.getAttribute('content');

export const config: Config = { title: 'Tollgate', login: false, ...(text ? JSON.parse(text) : {}) };
