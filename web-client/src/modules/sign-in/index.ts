// Signing in with a name and a password, beside the library: a page whose server obtains tokens needs none of it.
export { SignIn } from './sign-in.js';
export type { SignInOptions, TokenStore } from './sign-in.js';
