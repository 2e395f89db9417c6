import { DownloadError } from './download-error';

const REDIRECTS = [301, 302, 303, 307, 308];
/** As fetch itself. */
const MOST_REDIRECTS = 20;

/**
 * `fetch` that never asks an http server on the way from an https address. It follows redirects itself: fetch follows
 * them all, and tells only where it ended.
 *
 * @throws DownloadError for a redirect to http, to another protocol, or after 20 of them
 */
export async function fetchEncrypted(
  url: string,
  init: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  let at = new URL(url);
  for (let followed = 0; ; followed++) {
    const response = await fetch(at, { ...init, redirect: 'manual' });
    const location = response.headers.get('location');
    if (!REDIRECTS.includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const refuse = (received: string, isFinal: boolean): never => {
      throw new DownloadError(url, received, isFinal);
    };
    if (followed === MOST_REDIRECTS) refuse(`more than ${MOST_REDIRECTS} redirects`, false);
    const next = URL.canParse(location, at) ? new URL(location, at) : refuse(`a redirect to ${location}`, true);
    if (!['http:', 'https:'].includes(next.protocol)) refuse(`a redirect to ${next}`, true);
    if (at.protocol === 'https:' && next.protocol !== 'https:') {
      refuse(`a redirect to ${next}, which is not encrypted`, true);
    }
    at = next;
  }
}
