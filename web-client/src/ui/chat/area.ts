// Chat.
export {};
