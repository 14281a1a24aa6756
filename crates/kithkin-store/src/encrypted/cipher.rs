//! Bytes of one person, encrypted and read back with the person's key.
//!
//! A ciphertext is the number of the key, a nonce, and what XChaCha20-Poly1305 makes of the bytes, bound to where they
//! stand. The nonce is a keyed hash of the bytes and of where they stand: the same content in the same place gives the same
//! ciphertext, so that the store below still sees that nothing has changed, and content that differs in a bit, or stands
//! elsewhere, has nothing in common with it. No nonce is used for two contents, whatever the system's random numbers are
//! worth. What stands where is not decided here.

use std::fmt;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Key, Tag, XChaCha20Poly1305, XNonce};
use kithkin_core::Scope;
use zeroize::{Zeroize, Zeroizing};

/// What the key of a person is told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyId(pub(crate) [u8; 8]);

/// The key of a person as it was drawn.
pub(crate) type PersonKey = Zeroizing<[u8; 32]>;

const ID: usize = 8;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Sets what the two keys are for apart, and names the form of what is written: another form is another context.
const ENCRYPT: &str = "kithkin 2026 person encryption 1";
const NUMBER: &str = "kithkin 2026 person nonce 1";

/// Encrypts and decrypts with the key of one person.
pub(crate) struct Cipher {
    id: KeyId,
    aead: XChaCha20Poly1305,
    nonce_key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cipher").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why bytes cannot be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// They are too short to be a ciphertext.
    Short,
    /// They were changed, or are those of another place.
    Changed,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "it is too short to be encrypted",
            Self::Changed => "it does not decrypt: it was changed, or put where another was",
        })
    }
}

impl Cipher {
    pub(crate) fn new(id: KeyId, key: &PersonKey) -> Self {
        Self { id, aead: aead(ENCRYPT, key), nonce_key: Zeroizing::new(blake3::derive_key(NUMBER, key.as_slice())) }
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// The ciphertext of `plain`, which is read back only where it stands.
    pub(crate) fn seal(&self, stands: &Standing, plain: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let mut nonce = [0; NONCE];
        let mut hasher = blake3::Hasher::new_keyed(&self.nonce_key);
        // The place has its length before it, as each of its fields.
        hasher.update(&(stands.0.len() as u64).to_le_bytes()).update(&stands.0).update(plain);
        hasher.finalize_xof().fill(&mut nonce);
        hasher.zeroize();
        let mut sealed = Vec::with_capacity(ID + NONCE + plain.len() + TAG);
        sealed.extend_from_slice(&self.id.0);
        sealed.extend_from_slice(&seal(&self.aead, nonce, &stands.0, plain)?);
        Ok(sealed)
    }

    /// What was encrypted with this key.
    pub(crate) fn open(&self, stands: &Standing, sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
        open(&self.aead, &stands.0, sealed.get(ID..).ok_or(Unreadable::Short)?)
    }
}

/// The key that a ciphertext needs.
pub(crate) fn key_of(sealed: &[u8]) -> Result<KeyId, Unreadable> {
    sealed.first_chunk::<ID>().map(|id| KeyId(*id)).ok_or(Unreadable::Short)
}

/// The cipher of a key for one purpose.
pub(super) fn aead(context: &str, key: &[u8; 32]) -> XChaCha20Poly1305 {
    let derived = Zeroizing::new(blake3::derive_key(context, key));
    // By reference: a copy of it would not be overwritten.
    XChaCha20Poly1305::new(<&Key>::from(&*derived))
}

/// The nonce, the ciphertext and the tag.
pub(super) fn seal(
    aead: &XChaCha20Poly1305,
    nonce: [u8; NONCE],
    bound: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, Unreadable> {
    let mut sealed = Vec::with_capacity(NONCE + plain.len() + TAG);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let (_, body) = sealed.split_at_mut(NONCE);
    // It fails for more bytes than any record has.
    let tag = aead.encrypt_inout_detached(&XNonce::from(nonce), bound, body.into()).map_err(|_| Unreadable::Changed)?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// What [`seal`] encrypted.
pub(super) fn open(aead: &XChaCha20Poly1305, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(Unreadable::Short)?;
    let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(Unreadable::Short)?;
    let mut plain = body.to_vec();
    aead.decrypt_inout_detached(&XNonce::from(*nonce), bound, plain.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| Unreadable::Changed)?;
    Ok(plain)
}

/// Where content stands: whose it is, of what kind, and by which names and numbers.
#[derive(Debug, Clone)]
pub(crate) struct Standing(Vec<u8>);

impl Standing {
    pub(crate) fn new(scope: &Scope, kind: &str) -> Self {
        Self(Vec::with_capacity(128)).text(scope.tenant.as_str()).text(scope.person.as_str()).text(kind)
    }

    /// The length before each field keeps ("ab", "c") apart from ("a", "bc").
    pub(crate) fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).bytes(text.as_bytes())
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher(key: u8) -> Cipher {
        Cipher::new(KeyId([key; 8]), &Zeroizing::new([key; 32]))
    }

    fn standing(person: &str, kind: &str) -> Standing {
        Standing::new(&Scope::new("t".parse().unwrap(), person.parse().unwrap()), kind)
    }

    #[test]
    fn only_the_same_content_in_the_same_place_is_the_same_ciphertext() {
        let seal = |key, person: &str, kind: &str, plain: &str| {
            cipher(key).seal(&standing(person, kind), plain.as_bytes()).unwrap()
        };
        let first = seal(1, "ann", "turn", "hello");
        assert_eq!(seal(1, "ann", "turn", "hello"), first);
        assert_eq!(first.len(), 8 + 24 + 5 + 16);
        for other in [
            seal(1, "ann", "turn", "hellp"),
            seal(1, "ann", "memory", "hello"),
            seal(1, "bo", "turn", "hello"),
            seal(2, "ann", "turn", "hello"),
        ] {
            let same = other[8..].iter().zip(&first[8..]).filter(|(a, b)| a == b).count();
            assert!(same < 10, "{other:?}");
        }
    }

    #[test]
    fn what_is_changed_moved_or_cut_is_not_read() {
        let sealed = cipher(1).seal(&standing("ann", "turn"), b"hello").unwrap();
        assert_eq!(cipher(1).open(&standing("ann", "turn"), &sealed).unwrap().as_slice(), b"hello");
        assert_eq!(key_of(&sealed), Ok(KeyId([1; 8])));
        let check = |key, stands: Standing, sealed: &[u8], why| {
            assert_eq!(cipher(key).open(&stands, sealed).unwrap_err(), why);
        };
        check(2, standing("ann", "turn"), &sealed, Unreadable::Changed);
        check(1, standing("bo", "turn"), &sealed, Unreadable::Changed);
        check(1, standing("ann", "memory"), &sealed, Unreadable::Changed);
        check(1, standing("ann", "turn").number(1), &sealed, Unreadable::Changed);
        for at in 8..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            check(1, standing("ann", "turn"), &changed, Unreadable::Changed);
        }
        check(1, standing("ann", "turn"), &sealed[..sealed.len() - 1], Unreadable::Changed);
        check(1, standing("ann", "turn"), &sealed[..47], Unreadable::Short);
        check(1, standing("ann", "turn"), &sealed[..3], Unreadable::Short);
        assert_eq!(key_of(&sealed[..3]), Err(Unreadable::Short));
    }

    #[test]
    fn fields_keep_their_borders() {
        let parts = |a: &str, b: &str| standing("ann", "turn").text(a).text(b).0;
        assert_ne!(parts("ab", "c"), parts("a", "bc"));
    }

    #[test]
    fn no_debug_form_has_a_key() {
        assert_eq!(format!("{:?}", cipher(7)), "Cipher { id: KeyId([7, 7, 7, 7, 7, 7, 7, 7]), .. }");
    }
}
