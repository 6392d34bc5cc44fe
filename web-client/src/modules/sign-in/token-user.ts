// Whose an access token of the server's is.

/** The account's id an access token names; empty where it is none of the server's. The server alone can say whether it is good. */
export const userOfToken = (token: string): string => {
  const [version, claims = ''] = token.split('.');
  if (version !== 'v1') return '';
  try {
    const { u } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as { readonly u?: unknown };
    return typeof u === 'string' ? u : '';
  } catch {
    return '';
  }
};
