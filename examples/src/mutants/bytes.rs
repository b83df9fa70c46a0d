//! Ways to spoil the bytes of a proof.

use super::below;
use dmledger_zk::group::{self, Point, Scalar};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};

/// Ways to spoil bytes.
pub(super) const KINDS: usize = 17;

const ELEMENT: usize = 32;

/// Spoils a proof's bytes; `other` is another proof of the family. Elements begin at `offset` and every 32 bytes on.
/// The result may be what it was: the caller looks.
pub(super) fn spoil(bytes: &[u8], other: &[u8], offset: usize, rng: &mut ChaCha20Rng) -> (&'static str, Vec<u8>) {
    let mut out = bytes.to_vec();
    let elements = (bytes.len().saturating_sub(offset)) / ELEMENT;
    let place = below(elements, rng);
    let at = offset + ELEMENT * place;
    let kind = below(KINDS, rng);
    let name = match kind {
        0 => flip(&mut out, rng),
        1 => replace_bytes(&mut out, 1, rng),
        2 => replace_bytes(&mut out, 2 + below(6, rng), rng),
        3 => {
            let end = below(bytes.len(), rng);
            out.truncate(end);
            "cut short"
        }
        4 => {
            let more = 1 + below(64, rng);
            let zeros = rng.next_u32().is_multiple_of(2);
            out.extend((0..more).map(|_| if zeros { 0 } else { rng.next_u32().to_le_bytes()[0] }));
            "trailing bytes"
        }
        5 if elements > 1 => {
            out.drain(at..at + ELEMENT);
            "element left out"
        }
        6 => {
            let again: Vec<u8> = bytes.iter().skip(at).take(ELEMENT).copied().collect();
            out.splice(at..at, again);
            "element put in twice"
        }
        7 => {
            let from = offset + ELEMENT * below(elements, rng);
            swap(&mut out, at, from);
            "elements swapped"
        }
        8 => {
            let from = offset + ELEMENT * below(elements, rng);
            set(&mut out, at, bytes.get(from..from + ELEMENT));
            "element copied"
        }
        9 => {
            set(&mut out, at, other.get(at..at + ELEMENT));
            "element of another proof"
        }
        10 => {
            set(&mut out, at, Some(&[0; ELEMENT]));
            "identity or zero"
        }
        11 => {
            set(&mut out, at, Some(&[0xff; ELEMENT]));
            "no element"
        }
        kind => arithmetic(&mut out, at, kind, rng),
    };
    (name, out)
}

/// Changes that keep elements well formed, or only just not.
fn arithmetic(out: &mut [u8], at: usize, kind: usize, rng: &mut ChaCha20Rng) -> &'static str {
    let element: Option<[u8; ELEMENT]> = out.get(at..at + ELEMENT).and_then(|bytes| bytes.try_into().ok());
    let scalar = element.and_then(|bytes| group::decode_scalar(&bytes).ok());
    let point = element.and_then(|bytes| group::decode_point(&bytes).ok());
    let (changed, name) = match kind {
        12 => (scalar.map(|scalar| plus_order(&scalar)), "scalar plus the order"),
        13 => {
            let small = Scalar::from(u64::from(1 + rng.next_u32() % 4));
            let by = [small, -small, draw_scalar(rng)][below(3, rng)];
            (scalar.map(|scalar| (scalar + by).to_bytes()), "scalar moved")
        }
        14 => (scalar.map(|scalar| (-scalar).to_bytes()), "scalar negated"),
        15 => {
            let by = [group::value_base(), group::blinding_base(), draw_point(rng)][below(3, rng)];
            (point.map(|point| group::encode_point(&(point + by))), "point moved")
        }
        _ => (point.map(|point| group::encode_point(&-point)), "point negated"),
    };
    set(out, at, changed.as_ref().map(<[u8; ELEMENT]>::as_slice));
    name
}

fn flip(out: &mut [u8], rng: &mut ChaCha20Rng) -> &'static str {
    let at = below(out.len(), rng);
    if let Some(byte) = out.get_mut(at) {
        *byte ^= 1 << below(8, rng);
    }
    "bit flipped"
}

fn replace_bytes(out: &mut [u8], count: usize, rng: &mut ChaCha20Rng) -> &'static str {
    for _ in 0..count {
        let at = below(out.len(), rng);
        if let Some(byte) = out.get_mut(at) {
            *byte = rng.next_u32().to_le_bytes()[0];
        }
    }
    if count == 1 { "byte replaced" } else { "several bytes replaced" }
}

fn swap(out: &mut [u8], first: usize, second: usize) {
    for place in 0..ELEMENT {
        if first.max(second) + place < out.len() {
            out.swap(first + place, second + place);
        }
    }
}

fn set(out: &mut [u8], at: usize, element: Option<&[u8]>) {
    if let Some((to, from)) = out.get_mut(at..at + ELEMENT).zip(element) {
        to.copy_from_slice(from);
    }
}

/// The same residue, not in its canonical encoding.
fn plus_order(scalar: &Scalar) -> [u8; ELEMENT] {
    let mut order = (-Scalar::ONE).to_bytes();
    order[0] += 1;
    let mut carry = 0;
    let mut sum = scalar.to_bytes();
    for (byte, more) in sum.iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(more);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    sum
}

/// The proof with one of its scalars changed by a number; `None` where no scalar stands.
pub(super) fn moved(bytes: &[u8], at: usize, by: &Scalar) -> Option<Vec<u8>> {
    let element: [u8; ELEMENT] = bytes.get(at..at + ELEMENT)?.try_into().ok()?;
    let mut out = bytes.to_vec();
    set(&mut out, at, Some(&(group::decode_scalar(&element).ok()? + by).to_bytes()));
    Some(out)
}

pub(super) fn draw_scalar(rng: &mut ChaCha20Rng) -> Scalar {
    let mut wide = [0; 64];
    rng.fill_bytes(&mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

pub(super) fn draw_point(rng: &mut ChaCha20Rng) -> Point {
    let mut wide = [0; 64];
    rng.fill_bytes(&mut wide);
    group::point_from_uniform(&wide)
}
