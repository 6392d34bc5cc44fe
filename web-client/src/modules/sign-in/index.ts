// Signing in with a name and a password, beside the library: a page whose server obtains tokens needs none of it.
export { SignIn } from './sign-in.js';
export { userOfToken } from './token-user.js';
export type { SignInMethods, SignInProvider } from '../../protocol/generated.js';
export type { SignInOptions, TokenStore } from './sign-in.js';
