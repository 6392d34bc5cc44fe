//! H.264's `profile-level-id` (RFC 6184 §8.1): which profile, and up to which level.

use ringdown_types::H264Profile;

/// The three bytes of `profile-level-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProfileLevelId {
    /// `profile_idc` and `profile-iop`: they name the profile.
    pub(super) profile: [u8; 2],
    /// `level_idc`, ten times the level; level 1b counts as 1.
    pub(super) level: u8,
}

impl ProfileLevelId {
    /// What stands for a format without the parameter: Baseline, as RFC 6184 §8.1 says, but at level 3.1. Its level 1
    /// is 176×144, and no telephone that forgets the parameter means that.
    pub(super) const UNSAID: Self = Self { profile: [0x42, 0x00], level: 31 };

    /// Reads six hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() != 6 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let [_, idc, iop, level] = u32::from_str_radix(text, 16).ok()?.to_be_bytes();
        // Level 1b: constraint_set3_flag with level 1.1 below the High profiles, 9 in them.
        let is_1b = level == 9 || level == 11 && iop & 0x10 != 0 && matches!(idc, 0x42 | 0x4D | 0x58);
        Some(Self { profile: [idc, iop], level: if is_1b { 10 } else { level } })
    }

    /// RFC 6184 §8.1, table 5. `None` for a profile no device here speaks.
    pub(super) fn profile(self) -> Option<H264Profile> {
        let [idc, iop] = self.profile;
        let fits = |mask, value| iop & mask == value;
        match idc {
            0x42 => Some(H264Profile::Baseline),
            0x4D if fits(0x80, 0x80) => Some(H264Profile::Baseline),
            0x4D if fits(0xAF, 0x00) => Some(H264Profile::Main),
            0x58 if fits(0xCF, 0xC0) => Some(H264Profile::Baseline),
            0x58 if fits(0xCF, 0x00) => Some(H264Profile::Extended),
            0x64 if iop == 0x00 => Some(H264Profile::High),
            0x64 if iop == 0x0C => Some(H264Profile::ConstrainedHigh),
            0xF4 if iop == 0x00 => Some(H264Profile::PredictiveHigh444),
            _ => None,
        }
    }

    /// The bytes we write for a profile a peer has not written yet.
    pub(super) const fn bytes_of(profile: H264Profile) -> [u8; 2] {
        match profile {
            H264Profile::Baseline => [0x42, 0xE0],
            H264Profile::Main => [0x4D, 0x00],
            H264Profile::Extended => [0x58, 0x00],
            H264Profile::ConstrainedHigh => [0x64, 0x0C],
            H264Profile::High => [0x64, 0x00],
            H264Profile::PredictiveHigh444 => [0xF4, 0x00],
        }
    }

    /// The parameter's value.
    pub(super) fn value(self) -> String {
        let [idc, iop] = self.profile;
        format!("{idc:02x}{iop:02x}{:02x}", self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(text: &str) -> Option<H264Profile> {
        ProfileLevelId::parse(text)?.profile()
    }

    #[test]
    fn what_browsers_and_telephones_write() {
        for baseline in ["42e01f", "42001f", "42801F", "42c01e", "420029", "4d801f", "58f01f"] {
            assert_eq!(profile(baseline), Some(H264Profile::Baseline), "{baseline}");
        }
        assert_eq!(profile("4d001f"), Some(H264Profile::Main));
        assert_eq!(profile("58001f"), Some(H264Profile::Extended));
        assert_eq!(profile("64001f"), Some(H264Profile::High));
        assert_eq!(profile("640c1f"), Some(H264Profile::ConstrainedHigh));
        assert_eq!(profile("f4001f"), Some(H264Profile::PredictiveHigh444));
        assert_eq!(profile("53001f"), None, "scalable baseline");
        assert_eq!(profile("42e01"), None);
        assert_eq!(profile("+2e01f"), None);
    }

    #[test]
    fn level_1b_counts_as_level_1() {
        let level = |text| ProfileLevelId::parse(text).map(|id| id.level);
        assert_eq!(level("42f00b"), Some(10));
        assert_eq!(level("640009"), Some(10));
        assert_eq!(level("42e00b"), Some(11));
    }

    #[test]
    fn each_profile_prints_and_reads_back() {
        use H264Profile as P;
        for wanted in [P::Baseline, P::Main, P::Extended, P::ConstrainedHigh, P::High, P::PredictiveHigh444] {
            let id = ProfileLevelId { profile: ProfileLevelId::bytes_of(wanted), level: 31 };
            assert_eq!(profile(&id.value()), Some(wanted));
        }
    }
}
