//! The check sum of Ogg pages (RFC 3533 §6): CRC-32 with polynomial 0x04c11db7, nothing reflected, nothing inverted.

/// The check sum of `bytes`, going on from `sum`; begin with 0.
pub(crate) fn checksum(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, &byte| (sum << 8) ^ TABLE[usize::from((sum >> 24) as u8 ^ byte)])
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut entry = (index as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            entry = if entry & 0x8000_0000 == 0 { entry << 1 } else { (entry << 1) ^ 0x04c1_1db7 };
            bit += 1;
        }
        table[index] = entry;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn the_known_value_of_this_polynomial() {
        // "CRC-32/MPEG-2" without its initial ones is that of the text behind four octets of ones, complemented.
        assert_eq!(checksum(0, b""), 0);
        assert_eq!(checksum(0xffff_ffff, b"123456789"), 0x0376_e6e7);
        assert_eq!(checksum(checksum(0, b"1234"), b"56789"), checksum(0, b"123456789"));
    }
}
