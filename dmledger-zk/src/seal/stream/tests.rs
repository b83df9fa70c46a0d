use super::*;
use crate::seal::testing::{record_id, rng};
use crate::seal::{DataKey, Hedge};
use aead::{KeyInit, Payload};
use aead_stream::{NewStream, StreamBE32, StreamPrimitive};
use chacha20poly1305::ChaCha20Poly1305;
use proptest::prelude::*;

const SUITE: SealSuite = SealSuite::XWingChaCha20;

fn key() -> DataKey {
    DataKey::generate(&record_id(1), &Hedge::Sequence(1), &mut rng(1))
}

fn header() -> Digest {
    Digest::new([8; 32])
}

fn plaintext(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8 | 1).collect()
}

fn seal(plaintext: &[u8], step: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sealer = Sealer::new(SUITE, key(), header(), plaintext.len() as u64).unwrap();
    for part in plaintext.chunks(step) {
        sealer.update(part, &mut out).unwrap();
    }
    sealer.finish(&mut out).unwrap();
    out
}

fn opener(len: usize) -> Opener {
    Opener::new(SUITE, &key(), header(), len as u64).unwrap()
}

const LENGTHS: [usize; 10] =
    [0, 1, 255, 256, 257, CHUNK_PLAINTEXT - 1, CHUNK_PLAINTEXT, CHUNK_PLAINTEXT + 1, 3 * CHUNK_PLAINTEXT, 1 << 18];

#[test]
fn every_length_reads_back_whatever_the_pieces_it_came_in() {
    for len in LENGTHS {
        let plaintext = plaintext(len);
        let whole = seal(&plaintext, len.max(1));
        assert_eq!(whole.len() as u64, opener(len).layout().sealed_len());
        assert_eq!(opener(len).all(&whole).unwrap().as_slice(), plaintext);
        for step in [4093, CHUNK_PLAINTEXT, CHUNK_PLAINTEXT + 1, CHUNK_BYTES] {
            assert_eq!(seal(&plaintext, step), whole, "{len} bytes in pieces of {step}");
        }
    }
}

proptest! {
    #[test]
    fn a_chunk_opens_alone(len in 1_usize..300_000, at in any::<prop::sample::Index>()) {
        let (plaintext, at) = (plaintext(len), at.index(len));
        let (opener, sealed) = (opener(len), seal(&plaintext, len));
        let index = opener.layout().chunk_of(at as u64);
        let range = opener.layout().sealed_range(index).unwrap();
        let mut out = vec![7];
        opener.chunk(index, &sealed[range.start as usize..range.end as usize], &mut out).unwrap();
        let start = index as usize * CHUNK_PLAINTEXT;
        prop_assert_eq!(&out[1..], &plaintext[start..len.min(start + CHUNK_PLAINTEXT)]);
        prop_assert_eq!(out[1 + at - start], plaintext[at]);
    }

    #[test]
    fn padding_hides_the_length_and_costs_at_most_an_eighth(len in 0_u64..=MAX_PLAINTEXT) {
        let padded = Layout::of_plaintext(len).unwrap().padded();
        prop_assert!(padded >= len && padded >= MIN_PADDED);
        prop_assert!(padded == MIN_PADDED || (padded - len) * 8 <= len, "{len} -> {padded}");
        prop_assert_eq!(Layout::of_padded(padded).unwrap().padded(), padded);
    }
}

#[test]
fn an_announced_length_that_nothing_is_padded_to_is_refused() {
    for padded in [0, 255, 257, CHUNK_PLAINTEXT as u64, MAX_PLAINTEXT - 1] {
        assert!(matches!(Layout::of_padded(padded), Err(StreamError::Length { .. })), "{padded}");
    }
    let over = MAX_PLAINTEXT + 1;
    assert_eq!(Layout::of_plaintext(over), Err(StreamError::TooLong { len: over, max: MAX_PLAINTEXT }));
    assert_eq!(Layout::of_plaintext(u64::MAX), Err(StreamError::TooLong { len: u64::MAX, max: MAX_PLAINTEXT }));
}

#[test]
fn reordered_duplicated_truncated_and_extended_chunks_are_refused() {
    let len = 4 * CHUNK_PLAINTEXT;
    let sealed = seal(&plaintext(len), len);
    let opener = opener(len);
    let chunks: Vec<_> = sealed.chunks(CHUNK_BYTES).collect();
    let mut swapped = chunks.clone();
    swapped.swap(1, 2);
    let mut doubled = chunks.clone();
    doubled[2] = chunks[1];
    for altered in [swapped, doubled] {
        assert_eq!(opener.all(&altered.concat()).unwrap_err(), StreamError::Inauthentic(Inauthentic));
    }
    let announced = sealed.len() as u64;
    for cut in [1, TAG_BYTES, chunks[4].len(), CHUNK_BYTES] {
        let found = announced - cut as u64;
        let refused = StreamError::Length { found, announced };
        assert_eq!(opener.all(&sealed[..sealed.len() - cut]).unwrap_err(), refused);
    }
    let longer = [&sealed[..], chunks[4]].concat();
    let refused = StreamError::Length { found: longer.len() as u64, announced };
    assert_eq!(opener.all(&longer).unwrap_err(), refused);
}

#[test]
fn the_last_chunk_flag_refuses_a_prefix_and_a_continuation_under_a_lying_layout() {
    let cipher = || SUITE.cipher(key().secret());
    let chunks = |padded| Chunks { cipher: cipher(), header: header(), layout: Layout { padded } };
    let (one, two) = (CHUNK_PLAINTEXT as u64, 2 * CHUNK_PLAINTEXT as u64);
    let sealed = |padded, index| {
        let mut out = plaintext(CHUNK_PLAINTEXT);
        chunks(padded).seal(index, 0, &mut out).unwrap();
        out
    };
    let open = |padded, index, sealed: &[u8]| chunks(padded).open(index, sealed, &mut Vec::new());
    assert_eq!(open(two, 0, &sealed(two, 0)), Ok(()));
    assert_eq!(open(one, 0, &sealed(two, 0)), Err(Inauthentic.into()));
    assert_eq!(open(two, 0, &sealed(one, 0)), Err(Inauthentic.into()));
    assert_eq!(open(one, 1, &sealed(two, 1)), Err(StreamError::NoSuchChunk { index: 1, chunks: 1 }));
}

#[test]
fn chunks_of_another_record_or_key_are_refused() {
    let len = 1000;
    let sealed = seal(&plaintext(len), len);
    let other_header = Opener::new(SUITE, &key(), Digest::new([9; 32]), len as u64).unwrap();
    let other_key = DataKey::generate(&record_id(2), &Hedge::Sequence(1), &mut rng(1));
    let other_key = Opener::new(SUITE, &other_key, header(), len as u64).unwrap();
    for opener in [other_header, other_key] {
        let mut out = vec![1, 2];
        assert_eq!(opener.chunk(0, &sealed, &mut out), Err(Inauthentic.into()));
        assert_eq!(out, [1, 2], "nothing is released");
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    let len = 300;
    let sealed = seal(&plaintext(len), len);
    for i in 0..sealed.len() {
        let mut sealed = sealed.clone();
        sealed[i] ^= 0x80;
        assert_eq!(opener(len).all(&sealed).unwrap_err(), StreamError::Inauthentic(Inauthentic), "byte {i}");
    }
}

#[test]
fn padding_that_is_not_zero_is_refused() {
    let sealed = seal(&plaintext(250), 250);
    assert_eq!(opener(240).all(&sealed).unwrap_err(), StreamError::Inauthentic(Inauthentic));
    assert_eq!(opener(256).all(&sealed).unwrap().len(), 256);
}

#[test]
fn more_or_less_plaintext_than_announced_is_refused() {
    let mut out = Vec::new();
    let mut sealer = Sealer::new(SUITE, key(), header(), 10).unwrap();
    sealer.update(&[0; 6], &mut out).unwrap();
    assert_eq!(sealer.update(&[0; 5], &mut out), Err(StreamError::Length { found: 11, announced: 10 }));
    sealer.update(&[0; 3], &mut out).unwrap();
    assert_eq!(sealer.finish(&mut out), Err(StreamError::Length { found: 9, announced: 10 }));
    assert!(out.is_empty());
}

/// The construction is the one of the `aead-stream` crate with a zero nonce prefix.
#[test]
fn chunks_equal_those_of_an_independent_stream_implementation() {
    let len = 2 * CHUNK_PLAINTEXT + 1000;
    let mut padded = plaintext(len);
    let sealed = seal(&padded, 10_000);
    let layout = Layout::of_plaintext(len as u64).unwrap();
    padded.resize(layout.padded() as usize, 0);
    let cipher = ChaCha20Poly1305::new(key().secret().bytes().into());
    let (stream, header) = (StreamBE32::from_aead(cipher, &[0; 7].into()), header());
    for (index, (ours, chunk)) in sealed.chunks(CHUNK_BYTES).zip(padded.chunks(CHUNK_PLAINTEXT)).enumerate() {
        let last = index as u32 + 1 == layout.chunks();
        let payload = Payload { msg: chunk, aad: header.as_bytes() };
        assert_eq!(stream.encrypt(index as u32, last, payload).unwrap(), ours, "chunk {index}");
    }
}
