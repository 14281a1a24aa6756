//! The master key, by which the keys of persons are wrapped. Where it is kept is not decided here.

use std::fmt;

use zeroize::Zeroizing;

/// 32 bytes, which are overwritten when the value is dropped. It is in no debug form.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

impl MasterKey {
    /// Reads 64 hexadecimal digits, as `openssl rand -hex 32` prints them; white space around them is passed over. `None`
    /// where that is not what the text is.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        if pairs.len() != 32 {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut key = Zeroizing::new([0; 32]);
        for (byte, [high, low]) in key.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(key))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_digits() {
        let check = |text: &str, byte: Option<u8>| {
            assert_eq!(MasterKey::parse(text).map(|key| key.bytes()[31]), byte, "{text:?}");
        };
        check(&"0f".repeat(32), Some(15));
        check(&format!("\n {}\r\n", "Ab".repeat(32)), Some(0xAB));
        check("", None);
        check(&"0f".repeat(31), None);
        check(&"0f".repeat(33), None);
        check(&format!("{}0", "0f".repeat(32)), None);
        check(&"0g".repeat(32), None);
        check(&format!("+{}", "0".repeat(63)), None);
        assert_eq!(format!("{:?}", MasterKey::parse(&"0f".repeat(32))), "Some(MasterKey)");
    }
}
