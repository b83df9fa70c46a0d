//! Keys of recipients and what is sent to them.

use super::ValueTable;
use crate::{
    commit::{Blinding, Commitment},
    group::{
        self, Point,
        element::{computed_element, element, secret_scalar},
    },
    sigma::{Base, Relation, Row, Witness},
};

secret_scalar! {
    /// A recipient's secret `s`.
    DecryptionKey
}

element! {
    /// A recipient's public key `P = s^-1 B~`.
    ///
    /// Whoever registers keys asks for a proof of [`Self::held`]: a key made out of other keys belongs to nobody.
    EncryptionKey
}

element! {
    /// What a recipient needs beside the commitment: `D = r P`.
    Handle
}

computed_element!(Handle);

impl DecryptionKey {
    /// The public key.
    #[must_use]
    pub fn encryption_key(&self) -> EncryptionKey {
        let point = group::times_blinding_base(&self.scalar().invert());
        EncryptionKey { bytes: group::encode_point(&point), point }
    }

    /// The witness of [`EncryptionKey::held`].
    #[must_use]
    pub fn witness(&self) -> Witness {
        Witness::new(vec![*self.scalar()])
    }

    /// The value in `commitment`, if the table has it. The arithmetic takes constant time, the lookup does not.
    #[must_use]
    pub fn decrypt(&self, commitment: &Commitment, handle: &Handle, table: &ValueTable) -> Option<u64> {
        table.find(commitment.point() - self.times(handle.point()))
    }

    /// `s` times a point, in constant time.
    pub(super) fn times(&self, point: &Point) -> Point {
        self.scalar() * point
    }
}

impl EncryptionKey {
    /// Someone holds the secret of this key: `B~ = s P`. Secret: `s`, as [`DecryptionKey::witness`].
    #[must_use]
    pub fn held(&self) -> Relation {
        Relation::of(1, vec![Row::new(group::blinding_base(), vec![(0, Base::Point(self.point))])])
    }
}

impl Handle {
    /// `r P`; `None` if the blinding is zero.
    pub(super) fn of(blinding: &Blinding, key: &EncryptionKey) -> Option<Self> {
        Self::from_point(blinding.scalar() * key.point())
    }
}
