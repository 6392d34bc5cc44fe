// The words of Webitel's library, as its pages compare them.

/** What `socketStatus()` gives. */
export const ConnectionStatus = { Connected: 1, Disconnected: 2 } as const;
/** How a command went. */
export const WebitelCommandResponseTypes = { Success: 0, Fail: 1 } as const;
/** Why somebody is away: the argument of `busy()`. */
export const WebitelUserAwayCauseTypes = { OnBreak: 'ONBREAK', CallForwarding: 'CALLFORWARD', VoiceMail: 'VOICEMAIL', DoNotDisturb: 'DND', None: 'NONE' } as const;
/** The states of somebody's line. */
export const WebitelAccountStatusTypes = { Ready: 'ONHOOK', Busy: 'ISBUSY', Unregistered: 'NONREG' } as const;
/** What an error is of. */
export const WebitelErrorTypes = {
  Call: 'CALL-ERROR', Authentication: 'AUTH-ERROR', Agent: 'AGENT-ERROR', Connection: 'CONNECTION-ERROR', Command: 'COMMAND-ERROR', Event: 'EVENT-ERROR', Script: 'SCRIPT-ERROR',
} as const;
/** The argument of `setMute()` and `setMuteVideo()`: whether the microphone, the camera is on. */
export const WebitelMuteType = { On: 'on', Off: 'off', Toggle: 'toggle' } as const;
/** Whither a call goes. */
export const WebitelCallDirectionTypes = { Inbound: 'inbound', Outbound: 'outbound', Callback: 'callback' } as const;
/** The states of a call. */
export const WebitelCallStates = { Rinding: 1, Answered: 2, Hold: 3, Active: 4, Ended: 5 } as const;
/** The roles of accounts. */
export const WebitelUserRoleType = { Admin: 'admin', User: 'user' } as const;
