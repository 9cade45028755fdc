/** Which page the fragment of the address names. The fragment stays in the browser and holds opaque ids only. */

export type Route = { page: 'inbox' } | { page: 'study'; id: string } | { page: 'invitations' };

export function routeOf(fragment: string): Route {
  const [page = '', id = ''] = fragment.replace(/^#?\/?/, '').split('/');
  if (page === 'studies' && id !== '') return { page: 'study', id: decoded(id) };
  if (page === 'invitations') return { page: 'invitations' };
  return { page: 'inbox' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function addressOf(route: Route): string {
  if (route.page === 'study') return `#/studies/${encodeURIComponent(route.id)}`;
  return route.page === 'invitations' ? '#/invitations' : '#/';
}
