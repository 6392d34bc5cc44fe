//! GRUUs: URIs that reach one device of a user (RFC 5627).
//!
//! A public one is the address of record with the device's instance id. A temporary one tells nothing of its owner and
//! cannot be linked with another: it is the binding's number, encrypted, so that handing one out with every REGISTER
//! costs no memory (RFC 5627 appendix A.2 does likewise).

use hmac::{Hmac, KeyInit, Mac};
use ringdown_types::Random;
use sha2::Sha256;

use super::{Binding, BindingId};
use crate::message::{Params, SipUri, Uri};

/// The keys of temporary GRUUs. They live as long as the registrar: so do bindings.
#[derive(Clone)]
pub(super) struct Gruus {
    cipher: Hmac<Sha256>,
    proof: Hmac<Sha256>,
    issued: u64,
}

/// What a temporary GRUU holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inside {
    pub(super) binding: BindingId,
    /// Grows when the device begins anew, which voids the ones before.
    pub(super) epoch: u32,
}

const NONCE: usize = 8;
const CONTENT: usize = 12;
const PROOF: usize = 10;
const LENGTH: usize = NONCE + CONTENT + PROOF;
/// What the user part of a temporary GRUU begins with.
const PREFIX: &str = "tgruu.";

impl Gruus {
    pub(super) fn new(random: &mut dyn Random) -> Self {
        let mut key = || {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            Hmac::new_from_slice(&bytes).expect("HMAC takes keys of any length")
        };
        Self { cipher: key(), proof: key(), issued: 0 }
    }

    /// The user part of a fresh temporary GRUU.
    pub(super) fn issue(&mut self, inside: Inside) -> String {
        self.issued += 1;
        let mut bytes = [0; LENGTH];
        let (nonce, rest) = bytes.split_at_mut(NONCE);
        let (content, proof) = rest.split_at_mut(CONTENT);
        nonce.copy_from_slice(&self.issued.to_be_bytes());
        content[..8].copy_from_slice(&inside.binding.0.to_be_bytes());
        content[8..].copy_from_slice(&inside.epoch.to_be_bytes());
        self.crypt(nonce, content);
        proof.copy_from_slice(&self.proof(nonce, content).finalize().into_bytes()[..PROOF]);
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{PREFIX}{digits}")
    }

    /// What a user part holds; `None` if it is no temporary GRUU of ours.
    pub(super) fn open(&self, user: &str) -> Option<Inside> {
        let digits = user.strip_prefix(PREFIX).filter(|digits| digits.len() == 2 * LENGTH)?;
        let mut bytes = [0; LENGTH];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        let (nonce, rest) = bytes.split_at_mut(NONCE);
        let (content, proof) = rest.split_at_mut(CONTENT);
        // Compares in constant time.
        self.proof(nonce, content).verify_truncated_left(proof).ok()?;
        self.crypt(nonce, content);
        let (binding, epoch) = content.split_first_chunk::<8>()?;
        Some(Inside {
            binding: BindingId(u64::from_be_bytes(*binding)),
            epoch: u32::from_be_bytes(*epoch.first_chunk::<4>()?),
        })
    }

    /// A keystream of which no part is used twice, as no nonce is.
    fn crypt(&self, nonce: &[u8], content: &mut [u8]) {
        let mut mac = self.cipher.clone();
        mac.update(nonce);
        let stream = mac.finalize().into_bytes();
        content.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
    }

    fn proof(&self, nonce: &[u8], content: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.proof.clone();
        mac.update(nonce);
        mac.update(content);
        mac
    }

    /// The GRUU parameters of a binding in the 200 of a REGISTER for `aor` (RFC 5627 §5.3).
    pub(super) fn listed(&mut self, aor: &Uri, binding: &Binding) -> Option<(String, String)> {
        let (aor, instance) = (aor.sip()?, gr_of(binding.instance()?)?);
        let uri = |user: &str, gr| {
            let mut uri = SipUri::new(Some(user), aor.host.clone(), aor.port);
            uri.secure = aor.secure;
            uri.params = Params::new().with("gr", gr);
            Uri::from(uri).to_string()
        };
        let temporary = self.issue(Inside { binding: binding.id(), epoch: binding.epoch() });
        Some((uri(&aor.decoded_user()?, Some(instance)), uri(&temporary, None)))
    }
}

impl std::fmt::Debug for Gruus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gruus(‹secret›)")
    }
}

/// The `gr` parameter of an instance id, which is a URN in quotes and angle brackets; `None` if it is not.
pub(super) fn gr_of(instance: &str) -> Option<&str> {
    let urn = instance.trim_matches('"').strip_prefix('<')?.strip_suffix('>')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    (!urn.is_empty() && urn.len() <= 128 && urn.bytes().all(is_plain)).then_some(urn)
}

#[cfg(test)]
mod tests {
    use ringdown_types::SeededRandom;

    use super::*;

    #[test]
    fn a_temporary_gruu_is_ours_alone_and_never_the_same() {
        let mut gruus = Gruus::new(&mut SeededRandom::new(1));
        let inside = Inside { binding: BindingId(7), epoch: 3 };
        let (one, two) = (gruus.issue(inside), gruus.issue(inside));
        assert_ne!(one, two);
        assert_eq!((gruus.open(&one), gruus.open(&two)), (Some(inside), Some(inside)));
        let forged = one.replace(&one[20..24], "0000");
        assert_eq!(gruus.open(&forged), None);
        assert_eq!(Gruus::new(&mut SeededRandom::new(2)).open(&one), None);
        assert_eq!(gruus.open("101"), None);
        assert_eq!(gruus.open(&format!("tgruu.{}", "é".repeat(30))), None);
    }

    #[test]
    fn an_instance_that_is_no_urn_has_no_gruu() {
        assert_eq!(gr_of("\"<urn:uuid:f81d4fae>\""), Some("urn:uuid:f81d4fae"));
        for bad in ["urn:uuid:1", "\"<>\"", "\"<urn:a;b>\"", "\"<urn:a b>\""] {
            assert_eq!(gr_of(bad), None, "{bad}");
        }
    }
}
