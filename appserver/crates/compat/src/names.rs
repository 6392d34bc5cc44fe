//! Calls' names: the older clients write ids as `8-4-4-4-12` and choose some of them themselves.

use ringdown_protocol::{CallDirection, CallInfo};

/// The variable by which a call carries the id its caller's client gave it, so that the user's other clients and the
/// other side can name it alike.
pub const CALL_ID_VARIABLE: &str = "compat-call-id";

/// An id of 32 hexadecimal digits with dashes; anything else as it is.
pub fn dashed(id: &str) -> String {
    if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return id.to_owned();
    }
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// Whether a client's own id can name a call.
pub(crate) fn is_call_id(text: &str) -> bool {
    (1..=MAX_CALL_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The id the caller's client gave the call, if it gave one that can be used.
pub(crate) fn given_id(call: &CallInfo) -> Option<&str> {
    call.variables.get(CALL_ID_VARIABLE).map(String::as_str).filter(|id| is_call_id(id))
}

/// What names the user's side of a call: the id its client gave it; else, of a caller, the call's, which the other side
/// knows too; else the side's own.
pub(crate) fn side_id(call: &CallInfo) -> String {
    match call.direction {
        CallDirection::Outbound => given_id(call).map_or_else(|| dashed(&call.call_id), str::to_owned),
        CallDirection::Inbound => dashed(&call.id),
    }
}

/// The longest id a client may choose.
const MAX_CALL_ID: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_with_dashes() {
        assert_eq!(dashed("00112233445566778899aabbccddeeff"), "00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(dashed("short"), "short");
    }

    #[test]
    fn what_a_client_chooses_is_a_plain_word() {
        assert!(is_call_id("5e6659b8-8324-4f9d-b6ed-e7ef06057d07"));
        assert!(!is_call_id("") && !is_call_id("a b") && !is_call_id(&"a".repeat(65)));
    }
}
