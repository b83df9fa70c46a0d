//! Renewing an access part: the same record, the same ciphertext, one version higher.
//!
//! Two things make it necessary. The account's keys were replaced, after a loss or a theft: what the former ones signed
//! is worth nothing to a reader who goes by the ledger, so every access part has to be signed again. Or the record is to
//! outlive its epoch: the slot is written anew under a later one. In both cases the part that the lake shows is held
//! against the ledger first, since whoever renews vouches for it.

use super::envelope::Part;
use super::error::SealError;
use super::open::{LedgerView, check_access, check_header, missing};
use super::range_tree::{EpochKey, EpochNumber};
use super::slot::reslot;
use dmledger_core::{key::PublicKey, traits::signer::Signer};

/// Where the keys of a renewed record lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a record stays or moves")]
pub enum Into {
    /// In the epoch they lie in: grants that reach into it go on opening the record.
    SameEpoch,
    /// In this one: only grants that reach into it open the record.
    Epoch(EpochNumber),
}

/// Renews the access part of a record with the patient's epoch keys, signed as `custodian`.
///
/// `view` is what the ledger says of the record. Its `custodians` are the keys whose signature on the *present* part
/// counts: after a recovery those that the account had before. Its `least_version` keeps an old part from being renewed
/// in place of the latest. A grant's standing does not matter.
///
/// # Errors
/// [`SealError::OldSlot`] if the part is not the one the ledger and those keys vouch for, has a lower version, or no
/// epoch key opens its slot; [`SealError::NoSuchEpoch`] if there is no key of the epoch it is to go into;
/// [`SealError::OutsideRange`] if one of its hours does not lie there; [`SealError::Signature`].
pub fn renew(
    part: &Part,
    epochs: &[EpochKey],
    into: Into,
    view: &LedgerView<'_>,
    custodian: &dyn Signer,
) -> Result<Part, SealError> {
    check_header(part.header(), view).map_err(SealError::OldSlot)?;
    check_access(part, view).map_err(SealError::OldSlot)?;
    let access = part.access().body();
    let key_of = |number| epochs.iter().find(|key| key.epoch().number() == number);
    let old = key_of(access.epoch()).ok_or_else(|| SealError::OldSlot(missing(access)))?;
    let new = match into {
        Into::SameEpoch => old,
        Into::Epoch(number) => key_of(number).ok_or(SealError::NoSuchEpoch { number: number.number() })?,
    };
    reslot(part, old, new, custodian)
}

/// Whether a part is what [`renew`] would make of it but for its version: `custodian` vouches for it, and its slot is where
/// it is to be. `view` is as for [`renew`]; its `custodians` are not asked.
#[must_use]
pub fn is_renewed(part: &Part, into: Into, view: &LedgerView<'_>, custodian: &PublicKey) -> bool {
    let view = LedgerView { custodians: core::slice::from_ref(custodian), ..*view };
    let is_there = match into {
        Into::SameEpoch => true,
        Into::Epoch(number) => part.access().body().epoch() == number,
    };
    is_there && check_header(part.header(), &view).is_ok() && check_access(part, &view).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::testing::{World, rng};
    use crate::seal::{Altered, Keys, OpenError, SubKey, open};
    use dmledger_core::key::{SecretKey, Suite};

    /// The account's key after a recovery.
    fn fresh() -> SecretKey {
        SecretKey::generate(Suite::Bip340, &mut rng(99))
    }

    fn refused(why: Altered) -> SealError {
        SealError::OldSlot(OpenError::Tampered(why))
    }

    #[test]
    fn after_a_recovery_patient_and_old_grantee_read_what_the_new_key_signed_and_nothing_older() {
        let (world, fresh) = (World::new(), fresh());
        let sealed = world.seal(1, 30, b"5.5 mmol/L");
        let (before, custodians) = (world.view(&sealed), [fresh.public()]);
        let after = LedgerView { custodians: &custodians, ..before };
        let read = |part: &Part, keys, view: &LedgerView<'_>| {
            open(part, sealed.ciphertext(), keys, view).map(|plaintext| plaintext.as_bytes().to_vec())
        };
        let unsigned = OpenError::Tampered(Altered::Custodian);
        assert_eq!(read(sealed.part(), Keys::Owner(&world.epochs), &after), Err(unsigned));
        let part = renew(sealed.part(), &world.epochs, Into::SameEpoch, &before, &fresh).unwrap();
        assert_eq!((part.header(), part.access().body().version()), (sealed.part().header(), 2));
        let is_done = |part: &Part, into| is_renewed(part, into, &before, &fresh.public());
        assert!(is_done(&part, Into::SameEpoch) && !is_done(sealed.part(), Into::SameEpoch));
        assert!(!is_done(&part, Into::Epoch(EpochNumber::new(1))));
        // The signature ends the bytes: whoever writes to the lake can put the custodian's name there, and no more.
        let mut forged = part.to_bytes();
        *forged.last_mut().unwrap() ^= 1;
        assert!(!is_done(&Part::from_bytes(&forged).unwrap(), Into::SameEpoch));
        for keys in [Keys::Owner(&world.epochs), Keys::Grant(&world.grant)] {
            assert_eq!(read(&part, keys, &after).unwrap(), b"5.5 mmol/L");
        }
        // Whoever has seen the renewed part takes no older one, not even by the former key's word.
        let both = [fresh.public(), world.patient.public()];
        let later = LedgerView { custodians: &both, least_version: 2, ..before };
        let rolled_back = OpenError::Tampered(Altered::RolledBack);
        assert_eq!(read(sealed.part(), Keys::Owner(&world.epochs), &later), Err(rolled_back));
        assert_eq!(
            renew(sealed.part(), &world.epochs, Into::SameEpoch, &later, &fresh),
            Err(refused(Altered::RolledBack))
        );
    }

    #[test]
    fn a_record_moves_into_another_epoch_and_out_of_reach_of_grants_for_the_old_one() {
        let (world, fresh) = (World::new(), fresh());
        let sealed = world.seal(1, 30, b"5.5");
        let into = Into::Epoch(EpochNumber::new(1));
        let part = renew(sealed.part(), &world.epochs, into, &world.view(&sealed), &fresh).unwrap();
        let custodians = [fresh.public()];
        let after = LedgerView { custodians: &custodians, ..world.view(&sealed) };
        let read = |keys| open(&part, sealed.ciphertext(), keys, &after);
        assert_eq!(read(Keys::Owner(&world.epochs[1..])).unwrap().as_bytes(), b"5.5");
        let which = vec![SubKey::RangeNodes(EpochNumber::new(1))];
        let lacks = OpenError::MissingSubKey { have: 0, need: 1, which };
        assert_eq!(read(Keys::Grant(&world.grant)).unwrap_err(), lacks);
        let nowhere =
            renew(sealed.part(), &world.epochs, Into::Epoch(EpochNumber::new(7)), &world.view(&sealed), &fresh);
        assert_eq!(nowhere, Err(SealError::NoSuchEpoch { number: 7 }));
    }

    /// Whoever renews vouches for the part: one that the ledger or the former keys do not vouch for is left alone.
    #[test]
    fn what_the_lake_made_up_is_not_renewed() {
        let (world, fresh) = (World::new(), fresh());
        let (sealed, other) = (world.seal(1, 30, b"5.5"), world.seal(2, 30, b"9.9"));
        let view = world.view(&sealed);
        let renewed = |part: &Part| renew(part, &world.epochs, Into::SameEpoch, &view, &fresh);
        assert_eq!(renewed(other.part()), Err(refused(Altered::Header)));
        let swapped = Part::new(sealed.part().header().clone(), other.part().access().clone());
        assert_eq!(renewed(&swapped), Err(refused(Altered::AccessPart)));
        let forged = reslot(sealed.part(), &world.epochs[0], &world.epochs[1], &fresh).unwrap();
        assert_eq!(renewed(&forged), Err(refused(Altered::Custodian)));
        let without = renew(sealed.part(), &world.epochs[1..], Into::SameEpoch, &view, &fresh);
        assert!(matches!(without, Err(SealError::OldSlot(OpenError::MissingSubKey { .. }))), "{without:?}");
    }
}
