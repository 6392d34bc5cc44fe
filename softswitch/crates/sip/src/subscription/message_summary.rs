//! `application/simple-message-summary`: the voicemail lamp (RFC 3842).

use std::fmt::Write;

/// Waiting voicemail of one mailbox.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct MessageSummary {
    /// Where to call to hear it: a SIP URI; empty to say nothing.
    pub account: String,
    /// All messages.
    pub voice: MessageCount,
    /// The urgent ones among them.
    pub urgent: MessageCount,
}

/// How many messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct MessageCount {
    /// Not heard yet.
    pub new: u32,
    /// Heard.
    pub old: u32,
}

/// Shows no address.
impl std::fmt::Debug for MessageSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageSummary").field("voice", &self.voice).finish_non_exhaustive()
    }
}

impl MessageSummary {
    /// RFC 3842 §5.2.
    pub(super) fn render(&self) -> String {
        let waiting = if self.voice.new > 0 { "yes" } else { "no" };
        let mut text = format!("Messages-Waiting: {waiting}\r\n");
        // Writing to a text cannot fail.
        if !self.account.is_empty() {
            let account = self.account.replace(['\r', '\n'], "");
            let _ = write!(text, "Message-Account: {account}\r\n");
        }
        let (voice, urgent) = (self.voice, self.urgent);
        let _ =
            write!(text, "Voice-Message: {}/{} ({}/{})\r\n", voice.new, voice.old, urgent.new, urgent.old);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lamp_is_on_for_new_messages_only() {
        let mut summary = MessageSummary { account: "sip:*97@pbx".into(), ..MessageSummary::default() };
        summary.voice = MessageCount { new: 2, old: 8 };
        assert_eq!(
            summary.render(),
            "Messages-Waiting: yes\r\nMessage-Account: sip:*97@pbx\r\nVoice-Message: 2/8 (0/0)\r\n"
        );
        summary.voice.new = 0;
        assert!(summary.render().starts_with("Messages-Waiting: no\r\n"));
    }
}
