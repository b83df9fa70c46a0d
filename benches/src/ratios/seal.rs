//! Sealing: bulk encryption beside the bare cipher of the same crate, wraps beside bare HPKE, the gate beside a signature,
//! records behind the gate beside a wrap for every reader, publications from the institution to two readers.

#[path = "seal/gate.rs"]
mod gate;
#[path = "seal/memory.rs"]
mod memory;
#[path = "seal/publish.rs"]
mod publish;

use crate::report;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use dmledger_core::consent::GrantId;
use dmledger_core::envelope::{AccountId, ChainId};
use dmledger_core::hash::Digest;
use dmledger_core::record::index::RecordId;
use dmledger_core::record::kind::DataKind;
use dmledger_core::scope::{Purpose, PurposeSet, Validity, VerbSet};
use dmledger_core::time::{TimeRange, Timestamp};
use dmledger_zk::seal::{
    AnchoredGrant, Bucket, BucketRange, DataKey, Epoch, EpochKey, EpochNumber, GrantBody, GrantTerms, Hedge, Hour,
    KemKeyPair, SealSuite, Sealer, stream::CHUNK_PLAINTEXT, unwrap_grant, wrap_grant,
};
use hpke::{
    Kem, OpModeR, OpModeS, aead::ChaCha20Poly1305 as HpkeCipher, kdf::HkdfSha256, kem::XWing, single_shot_open,
    single_shot_seal_with_rng,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

type Failure = Box<dyn std::error::Error>;

const MEBIBYTES: usize = 16;
const CHAIN: ChainId = ChainId::new(Digest::new([1; 32]));
const ACCOUNT: AccountId = AccountId::new(Digest::new([2; 32]));
const GRANT: GrantId = GrantId::new([3; 16]);

/// Prints the group.
///
/// # Errors
/// If something of this bench cannot be sealed.
pub fn run() -> Result<(), Failure> {
    memory::run()?;
    bulk()?;
    wraps()?;
    gate::grants()?;
    gate::committees()?;
    gate::records()?;
    gate::revocation()?;
    publish::run()
}

fn terms() -> Result<GrantTerms, Failure> {
    Ok(GrantTerms {
        grant: GRANT,
        account: ACCOUNT,
        kind: DataKind::ContinuousGlucose,
        verbs: VerbSet::QUERY,
        purposes: PurposeSet::only(Purpose::Treatment),
        validity: Validity::during(TimeRange::new(Timestamp::EPOCH, Timestamp::from_seconds(100))?),
        quota: None,
    })
}

fn bulk() -> Result<(), Failure> {
    let plaintext = vec![0x5A; MEBIBYTES << 20];
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (ours, peer) = report::beside(
        9,
        || {
            let key = DataKey::generate(&RecordId::new([1; 32]), &Hedge::Sequence(1), &mut rng);
            let mut out = Vec::with_capacity(plaintext.len() + (2 << 20));
            let mut sealer = Sealer::new(SealSuite::default(), key, Digest::ZERO, plaintext.len() as u64)?;
            sealer.update(&plaintext, &mut out)?;
            sealer.finish(&mut out)?;
            Ok::<_, Failure>(out)
        },
        || bare(&plaintext),
    );
    let rate = |seconds: f64| f64::from(u32::try_from(MEBIBYTES).unwrap_or(u32::MAX)) / seconds;
    let unit = "MiB/s,higher_is_better,peer=chacha20poly1305_in_chunks";
    report::line("bulk_encrypt_16_mib", rate(ours.median()), rate(peer.median()), unit);
    Ok(())
}

/// The same chunks under the bare cipher, encrypted at their place in one buffer.
fn bare(plaintext: &[u8]) -> Result<Vec<u8>, chacha20poly1305::Error> {
    let cipher = ChaCha20Poly1305::new(&[7; 32].into());
    let mut out = Vec::with_capacity(plaintext.len() + (2 << 20));
    for (index, chunk) in (0_u64..).zip(plaintext.chunks(CHUNK_PLAINTEXT)) {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&index.to_be_bytes());
        let from = out.len();
        out.extend_from_slice(chunk);
        let place = out.get_mut(from..).unwrap_or_default();
        let tag = cipher.encrypt_inout_detached(&nonce.into(), &[0; 32], place.into())?;
        out.extend_from_slice(&tag);
    }
    Ok(out)
}

fn wraps() -> Result<(), Failure> {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let pair = KemKeyPair::generate(SealSuite::default(), &mut rng);
    let (bare_secret, bare_public) = XWing::gen_keypair_with_rng(&mut rng);
    let epoch = EpochKey::generate(Epoch::new(EpochNumber::new(0), Hour::new(490_896)), &mut rng);
    let worst = BucketRange::new(Bucket::new(1), Bucket::new(u16::MAX - 1))?;
    let body = GrantBody::new(terms()?, vec![epoch.cover(worst)], &mut rng)?;
    let anchored = AnchoredGrant { chain: CHAIN, account: ACCOUNT, grant: GRANT, digest: body.digest() };
    let message = wrap_grant(&body, CHAIN, pair.public(), &mut rng)?;
    let letter = vec![7; 1088];
    let mut seal = |letter: &[u8]| {
        let mode = OpModeS::Base;
        single_shot_seal_with_rng::<HpkeCipher, HkdfSha256, XWing>(&mode, &bare_public, b"i", letter, b"a", &mut rng)
    };
    let (encapsulation, ciphertext) = seal(&letter)?;
    let mut coins = ChaCha20Rng::seed_from_u64(3);
    let unit = "us,lower_is_better,peer=hpke_x_wing_of_1088_bytes";
    let (ours, peer) =
        report::beside(401, || wrap_grant(&body, CHAIN, pair.public(), &mut coins).is_ok(), || seal(&letter).is_ok());
    report::line("wrap_worst_grant", ours.median() * 1e6, peer.median() * 1e6, unit);
    let mode = OpModeR::Base;
    let (ours, peer) = report::beside(
        401,
        || unwrap_grant(&message, &pair, &anchored).is_ok(),
        || {
            let (enc, text) = (&encapsulation, &ciphertext);
            single_shot_open::<HpkeCipher, HkdfSha256, XWing>(&mode, &bare_secret, enc, b"i", text, b"a").is_ok()
        },
    );
    report::line("unwrap_worst_grant", ours.median() * 1e6, peer.median() * 1e6, unit);
    Ok(())
}
