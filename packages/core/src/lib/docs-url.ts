/** The address of this release's site, which `npm run release -- --docs URL` writes here; '' in a checkout. */
const released: string = '';

/**
 * The beginning of all links to pages, from `TOLLGATE_DOCS_URL`, or the release's; '': no links. Throws a `TypeError` for what is no
 * address of a site.
 */
export function siteOf(setting: string | undefined, otherwise: string = released): string {
  const site = (setting ?? otherwise).replace(/\/+$/, '');
  if (site === '' || (URL.canParse(site) && /^https?:\/\/[^?#\s]+$/.test(site))) return site;
  throw new TypeError(
    `TOLLGATE_DOCS_URL must be the address of a copy of Tollgate's site, such as "https://docs.example.com", or empty for no links, not ${JSON.stringify(setting)}`,
  );
}

const site = siteOf(process.env.TOLLGATE_DOCS_URL);

/** The page about the code of an error or a warning; `undefined` where there is no site. */
export function docsUrlOf(code: string, at: string = site): string | undefined {
  return at === '' ? undefined : `${at}/docs/errors/${code}`;
}
