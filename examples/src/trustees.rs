//! The people a patient trusts in an emergency: what they may open together, and what each looks at before giving its share.

use crate::error::{During, HostError};
use dmledger_core::{
    codec::{self, List},
    consent::RequestId,
    decide::AccessOutcome,
    emergency::{Circle, EmergencyTerms, Immediate, Period},
    envelope::{AccountId, ChainId},
    identity::{MemberId, Role},
    ledger::Query,
    time::Moment,
};
use dmledger_zk::seal::{
    Address, Capsule, CapsuleError, CapsuleHead, CapsuleId, CapsulePurpose, GrantBody, KemKeyPair, KemPublicKey,
    NodeNumber, Shape, TrusteeBundle, Wrapped, unwrap, wrap,
};
use rand_chacha::ChaCha20Rng;
use std::time::Duration;

/// How many trustees have to agree, and open the capsule together.
pub const ENOUGH: u8 = 2;

/// What a patient allows in an emergency: any hospital may ask; two of the trustees suffice after `delay`, all of them at
/// once if one is an independent office; it ends by itself after `life` and ten requests.
///
/// # Errors
/// If there are too few trustees.
pub fn terms(
    trustees: Vec<MemberId>,
    delay: Period,
    life: Period,
    reviewer: Option<MemberId>,
) -> Result<EmergencyTerms, HostError> {
    let approvals = u8::try_from(trustees.len()).during("trustees")?;
    Ok(EmergencyTerms {
        circle: Circle::new(ENOUGH, trustees).during("trustees")?,
        requesters: List::new(vec![Role::Hospital]).during("trustees")?,
        look_back_ms: None,
        delay,
        immediate: Some(Immediate { approvals, role: Some(Role::Regulator) }),
        life,
        uses: 10,
        reviewer,
    })
}

/// Ten minutes in which the patient can say no.
#[must_use]
pub fn ten_minutes() -> Period {
    Period::new(Duration::from_secs(600), 1)
}

/// Seals a grant's keys into a capsule, and gives each trustee its shares in a letter.
///
/// # Errors
/// If the grant is too long for a capsule.
pub fn entrust(
    body: &GrantBody,
    (chain, account): (ChainId, AccountId),
    id: CapsuleId,
    to: &[&KemPublicKey],
    rng: &mut ChaCha20Rng,
) -> Result<(Capsule, Vec<Wrapped<TrusteeBundle>>), HostError> {
    let shape = Shape::new(u8::try_from(to.len()).during("capsule")?, ENOUGH).during("capsule")?;
    let head = CapsuleHead::new(CapsulePurpose::BreakGlass, account, id, shape).during("capsule")?;
    let (capsule, bundles) = Capsule::seal(head, &codec::encode(body), rng).during("capsule")?;
    let letters = bundles.iter().zip(to).map(|(bundle, to)| wrap(bundle, chain, to, rng).during("letter"));
    let letters = letters.collect::<Result<_, _>>()?;
    Ok((capsule, letters))
}

/// A trustee's letter, opened: the shares of trustee `number`.
///
/// # Errors
/// If it is for somebody else or altered.
pub fn open_letter(
    letter: &Wrapped<TrusteeBundle>,
    key: &KemKeyPair,
    (chain, account): (ChainId, AccountId),
    capsule: &Capsule,
    number: u8,
) -> Result<TrusteeBundle, HostError> {
    let subject = (capsule.head().id(), NodeNumber::new(number));
    unwrap(letter, key, chain, Address::new(account, subject)).during("letter")
}

/// Whether a trustee gives its shares to `requester`: the glass was broken in the log, by this request of the requester's,
/// and the emergency is open still in a block at `at`.
///
/// # Errors
/// If the state cannot be read.
pub fn may_release(query: &Query, request: &RequestId, requester: &MemberId, at: Moment) -> Result<bool, HostError> {
    let facts = query.facts();
    let Some(entry) = facts.answer(request).during("access log")? else { return Ok(false) };
    let AccessOutcome::BreakGlass { emergency } = entry.outcome else { return Ok(false) };
    let running = facts.emergency(&emergency).during("emergency")?.is_some_and(|one| one.is_running(at));
    Ok(entry.member == *requester && running)
}

/// A trustee's shares on their way to whoever broke the glass.
///
/// # Errors
/// If they cannot be wrapped.
pub fn pass_on(
    bundle: &TrusteeBundle,
    chain: ChainId,
    to: &KemPublicKey,
    rng: &mut ChaCha20Rng,
) -> Result<Wrapped<TrusteeBundle>, HostError> {
    wrap(bundle, chain, to, rng).during("shares")
}

/// Why a capsule stays closed.
#[derive(Debug, thiserror::Error)]
pub enum ClosedCapsule {
    /// The shares are too few, or some are wrong.
    #[error("{0}")]
    Capsule(#[from] CapsuleError),
    /// Something on the way failed.
    #[error("{0}")]
    Host(#[from] HostError),
}

/// Opens a capsule with the shares that came.
///
/// # Errors
/// [`ClosedCapsule`]: they are too few, altered, or for somebody else.
pub fn open_capsule(
    capsule: &Capsule,
    shares: &[Wrapped<TrusteeBundle>],
    key: &KemKeyPair,
    (chain, account): (ChainId, AccountId),
) -> Result<GrantBody, ClosedCapsule> {
    let unwrapped = |share: &Wrapped<TrusteeBundle>| {
        unwrap(share, key, chain, Address::new(account, share.subject())).during("shares")
    };
    let bundles = shares.iter().map(unwrapped).collect::<Result<Vec<_>, HostError>>()?;
    Ok(codec::decode(capsule.open(&bundles)?.contents()).during("capsule")?)
}
