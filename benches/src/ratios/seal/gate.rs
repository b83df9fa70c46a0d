//! Gate evaluation and reply of each committee, records through the gate, and a revocation with many grantees left.

use super::{ACCOUNT, CHAIN, Failure, terms};
use crate::report;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use dmledger_core::{
    codec,
    hash::Digest,
    key::{SecretKey, Suite},
    record::{
        index::{ContentId, IndexEntry, IndexFacts, RecordId},
        kind::DataKind,
    },
    time::{Height, TimeRange, Timestamp},
};
use dmledger_zk::seal::{
    BucketRange, Committee, CommitteeId, DataKey, Epoch, EpochKey, EpochNumber, GateBundle, GateReply, GateSeed,
    GrantBody, Guard, Hedge, Hour, Hours, KemKeyPair, Keys, LedgerView, NodeNumber, RecordMeta, SealSuite, Sealed,
    Shape, Standing, open, seal_record, wrap_grant,
};
use hpke::{Kem, OpModeR, OpModeS, aead::ChaCha20Poly1305 as HpkeCipher, kdf::HkdfSha256, kem::XWing};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// The committees of the design; the last is pure n of n.
const COMMITTEES: [(u8, u8); 6] = [(1, 1), (4, 2), (7, 3), (10, 4), (12, 4), (7, 7)];
/// Grantees that are left after a revocation.
const GRANTEES: usize = 100;
const FIRST: Hour = Hour::new(490_896);

/// A patient's guarded epoch and what its nodes hold.
struct Guarded {
    epoch: EpochKey,
    bundles: Vec<GateBundle>,
}

fn guarded((nodes, threshold): (u8, u8), rng: &mut ChaCha20Rng) -> Result<Guarded, Failure> {
    let committee = Committee::new(CommitteeId::new(1), Shape::new(nodes, threshold)?);
    let seed = GateSeed::generate(Guard::new(ACCOUNT, EpochNumber::new(0), committee), rng);
    let bundles = (0..nodes).map(|node| seed.bundle(NodeNumber::new(node))).collect::<Result<_, _>>()?;
    let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), FIRST), rng).guarded_by(seed)?;
    Ok(Guarded { epoch, bundles })
}

/// Prints what a node computes for one record and what it sends, beside the signature that a threshold scheme over the
/// ledger's curve would at least cost it, and its 64 bytes.
pub fn committees() -> Result<(), Failure> {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let key = SecretKey::from_bytes(Suite::Bip340, [7; 32])?;
    for (nodes, threshold) in COMMITTEES {
        let guarded = guarded((nodes, threshold), &mut rng)?;
        let bundle = guarded.bundles.first().ok_or("no node")?;
        let record = RecordId::new([3; 32]);
        let (ours, peer) = report::beside(201, || bundle.partials(&record), || key.sign(&Digest::ZERO).is_ok());
        let name = format!("gate_evaluation_{nodes}_{threshold}");
        report::line(&name, ours.median() * 1e6, peer.median() * 1e6, "us,lower_is_better,peer=bip340_signature");
        let bytes = codec::encode(&bundle.partials(&record)).len();
        let name = format!("gate_reply_{nodes}_{threshold}");
        report::line(&name, f64::from(u32::try_from(bytes)?), 64.0, "bytes,lower_is_better,peer=bip340_signature");
    }
    Ok(())
}

/// Prints a record's write and its reader's part, behind the default committee, beside what wrapping every record to one
/// reader with bare HPKE and the bare cipher would cost.
pub fn records() -> Result<(), Failure> {
    for (length, name, rounds) in [(256, "256_b", 101), (1 << 20, "1_mb", 15)] {
        let mut rng = ChaCha20Rng::seed_from_u64(12);
        let guarded = guarded((7, 3), &mut rng)?;
        let (author, plaintext) = (SecretKey::from_bytes(Suite::Bip340, [7; 32])?, vec![0x5A; length]);
        let (secret, public) = XWing::gen_keypair_with_rng(&mut rng);
        let mut coins = ChaCha20Rng::seed_from_u64(13);
        let (ours, peer) = report::beside(
            rounds,
            || seal(&plaintext, &guarded.epoch, &author, &mut rng).is_ok(),
            || bare(&plaintext, &public, &mut coins).is_ok(),
        );
        let unit = "us,lower_is_better,peer=hpke_x_wing_and_chacha20poly1305";
        report::line(&format!("record_write_{name}"), ours.median() * 1e6, peer.median() * 1e6, unit);

        let (sealed, entry) = seal(&plaintext, &guarded.epoch, &author, &mut rng)?;
        let body = GrantBody::new(terms()?, vec![guarded.epoch.cover(BucketRange::ALL)], &mut rng)?;
        let record = entry.facts().record;
        let replies: Vec<_> = guarded.bundles.iter().take(3).map(|bundle| bundle.partials(&record)).collect();
        let (encapsulation, ciphertext) = bare(&plaintext, &public, &mut coins)?;
        let (ours, peer) = report::beside(
            rounds,
            || read(&sealed, &entry, &body, &replies, &author).is_ok(),
            || unbare(&encapsulation, &ciphertext, &secret).is_ok(),
        );
        report::line(&format!("record_read_{name}"), ours.median() * 1e6, peer.median() * 1e6, unit);
    }
    Ok(())
}

/// Prints what the home does when a grant is revoked and a hundred others go on: the next epoch with its seven bundles,
/// and a grant wrapped anew for each; beside as many bare wraps of the same length.
pub fn revocation() -> Result<(), Failure> {
    let mut rng = ChaCha20Rng::seed_from_u64(14);
    let pair = KemKeyPair::generate(SealSuite::default(), &mut rng);
    let (_, public) = XWing::gen_keypair_with_rng(&mut rng);
    let mut coins = ChaCha20Rng::seed_from_u64(15);
    let letter = vec![7; 1088];
    let rotate = || {
        let next = guarded((7, 3), &mut rng)?;
        for _ in 0..GRANTEES {
            let body = GrantBody::new(terms()?, vec![next.epoch.cover(BucketRange::ALL)], &mut rng)?;
            wrap_grant(&body, CHAIN, pair.public(), &mut rng)?;
        }
        Ok::<_, Failure>(next)
    };
    let (ours, peer) =
        report::beside(9, rotate, || (0..GRANTEES).filter(|_| wrap(&letter, &public, &mut coins).is_ok()).count());
    let unit = "ms,lower_is_better,peer=100_hpke_x_wing_wraps";
    report::line("revocation_with_100_grantees_left", ours.median() * 1e3, peer.median() * 1e3, unit);
    Ok(())
}

fn seal(
    plaintext: &[u8],
    epoch: &EpochKey,
    author: &SecretKey,
    rng: &mut ChaCha20Rng,
) -> Result<(Sealed, IndexEntry), Failure> {
    let record = RecordId::new([3; 32]);
    let key = DataKey::generate(&record, &Hedge::Content(plaintext), rng);
    let meta = RecordMeta::new(CHAIN, ACCOUNT, record, DataKind::ContinuousGlucose, Hours::one(FIRST), Digest::ZERO);
    let sealed = seal_record(plaintext, &meta, key, epoch, author, author)?;
    let start = Timestamp::from_seconds(i64::from(FIRST.number()) * 3600);
    let facts = IndexFacts {
        record,
        sequence: 0,
        content: ContentId::of(sealed.ciphertext()),
        header: sealed.part().header_digest(),
        commitments: Digest::ZERO,
        count: 0,
        span: TimeRange::new(start, start.plus(std::time::Duration::from_secs(3600)))?,
        epoch: 0,
    };
    let entry = IndexEntry::sign(facts, author, &CHAIN, &ACCOUNT)?;
    Ok((sealed, entry))
}

fn read(
    sealed: &Sealed,
    entry: &IndexEntry,
    body: &GrantBody,
    replies: &[GateReply],
    custodian: &SecretKey,
) -> Result<usize, Failure> {
    let view = LedgerView {
        chain: CHAIN,
        account: ACCOUNT,
        entry,
        custodians: &[custodian.public()],
        least_version: 1,
        height: Height::new(1),
        time: Timestamp::from_seconds(50),
        standing: Standing::Active,
    };
    Ok(open(sealed.part(), sealed.ciphertext(), Keys::Gated(body, replies), &view)?.as_bytes().len())
}

type Wrapped = (<XWing as Kem>::EncappedKey, Vec<u8>);

fn wrap(letter: &[u8], public: &<XWing as Kem>::PublicKey, coins: &mut ChaCha20Rng) -> Result<Wrapped, Failure> {
    let mode = OpModeS::Base;
    let sealed =
        hpke::single_shot_seal_with_rng::<HpkeCipher, HkdfSha256, XWing>(&mode, public, b"i", letter, b"a", coins);
    sealed.map_err(|error| error.to_string().into())
}

/// The key of one record wrapped to one reader, and the record under it.
fn bare(
    plaintext: &[u8],
    public: &<XWing as Kem>::PublicKey,
    coins: &mut ChaCha20Rng,
) -> Result<(Wrapped, Vec<u8>), Failure> {
    let mut out = plaintext.to_vec();
    let cipher = ChaCha20Poly1305::new(&[7; 32].into());
    let tag = cipher.encrypt_inout_detached(&[0; 12].into(), b"", out.as_mut_slice().into());
    out.extend_from_slice(&tag.map_err(|error| error.to_string())?);
    Ok((wrap(&[7; 32], public, coins)?, out))
}

fn unbare(
    (encapsulation, letter): &Wrapped,
    sealed: &[u8],
    secret: &<XWing as Kem>::PrivateKey,
) -> Result<usize, Failure> {
    let mode = OpModeR::Base;
    let key = hpke::single_shot_open::<HpkeCipher, HkdfSha256, XWing>(&mode, secret, encapsulation, b"i", letter, b"a");
    let key: [u8; 32] = key.map_err(|error| error.to_string())?.try_into().map_err(|_| "length")?;
    let (text, tag) = sealed.split_last_chunk::<16>().ok_or("length")?;
    let mut out = text.to_vec();
    let opened = ChaCha20Poly1305::new(&key.into()).decrypt_inout_detached(
        &[0; 12].into(),
        b"",
        out.as_mut_slice().into(),
        tag.into(),
    );
    opened.map_err(|error| error.to_string())?;
    // The id of the lake's object is checked by whoever reads, with or without us.
    Ok(usize::try_from(ContentId::of(sealed).length())? + out.len())
}

/// Prints bytes, making and opening of the mean grant over random ranges, and of the worst one.
pub fn grants() -> Result<(), Failure> {
    use dmledger_zk::seal::Bucket;
    use rand_chacha::rand_core::Rng;
    let mut rng = ChaCha20Rng::seed_from_u64(16);
    let pair = KemKeyPair::generate(SealSuite::default(), &mut rng);
    let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), FIRST), &mut rng);
    let mut ranges = Vec::new();
    for _ in 0..256 {
        let [a, b] = [0, 1].map(|_| u16::try_from(rng.next_u32() & 0xffff).unwrap_or(u16::MAX));
        ranges.push(BucketRange::new(Bucket::new(a.min(b)), Bucket::new(a.max(b)))?);
    }
    let worst = BucketRange::new(Bucket::new(1), Bucket::new(u16::MAX - 1))?;
    let record = 1168.0;
    let mut sizes = Vec::new();
    for range in &ranges {
        let body = GrantBody::new(terms()?, vec![epoch.cover(*range)], &mut rng)?;
        sizes.push(codec::encode(&wrap_grant(&body, CHAIN, pair.public(), &mut rng)?).len());
    }
    let mean = f64::from(u32::try_from(sizes.iter().sum::<usize>())?) / f64::from(u32::try_from(sizes.len())?);
    // A month of hourly records wrapped one by one: 720 wraps of a 32-byte key.
    report::line("grant_mean_bytes", mean, 720.0 * record, "bytes,lower_is_better,peer=720_hpke_wraps");
    let body = GrantBody::new(terms()?, vec![epoch.cover(worst)], &mut rng)?;
    let bytes = codec::encode(&wrap_grant(&body, CHAIN, pair.public(), &mut rng)?).len();
    report::line(
        "grant_worst_bytes",
        f64::from(u32::try_from(bytes)?),
        720.0 * record,
        "bytes,lower_is_better,peer=720_hpke_wraps",
    );
    let (_, public) = XWing::gen_keypair_with_rng(&mut rng);
    let mut coins = ChaCha20Rng::seed_from_u64(17);
    let mut turn = ranges.iter().cycle();
    let make = || {
        let range = turn.next().copied().unwrap_or(worst);
        let body = GrantBody::new(terms()?, vec![epoch.cover(range)], &mut rng)?;
        Ok::<_, Failure>(wrap_grant(&body, CHAIN, pair.public(), &mut rng)?)
    };
    let letter = vec![7; 512];
    let (ours, peer) = report::beside(257, make, || wrap(&letter, &public, &mut coins).is_ok());
    let unit = "us,lower_is_better,peer=hpke_x_wing_of_512_bytes";
    report::line("grant_mean_make", ours.median() * 1e6, peer.median() * 1e6, unit);
    Ok(())
}
