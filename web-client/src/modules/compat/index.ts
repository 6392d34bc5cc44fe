// Webitel's client object on this library: pages that were written for it go on as they are.
export { Webitel } from './webitel.js';
export type { WebitelError, WebitelMessage, WebitelParameters, WebitelResponse } from './webitel-words.js';
export type { WebitelCallInfo, WebitelSession } from './webitel-call.js';
export type { WebitelUserInfo } from './webitel-user.js';
export {
  ConnectionStatus, WebitelAccountStatusTypes, WebitelCallDirectionTypes, WebitelCallStates, WebitelCommandResponseTypes,
  WebitelErrorTypes, WebitelMuteType, WebitelUserAwayCauseTypes, WebitelUserRoleType,
} from './constants.js';
